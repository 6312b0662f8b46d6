"""One item from claim to conclusion: its contract is checked, its handler called, and what that returns is recorded.

The loop knows no item type: a table says who handles what (`handlers.HANDLERS`). Every outcome of an attempt is one
of four writes, `concluir`, `falhar`, `devolver` or `encerrar`, each of which lands only while the lease is ours.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from bson.errors import InvalidDocument
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from contratos.envelope import contexto_of
from contratos.problems import Malformed
from contratos.tipos import CONSUMIDOS
from prometheus_fabrica import releases
from prometheus_fabrica.backlog import documents, transitions
from prometheus_fabrica.backlog.backoff import retry_delay
from prometheus_fabrica.backlog.store import Backlog, Novo, Posse
from prometheus_fabrica.errors import LeaseLost, Permanent
from prometheus_fabrica.handlers.contract import Handler, Outcome, Tools, Trabalho
from prometheus_fabrica.parada import Motivo, Parada
from workers.ports import SandboxIndisponivel

log = structlog.get_logger(__name__)

TOO_LARGE = frozenset({10334, 17419, 17420})  # what a server says of an item that would grow beyond 16 MB
PATIENCE = 4  # what is missing is waited for as after so many failed attempts
RETRY_WRITE_S = 0.5  # pause before a write whose answer never came is sent again


@dataclass(frozen=True, slots=True)
class Loop:
    """What attending an item takes."""

    backlog: Backlog
    tools: Tools
    handlers: Mapping[str, Handler]
    follow: Callable[[Any], object]  # is told the `_id` of what has ended: `Propagador.put`

    def attend(self, posse: Posse, parada: Parada) -> None:
        """Work on an item that is ours to its end, whatever that is. Raises only errors of the factory itself."""
        with structlog.contextvars.bound_contextvars(item=posse.item, tipo=posse.tipo, tentativa=posse.tentativa):
            log.info("item_consumido")
            try:
                self._attempt(posse, parada)
            except LeaseLost:
                log.warning("trabalho_descartado", motivo="the item belongs to somebody else now")
            except PyMongoError as error:  # nothing is lost: the lease ends, and somebody tries again
                log.warning("sem_resposta_do_mongodb", erro=f"{type(error).__name__}: {error}")

    def _attempt(self, posse: Posse, parada: Parada) -> None:
        try:
            outcome = self._handle(posse, parada)
        except (SandboxIndisponivel, ConnectionFailure) as error:  # not judged: no fault of the item's, nor of the work
            self._postponed(posse, parada, error)
            return
        except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the item keeps the error
            self._failed(posse, parada, error)
            return
        if parada.is_set():  # it may have ended early because of it: such a result is none
            self._stopped(posse, parada)
            return
        self._conclude(posse, parada, outcome)

    def _handle(self, posse: Posse, parada: Parada) -> Outcome:
        contract = CONSUMIDOS[posse.tipo].contexto
        assert contract is not None
        contexto = contexto_of(posse.doc, contract)
        work = Trabalho(posse.item, posse.tipo, posse.token, posse.tentativa, cerca=posse.doc["seq"], stop=parada)
        return self.handlers[posse.tipo](contexto, work, self.tools)

    def _conclude(self, posse: Posse, parada: Parada, outcome: Outcome) -> None:
        resultado = outcome.resultado.model_dump(mode="json", exclude_none=True)
        try:
            if outcome.pacote is not None:
                pacote = outcome.pacote
                self._answered(parada, lambda: releases.guardar(self.backlog.db, pacote, posse.item, posse.token))
            done = self._answered(parada, lambda: transitions.concluir(self.backlog, posse, resultado, outcome.saida))
        except (InvalidDocument, ValueError, TypeError, OverflowError, OperationFailure) as error:
            if isinstance(error, OperationFailure) and error.code not in TOO_LARGE:
                raise
            self._failed(posse, parada, Permanent(f"the result cannot be stored: {error}"))
            return
        if not done:
            raise LeaseLost
        log.info("item_concluido", saida=[novo.doc.get("_id") for novo in outcome.saida])
        self.follow(posse.key)

    def _failed(self, posse: Posse, parada: Parada, error: Exception) -> None:
        if parada.is_set():
            self._stopped(posse, parada)
            return
        final = isinstance(error, Malformed | Permanent) or posse.tentativa >= posse.max_tentativas
        message = str(error) if isinstance(error, Malformed | Permanent) else _described(error)
        if isinstance(error, Permanent) and error.registros:
            records = [Novo(colecao, doc) for colecao, doc in error.registros]
            db = self.backlog.db
            self._answered(parada, lambda: documents.publicar(self.backlog, records, releases.agora(db)))
        delay = None if final else retry_delay(posse.tentativa, self.backlog.limits, self.backlog.ambient)
        landed = self._answered(parada, lambda: transitions.falhar(self.backlog, posse, message, livre_em_s=delay))
        if not landed:
            raise LeaseLost
        log.error("item_falhou", erro=message, volta_em_s=None if delay is None else round(delay, 1))
        self.follow(posse.key)  # nothing follows while attempts are left

    def _postponed(self, posse: Posse, parada: Parada, error: Exception) -> None:
        if parada.is_set():
            self._stopped(posse, parada)
            return
        why = f"not judged: {error}"
        delay = retry_delay(PATIENCE, self.backlog.limits, self.backlog.ambient)
        if not self._answered(parada, lambda: transitions.devolver(self.backlog, posse, why, livre_em_s=delay)):
            raise LeaseLost
        log.warning("item_adiado", motivo=why, volta_em_s=round(delay, 1))

    def _stopped(self, posse: Posse, parada: Parada) -> None:
        if parada.motivo is Motivo.CONCESSAO:
            raise LeaseLost
        if parada.motivo is Motivo.CANCELADO:
            why = "cancelled by the operator while it ran"
            self._answered(parada, lambda: transitions.encerrar(self.backlog, posse, why))
            log.info("item_cancelado")
        else:
            self._answered(parada, lambda: transitions.devolver(self.backlog, posse, "the daemon ends"))
            log.info("item_devolvido")
        self.follow(posse.key)

    def _answered[R](self, parada: Parada, write: Callable[[], R]) -> R:
        """Send a write until the server answers, or the lease is no longer ours. Each of them may be repeated."""
        while True:
            try:
                return write()
            except PyMongoError as error:
                if not (isinstance(error, ConnectionFailure) or error.timeout):
                    raise
                log.warning("gravacao_sem_resposta", erro=type(error).__name__)
                if parada.wait_lost(RETRY_WRITE_S):
                    raise LeaseLost from error


def _described(error: Exception) -> str:
    """The error, and where it was raised: the last lines of the trace are what an operator can use."""
    trace = traceback.format_exception(error)
    return f"{type(error).__name__}: {error}\n{''.join(trace[-3:])}"
