"""The store under everything at once: several daemons, deaths at any point, lost leases, strangers, loops, shared gaps.

A state machine of hypothesis drives several stores on one database over the wire. In the middle of whatever a daemon
does it may die, or another may act, at any write. After every step the invariants that always hold are checked on the
data alone; at the end the daemons sweep until nothing is left to do, and then those that hold of an idle factory.
Whatever it finds it makes small: a failure prints the few calls that lead to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pymongo.database import Database

from contratos.estados import TERMINAIS, Status
from contratos.problems import Malformed
from prometheus_fabrica.backlog import audit, indexes, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Limits, Novo, Posse
from tests.harness.builders import CONTEXTO, TIPO
from tests.harness.mundo import Morte, Mundo, die

DAEMONS = 3
NEIGHBOUR = "estruturar_produto"
TIPOS = [TIPO, "desenvolvimento", "aprovar_orcamento"]
CHAVES = ["gap:api:whisper", "gap:hardware:gpu"]
NAMES = [f"i{n}" for n in range(8)]  # few, so that dependencies meet, cross, and close loops
HAND_MADE = [*Status, "Feito", None]
SHAPES: dict[str, dict[str, list[str]]] = {
    "diamond": {"i3": ["i1", "i2"], "i1": ["i0"], "i2": ["i0"], "i0": []},
    "fan": {"i0": [], "i1": ["i0"], "i2": ["i0"], "i3": ["i0"]},
    "join": {"i3": ["i0", "i1", "i2"], "i0": [], "i1": [], "i2": []},
    "free": {"i0": [], "i1": [], "i2": []},
    "nothing": {},
}
SWEEPS: Sequence[Callable[[Backlog], Any]] = (
    sweeps.adotar_novos,
    sweeps.reconhecer_mudados,
    sweeps.vencer_perdidos,
    sweeps.propagar_terminados,
    sweeps.examinar_marcados,
    sweeps.examinar_externos,
    sweeps.publicar_eventos,
    sweeps.all_once,
    sweeps.all_once,
)


class Interruption(NamedTuple):
    """What happens after so many points of what a daemon is doing."""

    points: int
    what: str
    which: int


index = st.integers(0, 1000)
daemons = st.integers(0, DAEMONS - 1)
interruptions = st.none() | st.builds(
    Interruption,
    st.integers(0, 9),
    st.sampled_from(["death", "conclusion", "sweep", "lost lease", "hand"]),
    index,
)
waits = st.lists(st.sampled_from([*NAMES, "nunca"]), max_size=3, unique=True)


class StoreMachine(RuleBasedStateMachine):
    """Daemons, their operators and strangers, on one backlog."""

    def __init__(self, db: Database[Doc]) -> None:
        super().__init__()
        self.db = db
        self.worlds = [Mundo(dono=f"daemon{n}:1:aaaa") for n in range(DAEMONS)]
        limits = Limits(max_tentativas=3, recuo_base_s=-1.0)
        self.stores = [Backlog(self.db, world.ambient, limits) for world in self.worlds]
        self.held: list[tuple[int, Posse]] = []  # also what was lost long ago: a late owner may come back any time
        self.number = count()
        self.items = self.db["backlog_items"]

    @initialize(shape=st.sampled_from(sorted(SHAPES)), claims=st.lists(st.integers(0, 3), max_size=2))
    def begin(self, shape: str, claims: list[int]) -> None:
        """A backlog with a few items in it that wait for one another, some of them held already."""
        for name in ("backlog_items", "eventos", "specs_recursos"):
            self.db[name].delete_many({})
        for name, waits in SHAPES[shape].items():
            self.items.insert_one({"_id": name, "tipo": TIPO, "contexto": CONTEXTO, "depende_de": waits})
        sweeps.until_quiet(self.stores[0])
        for daemon, limit in enumerate(claims):
            self.held += [(daemon, posse) for posse in transitions.consumir(self.stores[daemon], TIPOS, limit or 1)]

    # -- how things happen --------------------------------------------------------------------------------------------

    def _do(self, daemon: int, interruption: Interruption | None, act: Callable[[Backlog], Any]) -> Any:
        """Let a daemon do something, interrupted perhaps. None when it died."""
        points = self.worlds[daemon].failpoints
        if interruption:
            points.after(interruption.points, lambda: self._interrupt(daemon, interruption))
        try:
            return act(self.stores[daemon])
        except Morte:
            return None
        finally:
            points.disarm()

    def _interrupt(self, daemon: int, interruption: Interruption) -> None:
        other = self.stores[(daemon + 1) % DAEMONS]
        match interruption.what:
            case "death":
                die()
            case "conclusion":
                theirs = [posse for owner, posse in self.held if owner != daemon]
                if theirs:
                    _conclude(other, theirs[interruption.which % len(theirs)], [])
            case "sweep":
                SWEEPS[interruption.which % len(SWEEPS)](other)
            case "lost lease":
                self._end_lease(interruption.which)
                sweeps.vencer_perdidos(other)
            case "hand":
                self._set_status(interruption.which, HAND_MADE[interruption.which % len(HAND_MADE)])

    def _own(self, which: int, interruption: Interruption | None, act: Callable[[Backlog, Posse], Any]) -> None:
        """Let an owner do something; one that owns the item no longer must change nothing (rule 2)."""
        daemon, posse = self.held[which % len(self.held)]
        before = self.items.find_one({"_id": posse.key}) or {}
        owns = (before.get("lease") or {}).get("token") == posse.token
        ended = (before.get("conclusao") or {}).get("token") == posse.token
        done = self._do(daemon, interruption, lambda store: act(store, posse))
        if not owns and not ended:
            assert not done
            if not interruption or interruption.what == "death":
                assert self.items.find_one({"_id": posse.key}) == before

    def _some(self, rule_: Doc, which: int) -> Doc | None:
        found = list(self.items.find(rule_).sort("_id", 1))
        return found[which % len(found)] if found else None

    # -- births -------------------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES), waits=waits, tipo=st.sampled_from(TIPOS), prioridade=st.integers(0, 100))
    def somebody_inserts(self, name: str, waits: list[str], tipo: str, prioridade: int) -> None:
        """By hand: with an ObjectId for `_id`, and not yet adopted."""
        assume(self.items.find_one({"id": name}) is None)
        key = ObjectId(f"{next(self.number):024x}")
        doc = {"_id": key, "id": name, "tipo": tipo, "depende_de": waits, "prioridade": prioridade}
        self.items.insert_one({**doc, "contexto": CONTEXTO})

    @rule(name=st.sampled_from(NAMES), waits=waits, status=st.sampled_from([Status.PENDENTE, Status.BLOQUEADO]))
    def neighbour_inserts(self, name: str, waits: list[str], status: Status) -> None:
        """An item of a type that is not ours, in a state of the neighbour's choice; it closes no loop."""
        assume(self.items.find_one({"id": name}) is None)
        waits = [each for each in waits if each < name]  # a loop of neighbours' alone is reported, and stays
        self.items.insert_one({"_id": name, "id": name, "tipo": NEIGHBOUR, "status": status, "depende_de": waits})

    @rule(daemon=daemons, interruption=interruptions, name=st.sampled_from(NAMES), waits=waits)
    def command_sends(self, daemon: int, interruption: Interruption | None, name: str, waits: list[str]) -> None:
        """`fabrica enviar`: inserted, adopted and examined at once."""
        doc = {"_id": name, "id": name, "tipo": TIPO, "contexto": CONTEXTO, "depende_de": waits}
        self._do(daemon, interruption, lambda store: propagation.nascer(store, [doc]))

    # -- owners -------------------------------------------------------------------------------------------------------

    @rule(daemon=daemons, interruption=interruptions, limit=st.integers(1, 3))
    def daemon_claims(self, daemon: int, interruption: Interruption | None, limit: int) -> None:
        """Up to so many items at once, after a look at what others have left."""
        sweeps.all_once(self.stores[daemon])
        posses = self._do(daemon, interruption, lambda store: transitions.consumir(store, TIPOS, limit))
        self.held += [(daemon, posse) for posse in posses or ()]

    @precondition(lambda self: self.held)
    @rule(which=index, interruption=interruptions, saida=st.sampled_from(["", "child", "blocked child", "gaps"]))
    def owner_concludes(self, which: int, interruption: Interruption | None, saida: str) -> None:
        """With something that follows from it, and everything that has to happen then."""
        self._own(which, interruption, lambda store, posse: _conclude(store, posse, _saida(posse.item, saida)))

    @precondition(lambda self: self.held)
    @rule(which=index, interruption=interruptions, again=st.booleans())
    def owner_fails(self, which: int, interruption: Interruption | None, *, again: bool) -> None:
        """For good, or until another attempt."""

        def fail(store: Backlog, posse: Posse) -> bool:
            final = not again or posse.tentativa >= posse.max_tentativas
            return transitions.falhar(store, posse, "$erro", livre_em_s=None if final else -1.0)

        self._own(which, interruption, fail)

    @precondition(lambda self: self.held)
    @rule(which=index, interruption=interruptions, act=st.sampled_from([transitions.devolver, transitions.encerrar]))
    def owner_lets_go(
        self, which: int, interruption: Interruption | None, act: Callable[[Backlog, Posse, str], bool]
    ) -> None:
        """The daemon drains, or the operator wants it cancelled."""
        self._own(which, interruption, lambda store, posse: act(store, posse, "$motivo"))

    @precondition(lambda self: self.held)
    @rule(daemon=daemons)
    def daemon_renews(self, daemon: int) -> None:
        """Everything that it thinks it holds; it hears of exactly what it does hold."""
        mine = [posse for owner, posse in self.held if owner == daemon]
        ours = transitions.renovar(self.stores[daemon], mine)
        assert set(ours) == {
            posse.token for posse in mine if self.items.find_one({"_id": posse.key, "lease.token": posse.token})
        }

    # -- time ---------------------------------------------------------------------------------------------------------

    @rule(which=index, daemon=daemons)
    def lease_ends(self, which: int, daemon: int) -> None:
        """The clock jumps past a lease, and a daemon sees it."""
        self._end_lease(which)
        sweeps.vencer_perdidos(self.stores[daemon])
        sweeps.liberar_devidos(self.stores[daemon])

    def _end_lease(self, which: int) -> None:
        doc = self._some({"lease.ate": {"$exists": True}}, which)
        if doc is not None:
            past = doc["lease"]["ate"] - timedelta(days=1)
            self.items.update_one({"_id": doc["_id"], "lease": doc["lease"]}, {"$set": {"lease.ate": past}})

    @rule(which=index)
    def clock_jumps_back(self, which: int) -> None:
        """A new primary's clock is behind the one that dated the last change."""
        doc = self._some({"mudou_em": {"$exists": True}}, which)
        assume(doc)
        assert doc is not None
        ahead = doc["mudou_em"] + timedelta(seconds=5)
        self.items.update_one({"_id": doc["_id"], "seq": doc["seq"]}, {"$set": {"mudou_em": ahead}})

    # -- people -------------------------------------------------------------------------------------------------------

    @rule(which=index, daemon=daemons, interruption=interruptions)
    def operator_cancels(self, which: int, daemon: int, interruption: Interruption | None) -> None:
        """Any item in any state."""
        doc = self._some({}, which)
        assume(doc)
        self._do(daemon, interruption, lambda store: transitions.cancelar(store, doc or {}, "ana", "$motivo"))

    @rule(which=index, daemon=daemons, interruption=interruptions)
    def operator_repeats(self, which: int, daemon: int, interruption: Interruption | None) -> None:
        """Any item that has come to an end without success, or that an outsider holds."""
        doc = self._some({"status": {"$in": [*TERMINAIS, Status.EM_PROCESSAMENTO]}}, which)
        assume(doc)
        with suppress(Malformed):
            self._do(daemon, interruption, lambda store: transitions.repetir(store, doc or {}, "ana", None))

    @rule(which=index, status=st.sampled_from(HAND_MADE))
    def somebody_sets_the_status(self, which: int, status: str | None) -> None:
        """A plain update in mongosh, also to what does not exist."""
        self._set_status(which, status)

    def _set_status(self, which: int, status: str | None) -> None:
        doc = self._some({}, which)
        if doc is not None:
            change = {"$set": {"status": str(status)}} if status else {"$unset": {"status": ""}}
            updates = [{"q": {"_id": doc["_id"]}, "u": change}]
            self.db.command("update", "backlog_items", updates=updates, bypassDocumentValidation=True)

    # -- sweeps -------------------------------------------------------------------------------------------------------

    @rule(daemon=daemons, interruption=interruptions, sweep=st.sampled_from(SWEEPS))
    def daemon_sweeps(self, daemon: int, interruption: Interruption | None, sweep: Callable[[Backlog], Any]) -> None:
        """One of the things that it looks after, or all."""
        self._do(daemon, interruption, sweep)

    @rule(daemon=daemons)
    def daemon_sweeps_until_quiet(self, daemon: int) -> None:
        """All of them, and then the factory is idle."""
        sweeps.until_quiet(self.stores[daemon], most=60)
        assert audit.verificar(self.stores[daemon], idle=True) == []

    @invariant()
    def what_always_holds(self) -> None:
        """No invariant of section 7 is broken, at any moment."""
        assert audit.verificar(self.stores[0]) == []

    def teardown(self) -> None:
        """Daemons that live bring everything to its end."""
        sweeps.until_quiet(self.stores[0], most=60)
        assert not sweeps.all_once(self.stores[0]).total
        assert audit.verificar(self.stores[0], idle=True) == []


