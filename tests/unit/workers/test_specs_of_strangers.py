"""Specs as people write them who have only the JSON Schema: each was once refused, passed over, or broke the worker."""

from __future__ import annotations

import threading
from textwrap import dedent

import pytest

from contratos.problems import Malformed
from contratos.spec import Spec
from prometheus_fabrica.definitions import conferir_spec, ler_spec
from workers import e_estrutural, gates
from workers.estrutura.comandos import Atribui
from workers.estrutura.determinar import determinar
from workers.estrutura.resolver import resolver


def spec_of(poo: str, rest: str = "") -> tuple[Spec, str]:
    """A spec with this inside spec_poo, and its text."""
    text = "id: x\nnome: X\nspec_poo:\n" + "".join(f"  {line}\n" for line in dedent(poo).strip().splitlines())
    text += dedent(rest)
    return ler_spec(text, "x.yaml"), text


def suite_of(poo: str, rest: str = "") -> dict[str, str]:
    """The files that are generated."""
    return dict(e_estrutural.gerar(spec_of(poo, rest)[0]).arquivos)


def test_members_of_an_enumeration_may_stand_alone() -> None:
    """{BAIXA: 1} is read as {valores: {BAIXA: 1}}, and a wrong field is still a wrong field."""
    spec, _ = spec_of("enumeracoes: {P: {BAIXA: 1, ALTA: a}}\nclasses: {A: {atributos: {p: P}}}")
    assert spec.spec_poo is not None
    assert [m.valor for m in spec.spec_poo.enumeracoes["P"].valores.values()] == [1, "a"]
    with pytest.raises(Malformed, match="unknown field"):
        spec_of("enumeracoes: {P: {valores: [A], descricoes: x}}\nclasses: {A: {}}")


@pytest.mark.parametrize(
    ("pos", "value"), [("self.ligada", True), ("not self.ligada", False), ("self.nota is None", None)]
)
def test_truths_and_none_determine_a_body(pos: str, value: object) -> None:
    """'not self.ligada' says what self.ligada becomes, as 'self.ligada == False' does."""
    spec, _ = spec_of(f"classes: {{L: {{atributos: {{ligada: bool, nota: int?}}, metodos: {{m: {{pos: [{pos}]}}}}}}}}")
    body = determinar(resolver(spec)).classe("L").metodos[0].corpo
    assert body is not None
    (command,) = body.comandos
    assert isinstance(command, Atribui)
    assert [getattr(right, "valor", "?") for _, right in command.partes] == [value]


def test_states_do_not_take_the_name_of_a_declared_enumeration() -> None:
    """The enumeration that is made for a life cycle would be the second of its name: the message says what to write."""
    spec, text = spec_of("""
        enumeracoes: {EstadoA: [UM, DOIS]}
        classes:
          A: {estados: {inicial: UM, transicoes: {UM: {vai: DOIS}}}, metodos: {vai: {corpo: []}}}
    """)
    with pytest.raises(Malformed, match="declare the attribute: 'estado: EstadoA'"):
        conferir_spec(spec, text, "x.yaml")


LISTS = """
    classes:
      Aluno:
        atributos: {notas: {tipo: "lista[int]", padrao: []}, ativo: bool}
        metodos:
          lancar:
            parametros: {nota: {tipo: int, min: 0, max: 10}}
            corpo: [self.notas.append(nota)]
            modifica: [notas]
      Linha: {atributos: {preco: int, dobro: {tipo: int, deriva: self.preco * 2}}}
      Turma:
        usa: [relogio]
        atributos:
          desde: {tipo: date, inicial: hoje(), somente_leitura: true}
          total: {tipo: int, deriva: sum(l.dobro for l in self.linhas)}
        relacoes:
          alunos: {classe: Aluno, multiplicidade: "1..3"}
          linhas: {classe: Linha, multiplicidade: "*"}
        invariantes: [self.total >= 0]
        metodos:
          quantos: {retorna: int, pura: true, corpo: len(self.alunos)}
"""


def test_suites_of_lists_relations_and_clocks_pass_the_gates() -> None:
    """Fields that hold lists, formulas over other objects, truths, a clock: the code and the suite are clean."""
    made = e_estrutural.gerar(spec_of(LISTS)[0])
    judged = gates.avaliar(made.arquivos, made.codigo, made.testes, threading.Event())
    assert [(gate.nome, gate.problemas) for gate in judged if not gate.passou] == []


def test_what_the_constructor_completes_is_tested_with_a_clock_that_stands_still() -> None:
    """The day of 'inicial: hoje()' is the test's, not the machine's."""
    assert "Turma(alunos=Colecao((criar_aluno(),)), relogio=RelogioParado())" in suite_of(LISTS)["tests/test_turma.py"]


PRICE = (
    "classes: {F: {metodos: {preco: {parametros: {x: {tipo: int, min: 1}}, retorna: int, pura: true, corpo: x * 2}}}}"
)


def test_examples_of_a_target_are_tests() -> None:
    """schema_tdd.alvos.X.exemplos stand beside those of the method."""
    rest = "schema_tdd: {alvos: {F.preco: {exemplos: [{nome: dois, args: {x: 1}, da: 2}]}}}"
    assert "def test_preco_exemplo_dois" in suite_of(PRICE, rest)["tests/test_f.py"]


