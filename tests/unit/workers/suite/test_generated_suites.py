"""Generated suites: green on right code, telling on every contract that is taken out, the same bytes each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.generated import ROOT, example, run, suite_of, try_all, without_contracts, without_errors
from workers.sandboxes.report import planejados

ERRORS = {
    "contas": {"SaldoInsuficiente": "sacar E1", "LimiteExcedido": "tarifa E1"},
    "transcricao": {"TrechoForaDoAudio": "anexar E1"},
}


@pytest.mark.parametrize("name", ERRORS)
def test_suite_is_green_on_the_code_of_its_own_spec(name: str) -> None:
    """No false alarm, every test that the text holds has run, and nearly every line of the classes is reached."""
    result = run(example(name))

    assert result.passou, [(caso.nome, caso.erro) for caso in result.falhas]
    assert len(result.testes) > 100
    runtime = ("contratos", "objeto", "relacoes", "transacao", "valores", "violacoes", "portas")
    missed = [place for place in result.nao_cobertas if "->" not in place]
    assert [place for place in missed if not any(f"/{module}.py" in place for module in runtime)] == []


@pytest.mark.parametrize("name", ERRORS)
def test_contract_taken_out_of_the_code_fails_a_test_that_names_it(name: str) -> None:
    """Check 5: without any one pre, pos, invariante, modifica or erro, a test fails whose name holds its id."""
    suite = example(name)
    taken = [*without_contracts(suite), *without_errors(suite, ERRORS[name])]
    trials = try_all(suite, [files for _, files in taken], stop_early=False)

    silent = [
        contract
        for (contract, _), trial in zip(taken, trials, strict=True)
        if not any(_names(caso.nome, contract.split()[-1]) for caso in trial.falhas)
    ]
    assert len(taken) >= 6
    assert silent == []


def _names(test: str, ident: str) -> bool:
    return ident in test.rpartition("::")[2].partition("[")[0].split("_")


def test_suite_states_the_oracle_of_each_test() -> None:
    """Every test says in its docstring where its expectation comes from, or what it is about in one sentence."""
    suite = example("contas")
    for path in suite.modulos:
        text = suite.arquivos[path]
        tests = text.count("def test_")
        assert text.count("Oráculo") >= tests * 0.8, path


def test_suite_has_a_machine_for_each_class_that_changes() -> None:
    """Classes with methods that change them get a state machine, the others property tests."""
    suite = example("contas")
    plan = planejados({path: suite.arquivos[path] for path in suite.modulos})

    assert "tests/test_conta.py::TestConversaComConta::runTest" in plan
    assert "tests/test_tarifador.py::test_tarifa_com_quaisquer_argumentos" in plan


def test_same_spec_gives_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    """Check 6: hash seed, time zone, locale and folder leave no trace."""
    program = (
        "import hashlib, pathlib, yaml\n"
        "from contratos.spec import Spec\n"
        "from workers import e_estrutural\n"
        f"text = pathlib.Path({str(ROOT / 'examples' / 'transcricao.yaml')!r}).read_text(encoding='utf-8')\n"
        "made = e_estrutural.gerar(Spec.ler(yaml.safe_load(text)))\n"
        "print(hashlib.sha256(repr(sorted(made.arquivos.items())).encode()).hexdigest())\n"
    )
    sums = set()
    for seed, zone in (("1", "UTC"), ("2", "America/Sao_Paulo")):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": zone, "LANG": "C.UTF-8"}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        sums.add(done.stdout)

    assert len(sums) == 1


def test_order_of_keys_does_not_matter() -> None:
    """Check 7: two specs that differ only in the order of keys have the same suite."""
    import yaml

    from contratos.spec import Spec

    document = yaml.safe_load((ROOT / "examples" / "transcricao.yaml").read_text(encoding="utf-8"))
    turned = {key: document[key] for key in reversed(document)}
    turned["spec_poo"] = {key: document["spec_poo"][key] for key in reversed(document["spec_poo"])}

    assert suite_of(Spec.ler(turned)).arquivos == suite_of(Spec.ler(document)).arquivos
