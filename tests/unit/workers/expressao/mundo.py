"""A small world for expressions: a class with a field of every type, and objects of it for both sides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from contratos.spec_tipos import analisar_tipo
from workers.expressao.avaliador import MembroValor, Registro, Valor
from workers.expressao.mundo import ClasseVista, Escopo, Mundo

CAMPOS = {
    "saldo": "Decimal",
    "total": "Decimal",
    "n": "int",
    "k": "int",
    "peso": "float",
    "nome": "str",
    "ok": "bool",
    "dia": "date",
    "fim": "opcional[date]",
    "apelido": "opcional[str]",
    "situacao": "Situacao",
    "tags": "lista[str]",
    "numeros": "lista[int]",
    "linhas": "lista[Linha]",
}
LINHA = {"valor": "Decimal", "qtd": "int", "rotulo": "str"}
PARAMETROS = {"valor": "Decimal", "i": "int", "texto": "str"}


def tipos(campos: Mapping[str, str]) -> dict[str, Any]:
    """Type texts -> trees."""
    return {name: analisar_tipo(text) for name, text in campos.items()}


MUNDO = Mundo(
    classes={"Conta": ClasseVista("Conta", tipos(CAMPOS)), "Linha": ClasseVista("Linha", tipos(LINHA))},
    enumeracoes={"Situacao": ("ATIVA", "FECHADA"), "Risco": ("BAIXO", "ALTO")},
    constantes=tipos({"LIMITE": "Decimal"}),
)
ESCOPO = Escopo(MUNDO, "Conta", tipos(PARAMETROS))
LIMITE = Decimal(100)

type Conta = dict[str, Any]


def registro(conta: Conta) -> Registro:
    """The object as the evaluator sees it."""
    values: dict[str, Valor] = dict(conta)
    values["situacao"] = MembroValor("Situacao", conta["situacao"])
    values["linhas"] = tuple(Registro("Linha", linha) for linha in conta["linhas"])
    return Registro("Conta", values)


SITUACAO = SimpleNamespace(ATIVA="Situacao.ATIVA", FECHADA="Situacao.FECHADA")


def objeto(conta: Conta) -> SimpleNamespace:
    """The object as generated code sees it."""
    values = dict(conta)
    values["situacao"] = getattr(SITUACAO, conta["situacao"])
    values["linhas"] = tuple(SimpleNamespace(**linha) for linha in conta["linhas"])
    return SimpleNamespace(**values)


CONTA: Conta = {
    "saldo": Decimal("12.50"),
    "total": Decimal(0),
    "n": 3,
    "k": -2,
    "peso": 0.5,
    "nome": "Ana Souza",
    "ok": True,
    "dia": date(2024, 2, 29),
    "fim": None,
    "apelido": "Aninha",
    "situacao": "ATIVA",
    "tags": ("a", "b", "a"),
    "numeros": (3, 1, 2),
    "linhas": (
        {"valor": Decimal("1.10"), "qtd": 2, "rotulo": "x"},
        {"valor": Decimal(-3), "qtd": 0, "rotulo": ""},
    ),
}