def _conclude(store: Backlog, posse: Posse, saida: Sequence[Novo]) -> bool:
    done = transitions.concluir(store, posse, {"texto": "$tipo"}, saida)
    if done:
        propagation.propagar(store, posse.key)
    return done


def _saida(pai: str, kind: str) -> list[Novo]:
    """What an item produces; of one item always the same ids, whoever concludes it."""
    record = Novo("specs_recursos", {"_id": f"rec-{pai}", "id": f"rec-{pai}"})
    child = {"_id": f"f-{pai}", "id": f"f-{pai}", "tipo": TIPO, "contexto": CONTEXTO}
    budget = f"orc-{pai}"
    match kind:
        case "child":
            return [record, Novo("backlog_items", child)]
        case "blocked child":
            return [record, Novo("backlog_items", {**child, "depende_de": [pai, "i0"]})]
        case "gaps":
            gaps = {chave: f"proposto-{n}-{pai}" for n, chave in enumerate(CHAVES)}
            payload = {"spec_ref": "spec_001", "spec_recursos": {}, "status": Status.BLOQUEADO}
            orc = {"_id": budget, "id": budget, "tipo": "aprovar_orcamento", "depende_de": [*gaps.values()], **payload}
            return [*(_gap(gaps[chave], budget, chave) for chave in CHAVES), Novo("backlog_items", orc)]
        case _:
            return []


