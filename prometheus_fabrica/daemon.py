"""The daemon: claims work for its free slots, looks after the backlog, and drains when it is told to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

import structlog
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from prometheus_fabrica import systemd
from prometheus_fabrica.backlog import indexes, presence, sweeps
from prometheus_fabrica.backlog.store import Backlog, Doc, Posse
from prometheus_fabrica.errors import Refused
from prometheus_fabrica.fila import Fila
from prometheus_fabrica.handlers.contract import Handler, Tools
from prometheus_fabrica.heartbeat import Heartbeat
from prometheus_fabrica.loop import Loop
from prometheus_fabrica.parada import Motivo
from prometheus_fabrica.propagador import Propagador

log = structlog.get_logger(__name__)

BUSY_PAUSE_S = 0.05  # between two looks while there is work; grows with idleness
GROWTH = 1.5
RECONNECT_CEILING_S = 10.0
COALESCE_S = 0.02  # many changes at once wake the loop once
REST = 2.0  # times as long as a sweep took, before the next one: the server's time is for the work
EVENTS_REST_S = 0.3  # what ends within it publishes all its events in one go
ANNOUNCE_S = 5.0
TIDY_S = 3600.0
GIVE_BACK_S = 10.0  # for stopped work to end its processes and give its item back


@dataclass(frozen=True, slots=True)
class Pace:
    """How many slots, how long to idle at most, how long to drain. Counts, seconds."""

    vagas: int
    ocioso_s: float
    drenagem_s: float


class Daemon:
    """One process's daemon. `run` returns when it has drained."""

    def __init__(
        self,
        backlog: Backlog,
        tools: Tools,
        handlers: Mapping[str, Handler],
        pace: Pace,
        tidy: Sequence[Callable[[], object]] = (),
        revive: Callable[[], object] = lambda: None,
    ) -> None:
        self._backlog = backlog
        self._tipos = list(handlers)
        self._pace = pace
        self._revive = revive  # called when nobody answers; Refused when that is for good
        self._tidy = tidy  # what else to clean up at start: containers and files of daemons that died
        self._propagador = Propagador(backlog)
        self._fila = Fila(backlog, list(handlers))
        self._loop = Loop(backlog, tools, handlers, self._propagador.put)
        self._heartbeat = Heartbeat(backlog)
        self._poke = threading.Event()
        self._sweep_poke = threading.Event()
        self._draining = threading.Event()
        self._hurry = threading.Event()
        self._threads: list[threading.Thread] = []
        self._running: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def drain(self) -> None:
        """Claim nothing more, let running work end; asked twice, give it back at once."""
        if self._draining.is_set():
            self._hurry.set()
        self._draining.set()
        self._poke.set()
        self._sweep_poke.set()

    def install_signals(self) -> None:
        """SIGTERM and SIGINT drain; a second one gives running work back at once."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            del number
            self.drain()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)

    def run(self) -> None:
        """Serve until `drain` is called."""
        if not self._until_connected(self._prepare):
            return
        self._heartbeat.start()
        self._propagador.start()
        for name, target in (("zelador", self._look_after), ("vigia", self._watch)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        systemd.ready(f"{self._pace.vagas} slots free")
        log.info("daemon_pronto", dono=self._backlog.ambient.dono, vagas=self._pace.vagas, tipos=self._tipos)
        self._serve()
        self._end()

    def _prepare(self) -> None:
        done = indexes.preparar(self._backlog.db)
        for refused in done.recusados:
            log.warning("preparar_recusado", motivo=refused)
        self._clean()
        presence.announce(self._backlog, self._pace.vagas, 0)

    def _serve(self) -> None:
        pause = BUSY_PAUSE_S
        while not self._draining.is_set():
            systemd.watchdog()
            try:
                claimed = self._claim()
            except Exception as error:  # noqa: BLE001 - the next look may go well, and running work needs us
                self._unavailable(error)
                pause = min(pause * 2, RECONNECT_CEILING_S)
                self._draining.wait(self._backlog.ambient.uniform(0.5, 1.0) * pause)
                continue
            busy = claimed or self._poke.is_set()
            pause = BUSY_PAUSE_S if busy else min(pause * GROWTH, self._pace.ocioso_s)
            if self._poke.wait(self._backlog.ambient.uniform(0.8, 1.0) * pause):
                self._poke.clear()

    def _unavailable(self, error: Exception) -> None:
        if not isinstance(error, PyMongoError):
            log.error("erro_da_fabrica", exc_info=error)
            return
        log.warning("mongodb_indisponivel", erro=f"{type(error).__name__}: {error}"[:300])
        if isinstance(error, ConnectionFailure) or error.timeout:
            try:
                self._revive()
            except Refused as refusal:
                log.error("servidor_embutido", motivo=str(refusal))  # noqa: TRY400 - the words say it all
                self.drain()

    def _claim(self) -> int:
        """Work for the free slots: of what is known to wait and, when that is not enough, of what was just inserted."""
        free = self._free()
        taken = self._take(free)
        if taken < free and sweeps.adotar_novos(self._backlog):
            self._sweep_poke.set()
            self._fila.forget()
            taken += self._take(free - taken)
        return taken

    def _take(self, count: int) -> int:
        sent = self._backlog.ambient.monotonic()
        posses = self._fila.consumir(count) if count else []
        for posse in posses:
            self._start(posse, sent)
        return len(posses)

    def _free(self) -> int:
        with self._lock:
            return self._pace.vagas - len(self._running)

    def _start(self, posse: Posse, sent: float) -> None:
        parada = self._heartbeat.hold(posse, sent)

        def work() -> None:
            try:
                self._loop.attend(posse, parada)
            except Exception:
                log.exception("erro_da_fabrica", item=posse.item)  # the lease ends, and the item is tried again
            finally:
                self._heartbeat.release(posse)
                with self._lock:
                    self._running.discard(threading.current_thread())
                self._poke.set()

        thread = threading.Thread(target=work, name=f"vaga-{posse.item}", daemon=True)
        with self._lock:
            self._running.add(thread)
        thread.start()

    def _look_after(self) -> None:
        """The sweeps: often while they find something, else at the idle pace; never more than a part of the time."""
        longest = min(self._pace.ocioso_s, self._backlog.limits.concessao_s / 3)
        pause = BUSY_PAUSE_S
        announced, tidied = float("-inf"), self._backlog.ambient.monotonic()
        while not self._draining.is_set():
            begun = self._backlog.ambient.monotonic()
            found = self._sweep()
            if begun - announced > ANNOUNCE_S:
                announced = begun
                self._announce()
            if begun - tidied > TIDY_S:
                tidied = begun
                self._clean()
            pause = BUSY_PAUSE_S if found else min(pause * GROWTH, longest)
            if found:
                self._poke.set()
            self._draining.wait(REST * (self._backlog.ambient.monotonic() - begun))
            if self._sweep_poke.wait(self._backlog.ambient.uniform(0.7, 1.0) * pause):
                self._sweep_poke.clear()
                pause = BUSY_PAUSE_S

    def _sweep(self) -> int:
        try:
            return sweeps.all_once(self._backlog, eventos_s=EVENTS_REST_S).total
        except PyMongoError as error:
            log.warning("varredura_sem_mongodb", erro=type(error).__name__)
        except Exception:
            log.exception("erro_da_fabrica")
        return 0

    def _clean(self) -> None:
        for tidy in self._tidy:
            try:
                tidy()
            except Exception:
                log.exception("limpeza_falhou")  # what is left over waits for the next time

    def _announce(self) -> None:
        try:
            presence.announce(self._backlog, self._pace.vagas, self._pace.vagas - self._free())
        except PyMongoError as error:
            log.warning("anuncio_sem_mongodb", erro=type(error).__name__)

    def _watch(self) -> None:
        """Where the server is a replica set its change stream wakes us at once. A poke only: polling is the truth."""
        pipeline: list[Doc] = [
            {"$match": {"operationType": {"$in": ["insert", "update", "replace"]}}},
            {"$project": {"_id": 1}},
        ]
        opened = False
        while not self._draining.is_set():
            try:
                with self._backlog.items.watch(pipeline, max_await_time_ms=1000) as stream:
                    opened = True
                    while stream.alive and not self._draining.is_set():
                        if stream.try_next() is not None:
                            self._draining.wait(COALESCE_S)
                            self._poke.set()
                            self._sweep_poke.set()
            except PyMongoError as error:
                if isinstance(error, OperationFailure) and not opened:
                    log.info("sem_change_stream", motivo=str(error)[:200], efeito="the backlog is polled")
                    return
                self._draining.wait(self._backlog.ambient.uniform(0.5, 1.0) * RECONNECT_CEILING_S)

    def _end(self) -> None:
        systemd.stopping(self._pace.drenagem_s + GIVE_BACK_S)
        with self._lock:
            running = list(self._running)
        log.info("drenagem", em_curso=len(running), prazo_s=self._pace.drenagem_s)
        until = self._backlog.ambient.monotonic() + self._pace.drenagem_s
        for thread in running:
            while thread.is_alive() and not self._hurry.is_set() and self._backlog.ambient.monotonic() < until:
                thread.join(0.1)
        self._heartbeat.stop_all(Motivo.DRENAGEM)
        for thread in running:
            thread.join(GIVE_BACK_S)
        self._propagador.stop(GIVE_BACK_S)
        self._heartbeat.stop()
        for thread in self._threads:
            thread.join(GIVE_BACK_S)
        try:
            presence.leave(self._backlog)
        except PyMongoError as error:
            log.warning("saida_sem_mongodb", erro=type(error).__name__)
        log.info("daemon_encerrado")

    def _until_connected(self, act: Callable[[], None]) -> bool:
        """Do `act` as soon as MongoDB answers. False when told to end before."""
        pause = 0.2
        while not self._draining.is_set():
            try:
                act()
            except PyMongoError as error:
                if isinstance(error, OperationFailure) and not error.timeout:
                    raise
                log.warning("mongodb_indisponivel", erro=f"{type(error).__name__}: {error}"[:300])
                pause = min(pause * 2, RECONNECT_CEILING_S)
                self._draining.wait(self._backlog.ambient.uniform(0.5, 1.0) * pause)
            else:
                return True
        return False
