"""precificar: every field of the seed's section 5 with its reasons, pure, repeatable, monotone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contratos.calibracao import Observacao
from contratos.capacidade import Capacidades
from contratos.problems import Malformed
from contratos.recursos import NAO_DEFINIDO, Fonte, SpecRecursos
from contratos.spec import Spec
from prometheus_fabrica.pricing import calibration, parametros
from prometheus_fabrica.pricing.formulas import FORMULAS, calcular, segue_formula
from prometheus_fabrica.pricing.parametros import Parametros
from prometheus_fabrica.pricing.precificar import precificar
from tests.harness.specs import Esboco, conta
from workers.estrutura.resolver import resolver
from workers.suite.designs import Planos
from workers.suite.objects import Objetos

PADRAO = parametros.padrao()
TUDO = Capacidades.of(["api:whisper", "hardware:gpu", "container:postgres:16"])
HISTORIA = [
    Observacao(
        id=f"d{i}", ordem=i, pontos=40 + 10 * i, horas_dev=0.01 * (1 + i % 3), horas_teste=0.02, caso_s={"E": 0.02}
    )
    for i in range(12)
]
CALIBRADO = PADRAO.com(calibration.proxima(PADRAO, None, HISTORIA, por="ana"))


def test_budget_has_every_field_of_the_seed() -> None:
    """Section 5.1: the five parts, exactly these names."""
    documento = _priced(conta()).to_dict()

    assert {parte: list(documento[parte]) for parte in ("runtime", "teste", "carga", "esforco", "dependencias")} == {
        "runtime": ["cpu", "ram", "gpu", "apis_externas", "tokens_llm_estimado", "containers"],
        "teste": ["classes_equivalencia", "combinacoes_estimadas", "cobertura", "tempo_execucao_estimado"],
        "carga": ["tps_esperado", "usuarios_simultaneos", "pico_estimado"],
        "esforco": ["horas_dev", "horas_teste", "horas_deploy", "total", "workers"],
        "dependencias": ["specs_pre_requisito", "gaps_infra", "status"],
    }
    assert documento["_id"] == documento["id"]


def test_budget_comes_back_from_its_document() -> None:
    """What was stored is the budget again, through JSON too."""
    recursos = _priced(conta())

    assert SpecRecursos.from_dict(json.loads(json.dumps(recursos.to_dict()))) == recursos


@pytest.mark.parametrize("modelo", [PADRAO, CALIBRADO], ids=["prior", "calibrated"])
def test_every_figure_has_its_range_and_its_reasons(modelo: Parametros) -> None:
    """Check 5: value equal to the plain one, P10 <= P50 <= P90, unit, source, formula."""
    recursos = precificar(Spec.ler(conta()), TUDO, modelo)[0]
    documento = recursos.to_dict()

    for parte in ("runtime", "teste", "carga", "esforco"):
        for campo, valor in documento[parte].items():
            figura = recursos.figura(f"{parte}.{campo}")
            assert figura.model_dump(mode="json")["valor"] == valor
            assert figura.p10 <= figura.p50 <= figura.p90
            assert figura.unidade
            assert figura.formula
    assert recursos.esforco.total == pytest.approx(
        recursos.esforco.horas_dev + recursos.esforco.horas_teste + recursos.esforco.horas_deploy
    )


@pytest.mark.parametrize("modelo", [PADRAO, CALIBRADO], ids=["prior", "calibrated"])
def test_every_computed_figure_follows_from_its_stored_inputs(modelo: Parametros) -> None:
    """A reader of the document alone can compute the figure again."""
    documento = conta(requisitos_nao_funcionais={})
    documento["spec_poo"]["classes"]["Conta"]["metodos"]["extrato"] = {"retorna": "str"}
    recursos = precificar(Spec.ler(documento), TUDO, modelo)[0]
    computed = [figura for figura in recursos.figuras if segue_formula(figura)]

    assert {figura.nome for figura in computed} == set(FORMULAS)
    for figura in computed:
        again = pytest.approx(calcular(figura.nome, figura.entradas), rel=1e-4)
        assert figura.valor == (NAO_DEFINIDO if figura.nome == "carga.pico_estimado" else again)


@pytest.mark.parametrize(
    ("path", "declared", "figure"),
    [
        (("runtime", "cpu"), 3.5, "runtime.cpu"),
        (("runtime", "ram_mb"), 4096, "runtime.ram"),
        (("runtime", "tokens_llm"), 12345, "runtime.tokens_llm_estimado"),
        (("requisitos_nao_funcionais", "tps"), 77.0, "carga.tps_esperado"),
        (("requisitos_nao_funcionais", "usuarios"), 7, "carga.usuarios_simultaneos"),
        (("requisitos_nao_funcionais", "pico"), 99.0, "carga.pico_estimado"),
    ],
)
def test_declared_value_wins_and_leaves_when_it_is_removed(path: tuple[str, str], declared: Any, figure: str) -> None:
    """Check 6: a declared figure is marked as such; without it the estimate is back."""
    documento = conta(requisitos_nao_funcionais={})
    before = _priced(documento).figura(figure)
    documento[path[0]] = {**documento[path[0]], path[1]: declared}
    stated = _priced(documento).figura(figure)

    assert (stated.valor, stated.p10, stated.p90, stated.fonte) == (declared, declared, declared, Fonte.DECLARADO)
    assert before.fonte is not Fonte.DECLARADO
    assert before.valor != declared


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"requisitos_nao_funcionais": {"tps": 900}}, {"runtime.cpu", "runtime.ram", "runtime.containers"}),
        ({"runtime": {"gpu": False}}, {"runtime.gpu", "esforco.horas_deploy"}),
        ({"runtime": {"apis_externas": ["a", "b"], "gpu": True}}, {"runtime.apis_externas"}),
        ({"requisitos_nao_funcionais": {"disponibilidade": 99.9}}, {"runtime.containers"}),
        ({"schema_tdd": {"cobertura": "completa"}}, {"teste.cobertura", "teste.classes_equivalencia"}),
        ({"schema_tdd": {}}, {"teste.combinacoes_estimadas", "teste.tempo_execucao_estimado", "esforco.horas_teste"}),
    ],
)
def test_no_figure_is_a_constant_in_disguise(changes: dict[str, Any], changed: set[str]) -> None:
    """Check 3: some field of the spec moves each number."""
    before = _priced(conta(requisitos_nao_funcionais={}))
    after = _priced(conta(requisitos_nao_funcionais={}) | changes)

    assert changed <= {f.nome for f in before.figuras if f.valor != after.figura(f.nome).valor}


ELEMENTS = ["classes", "metodos", "regras", "tarefas", "telas", "operacoes", "classes_equivalencia"]
counts = st.integers(1, 12)


@settings(max_examples=60, deadline=None)
@given(
    sketch=st.builds(Esboco, **dict.fromkeys(ELEMENTS, counts)),
    element=st.sampled_from(ELEMENTS),
    modelo=st.sampled_from([PADRAO, CALIBRADO]),
)
def test_one_more_element_never_costs_less(sketch: Esboco, element: str, modelo: Parametros) -> None:
    """Check 4: hours (value and P90), tokens and the array's lower bound never fall."""
    less = precificar(sketch.spec(), TUDO, modelo)[0]
    more = precificar(sketch.mais(element).spec(), TUDO, modelo)[0]

    for figure in ("horas_dev", "horas_teste", "horas_deploy", "total"):
        before, after = less.figura(f"esforco.{figure}"), more.figura(f"esforco.{figure}")
        assert before.valor <= after.valor  # type: ignore[operator]
        assert before.p50 <= after.p50
    assert less.runtime.tokens_llm_estimado <= more.runtime.tokens_llm_estimado
    floors = [recursos.figura("teste.combinacoes_estimadas").entradas["piso"] for recursos in (less, more)]
    assert floors[0] <= floors[1]  # type: ignore[operator]


