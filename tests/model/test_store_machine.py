"""The store under everything at once: several daemons, deaths at any point, lost leases, strangers, loops, shared gaps.

A state machine of hypothesis drives several stores on one database over the wire. After every step the invariants that
always hold are checked on the data alone; at the end the daemons sweep until nothing is left to do, and then those that
hold of an idle factory. Whatever it finds it makes small: a failure prints the few calls that lead to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

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

from contratos.estados import Status
from contratos.problems import Malformed
from prometheus_fabrica.backlog import audit, indexes, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Limits, Novo, Posse
from tests.harness.builders import CONTEXTO, TIPO
from tests.harness.mundo import Morte, Mundo

DAEMONS = 3
NEIGHBOUR = "estruturar_produto"
TIPOS = [TIPO, "desenvolvimento", "aprovar_orcamento"]
CHAVES = ["gap:api:whisper", "gap:hardware:gpu"]
NAMES = [f"i{n}" for n in range(8)]  # few, so that dependencies meet, cross, and close loops
HAND_MADE = [*Status, "Feito", None]
SWEEPS: Sequence[Callable[[Backlog], int]] = (
    sweeps.adotar_novos,
    sweeps.reconhecer_mudados,
    sweeps.vencer_perdidos,
    sweeps.liberar_devidos,
    sweeps.propagar_terminados,
    sweeps.examinar_marcados,
    sweeps.examinar_externos,
    sweeps.publicar_eventos,
)

daemons = st.integers(0, DAEMONS - 1)
deaths = st.none() | st.integers(0, 12)  # points that a daemon still passes; None: it lives
index = st.integers(0, 1000)
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
        self.concluded: dict[str, str] = {}  # item -> the token that concluded it
        self.number = count()
        self.items = self.db["backlog_items"]

    @initialize()
    def begin(self) -> None:
        """An empty backlog, with its indexes and validators."""
        for name in ("backlog_items", "eventos", "specs_recursos"):
            self.db[name].delete_many({})

    def _dying(self, daemon: int, death: int | None, act: Callable[[Backlog], Any]) -> Any:
        """Let a daemon do something, and die in the middle of it perhaps. None when it died."""
        self.worlds[daemon].failpoints.die_after(death)
        try:
            return act(self.stores[daemon])
        except Morte:
            return None
        finally:
            self.worlds[daemon].failpoints.die_after(None)

    def _some(self, rule_: Doc, which: int) -> Doc:
        found = list(self.items.find(rule_).sort("_id", 1))
        assume(found)
        return found[which % len(found)]

    # -- births -------------------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES), waits=waits, tipo=st.sampled_from(TIPOS), prioridade=st.integers(0, 100))
    def somebody_inserts(self, name: str, waits: list[str], tipo: str, prioridade: int) -> None:
        """By hand: with an ObjectId for `_id`, and not yet adopted."""
        assume(self.items.find_one({"id": name}) is None)
        doc = {"_id": self._object_id(), "id": name, "tipo": tipo, "depende_de": waits, "prioridade": prioridade}
        self.items.insert_one({**doc, "contexto": CONTEXTO})

    @rule(name=st.sampled_from(NAMES), waits=waits, status=st.sampled_from([Status.PENDENTE, Status.BLOQUEADO]))
    def neighbour_inserts(self, name: str, waits: list[str], status: Status) -> None:
        """An item of a type that is not ours, in a state of the neighbour's choice; it closes no loop."""
        assume(self.items.find_one({"id": name}) is None)
        waits = [each for each in waits if each < name]  # a loop of neighbours' is reported, and stays
        self.items.insert_one({"_id": name, "id": name, "tipo": NEIGHBOUR, "status": status, "depende_de": waits})

    @rule(daemon=daemons, death=deaths, name=st.sampled_from(NAMES), waits=waits)
    def command_sends(self, daemon: int, death: int | None, name: str, waits: list[str]) -> None:
        """`fabrica enviar`: inserted, adopted and examined at once."""
        doc = {"_id": name, "id": name, "tipo": TIPO, "contexto": CONTEXTO, "depende_de": waits}
        self._dying(daemon, death, lambda store: propagation.nascer(store, [doc]))

    def _object_id(self) -> ObjectId:
        return ObjectId(f"{next(self.number):024x}")

    # -- owners -------------------------------------------------------------------------------------------------------

    @rule(daemon=daemons, death=deaths, limit=st.integers(1, 3))
    def daemon_claims(self, daemon: int, death: int | None, limit: int) -> None:
        """Up to so many items at once."""
        posses = self._dying(daemon, death, lambda store: transitions.consumir(store, TIPOS, limit))
        self.held += [(daemon, posse) for posse in posses or ()]

    @precondition(lambda self: self.held)
    @rule(which=index, death=deaths, saida=st.sampled_from(["nothing", "child", "blocked child", "gaps"]))
    def owner_concludes(self, which: int, death: int | None, saida: str) -> None:
        """With something that follows from it, and everything that has to happen then."""
        daemon, posse = self.held[which % len(self.held)]
        novos = self._saida(posse.item, saida)

        def conclude(store: Backlog) -> bool:
            done = transitions.concluir(store, posse, {"texto": "$tipo"}, novos)
            if done:
                propagation.propagar(store, posse.key)
            return done

        if self._dying(daemon, death, conclude):
            assert self.concluded.setdefault(posse.item, posse.token) == posse.token

    def _saida(self, pai: str, kind: str) -> list[Novo]:
        record = Novo("specs_recursos", {"_id": f"rec-{pai}", "id": f"rec-{pai}"})
        child = {"_id": f"f-{pai}", "id": f"f-{pai}", "tipo": TIPO, "contexto": CONTEXTO}
        if kind == "child":
            return [record, Novo("backlog_items", child)]
        if kind == "blocked child":
            return [record, Novo("backlog_items", {**child, "depende_de": [pai, "i0"]})]
        if kind == "gaps":
            budget = f"orc-{pai}"
            gaps = {chave: f"proposto-{n}-{pai}" for n, chave in enumerate(CHAVES)}
            payload = {"spec_ref": "spec_001", "spec_recursos": {}, "status": Status.BLOQUEADO}
            return [
                *(Novo("backlog_items", _gap(gaps[chave], budget), chave) for chave in CHAVES),
                Novo(
                    "backlog_items",
                    {"_id": budget, "id": budget, "tipo": "aprovar_orcamento", "depende_de": [*gaps.values()]}
                    | payload,
                ),
            ]
        return []

    @precondition(lambda self: self.held)
    @rule(which=index, death=deaths, again=st.booleans())
    def owner_fails(self, which: int, death: int | None, again: bool) -> None:
        """For good, or until another attempt."""
        daemon, posse = self.held[which % len(self.held)]
        final = not again or posse.tentativa >= posse.max_tentativas
        delay = None if final else -1.0
        self._dying(daemon, death, lambda store: transitions.falhar(store, posse, "$erro", livre_em_s=delay))

    @precondition(lambda self: self.held)
    @rule(which=index, death=deaths, act=st.sampled_from([transitions.devolver, transitions.encerrar]))
    def owner_lets_go(self, which: int, death: int | None, act: Callable[[Backlog, Posse, str], bool]) -> None:
        """The daemon drains, or the operator wants it cancelled."""
        daemon, posse = self.held[which % len(self.held)]
        self._dying(daemon, death, lambda store: act(store, posse, "$motivo"))

    @precondition(lambda self: self.held)
    @rule(daemon=daemons)
    def daemon_renews(self, daemon: int) -> None:
        """Everything that it thinks it holds."""
        transitions.renovar(self.stores[daemon], [posse for owner, posse in self.held if owner == daemon])

    # -- time ---------------------------------------------------------------------------------------------------------

    @rule(which=index)
    def lease_ends(self, which: int) -> None:
        """The clock jumps past a lease."""
        doc = self._some({"lease.ate": {"$exists": True}}, which)
        past = doc["lease"]["ate"] - timedelta(days=1)
        self.items.update_one({"_id": doc["_id"], "lease": doc["lease"]}, {"$set": {"lease.ate": past}})

    @rule(which=index)
    def clock_jumps_back(self, which: int) -> None:
        """A new primary's clock is behind the one that dated the last change."""
        doc = self._some({"mudou_em": {"$exists": True}}, which)
        ahead = doc["mudou_em"] + timedelta(seconds=5)
        self.items.update_one({"_id": doc["_id"], "seq": doc["seq"]}, {"$set": {"mudou_em": ahead}})

    # -- people -------------------------------------------------------------------------------------------------------

    @rule(which=index, daemon=daemons, death=deaths)
    def operator_cancels(self, which: int, daemon: int, death: int | None) -> None:
        """Any item in any state."""
        doc = self._some({}, which)
        self._dying(daemon, death, lambda store: transitions.cancelar(store, doc, "ana", "$motivo"))

    @rule(which=index, daemon=daemons, death=deaths)
    def operator_repeats(self, which: int, daemon: int, death: int | None) -> None:
        """Any item in any state."""
        doc = self._some({"status": {"$in": [Status.FALHOU, Status.CANCELADO, Status.EM_PROCESSAMENTO]}}, which)
        with suppress(Malformed):
            self._dying(daemon, death, lambda store: transitions.repetir(store, doc, "ana", None))

    @rule(which=index, status=st.sampled_from(HAND_MADE))
    def somebody_sets_the_status(self, which: int, status: str | None) -> None:
        """A plain update in mongosh, also to what does not exist."""
        doc = self._some({}, which)
        if status == "Feito" and doc["tipo"] != NEIGHBOUR and doc.get("esquema") is None:
            return  # the validator refuses it while it has never been valid
        change = {"$set": {"status": status}} if status else {"$unset": {"status": ""}}
        self.db.command(
            "update",
            "backlog_items",
            updates=[{"q": {"_id": doc["_id"]}, "u": change}],
            bypassDocumentValidation=True,
        )

    # -- sweeps -------------------------------------------------------------------------------------------------------

    @rule(daemon=daemons, death=deaths, sweep=st.sampled_from(SWEEPS))
    def daemon_sweeps(self, daemon: int, death: int | None, sweep: Callable[[Backlog], int]) -> None:
        """One of the things that it looks after."""
        self._dying(daemon, death, sweep)

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
        """Daemons that live bring everything to its end, and the tokens that concluded are those on record."""
        sweeps.until_quiet(self.stores[0], most=60)
        assert not sweeps.all_once(self.stores[0]).total
        assert audit.verificar(self.stores[0], idle=True) == []
        for item, token in self.concluded.items():
            found = self.items.find_one({"id": item})
            assert found is not None
            assert (found["status"], found["conclusao"]["token"]) == (Status.CONCLUIDO, token)


def _gap(key: str, budget: str) -> Doc:
    dor = {
        "sintoma": "$sintoma",
        "frequencia": "sempre",
        "afetados": ["spec_001"],
        "impacto": "bloqueia",
        "tentativas": [],
        "criterio_sucesso": "responde",
    }
    gap = {"tipo": "entrevistar_dor", "produtor": "PROMETHEUS", "spec_origem_ref": "spec_001", "contexto": dor}
    return {"_id": key, "id": key, "bloqueando": [budget], **gap}


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
    how = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, database=None)
    run(db, settings(how, suppress_health_check=CALM))


@pytest.mark.resistencia
def test_store_keeps_every_invariant_when_it_is_tried_for_long(db: Database[Doc]) -> None:
    """The same with many more and longer runs, different every time."""
    how = settings(max_examples=1500, stateful_step_count=60, deadline=None, derandomize=False)
    run(db, settings(how, suppress_health_check=CALM))
