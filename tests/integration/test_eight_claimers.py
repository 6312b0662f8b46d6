"""Eight claimers, one backlog: real threads, a client each, over the wire, at the same instant."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Novo, Posse
from tests.harness import server
from tests.harness.builders import TIPO, given, item, moves_of, status_of
from tests.harness.mundo import Mundo

CLAIMERS = 8
ITEMS = 120
ROUNDS = 15
PATIENCE_S = 120.0


@contextmanager
def daemons(backlog: Backlog, uri: str, count: int) -> Iterator[list[Backlog]]:
    """So many daemons on the same backlog, each with a client of its own."""
    clients = [server.client(uri) for _ in range(count)]
    worlds = [Mundo(dono=f"daemon{n}:1:aaaa") for n in range(count)]
    try:
        yield [
            Backlog(client[backlog.db.name], world.ambient, backlog.limits)
            for client, world in zip(clients, worlds, strict=True)
        ]
    finally:
        for client in clients:
            client.close()


def all_at_once[T, R](daemons: Sequence[T], act: Callable[[T], R]) -> list[R]:
    """The same done by every daemon in a thread of its own, beginning at the same instant."""
    barrier = threading.Barrier(len(daemons))

    def work(daemon: T) -> R:
        barrier.wait(PATIENCE_S)
        return act(daemon)

    with ThreadPoolExecutor(len(daemons)) as threads:
        return list(threads.map(work, daemons, timeout=PATIENCE_S))


def test_every_item_is_owned_once_and_none_is_left_over(backlog: Backlog, mongo_uri: str) -> None:
    """Rule 2: at most one live owner, however many want the same; rule 3: nothing lost, nothing doubled."""
    given(backlog, *(item(f"i{n:03}", prioridade=n % 100) for n in range(ITEMS)))

    def drain_it(store: Backlog) -> list[Posse]:
        done = []
        while posses := transitions.consumir(store, [TIPO], 3):
            for posse in posses:
                assert transitions.concluir(store, posse, {"por": store.ambient.dono}, [])
                propagation.propagar(store, posse.key)
            done += posses
        return done

    with daemons(backlog, mongo_uri, CLAIMERS) as stores:
        shares = all_at_once(stores, drain_it)

    owned = Counter(posse.item for share in shares for posse in share)
    assert set(owned.values()) == {1}
    assert backlog.items.count_documents({"status": Status.CONCLUIDO}) == len(owned) == ITEMS
    sweeps.until_quiet(backlog)
    for transition in ("consumo", "conclusao"):
        assert Counter(event["item"] for event in backlog.eventos.find({"tipo": transition})) == owned
    assert audit.verificar(backlog, idle=True) == []


def test_claimers_that_sweep_meanwhile_still_own_every_item_once(backlog: Backlog, mongo_uri: str) -> None:
    """Rule 2: adoption, lost leases, returns and claims by eight daemons at the same time."""
    backlog.items.insert_many([item(f"i{n:02}") for n in range(40)])

    def live(store: Backlog) -> None:
        lost = replace(store, limits=replace(store.limits, concessao_s=0.0))
        for turn in range(6):
            sweeps.all_once(store)
            for posse in transitions.consumir(lost if turn == 0 else store, [TIPO], 2):
                if turn == 1:
                    transitions.devolver(store, posse, "the daemon ends")
                elif turn > 1:
                    transitions.concluir(store, posse, {}, [])
                    propagation.propagar(store, posse.key)

    with daemons(backlog, mongo_uri, CLAIMERS) as stores:
        all_at_once(stores, live)

    sweeps.until_quiet(backlog)
    conclusions = Counter(event["item"] for event in backlog.eventos.find({"tipo": "conclusao"}))
    assert set(conclusions.values()) <= {1}
    assert audit.verificar(backlog, idle=True) == []


def test_auditor_sees_no_violation_while_daemons_work(backlog: Backlog, mongo_uri: str) -> None:
    """Rule 6: the invariants hold at every moment, and who reads while others write raises no false alarm."""
    chain = [item(f"i{n:02}", *([f"i{n - 1:02}"] if n % 3 else []), prioridade=n) for n in range(36)]
    backlog.items.insert_many(chain)
    parents = {"i07", "i17", "i27"}
    ended = threading.Event()

    def live(store: Backlog) -> list[str]:
        broken: list[str] = []
        if store.ambient.dono.startswith("daemon0"):
            while not ended.is_set():
                broken += map(str, audit.verificar(store))
            return broken
        while store.items.count_documents({"status": {"$ne": Status.CONCLUIDO}}) and not ended.is_set():
            sweeps.all_once(store)
            for posse in transitions.consumir(store, [TIPO], 2):
                saida = [Novo("backlog_items", item(f"f-{posse.item}"))] if posse.item in parents else []
                transitions.concluir(store, posse, {}, saida)
                propagation.propagar(store, posse.key)
        ended.set()
        return broken

    with daemons(backlog, mongo_uri, 4) as stores:
        reports = all_at_once(stores, live)

    assert [each for report in reports for each in report] == []
    sweeps.until_quiet(backlog)
    assert audit.verificar(backlog, idle=True) == []


def test_item_is_unblocked_once_when_two_daemons_conclude_its_dependencies_at_the_same_instant(
    backlog: Backlog, mongo_uri: str
) -> None:
    """Rule 4: two dependencies concluded at the same instant by two daemons must still unblock it exactly once."""
    with daemons(backlog, mongo_uri, 2) as stores:
        for turn in range(ROUNDS):
            waits, left, right = f"a{turn}", f"b{turn}", f"c{turn}"
            given(backlog, item(waits, left, right), item(left), item(right))
            taken = [(store, _taken(store, key)) for store, key in zip(stores, (left, right), strict=True)]

            all_at_once(taken, _conclude)

            assert status_of(backlog, waits) == Status.PENDENTE
            propagation.publicar_eventos(backlog, [backlog.items.find_one({"_id": waits}) or {}])
            assert [move[0] for move in moves_of(backlog, waits)] == ["criacao", "desbloqueio"]

    sweeps.until_quiet(backlog)
    assert audit.verificar(backlog, idle=True) == []


def _conclude(taken: tuple[Backlog, Posse]) -> None:
    store, posse = taken
    assert transitions.concluir(store, posse, {}, [])
    propagation.propagar(store, posse.key)


def _taken(store: Backlog, key: str) -> Posse:
    posse = transitions.consumir_id(store, key)
    assert posse is not None
    return posse
