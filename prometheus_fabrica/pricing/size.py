"""Functional size: what a spec holds, counted into function points and COSMIC points by rules for machines.

Weights and complexity matrix are IFPUG's; what in a spec is which function follows the idea of OMG's Automated
Function Points: no judgement, the same spec always counts the same, in whatever order it is written. What was counted
is kept: it is the explanation. Rules and conditions are no functions; they are counted apart, because each of them is
tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from contratos.recursos import Contado
from contratos.spec import Spec
from prometheus_fabrica.pricing import size_open, size_poo
from prometheus_fabrica.pricing.functions import Funcao, Tipo

MOSTRADOS: Final = 20  # names of counted elements that a budget shows of each kind
NIVEIS: Final = ("baixa", "média", "alta")

PESOS: Final[Mapping[Tipo, tuple[int, int, int]]] = {
    Tipo.EE: (3, 4, 6),
    Tipo.SE: (4, 5, 7),
    Tipo.CE: (3, 4, 6),
    Tipo.ALI: (7, 10, 15),
    Tipo.AIE: (5, 7, 10),
}
# Where the middle and the upper column (fields) and row (records or files referenced) of IFPUG's matrix begin.
_CORTES: Final[Mapping[Tipo, tuple[tuple[int, int], tuple[int, int]]]] = {
    Tipo.ALI: ((20, 51), (2, 6)),
    Tipo.AIE: ((20, 51), (2, 6)),
    Tipo.EE: ((5, 16), (2, 3)),
    Tipo.SE: ((6, 20), (2, 4)),
    Tipo.CE: ((6, 20), (2, 4)),
}
_MATRIZ: Final = ((0, 0, 1), (0, 1, 2), (1, 2, 2))
# COSMIC data movements: entry, write and exit; entry, read and exit; a data group is moved by its processes.
_MOVIMENTOS: Final = {Tipo.EE: 3, Tipo.SE: 3, Tipo.CE: 3, Tipo.ALI: 0, Tipo.AIE: 0}


@dataclass(frozen=True, slots=True)
class Tamanho:
    """The size of a spec. `pontos` by vertente, unadjusted function points; `cfp` COSMIC points."""

    pontos: Mapping[str, int]
    cfp: int
    regras: int
    contagem: tuple[Contado, ...]
    avisos: tuple[str, ...]

    @property
    def total(self) -> int:
        """Function points of all vertentes."""
        return sum(self.pontos.values())


def nivel(tipo: Tipo, campos: int, arquivos: int) -> int:
    """0, 1, 2: IFPUG's low, average, high. campos: data element types; arquivos: record types or files referenced."""
    (meio, alto), (dois, tres) = _CORTES[tipo]
    coluna = (campos >= meio) + (campos >= alto)
    linha = (arquivos >= dois) + (arquivos >= tres)
    return _MATRIZ[linha][coluna]


def pontos(funcao: Funcao) -> int:
    """Unadjusted function points of one function."""
    return PESOS[funcao.tipo][nivel(funcao.tipo, funcao.campos, funcao.arquivos)]


def contar(spec: Spec) -> Tamanho:
    """The functional size of a spec."""
    funcoes = sorted([*size_poo.funcoes(spec), *size_open.funcoes(spec)], key=lambda f: (f.vertente, f.origem, f.nome))
    por_vertente: dict[str, int] = {}
    for funcao in funcoes:
        por_vertente[funcao.vertente] = por_vertente.get(funcao.vertente, 0) + pontos(funcao)
    vazias = [vertente for vertente in sorted(spec.vertentes) if vertente not in por_vertente]
    return Tamanho(
        pontos=por_vertente,
        cfp=sum(
            _MOVIMENTOS[funcao.tipo] + max(funcao.arquivos - 1, 0) for funcao in funcoes if _MOVIMENTOS[funcao.tipo]
        ),
        regras=size_poo.regras(spec) + size_open.regras(spec),
        contagem=tuple(_agrupadas(funcoes)),
        avisos=tuple(
            f"vertente {v}: nothing in its part could be counted; its work is not in the hours" for v in vazias
        ),
    )


def _agrupadas(funcoes: Iterable[Funcao]) -> Iterable[Contado]:
    grupos: dict[tuple[str, str], list[Funcao]] = {}
    for funcao in funcoes:
        complexidade = NIVEIS[nivel(funcao.tipo, funcao.campos, funcao.arquivos)]
        grupos.setdefault((funcao.origem, f"{funcao.tipo} {complexidade}"), []).append(funcao)
    for (origem, tipo), membros in sorted(grupos.items()):
        yield Contado(
            tipo=tipo,
            origem=origem,
            quantidade=len(membros),
            pontos=sum(map(pontos, membros)),
            elementos=tuple(funcao.nome for funcao in membros[:MOSTRADOS]),
        )
