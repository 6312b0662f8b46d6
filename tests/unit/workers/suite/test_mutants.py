"""Strength of generated suites: what is wrong in a body fails a test."""

from __future__ import annotations

import pytest

from tests.harness.generated import example, try_all
from tests.harness.mutants import Mutant, mutants

EQUIVALENT = {
    # ATIVA -> ATIVA: the state is the same with and without the assignment.
    "self.estado = proximo",
    # The amount that makes both sides equal would have to be the fee itself minus the least fee: no fee reaches it.
    "resultado <= valor + TARIFA_MINIMA,",
}
"""Lines of which a mutant does the same as the original, each with the reason."""


def survivors(name: str, modules: tuple[str, ...]) -> tuple[int, list[Mutant]]:
    """How many mutants there are, and those that no test notices."""
    suite = example(name)
    found = [
        (path, mutant)
        for path in suite.codigo
        if path.endswith(".py") and path.rpartition("/")[2] in modules
        for mutant in mutants(suite.arquivos[path])
        if mutant.original not in EQUIVALENT
    ]
    trials = try_all(suite, [{path: mutant.texto} for path, mutant in found], stop_early=True)
    return len(found), [mutant for (_, mutant), trial in zip(found, trials, strict=True) if trial.passou]


@pytest.mark.parametrize(("name", "modules"), [("contas", ("tarifador.py",)), ("transcricao", ("trecho.py",))])
def test_suite_notices_what_is_wrong_in_a_class(name: str, modules: tuple[str, ...]) -> None:
    """At least nine of ten mutants of a class fail a test."""
    count, alive = survivors(name, modules)

    assert count >= 10
    assert len(alive) <= count // 10, alive


@pytest.mark.resistencia
@pytest.mark.parametrize(
    ("name", "modules"),
    [("contas", ("conta.py", "tarifador.py", "tipos.py")), ("transcricao", ("pedido.py", "trecho.py", "tipos.py"))],
)
def test_suite_notices_nearly_every_mutant_of_a_package(name: str, modules: tuple[str, ...]) -> None:
    """Check 3: at least nine of ten mutants of all classes fail a test."""
    count, alive = survivors(name, modules)

    assert count >= 30
    assert len(alive) <= count // 10, alive
