"""What is measured, each as a function of a prepared server: numbers come out, nothing is asserted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from contratos.estados import Status
from prometheus_fabrica import commands
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import indexes, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.bench import limit
from tests.harness.processes import ROOT
from tests.harness.waiting import until

WORKERS = 4  # slots of a daemon, threads of the bare loop
MIDDLE = (0.1, 0.9)  # of the conclusions: starting and draining are not measured
INSERT_BATCH = 100

monotonic = Ambient().monotonic


@dataclass(frozen=True, slots=True)
class Bench:
    """A server to measure on, and how long one measurement takes at most, in seconds."""

    client: MongoClient[Doc]
    uri: str
    banco: str
    seconds: float

    @property
    def db(self) -> Database[Doc]:
        """The database of all measurements, which is emptied for each."""
        return self.client[self.banco]

    def fresh(self) -> Backlog:
        """An empty, prepared backlog."""
        self.client.drop_database(self.banco)
        indexes.preparar(self.db)
        return Backlog(self.db, Ambient())


def item(key: str, *depende_de: str) -> Doc:
    """A document as somebody inserts it."""
    waits = {"depende_de": list(depende_de)} if depende_de else {}
    return {"_id": key, "id": key, "tipo": "orcar_spec", "contexto": {"spec_ref": "spec"}, **waits}


def fill(backlog: Backlog, count: int, like: Doc, prefix: str = "n") -> None:
    """So many copies of an item that stands in the backlog, each under an id of its own."""
    for start in range(0, count, INSERT_BATCH):
        numbers = range(start, min(start + INSERT_BATCH, count))
        backlog.items.insert_many([like | {"_id": f"{prefix}{n}", "id": f"{prefix}{n}"} for n in numbers])


def adopted(backlog: Backlog, doc: Doc) -> Doc:
    """The item, inserted and looked after, with its events published."""
    backlog.items.insert_one(doc)
    sweeps.until_quiet(backlog)
    found = backlog.items.find_one({"_id": doc["_id"]})
    assert found is not None
    return found


# -- items per second -------------------------------------------------------------------------------------------------


def enqueue(bench: Bench, batch: int) -> tuple[float, float]:
    """Items per second that come into being, `batch` at a time; and what bare inserts do."""
    backlog = bench.fresh()
    made, start = 0, monotonic()
    while monotonic() < start + bench.seconds / 2:
        if batch == 1:
            commands.enviar(backlog, "orcar_spec", {"contexto": {"spec_ref": "spec"}})
        else:
            propagation.nascer(backlog, [item(f"n{made + n}") for n in range(batch)])
        made += batch
    ours = made / (monotonic() - start)
    bare, made, start = bench.db["limite"], 0, monotonic()
    while monotonic() < start + bench.seconds / 2:
        bare.insert_many([item(f"n{made + n}") for n in range(batch)])
        made += batch
    return ours, made / (monotonic() - start)


def throughput(bench: Bench, waiting: int, daemons: int) -> tuple[float, float]:
    """Items per second from claim to conclusion with so many waiting; and what bare loops do with as many."""
    backlog = bench.fresh()
    fill(backlog, waiting, adopted(backlog, item("first")))
    processes = [_daemon(bench, "5") for _ in range(daemons)]
    done = {"status": Status.CONCLUIDO}
    until(lambda: backlog.items.count_documents(done, limit=1), "the first conclusion")  # starting is not measured
    start = monotonic()
    until(
        lambda: monotonic() > start + bench.seconds or backlog.items.count_documents(done, limit=waiting) == waiting,
        "time is over",
        bench.seconds + 60,
    )
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait()
    limit.prepare(bench.db[limit.COLLECTION], waiting)
    return _rate(backlog), sum(_bare(bench, daemons))


def _daemon(bench: Bench, ocioso_s: str, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "FABRICA_MONGO_URI": bench.uri,
        "FABRICA_BANCO": bench.banco,
        "FABRICA_VAGAS": str(WORKERS),
        "FABRICA_OCIOSO_S": ocioso_s,
        "FABRICA_LOG_NIVEL": "error",
    }
    command = [sys.executable, "-m", "tests.bench.daemon", *arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def _rate(backlog: Backlog) -> float:
    """Conclusions per second by the server's clock, in the middle of the run. There must have been one."""
    found = backlog.items.find({"status": Status.CONCLUIDO}, {"conclusao.em": 1})
    moments = sorted(doc["conclusao"]["em"] for doc in found)
    first, last = (int(part * (len(moments) - 1)) for part in MIDDLE)
    seconds: float = (moments[last] - moments[first]).total_seconds()
    return (last - first) / max(seconds, 0.001)


def _bare(bench: Bench, processes: int) -> Sequence[float]:
    seconds = str(bench.seconds / 2)
    command = [sys.executable, "-m", "tests.bench.limit", bench.uri, bench.banco, str(WORKERS), seconds]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return [float(each.communicate()[0]) for each in running]


# -- seconds ----------------------------------------------------------------------------------------------------------


def wake_up(bench: Bench, samples: int, ocioso_s: float) -> list[float]:
    """Seconds from before an insertion until an idle daemon's handler begins, sorted."""
    backlog = bench.fresh()
    process = _daemon(bench, str(ocioso_s), "--diz")
    assert process.stdout is not None
    waits = []
    for number in range(samples + 1):
        _idle(ocioso_s * Ambient().uniform(0.5, 1.5))
        sent = monotonic()
        backlog.items.insert_one(item(f"n{number}"))
        _, began = process.stdout.readline().split()
        waits.append(float(began) - sent)
    process.send_signal(signal.SIGTERM)
    process.wait()
    return sorted(waits[1:])  # the first one also waited for the start


def _idle(seconds: float) -> None:
    begun = monotonic()
    until(lambda: monotonic() > begun + seconds, "nothing happens", seconds + 60)


def conclusion(bench: Bench, dependents: int) -> tuple[float, float]:
    """Seconds of concluding an item for which so many wait: the write that decides, and all that follows from it."""
    backlog = bench.fresh()
    adopted(backlog, item("parent"))
    like = adopted(backlog, item("first", "parent"))
    fill(backlog, dependents - 1, like)
    posse = transitions.consumir_id(backlog, "parent")
    assert posse is not None
    start = monotonic()
    transitions.concluir(backlog, posse, {}, [])
    decided = monotonic()
    propagation.propagar(backlog, "parent")
    return decided - start, monotonic() - decided


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which this part of the sorted values lies."""
    return values[min(len(values) - 1, int(part * len(values)))]


def server_of(client: MongoClient[Any], uri: str) -> str:
    """The server as it names itself."""
    info = client.admin.command("buildInfo")
    hello = client.admin.command("hello")
    kind = f"replica set {hello['setName']}" if "setName" in hello else "standalone"
    embedded = ", embedded: mongoeco in memory" if not os.environ.get("FABRICA_TEST_MONGO_URI") else ""
    return f"{info['version']}, {kind}{embedded}, {uri.partition('@')[2] or uri.partition('//')[2]}"