def _gap(key: str, budget: str, chave: str) -> Novo:
    dor = {"sintoma": "$sintoma", "frequencia": "sempre", "afetados": ["spec_001"], "impacto": "bloqueia"}
    contexto = {**dor, "tentativas": [], "criterio_sucesso": "responde"}
    gap = {"tipo": "entrevistar_dor", "produtor": "PROMETHEUS", "spec_origem_ref": "spec_001", "contexto": contexto}
    return Novo("backlog_items", {"_id": key, "id": key, "bloqueando": [budget], **gap}, chave)


def run(db: Database[Doc], how: settings) -> None:
    """Drive the machine on this database."""
    indexes.preparar(db)

    class OnThisDatabase(StoreMachine):
        def __init__(self) -> None:
            super().__init__(db)

    run_state_machine_as_test(OnThisDatabase, settings=how)


CALM = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


def test_store_keeps_every_invariant_when_anything_happens_in_any_order(db: Database[Doc]) -> None:
    """Rules 1 to 6: whatever dies and whoever interferes, states follow from the events and nothing is stuck."""
    how = settings(max_examples=50, stateful_step_count=30, deadline=None, derandomize=True, database=None)
    run(db, settings(how, suppress_health_check=CALM))


@pytest.mark.resistencia
def test_store_keeps_every_invariant_when_it_is_tried_for_long(db: Database[Doc]) -> None:
    """The same with many more and longer runs, different every time."""
    how = settings(max_examples=1500, stateful_step_count=60, deadline=None, derandomize=False)
    run(db, settings(how, suppress_health_check=CALM))
