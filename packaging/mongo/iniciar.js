// For docker-compose.yml: makes the server a one-node replica set, waits until it is the primary, and creates roles and
// users of the database FABRICA_BANCO. Safe to repeat. Passwords come from files, so that no process list shows them.
//
//   mongosh --nodb --file iniciar.js
//
// Not in /docker-entrypoint-initdb.d: the server that runs those scripts has no --replSet yet, and is restarted after.
const SERVIDOR = "mongo:27017"; // also the name that clients of the set will dial
const PRAZO_S = 120;

function raiz() {
  const senha = require("fs").readFileSync("/run/secrets/mongo-raiz", "utf8").trim();
  const uri = `mongodb://raiz:${encodeURIComponent(senha)}@${SERVIDOR}/admin?directConnection=true`;
  for (let segundo = 0; ; segundo += 1) {
    try {
      return connect(uri);
    } catch (erro) {
      if (segundo >= PRAZO_S) throw erro;
      sleep(1000);
    }
  }
}

db = raiz();
try {
  rs.status();
} catch (erro) {
  if (erro.codeName !== "NotYetInitialized") throw erro;
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: SERVIDOR }] });
}
for (let segundo = 0; !db.hello().isWritablePrimary; segundo += 1) {
  if (segundo >= PRAZO_S) throw new Error(`no primary after ${PRAZO_S} s`);
  sleep(1000);
}
print("the replica set rs0 has its primary");
db = db.getSiblingDB(process.env.FABRICA_BANCO || "fabrica");
load(require("path").join(__dirname, "papeis.js"));