def test_printed_combinations_are_the_rows_that_the_worker_runs() -> None:
    """Check 10: the designs of worker E, with what the spec forbids left out; never below the two largest factors."""
    documento = conta()
    alvo = documento["schema_tdd"]["alvos"]["Conta.sacar"]
    alvo["proibidas"] = ["valor == 100 and self.saldo == 200"]
    spec = Spec.ler(documento)
    figura = precificar(spec, TUDO, PADRAO)[0].figura("teste.combinacoes_estimadas")
    modelo = resolver(spec)
    planos = Planos(Objetos(modelo))
    rows = [planos.plano(classe, metodo).linhas for classe in modelo.classes for metodo in (None, *classe.metodos)]

    assert figura.valor == sum(map(len, rows))
    assert figura.entradas["piso"] <= figura.p10 == figura.p90 == figura.valor  # type: ignore[operator]
    assert figura.valor < figura.entradas["produto_completo"]  # type: ignore[operator]


def test_spec_whose_conditions_are_wrong_is_not_priced_half() -> None:
    """A misspelled attribute is named with its path; there is no budget."""
    documento = conta()
    documento["spec_poo"]["classes"]["Conta"]["invariantes"] = ["self.sado >= 0"]

    with pytest.raises(Malformed, match=r"classes\.Conta\.invariantes.*sado"):
        _priced(documento)


