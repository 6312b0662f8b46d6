"""Reading bug reports: the forms that are understood, and what is said of the others."""

from __future__ import annotations

import pytest

from contratos.problems import Malformed
from workers import bug_report

EXAMPLE = "classe: Conta\nmetodo: sacar\nantes: {saldo: '10.00'}\nargs: {valor: '10.00'}\ndepois: {saldo: '0.00'}\n"


@pytest.mark.parametrize(
    "text",
    [f"Não deixa sacar tudo:\n```yaml\n{EXAMPLE}```\nobrigado", f"```\n{EXAMPLE}```", EXAMPLE, f"Não saca.\n{EXAMPLE}"],
    ids=["fenced", "fenced without language", "alone", "after words"],
)
def test_example_is_found_wherever_it_stands(text: str) -> None:
    """A report holds an example in the form of the spec's own: fenced, alone, or after some words."""
    relato = bug_report.ler(text)
    assert (relato.classe, relato.metodo) == ("Conta", "sacar")
    assert relato.exemplo == {"antes": {"saldo": "10.00"}, "args": {"valor": "10.00"}, "depois": {"saldo": "0.00"}}


def test_python_test_is_taken_as_it_is() -> None:
    """A report may hold a test function instead; it only ever runs in the sandbox."""
    code = "from contas import Conta\n\n\ndef test_saca():\n    assert Conta().saldo == 0\n"
    assert bug_report.ler(f"veja\n```python\n{code}```").teste == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("não funciona", "contexto.erro: expected an example that shows what is wrong"),
        ("```yaml\nmetodo: sacar\nda: 1\n```", "contexto.erro.classe: required, but missing"),
        ("```yaml\nclasse: C\nmetodo: m\n```", "contexto.erro: expected one of da, lanca, depois"),
        ("```yaml\nclasse: C\nmetodo: m\ndaa: 1\n```", "contexto.erro.daa: unknown field"),
        ("```python\ndef f(:\n```", "contexto.erro: the python block is not Python: line 1"),
        ("```python\nx = 1\n```", "contexto.erro: the python block holds no test function"),
        ("x" * 70_000, "contexto.erro: expected at most 65536 characters, found 70000"),
    ],
)
def test_report_that_shows_nothing_is_refused_with_what_to_write(text: str, message: str) -> None:
    """Bad input names the field and what was expected."""
    with pytest.raises(Malformed) as caught:
        bug_report.ler(text)
    assert message in str(caught.value)
