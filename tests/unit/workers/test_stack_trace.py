"""Reading tracebacks: which call is found, with which values, and what is said when none can be read."""

from __future__ import annotations

import pytest
import yaml

from contratos.problems import Malformed
from contratos.spec import Spec
from tests.harness.generated import ROOT
from workers import stack_trace
from workers.estrutura.determinar import determinar
from workers.estrutura.modelo import Modelo
from workers.estrutura.resolver import resolver


@pytest.fixture(scope="module")
def modelo() -> Modelo:
    """The accounts that are shipped as an example."""
    text = (ROOT / "examples" / "contas.yaml").read_text(encoding="utf-8")
    return determinar(resolver(Spec.ler(yaml.safe_load(text))))


def trace(line: str, error: str = "ZeroDivisionError: division by zero") -> str:
    """A traceback that goes through this line of somebody's program."""
    return (
        "Traceback (most recent call last):\n"
        '  File "/app/main.py", line 12, in <module>\n'
        f"    {line}\n"
        "    ^^^^^^^^^^^^\n"
        '  File "/app/contas/tarifador.py", line 60, in tarifa\n'
        "    resultado = self._tarifa(canal=canal, perfil=perfil, valor=valor)\n"
        f"{error}\n"
    )


def test_call_is_read_with_the_values_of_the_spec(modelo: Modelo) -> None:
    """Decimals, members of enumerations and the object made in the same line become an example."""
    line = (
        'taxa = Tarifador(isento_ate=Decimal("50.00")).tarifa(canal=Canal.TED, perfil=Perfil.BASICO, '
        'valor=Decimal("100.00"))'
    )
    relato = stack_trace.ler(trace(line), modelo)

    assert (relato.classe, relato.metodo) == ("Tarifador", "tarifa")
    assert relato.exemplo == {
        "antes": {"isento_ate": "50.00"},
        "args": {"canal": "TED", "perfil": "BASICO", "valor": "100.00"},
    }


def test_object_from_elsewhere_is_the_only_class_with_such_a_method(modelo: Modelo) -> None:
    """A variable is taken for an object of the one class that has the method; arguments may go by position."""
    relato = stack_trace.ler(trace('conta.sacar(Decimal("3.00"))'), modelo)

    assert (relato.classe, relato.metodo) == ("Conta", "sacar")
    assert relato.exemplo == {"antes": {}, "args": {"valor": "3.00"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("não funciona", "expected a Python traceback with a line that calls a method"),
        (trace("conta.sacar(valor=quanto)"), "expected a Python traceback"),
        (trace("banco.emprestar(1)"), "expected a Python traceback"),
        (trace("conta.sacar("), "expected a Python traceback"),
        (trace("conta.sacar(1)", "contas.erros.SaldoInsuficiente: x"), "SaldoInsuficiente is declared by Conta.sacar"),
        ("x" * 300_000, "at most 262144 characters"),
    ],
)
def test_trace_that_shows_no_call_is_refused_with_what_to_write(modelo: Modelo, text: str, message: str) -> None:
    """Bad input names the field and what was expected."""
    with pytest.raises(Malformed, match=message) as caught:
        stack_trace.ler(text, modelo)

    assert caught.value.problemas[0].campo == "contexto.stack_trace"
