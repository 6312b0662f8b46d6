"""Evaluator and generated Python have one meaning: random expressions, random inputs, compared value by value."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.workers.expressao.mundo import CONTA, ESCOPO, LIMITE, SITUACAO, Conta, objeto, registro
from workers.expressao.analise import analisar
from workers.expressao.avaliador import Ambiente, ErroAvaliacao, LimiteExcedido, MembroValor, Registro, avaliar
from workers.expressao.funcoes import arredonda, coincide
from workers.expressao.impressor import Impressor, NomesDaSpec
from workers.expressao.tipagem import ExpressaoInvalida

EXPRESSIONS = 10_000
PARTS = 10  # test functions that share them
ERRORS = (ArithmeticError, LookupError, ValueError, TypeError)

RULES = {
    "cond": """
        {num} < {num}
        {num} <= {int} <= {num}
        {num} == {num}
        {num} != {dec}
        {str} == {str}
        {str} < {str}
        not {cond}
        ({cond} and {cond})
        ({cond} or {cond})
        ({cond} if {cond} else {cond})
        ok
        self.ok == True
        all({lcond} for @ in self.linhas)
        any({lcond} for @ in linhas if {lcond})
        {str} in self.tags
        {int} in numeros
        {int} not in [1, 2, {int}]
        {str} in {str}
        fim is None or fim > {date}
        (apelido is not None and len(apelido) > {int})
        situacao == ATIVA
        situacao in (Situacao.ATIVA, Situacao.FECHADA)
        'FECHADA' != situacao
        {date} < {date}
        coincide('[a-z]+', {str})
        {str}.startswith({str})
        {str}.isdigit()
        True
        {dur} > dias({int})
    """,
    "lcond": """
        @.valor > {dec}
        @.qtd == {int}
        @.rotulo in {str}
        @.valor * @.qtd >= total
        not @.rotulo.isalpha()
    """,
    "int": """
        n
        k
        i
        0
        1
        7
        -{int}
        ({int} + {int})
        ({int} - {int})
        {int} * {int}
        {int} // {int}
        {int} % {int}
        len(self.linhas)
        len({str})
        len(@ for @ in linhas if {lcond})
        sum(@.qtd for @ in linhas)
        max({int}, {int}, 3)
        min(numeros)
        max((@ * 2 for @ in numeros if @ > {int}), default={int})
        sum(numeros)
        numeros[{int}]
        sorted(numeros)[0]
        abs({int})
        round({dec})
        int({dec})
        dia.year
        ({date} - {date}).days
        {date}.weekday()
        ({int} if {cond} else {int})
        {int} ** 2
        len(sorted(tags))
        len(numeros[{int}:{int}])
        sum(@ for @ in numeros)
        {str}.count({str})
        sum(@ * y@ for @ in numeros for y@ in numeros if @ < y@)
    """,
    "dec": """
        saldo
        self.total
        valor
        LIMITE
        0.1
        2.50
        -{dec}
        ({dec} + {num0})
        ({dec} - {dec})
        {dec} * {num0}
        {dec} / {num0}
        {dec} // {dec}
        {dec} % {int}
        sum(@.valor for @ in linhas)
        sum(@.valor * @.qtd for @ in linhas if {lcond})
        max({dec}, 0)
        min(@.valor for @ in self.linhas)
        max((@.valor for @ in linhas if {lcond}), default={dec})
        abs({dec})
        round({dec}, 1)
        arredonda({dec}, 2)
        Decimal({int})
        Decimal('1.5')
        ({dec} if {cond} else 0)
        linhas[{int}].valor
        (0.5 if {cond} else {dec})
    """,
    "num0": """
        {dec}
        {int}
    """,
    "num": """
        {dec}
        {int}
        {int}
    """,
    "float": """
        peso
        self.peso * 2
        peso + 0.5
        float({dec})
        peso / {int}
        round(peso, 1)
    """,
    "str": """
        nome
        texto
        'abc'
        'A'
        ''
        nome.upper()
        texto.strip()
        ({str} + {str})
        {str}[{int}]
        {str}[:{int}]
        str({int})
        tags[{int}]
        (apelido if apelido is not None else nome)
        {str}.lower()
        max(tags)
        str({dec})
    """,
    "date": """
        dia
        date(2024, 2, {int})
        (dia + dias({int}))
        (dia - dias(1))
        (fim if fim is not None else dia)
    """,
    "dur": """
        ({date} - {date})
        dias({int})
        (dias(2) * {int})
    """,
    "list": """
        [@.valor for @ in linhas if {lcond}]
        tags + [{str}]
        numeros
        [{int}, {int}]
        sorted(@.valor for @ in linhas)
        []
    """,
}
"""Kind of expression -> what it may be made of, one a line."""

ROOTS = ("cond", "cond", "int", "dec", "float", "str", "date", "dur", "list")
LOOPS = count(1)
SHORT = {
    "cond": "ok",
    "lcond": "@.qtd > 1",
    "int": "n",
    "dec": "saldo",
    "num0": "k",
    "num": "i",
    "str": "nome",
    "date": "dia",
    "dur": "dias(1)",
}


def written(chance: random.Random, kind: str, depth: int, loop: int = 0) -> str:
    """A random expression of a kind; short ones at the bottom. '@' is the name that the innermost loop runs over."""
    text = SHORT[kind] if depth <= 0 and kind in SHORT else chance.choice(RULES[kind].split("\n")[1:-1]).strip()
    if " for " in text:
        loop = next(LOOPS)
    text = text.replace("@", f"v{loop}")
    while "{" in text:
        begin, end = text.index("{"), text.index("}")
        text = text[:begin] + written(chance, text[begin + 1 : end], depth - 1, loop) + text[end + 1 :]
    return text


def filled(chance: random.Random) -> tuple[Conta, dict[str, Any]]:
    """A random object and random arguments."""
    decimals = ("0", "-1", "0.005", "12.345", "100", "99999.99", "-0.5")
    words = ("", "a", "ana", "12", "ÁÉ", "a b", "zz z")
    conta = {
        **CONTA,
        "saldo": Decimal(chance.choice(decimals)),
        "total": Decimal(chance.choice(decimals)),
        "n": chance.randint(-3, 9),
        "k": chance.choice((0, -1, 10**12)),
        "peso": chance.choice((0.0, 0.1, -2.5, 1e308)),
        "nome": chance.choice(words),
        "ok": chance.random() < 0.5,
        "dia": date(2024, chance.randint(1, 12), chance.randint(1, 28)),
        "fim": chance.choice((None, date(2024, 6, 30))),
        "apelido": chance.choice((None, "ze")),
        "situacao": chance.choice(("ATIVA", "FECHADA")),
        "tags": tuple(chance.choices(words, k=chance.randint(0, 3))),
        "numeros": tuple(chance.choices(range(-2, 6), k=chance.randint(0, 4))),
        "linhas": tuple(
            {"valor": Decimal(chance.choice(decimals)), "qtd": chance.randint(-1, 3), "rotulo": chance.choice(words)}
            for _ in range(chance.randint(0, 3))
        ),
    }
    return conta, {"valor": Decimal(chance.choice(decimals)), "i": chance.randint(-2, 5), "texto": chance.choice(words)}


def run(source: str, conta: Conta, args: dict[str, Any]) -> object:
    """What the printed Python gives."""
    names = {"Decimal": Decimal, "date": date, "datetime": datetime, "timedelta": timedelta}
    helpers = {"arredonda": arredonda, "coincide": coincide, "Situacao": SITUACAO, "LIMITE": LIMITE}
    scope = {**names, **helpers, **args, "self": objeto(conta)}
    return eval(compile(source, "<printed>", "eval"), scope)


def plain(value: object) -> object:
    """Values of both sides in one form; numbers keep their type."""
    match value:
        case MembroValor(enumeracao=enum, nome=nome):
            return f"{enum}.{nome}"
        case Registro(campos=campos):
            return dict(campos)
        case SimpleNamespace():
            return vars(value)
        case tuple():
            return tuple(plain(item) for item in value)
        case Decimal():
            return ("Decimal", str(value))
    return (type(value).__name__, value)


@pytest.mark.parametrize("part", range(PARTS))
def test_evaluator_and_printed_python_agree(part: int) -> None:
    """Check 12: 10,000 random expressions give the same value, or both have none."""
    chance = random.Random(part)
    looked_at = refused = 0
    while looked_at < EXPRESSIONS // PARTS:
        text = written(chance, chance.choice(ROOTS), depth=3)
        try:
            node = analisar(text, ESCOPO)
        except ExpressaoInvalida:  # too large, or an operator that binds a part more tightly than the grammar meant
            refused += 1
            continue
        source = Impressor(NomesDaSpec()).fonte(node)
        conta, args = filled(chance)
        try:
            expected: object = plain(run(source, conta, args))
        except ERRORS:
            expected = "no value"
        try:
            found: object = plain(avaliar(node, Ambiente({"self": registro(conta), **args}, {"LIMITE": LIMITE})))
        except LimiteExcedido:
            continue
        except ErroAvaliacao:
            found = "no value"
        assert found == expected, f"{text}\n{source}\n{conta} {args}"
        looked_at += 1
    assert refused < looked_at / 4, "the grammar of the test makes too much that is no expression"


@pytest.mark.parametrize("part", range(3))
def test_negation_of_a_condition_is_its_opposite(part: int) -> None:
    """`negado` pushes 'not' inwards; the value is the opposite on every input where there is one."""
    chance = random.Random(1000 + part)
    for _ in range(500):
        text = written(chance, "cond", depth=2)
        try:
            node = analisar(text, ESCOPO)
        except ExpressaoInvalida:
            continue
        printer = Impressor(NomesDaSpec())
        conta, args = filled(chance)
        try:
            value = run(printer.fonte(node), conta, args)
            opposite = run(printer.negado(node), conta, args)
        except ERRORS:
            continue
        assert opposite is (not value), text
