"""juntar: one open gap for all who lack the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from contratos.estados import Status
from prometheus_fabrica.backlog import audit, propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo
from tests.harness.builders import found, given_claimed, given_concluded, status_of
from tests.harness.mundo import Morte, Mundo

CHAVE = "gap:api:whisper"


def test_two_budgets_wait_for_one_gap_when_both_lack_the_same(backlog: Backlog) -> None:
    """Shared gaps: the second parent joins the open item instead of adding another."""
    given_concluded(backlog, "s1", saida=budget("s1"))
    given_concluded(backlog, "s2", saida=budget("s2"))

    (gap,) = gaps(backlog)
    assert gap["bloqueando"] == ["orc-s1", "orc-s2"]
    assert gap["contexto"]["afetados"] == ["s1", "s2"]
    assert [found(backlog, f"orc-{each}")["depende_de"] for each in ("s1", "s2")] == [[gap["_id"]], [gap["_id"]]]

    given_concluded(backlog, gap["_id"])
    assert {status_of(backlog, f"orc-{each}") for each in ("s1", "s2")} == {Status.PENDENTE}
    assert audit.verificar(backlog, idle=True) == []


def test_new_gap_is_made_when_the_former_one_has_ended(backlog: Backlog) -> None:
    """Shared gaps: only an open item can be joined; the next of its line has the next number."""
    given_concluded(backlog, "s1", saida=budget("s1"))
    (first,) = gaps(backlog)
    given_concluded(backlog, first["_id"])

    given_concluded(backlog, "s2", saida=budget("s2"))

    assert [gap["numero"] for gap in gaps(backlog)] == [1, 2]
    assert status_of(backlog, "orc-s2") == Status.BLOQUEADO
    assert audit.verificar(backlog, idle=True) == []


def test_new_gap_gets_a_new_number_when_the_former_one_was_deleted(backlog: Backlog) -> None:
    """Rule 6: the events of a deleted gap stand, so its number is not given twice."""
    given_concluded(backlog, "s1", saida=budget("s1"))
    (first,) = gaps(backlog)
    given_concluded(backlog, first["_id"])
    backlog.items.delete_one({"_id": first["_id"]})

    given_concluded(backlog, "s2", saida=budget("s2"))

    (second,) = gaps(backlog)
    assert (second["numero"], status_of(backlog, "orc-s2")) == (2, Status.BLOQUEADO)
    assert audit.verificar(backlog, idle=True) == []


@pytest.mark.parametrize("point", ["inserir.antes", "inserir.depois", "juntar.antes", "juntar.depois", "adotar.antes"])
def test_gap_is_joined_once_when_a_parent_dies_while_it_joins(backlog: Backlog, mundo: Mundo, point: str) -> None:
    """Rule 3: a parent that is propagated again finds itself among those who wait."""
    given_concluded(backlog, "s1", saida=budget("s1"))
    posse = given_claimed(backlog, "s2")
    transitions.concluir(backlog, posse, {}, budget("s2"))
    mundo.failpoints.die_at(point)
    with pytest.raises(Morte):
        propagation.propagar(backlog, "s2")

    sweeps.until_quiet(backlog)

    (gap,) = gaps(backlog)
    assert gap["bloqueando"] == ["orc-s1", "orc-s2"]
    assert audit.verificar(backlog, idle=True) == []


def test_parent_gets_a_new_gap_when_the_open_one_ends_while_it_joins(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """The filter is the rule: what has ended cannot be joined."""
    given_concluded(backlog, "s1", saida=budget("s1"))
    (gap,) = gaps(backlog)
    posse, held = given_claimed(backlog, "s2"), given_claimed(outro("daemon2"), gap["_id"])
    transitions.concluir(backlog, posse, {}, budget("s2"))
    mundo.failpoints.arm("juntar.antes", lambda: transitions.concluir(outro("daemon2"), held, {}, []))

    propagation.propagar(backlog, "s2")

    assert [each["numero"] for each in gaps(backlog)] == [1, 2]
    assert found(backlog, "orc-s2")["depende_de"] == [gaps(backlog)[1]["_id"]]


def test_parents_meet_on_one_gap_when_both_make_it_at_the_same_instant(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Rule 1: numbers of a line make two daemons meet on one `_id`."""
    for each in ("s1", "s2"):
        transitions.concluir(backlog, given_claimed(backlog, each), {}, budget(each))
    mundo.failpoints.arm("inserir.antes", lambda: propagation.propagar(outro("daemon2"), "s2"))

    propagation.propagar(backlog, "s1")
    sweeps.until_quiet(backlog)

    (gap,) = gaps(backlog)
    assert sorted(gap["bloqueando"]) == ["orc-s1", "orc-s2"]
    assert audit.verificar(backlog, idle=True) == []


def test_parent_joins_a_gap_that_is_not_adopted_yet(
    backlog: Backlog, outro: Callable[[str], Backlog], mundo: Mundo
) -> None:
    """Shared gaps: between its insertion and its adoption a gap is open already, or there would be two."""
    for each in ("s1", "s2"):
        transitions.concluir(backlog, given_claimed(backlog, each), {}, budget(each))
    mundo.failpoints.arm("inserir.depois", lambda: propagation.propagar(outro("daemon2"), "s2"))

    propagation.propagar(backlog, "s1")
    sweeps.until_quiet(backlog)

    (gap,) = gaps(backlog)
    assert sorted(gap["bloqueando"]) == ["orc-s1", "orc-s2"]
    assert audit.verificar(backlog, idle=True) == []


def gaps(backlog: Backlog) -> list[Doc]:
    """The items of the line, oldest first."""
    return list(backlog.items.find({"chave": CHAVE}).sort("numero", 1))


def budget(spec: str) -> Sequence[Novo]:
    """What a spec that lacks something produces: the gap, and the budget that waits for it."""
    dor = {
        "sintoma": "Falta Whisper",
        "frequencia": "sempre",
        "afetados": [spec],
        "impacto": "Spec bloqueada",
        "tentativas": [],
        "criterio_sucesso": "responde",
    }
    gap = {"tipo": "entrevistar_dor", "produtor": "PROMETHEUS", "contexto": dor, "spec_origem_ref": spec}
    orc = {"tipo": "aprovar_orcamento", "spec_ref": spec, "spec_recursos": {}, "status": "Bloqueado"}
    proposed, own = f"proposto-{spec}", f"orc-{spec}"
    return (
        Novo("backlog_items", {"_id": proposed, "id": proposed, "bloqueando": [own], **gap}, CHAVE),
        Novo("backlog_items", {"_id": own, "id": own, "depende_de": [proposed], **orc}),
    )
