"""Where a body stands: what it may return, change and raise; and the data of what is raised there."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from contratos.spec_base import unknown_name
from contratos.spec_tipos import Tipo
from workers.estrutura.falhas import Falhas
from workers.expressao.arvore import No
from workers.expressao.mundo import Escopo
from workers.expressao.narrowing import Caminho

type Dados = tuple[tuple[str, No], ...]


@dataclass(frozen=True, slots=True)
class Lugar:
    """Where a body stands: its scope, what it may return, change and raise."""

    escopo: Escopo
    retorna: Tipo | None
    fixos: frozenset[tuple[str, str]]  # (class, attribute) that nobody may change
    erros: dict[str, dict[str, Tipo]]  # error -> its data
    presentes: frozenset[Caminho] = frozenset()


def ler_dados(
    erro: str,
    dados: dict[str, str] | dict[str, ast.expr],
    lugar: Lugar,
    escopo: Escopo,
    known: frozenset[Caminho],
    falhas: Falhas,
    campo: str,
) -> Dados:
    """The data that a raised error carries. What is not given is taken from what has the same name here."""
    if erro not in lugar.erros:
        falhas.diz(campo, unknown_name(erro, "error", list(lugar.erros)))
        return ()
    declared = lugar.erros[erro]
    for name in dados:
        if name not in declared:
            falhas.diz(campo, unknown_name(name, f"value of {erro}", list(declared)))
    result = []
    for name, tipo in declared.items():
        text = dados.get(name)
        if text is None:
            quiet = Falhas()
            node = quiet.expressao(name, escopo, tipo, campo, known)
            if node is None:
                falhas.diz(campo, f"{erro} carries '{name}': say in 'dados' what it is here")
        else:
            node = falhas.expressao(text, escopo, tipo, campo, known)
        if node is not None:
            result.append((name, node))
    return tuple(result)
