"""The language of conditions as people write it: what is taken, what is forgiven, and what the refusals say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contratos.spec_tipos import Tipo, analisar_tipo
from tests.unit.workers.expressao.mundo import ESCOPO
from workers.expressao.analise import analisar
from workers.expressao.impressor import Impressor, NomesDaSpec
from workers.expressao.tipagem import ExpressaoInvalida

AFTER = replace(ESCOPO, antigo=True, resultado=Tipo("Decimal"))

TAKEN = {
    "self.saldo >= 0": "self.saldo >= 0",
    "saldo >= 0": "self.saldo >= 0",  # an attribute without 'self.'
    "0 < saldo": "self.saldo > 0",  # what varies stands on the left
    "0 < saldo <= 10": "0 < self.saldo <= 10",
    "self.fim == None": "self.fim is None",
    "ok == True": "self.ok",
    "ok != true": "not self.ok",
    "situacao == 'ATIVA'": "self.situacao == Situacao.ATIVA",
    "situacao == ATIVA": "self.situacao == Situacao.ATIVA",
    "saldo * 0.1": 'self.saldo * Decimal("0.1")',
    "peso * 0.1": "self.peso * 0.1",
    "fim is None or fim > dia": "self.fim is None or self.fim > self.dia",
    "len(l for l in linhas if l.qtd > 0)": "sum(1 for l_ in self.linhas if l_.qtd > 0)",
    "sum(l.valor for l in linhas)": "sum((l_.valor for l_ in self.linhas), Decimal(0))",
    "antigo(saldo) - valor == saldo": "saldo_antigo - valor == self.saldo",
    "resultado == antigo(len(linhas))": "resultado == total_linhas_antigo",
    "null": "None",
    "tags + ['x']": '(*self.tags, "x")',
    "[l.valor for l in linhas]": "tuple(l_.valor for l_ in self.linhas)",
    "sorted(tags)": "tuple(sorted(self.tags))",
    "-(n + k) * 2": "-(self.n + self.k) * 2",
    "n - (k - 1)": "self.n - (self.k - 1)",
    "(ok or ok) and ok": "(self.ok or self.ok) and self.ok",
    "coincide('[^@]+@[^@]+[.]x', nome)": 'coincide("[^@]+@[^@]+[.]x", self.nome)',
}

REFUSED = {
    "salvo > 1": "did you mean 'saldo'",
    "self.salto > 1": "unknown attribute of Conta 'salto'; did you mean 'saldo'",
    "situacao == 'ATVA'": "did you mean 'ATIVA'",
    "aprovado": "a text needs quotes of its own",
    "saldo && ok": "write 'and', not '&&'",
    "saldo = 1": "write '==' to compare",
    "ok e ok": "write and, or, not",
    "!ok": "write 'not', not '!'",
    "a => b": "not a or b",
    "saldo and ok": "a condition is True or False",
    "linhas and ok": "len(x) > 0",
    "fim > dia": "may be None here",
    "fim.year": "may be None",
    "saldo + peso": "mixes Decimal and float",
    "saldo == None": "never None",
    "nome + 1": "'+' does not work on str and int",
    "saldo is 1": "only compares with None",
    "len(saldo)": "len needs a list or a generator",
    "all(linhas)": "all needs conditions",
    "sum(tags)": "sum adds numbers",
    "max(linhas)": "no order",
    "arredonda(saldo)": "arredonda(Decimal, places)",
    "round(x=1)": "without names",
    "nome.uper()": "did you mean 'upper'",
    "lenn(tags)": "unknown function 'lenn'; did you mean 'len'",
    "all(n > 0 for n in [1] for n in [2])": "hides another 'n'",
    "all(antigo(l.qtd) > 0 for l in linhas)": "there is no 'l' yet",
    "n in saldo": "needs a list or a text on its right",
    "nome in numeros": "can never be among",
    "dia - 1": "'-' does not work on date and int",
    "1 if ok else nome": "int on one side and str on the other",
    "self == 1": "Conta on one side and int on the other",
    "lambda: 1": "lambda is not part of the language",
    "abs": "is a function",
    "Situacao": "written as Situacao.MEMBER",
}


@pytest.mark.parametrize("text", TAKEN)
def test_expression_is_taken_and_printed_as_python(text: str) -> None:
    """Short forms that are harmless are read as what they mean; the printed source is exact."""
    assert Impressor(NomesDaSpec()).fonte(analisar(text, AFTER)) == TAKEN[text]


@pytest.mark.parametrize("text", REFUSED)
def test_refusal_says_what_to_write(text: str) -> None:
    """Messages name what was found, and what was probably meant."""
    with pytest.raises(ExpressaoInvalida) as refused:
        analisar(text, AFTER)
    assert REFUSED[text] in str(refused.value)


@pytest.mark.parametrize(
    ("text", "wanted", "printed"),
    [
        ("0", "Decimal", "Decimal(0)"),
        ("'FECHADA'", "Situacao", "Situacao.FECHADA"),
        ("0.5", "float", "0.5"),
        ("None", "opcional[date]", "None"),
        ("[]", "lista[str]", "()"),
        ("1", "float", "1"),
    ],
)
def test_value_is_fitted_to_the_expected_type(text: str, wanted: str, printed: str) -> None:
    """Literals become what their place asks for."""
    assert Impressor(NomesDaSpec()).fonte(analisar(text, ESCOPO, analisar_tipo(wanted))) == printed


@pytest.mark.parametrize(
    ("text", "wanted"), [("nome", "int"), ("None", "str"), ("0.5", "int"), ("fim", "date"), ("1", "bool")]
)
def test_value_of_another_type_is_refused(text: str, wanted: str) -> None:
    """The expected type stands in the message."""
    with pytest.raises(ExpressaoInvalida, match=f"expected {wanted}"):
        analisar(text, ESCOPO, analisar_tipo(wanted))
