"""What every daemon looks after, without a leader: each sweep finds at most a batch and changes it conditionally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import structlog
from pymongo.errors import ConnectionFailure, PyMongoError

from contratos.estados import TERMINAIS, Status
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog import propagation, transitions, unblocking
from prometheus_fabrica.backlog.backoff import retry_delay
from prometheus_fabrica.backlog.recording import in_seconds
from prometheus_fabrica.backlog.store import Backlog, Doc

log = structlog.get_logger(__name__)

BATCH = 100
WATCH_BATCH = 500
OURS = {"tipo": {"$in": list(NOSSOS)}}
THEIRS = {"tipo": {"$nin": list(NOSSOS)}}


@dataclass(frozen=True, slots=True)
class Swept:
    """How many each sweep changed."""

    adotados: int = 0
    reconhecidos: int = 0
    vencidos: int = 0
    liberados: int = 0
    propagados: int = 0
    desbloqueados: int = 0
    eventos: int = 0

    @property
    def total(self) -> int:
        """How much there was to do at all."""
        return sum(getattr(self, field.name) for field in fields(self))


def all_once(backlog: Backlog, *, eventos_s: float = 0.0) -> Swept:
    """Every sweep once, in an order in which one's result can be the next one's work.

    eventos_s: events of items that changed within so many seconds are left alone; what ends soon publishes its own.
    """
    return Swept(
        adotados=adotar_novos(backlog),
        reconhecidos=reconhecer_mudados(backlog),
        vencidos=vencer_perdidos(backlog),
        liberados=liberar_devidos(backlog),
        propagados=propagar_terminados(backlog),
        desbloqueados=examinar_marcados(backlog) + examinar_externos(backlog),
        eventos=publicar_eventos(backlog, eventos_s),
    )


def until_quiet(backlog: Backlog, most: int = 1000) -> None:
    """Sweep until there is nothing left to do: for commands that want to show the end of what they began."""
    for _ in range(most):
        if not all_once(backlog).total:
            return


def adotar_novos(backlog: Backlog) -> int:
    """Items that somebody inserted: of our types, and blocked ones of others, which only the factory would free."""
    docs = list(backlog.items.find({"esquema": None, **OURS}).sort("_id", 1).limit(BATCH))
    if len(docs) < BATCH:
        blocked = {
            "esquema": None,
            "status": Status.BLOQUEADO,
            **THEIRS,
            "depende_de.0": {"$exists": True},
        }
        docs += backlog.items.find(blocked).limit(BATCH - len(docs))
    return propagation.adotar(backlog, docs) if docs else 0


def reconhecer_mudados(backlog: Backlog) -> int:
    """Statuses that somebody wrote with a plain update: the one on record differs.

    A neighbour may have statuses of its own, and take up again what it had concluded: that is its own affair.
    """
    differ = [{"status": status, "registro": {"$ne": status}} for status in Status]
    unknown = {"status": {"$nin": list(Status)}, **OURS}
    not_ours_to_judge = {"registro": Status.CONCLUIDO, **THEIRS}
    docs = backlog.items.find({"esquema": 1, "$or": [*differ, unknown], "$nor": [not_ours_to_judge]}).limit(BATCH)
    return _each(backlog, docs.to_list(), transitions.reconhecer)


def vencer_perdidos(backlog: Backlog) -> int:
    """Leases that are over, by the server's clock."""
    over = {
        "status": Status.EM_PROCESSAMENTO,
        "esquema": 1,
        "$expr": {"$lte": ["$lease.ate", "$$NOW"]},
        "lease.ate": {"$exists": True},
        **OURS,
    }
    docs = backlog.items.find(over, {"lease": 1, "tentativas": 1}).limit(BATCH).to_list()
    delays = {doc["_id"]: retry_delay(doc.get("tentativas") or 1, backlog.limits, backlog.ambient) for doc in docs}
    return _each(backlog, docs, lambda store, doc: transitions.vencer(store, doc, delays[doc["_id"]]))


def liberar_devidos(backlog: Backlog) -> int:
    """Items whose backoff is over."""
    due = {
        "status": Status.PENDENTE,
        "pronto": False,
        "livre_em": {"$exists": True},
        "esquema": 1,
        "$expr": {"$lte": ["$livre_em", "$$NOW"]},
        **OURS,
    }
    return transitions.liberar(backlog, [doc["_id"] for doc in backlog.items.find(due, {"_id": 1}).limit(BATCH)])


def propagar_terminados(backlog: Backlog) -> int:
    """Ended items of which not everything is known to have followed."""
    open_ = [{"registro": status, "propagado": {"$ne": status}} for status in TERMINAIS]
    docs = backlog.items.find({"esquema": 1, "$or": open_}, {"_id": 1}).limit(BATCH).to_list()
    return _each(backlog, docs, lambda store, doc: propagation.propagar(store, doc["_id"]))


def examinar_marcados(backlog: Backlog) -> int:
    """Blocked items whose examination somebody began, or has still to begin."""
    docs = backlog.items.find({"status": Status.BLOQUEADO, "exame": True}, {"_id": 1}).limit(BATCH).to_list()
    return _each(backlog, docs, lambda store, doc: unblocking.examinar(store, doc["_id"]))


def examinar_externos(backlog: Backlog) -> int:
    """Items that watch something the factory does not track: a neighbour's item, or one that is not there yet."""
    rule = {"status": Status.BLOQUEADO, "aguarda_externo": True}
    waiting: dict[str, list[Doc]] = {}
    for doc in backlog.items.find(rule, {"aguarda": 1}).limit(WATCH_BATCH * BATCH):
        waiting.setdefault(doc["aguarda"], []).append(doc)
    names = list(waiting)
    done: list[Doc] = []
    for start in range(0, len(names), WATCH_BATCH):
        found = unblocking.known(backlog, names[start : start + WATCH_BATCH])
        for name, doc in found.items():
            if doc.get("esquema") or doc.get("status") == Status.CONCLUIDO:
                done += waiting[name]
    return _each(backlog, done, lambda store, doc: unblocking.examinar(store, doc["_id"]))


def publicar_eventos(backlog: Backlog, older_s: float = 0.0) -> int:
    """Events that still stand in their items only, of items that have not changed for so many seconds."""
    carrying: Doc = {"eventos_novos.seq": {"$exists": True}, "esquema": 1}
    if older_s:
        carrying["$expr"] = {"$lte": ["$mudou_em", in_seconds(-older_s)]}
    docs = backlog.items.find(carrying, {"id": 1, "tipo": 1, "eventos_novos": 1}).limit(BATCH)
    return propagation.publicar_eventos(backlog, docs.to_list())


def _each(backlog: Backlog, docs: list[Doc], act: Callable[[Backlog, Doc], bool]) -> int:
    """One item that cannot be dealt with keeps no other from its due; a server that does not answer stops them all."""
    done = 0
    for doc in docs:
        try:
            done += act(backlog, doc)
        except Exception as error:
            if isinstance(error, PyMongoError) and (isinstance(error, ConnectionFailure) or error.timeout):
                raise
            log.exception("item_intratavel", chave=str(doc["_id"]))
    return done
