"""A day in the factory that needs each write of the store: what neighbours, operators and daemons do, step by step.

Budgets with and without gaps that two parents share, a chain of dependencies, a package in GridFS, work that fails
once, for good, is malformed, waits for itself, is cancelled while it runs, is longer than its lease and longer than its
daemon. Every step waits for what it needs from the daemons, whoever of them lives; so the day ends the same however
often they die, and `final_state` can compare.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bson import ObjectId
from pymongo.database import Database

from contratos.estados import TERMINAIS, Status
from contratos.tipos import CONSUMIDOS
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import propagation, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.harness.handlers import ABRE, orcamento_id, release_id
from tests.harness.processes import Oficina, Processo
from tests.harness.waiting import until

LENTA, CANCELADA = "lenta", "cancelada"


def _item(key: object, tipo: str, contexto: Doc, *depende_de: str, prioridade: int = 50) -> Doc:
    own = {"_id": key, "id": key} if isinstance(key, str) else {"_id": key}
    waits = {"depende_de": list(depende_de)} if depende_de else {}
    return {**own, "tipo": tipo, "contexto": contexto, "prioridade": prioridade, **waits}


def _orcar(key: object, spec: str, *depende_de: str, prioridade: int = 50) -> Doc:
    return _item(key, "orcar_spec", {"spec_ref": spec}, *depende_de, prioridade=prioridade)


def itens() -> list[Doc]:
    """What lies in the backlog in the morning, inserted by hand."""
    return [
        _orcar(CANCELADA, "lenta", prioridade=100),
        _orcar("simples", "simples", prioridade=90),
        _orcar("faltas-1", "faltas-1", prioridade=80),
        _orcar("faltas-2", "faltas-2", "faltas-1"),  # after the first, so that it is known who asked first
        _item("des", "desenvolvimento", {"spec_ref": "$spec"}, "simples", "faltas-2"),
        _item("imp", "implantar", {"release_ref": release_id("des")}, "des"),
        _item("bug", "corrigir_bug", {"feature_ref": "teimosa", "erro": "wrong"}, "imp"),
        _orcar("renovada", "renovada", prioridade=70),
        _orcar("impossivel", "impossivel", prioridade=60),
        _orcar("presa", "presa", "simples", "impossivel"),
        _orcar("orfa", "orfa", "malformada", "ninguem"),
        _item("malformada", "orcar_spec", {"spec": "misspelled"}),
        _orcar("ciclo-a", "ciclo", "ciclo-b"),
        _orcar("ciclo-b", "ciclo", "ciclo-a"),
        _orcar(ObjectId("64b64c64b64c64b64c64b64c"), "a-mao"),
        {"_id": "vizinho", "id": "vizinho", "tipo": "vender", "status": "Bloqueado", "depende_de": ["simples"]},
    ]


@dataclass
class Dia:
    """The day as it runs: the daemon that serves now, and those that are still to die."""

    oficina: Oficina
    db: Database[Doc]
    falhas: Sequence[str] = ()
    por_vez: int = 1  # daemons that serve at once
    uri: str | None = None  # where they find the server, when that is not the workshop's
    meanwhile: Callable[[], object] = lambda: None  # what else happens while the day waits for its daemons
    mortes: int = 0
    _servindo: list[Processo] = field(default_factory=list)

    def run(self) -> None:
        """From the morning to the evening; then every daemon has drained."""
        self.db["backlog_items"].insert_many(itens())
        self._until(lambda: self._status(CANCELADA) == Status.EM_PROCESSAMENTO, f"{CANCELADA} is at work")
        operador = Backlog(self.db, Ambient(dono="ana:1:0"))
        transitions.cancelar(operador, {"_id": CANCELADA}, "ana", "not needed any more")
        propagation.propagar(operador, CANCELADA)  # in case nobody had it just then
        self._until_quiet("the morning's work is done")
        self.db["backlog_items"].update_many(
            {"tipo": "entrevistar_dor", "status": Status.PENDENTE}, {"$set": {"status": Status.CONCLUIDO}}
        )
        self._until_quiet("the budgets are free")
        assert self._status(orcamento_id("faltas-1")) == Status.PENDENTE
        self.db["backlog_items"].insert_one(_orcar(LENTA, "lenta"))
        self._until(lambda: self._status(LENTA) == Status.EM_PROCESSAMENTO, f"{LENTA} is at work")
        self._drain()
        (self.oficina.pasta / ABRE).touch()
        self._until_quiet("the slow work is done")
        self._drain()

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        def served() -> bool:
            self._replace_the_dead()
            self.meanwhile()
            return condition()

        until(served, what)

    def _until_quiet(self, what: str) -> None:
        self._until(lambda: not busy(self.db), what)

    def _replace_the_dead(self) -> None:
        for each in [each for each in self._servindo if not each.alive]:
            self._buried(each)
        while len(self._servindo) < self.por_vez:
            falha = self.falhas[self.mortes] if self.mortes < len(self.falhas) and not self._doomed() else None
            self._servindo.append(self.oficina.start(falha, uri=self.uri, FABRICA_DRENAGEM_S="0"))

    def _doomed(self) -> bool:
        return any(each.falha for each in self._servindo)

    def _buried(self, each: Processo) -> None:
        assert each.killed or each.ended() == 0, f"a daemon ended with {each.ended()}"
        self.mortes += each.killed
        self._servindo.remove(each)

    def _drain(self) -> None:
        """The daemons are told to end, and have no time for it: what runs is given back."""
        for each in self._servindo:
            each.signal(signal.SIGTERM)
        for each in list(self._servindo):
            each.ended()
            self._buried(each)

    def _status(self, key: str) -> str | None:
        doc = self.db["backlog_items"].find_one({"_id": key}, {"status": 1}) or {}
        return doc.get("status")


def busy(db: Database[Doc]) -> list[Doc]:
    """The items for which something is still to be done, by the factory alone."""
    open_: list[Doc] = [
        {"esquema": None, "tipo": {"$ne": "vender"}},
        {"status": Status.EM_PROCESSAMENTO},
        {"status": Status.PENDENTE, "tipo": {"$in": list(CONSUMIDOS)}},
        {"exame": True},
        {"eventos_novos.seq": {"$exists": True}},
        *({"status": status, "propagado": {"$ne": status}} for status in TERMINAIS),
        {"tipo": "entrevistar_dor", "status": Status.CONCLUIDO, "registro": {"$ne": Status.CONCLUIDO}},
    ]
    return list(db["backlog_items"].find({"$or": open_}, {"status": 1, "exame": 1}))