@pytest.mark.parametrize(
    ("alvo", "message"),
    [
        ("exemplos: [{args: {y: 1}, da: 2}]", "unknown parameter 'y'"),
        ("classes: {x: {validas: [0]}}", "0 is not valid: it breaks the limit 'min'"),
        ("classes: {x: {validas: [a]}}", "expected int"),
        ("classes: {y: {validas: [1]}}", "unknown factor 'y'"),
    ],
)
def test_targets_that_do_not_fit_are_refused_with_their_line(alvo: str, message: str) -> None:
    """A valid class that is not valid, or a name that is none, is not passed over."""
    spec, text = spec_of(PRICE, f"schema_tdd: {{alvos: {{F.preco: {{{alvo}}}}}}}")
    with pytest.raises(Malformed, match=message) as refused:
        conferir_spec(spec, text, "x.yaml")
    assert all(problem.linha for problem in refused.value.problemas)


STAY = """
    erros: {Tarde: Tarde demais.}
    classes:
      Estadia:
        atributos: {entrada: date, saida: date}
        invariantes: [{id: I1, que: self.entrada < self.saida}]
        metodos:
          cancelar: {parametros: {dia: date}, erros: [{se: dia >= self.entrada, lanca: Tarde}], corpo: []}
"""


def test_an_invalid_class_may_be_so_only_beside_the_other_classes() -> None:
    """The end of 2025 is wrong beside a stay that begins in 2026, not beside the dates that tests start from."""
    rest = """
        schema_tdd:
          alvos:
            Estadia:
              classes:
                entrada: {validas: [2026-01-01]}
                saida: {validas: [2026-03-01], invalidas: [{antes: {valor: 2025-12-31, viola: I1}}]}
    """
    tests = suite_of(STAY, rest)["tests/test_estadia.py"]
    assert "criar_estadia(entrada=date(2026, 1, 1), saida=date(2025, 12, 31))" in tests


def test_objects_are_completed_with_values_beside_the_given_ones() -> None:
    """A stay that begins in 2026 needs an end in 2026, which is none of the dates that tests start from."""
    rest = """
        schema_tdd:
          alvos: {Estadia.cancelar: {classes: {dia: {validas: [2025-12-31]}, self.entrada: {validas: [2026-01-01]}}}}
    """
    assert "date(2026, 1, 1)" in suite_of(STAY, rest)["tests/test_estadia.py"]


def test_old_values_of_two_postconditions_are_kept_apart() -> None:
    """antigo(self.saldo) in one and antigo(destino.saldo) in another: a good call is found, and tested."""
    tests = suite_of("""
        classes:
          Conta:
            atributos: {saldo: {tipo: int, min: 0, padrao: 5}}
            metodos:
              transferir:
                parametros: {destino: Conta, valor: {tipo: int, min: 1}}
                pre: [valor <= self.saldo]
                pos: [self.saldo == antigo(self.saldo) - valor, destino.saldo == antigo(destino.saldo) + valor]
                corpo: [self.saldo -= valor, destino.saldo += valor]
    """)
    assert "def test_transferir_faz_o_que_diz" in tests["tests/test_conta.py"]


def test_methods_that_never_end_are_refused_and_recursion_is_followed() -> None:
    """A call of itself that nothing guards never ends; one behind a condition is a method like others."""
    poo = (
        "classes: {{F: {{metodos: {{f: {{parametros: {{n: {{tipo: int, min: 0}}}}, retorna: int, corpo: {body}}}}}}}}}"
    )
    spec, text = spec_of(poo.format(body="n * self.f(n=n)"))
    with pytest.raises(Malformed, match="never ends: it calls itself"):
        conferir_spec(spec, text, "x.yaml")
    assert "def test_f" in suite_of(poo.format(body="1 if n == 0 else n * self.f(n=n - 1)"))["tests/test_f.py"]


CARGO = """
    classes:
      Carga:
        atributos: {{peso: int, codigo: int}}
        invariantes: ["self.peso * 7919 + self.codigo == 15838123"]
        {exemplos}
"""


def test_a_class_of_which_no_object_is_found_is_refused_unless_an_example_shows_one() -> None:
    """It would go untested in silence. The example that the message asks for is then what tests start from."""
    with pytest.raises(Malformed, match=r"no valid Carga was found.*exemplos"):
        suite_of(CARGO.format(exemplos="descricao: Carga."))
    shown = suite_of(CARGO.format(exemplos="exemplos: [{args: {peso: 2000, codigo: 123}}]"))
    assert "peso: int = 2000" in shown["tests/objetos.py"]


def test_combinations_that_are_all_forbidden_are_refused_where_they_stand() -> None:
    """The message names the target."""
    with pytest.raises(Malformed, match=r"schema_tdd.alvos.F.preco: no combination satisfies proibidas\[0\]"):
        suite_of(PRICE, "schema_tdd: {alvos: {F.preco: {classes: {x: [1, 2]}, proibidas: [x > 0]}}}")


def test_floats_that_may_be_absent_are_compared_as_such() -> None:
    """math.isclose does not take None."""
    tests = suite_of("""
        classes:
          S:
            atributos: {xs: {tipo: "lista[float]", padrao: []}}
            metodos:
              media: {retorna: float?, pura: true, corpo: sum(self.xs) / len(self.xs) if len(self.xs) > 0 else None}
    """)["tests/test_s.py"]
    assert "s.media() == pytest.approx(esperado)" in tests
    assert "isclose" not in tests