def test_total_is_below_the_sum_of_p90s_once_there_is_history() -> None:
    """Check 15: with a standard deviation below 1 the parts do not all go wrong at once."""
    recursos = precificar(Spec.ler(conta()), TUDO, CALIBRADO)[0]
    parts = [recursos.figura(f"esforco.horas_{parte}").p90 for parte in ("dev", "teste", "deploy")]

    assert max(parts) < recursos.figura("esforco.total").p90 <= sum(parts)


def test_budget_is_the_same_in_two_processes_two_hash_seeds_and_two_key_orders() -> None:
    """Check 1: byte-equal documents."""
    program = (
        "import json, sys; from contratos.capacidade import Capacidades; from contratos.spec import Spec;"
        "from prometheus_fabrica.pricing import parametros, precificar;"
        "spec, modelo = Spec.ler(json.load(sys.stdin)), parametros.padrao();"
        "print(precificar.precificar(spec, Capacidades(), modelo, commit='c')[0].model_dump_json())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], input=json.dumps(documento), capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed, documento in (("1", conta()), ("2", _reversed(conta())))
    }  # fmt: skip

    assert len(outputs) == 1


def test_pricing_does_no_input_or_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check 2: it works where files, sockets and clocks raise."""
    spec = Spec.ler(conta())

    def forbidden(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("precificar reached for the world")

    for owner, name in (
        (socket, "socket"),
        (time, "time"),
        (time, "monotonic"),
        (time, "perf_counter"),
        (Path, "open"),
    ):
        monkeypatch.setattr(owner, name, forbidden)
    monkeypatch.setattr("builtins.open", forbidden)

    assert precificar(spec, TUDO, PADRAO)[0].spec_ref == "conta-001"


def test_calibration_changes_no_old_budget() -> None:
    """Check 13: a budget names its version, and pricing again with that version gives the same bytes."""
    old = precificar(Spec.ler(conta()), TUDO, PADRAO)[0]
    new = precificar(Spec.ler(conta()), TUDO, CALIBRADO)[0]

    assert (old.procedencia.calibracao, new.procedencia.calibracao) == (None, "cal-0001")
    assert (old.figura("esforco.total").fonte, new.figura("esforco.total").fonte) == (Fonte.ESTIMADO, Fonte.CALIBRADO)
    assert old.id != new.id
    assert precificar(Spec.ler(conta()), TUDO, PADRAO)[0].model_dump_json() == old.model_dump_json()


def test_template_only_spec_takes_no_tokens() -> None:
    """Check 19: exactly 0; and a method for a model to write has tokens, a cap above them, more with more tries."""
    documento = conta()
    none = _priced(documento).figura("runtime.tokens_llm_estimado")
    documento["spec_poo"]["classes"]["Conta"]["metodos"]["extrato"] = {"retorna": "str"}
    some = _priced(documento).figura("runtime.tokens_llm_estimado")
    patient = PADRAO.model_copy(update={"llm": PADRAO.llm.model_copy(update={"tentativas": 5})})
    more = precificar(Spec.ler(documento), TUDO, patient)[0].figura("runtime.tokens_llm_estimado")

    assert (none.valor, none.p90) == (0, 0)
    assert 0 < some.p50 <= some.p90 / 3
    assert some.p50 < more.p50


def test_reader_is_told_what_to_know_first() -> None:
    """Prerequisites without release, no history, a latency that cannot hold, load figures that contradict."""
    documento = conta(requisitos_nao_funcionais={"tps": 50, "usuarios": 1, "latencia_ms": 40, "pico": "muito"})
    avisos = precificar(Spec.ler(documento), TUDO, PADRAO, prontas=set())[0].avisos

    for said in (
        "prerequisite spec base-1 has no release",
        "no own history",
        "latency of 40 ms does not hold",
        "1 users cannot make 50 requests/s",
        "states no number",
        "containers without cpu or ram_mb",
    ):
        assert any(said in aviso for aviso in avisos), said
    ready = precificar(Spec.ler(documento), TUDO, PADRAO, prontas={"base-1"})[0].avisos
    assert not any("prerequisite" in aviso for aviso in ready)


def _priced(documento: dict[str, Any]) -> SpecRecursos:
    return precificar(Spec.ler(documento), TUDO, PADRAO)[0]


def _reversed(value: Any) -> Any:
    """The same document with every map written the other way round."""
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(entry) for entry in value] if isinstance(value, list) else value
