// The roles of the factory's database, for mongosh: created, or made equal to papeis.json. Safe to repeat.
//
//   mongosh "mongodb://admin@host/fabrica?authSource=admin" --file packaging/mongo/papeis.js
//
// The database is the one that the address names. Run it as somebody who may administer its roles and users.
// With FABRICA_SENHAS=FOLDER it also creates, or gives a new password to, each user below whose file is there: the file
// is named like the user, and its text is the password.
(() => {
  const fs = require("fs");
  const path = require("path");
  const banco = db.getName();
  const usuarios = {
    "fabrica-daemon": "fabricaDaemon",
    "fabrica-operador": "fabricaOperador",
    "fabrica-auditor": "fabricaAuditor",
    "fabrica-preparador": "fabricaPreparador",
  };

  // {collection: [action, ...]}; the collection "" stands for every one of the database, and for the database itself.
  const papeis = JSON.parse(fs.readFileSync(path.join(__dirname, "papeis.json"), "utf8"));
  for (const [papel, colecoes] of Object.entries(papeis)) {
    const privileges = Object.entries(colecoes).map(([collection, actions]) => ({
      resource: { db: banco, collection },
      actions,
    }));
    if (db.getRole(papel) === null) {
      db.createRole({ role: papel, privileges, roles: [] });
    } else {
      db.updateRole(papel, { privileges, roles: [] });
    }
    print(`role ${papel}: ${privileges.length} collections`);
  }

  const senhas = process.env.FABRICA_SENHAS;
  for (const [usuario, papel] of Object.entries(senhas ? usuarios : {})) {
    const arquivo = path.join(senhas, usuario);
    if (!fs.existsSync(arquivo)) {
      continue;
    }
    const user = { pwd: fs.readFileSync(arquivo, "utf8").trim(), roles: [{ role: papel, db: banco }] };
    if (db.getUser(usuario) === null) {
      db.createUser({ user: usuario, ...user });
    } else {
      db.updateUser(usuario, user);
    }
    print(`user ${usuario}: ${papel}`);
  }
})();
