"""`orcar_spec` end to end on a real server: real specs, real pricing, gaps that are shared, budgets that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from prometheus_fabrica import assembly
from prometheus_fabrica.backlog import propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc
from prometheus_fabrica.config import Config
from prometheus_fabrica.handlers import HANDLERS
from prometheus_fabrica.loop import Loop
from prometheus_fabrica.parada import Parada
from tests.harness.builders import found, status_of
from workers import sandboxes

SPECS = 10
SPEC = """
id: spec-{number}
nome: Transcrição {number}
vertentes: [E]
spec_poo: {{classes: {{Pedido: {{atributos: {{duracao: int}}}}}}}}
runtime: {{apis_externas: [whisper]{more}}}
depende_de: [{needs}]
"""


def write(folder: Path, number: int, *, more: str = "", needs: str = "") -> None:
    """One spec that needs the API, and perhaps more."""
    (folder / f"spec-{number}.yaml").write_text(SPEC.format(number=number, more=more, needs=needs), encoding="utf-8")


def price(backlog: Backlog, folder: Path, item: str) -> None:
    """One daemon's work on one item: claimed, handled by the real handler, concluded, propagated."""
    posse = transitions.consumir_id(backlog, item)
    assert posse is not None
    config = Config(specs=str(folder), dados=folder / "dados")
    tools = assembly.tools(config, backlog, lambda: sandboxes.escolher("local"))
    Loop(backlog, tools, HANDLERS, lambda key: propagation.propagar(backlog, key)).attend(posse, Parada())


def sent(backlog: Backlog, *items: str) -> None:
    """Items `orc-N` that ask for `spec-N`."""
    docs: list[Doc] = [
        {"_id": item, "id": item, "tipo": "orcar_spec", "contexto": {"spec_ref": item.replace("pedido", "spec")}}
        for item in items
    ]
    propagation.nascer(backlog, docs)


def test_ten_specs_that_lack_the_same_api_share_one_gap(
    backlog: Backlog, outro: Callable[[str], Backlog], tmp_path: Path
) -> None:
    """Estimation notes, check 20: one `entrevistar_dor` with ten `afetados`, also when two daemons price at once."""
    items = [f"pedido-{number}" for number in range(SPECS)]
    for number in range(SPECS):
        write(tmp_path, number)
    sent(backlog, *items)
    daemons = [backlog, outro("segundo")]
    start = threading.Barrier(len(daemons))

    def work(place: int) -> None:
        start.wait()
        for item in items[place :: len(daemons)]:
            price(daemons[place], tmp_path, item)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(daemons))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweeps.until_quiet(backlog)

    (gap,) = backlog.items.find({"tipo": "entrevistar_dor"})
    budgets = list(backlog.items.find({"tipo": "aprovar_orcamento"}))
    assert sorted(gap["contexto"]["afetados"]) == [f"spec-{number}" for number in range(SPECS)]
    assert sorted(gap["bloqueando"]) == sorted(budget["id"] for budget in budgets)
    assert {budget["status"] for budget in budgets} == {"Bloqueado"}
    assert {tuple(budget["depende_de"]) for budget in budgets} == {(gap["id"],)}

    backlog.items.update_one({"id": gap["id"]}, {"$set": {"status": "Concluido"}})
    sweeps.until_quiet(backlog)
    assert {budget["status"] for budget in backlog.items.find({"tipo": "aprovar_orcamento"})} == {"Pendente"}


def test_budget_is_found_by_id_and_carried_by_its_item(backlog: Backlog, tmp_path: Path) -> None:
    """DESIGN, Identity and Payload: `specs_recursos` has `_id` equal to `id`; the item has the seed's fields on top."""
    write(tmp_path, 0, more=", gpu: true")
    sent(backlog, "pedido-0")
    price(backlog, tmp_path, "pedido-0")
    resultado = found(backlog, "pedido-0")["resultado"]
    budget = backlog.db["specs_recursos"].find_one({"id": resultado["spec_recursos_id"]})
    assert budget is not None
    assert budget["_id"] == budget["id"]
    item = backlog.items.find_one({"tipo": "aprovar_orcamento"})
    assert item is not None
    assert item["spec_ref"] == "spec-0"
    assert item["spec_recursos"]["dependencias"]["status"] == "bloqueado"
    assert len(item["depende_de"]) == len(item["spec_recursos"]["dependencias"]["gaps_infra"]) == 2


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ([(0, "spec-0")], "depende_de: a cycle of specs: spec-0 -> spec-0"),
        ([(0, "spec-1"), (1, "spec-0")], "depende_de: a cycle of specs: spec-0 -> spec-1 -> spec-0"),
        ([(1, "")], "spec_ref: "),
    ],
)
def test_spec_that_cannot_be_priced_fails_its_item_at_once(
    backlog: Backlog, tmp_path: Path, specs: list[tuple[int, str]], message: str
) -> None:
    """Rule 5: a cycle of specs or an unknown spec is Falhou with the reason, and no budget is made."""
    for number, needs in specs:
        write(tmp_path, number, needs=needs)
    sent(backlog, "pedido-0")
    price(backlog, tmp_path, "pedido-0")
    assert status_of(backlog, "pedido-0") == "Falhou"
    assert found(backlog, "pedido-0")["erros"][-1]["mensagem"].startswith(message)
    assert backlog.db["specs_recursos"].count_documents({}) == 0


def test_prerequisite_without_a_release_is_said_in_the_budget(backlog: Backlog, tmp_path: Path) -> None:
    """A budget whose prerequisite specs have no release says so first."""
    write(tmp_path, 0, needs="spec-1")
    write(tmp_path, 1)
    sent(backlog, "pedido-0")
    price(backlog, tmp_path, "pedido-0")
    avisos = found(backlog, "pedido-0")["resultado"]["spec_recursos"]["avisos"]
    assert "prerequisite spec spec-1 has no release yet" in avisos
