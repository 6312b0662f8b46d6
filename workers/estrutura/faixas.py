"""What conditions say about single values, as ranges: enough to prove some contradictions, never to invent one.

A condition is read as far as it is a conjunction of comparisons between one value and constants; what else it says
is left
out, so the ranges are always at least as wide as the truth. An empty range is a proof that nothing fulfils the
condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.estrutura.valores import Restricoes
from workers.expressao.arvore import Comparacao, Literal, Logica, No, NomeConstante, Unaria
from workers.expressao.avaliador import MembroValor, Valor
from workers.expressao.impressor import MIRRORED, negada
from workers.expressao.narrowing import Caminho, caminho


@dataclass(frozen=True, slots=True)
class Faixa:
    """From `menor` to `maior`, each end itself inside unless it is open; None = without end."""

    menor: Any = None
    menor_aberta: bool = False
    maior: Any = None
    maior_aberta: bool = False

    @property
    def vazia(self) -> bool:
        """Whether no value lies in it."""
        if self.menor is None or self.maior is None:
            return False
        return bool(self.menor > self.maior or (self.menor == self.maior and (self.menor_aberta or self.maior_aberta)))

    def e(self, outra: Faixa) -> Faixa:
        """What lies in both."""
        result = self
        if outra.menor is not None and (
            result.menor is None or outra.menor > result.menor or (outra.menor == result.menor and outra.menor_aberta)
        ):
            result = replace(result, menor=outra.menor, menor_aberta=outra.menor_aberta)
        if outra.maior is not None and (
            result.maior is None or outra.maior < result.maior or (outra.maior == result.maior and outra.maior_aberta)
        ):
            result = replace(result, maior=outra.maior, maior_aberta=outra.maior_aberta)
        return result


type Faixas = Mapping[Caminho, Faixa]


def faixas(condicoes: Iterable[No], constantes: Mapping[str, Valor]) -> dict[Caminho, Faixa]:
    """What the conditions together say."""
    result: dict[Caminho, Faixa] = {}
    for condition in condicoes:
        for path, found in _read(condition, constantes):
            result[path] = result.get(path, Faixa()).e(found)
    return result


def faixa_de(restricoes: Restricoes) -> Faixa:
    """The range that limits leave."""
    closed = Faixa(menor=restricoes.min, maior=restricoes.max)
    if restricoes.valores and not isinstance(restricoes.valores[0], str | bool | MembroValor):
        ordered: Any = restricoes.valores
        closed = closed.e(Faixa(menor=min(ordered), maior=max(ordered)))
    return closed.e(Faixa(restricoes.min_excl, menor_aberta=True, maior=restricoes.max_excl, maior_aberta=True))


def juntas(*muitas: Faixas) -> dict[Caminho, Faixa]:
    """All of them at once."""
    result: dict[Caminho, Faixa] = {}
    for one in muitas:
        for path, found in one.items():
            result[path] = result.get(path, Faixa()).e(found)
    return result


def impossivel(todas: Faixas) -> Caminho | None:
    """A value for which nothing is left, or None."""
    return next((path for path, found in sorted(todas.items()) if found.vazia), None)


def exata(no: No, constantes: Mapping[str, Valor]) -> bool:
    """Whether the ranges say all that the condition says: then its opposite can be read too."""
    parts = no.partes if isinstance(no, Logica) and no.op == "and" else (no,)
    return all(
        isinstance(part, Comparacao) and len(_of_comparison(part, constantes)) == len(part.ops) for part in parts
    )


def oposta(no: No, constantes: Mapping[str, Valor]) -> dict[Caminho, Faixa]:
    """What holds when the condition does not; nothing where that is no range."""
    return faixas([negada(no)], constantes) if isinstance(no, Comparacao) and exata(no, constantes) else {}


def _read(no: No, constants: Mapping[str, Valor]) -> list[tuple[Caminho, Faixa]]:
    if isinstance(no, Logica) and no.op == "and":
        return [found for part in no.partes for found in _read(part, constants)]
    return _of_comparison(no, constants) if isinstance(no, Comparacao) else []


def _of_comparison(no: Comparacao, constants: Mapping[str, Valor]) -> list[tuple[Caminho, Faixa]]:
    found = []
    for place, op in enumerate(no.ops):
        left, right = no.operandos[place : place + 2]
        for one, other, sign in ((left, right, op), (right, left, MIRRORED.get(op, ""))):
            path, value = caminho(one), _constant(other, constants)
            if path and value is not None and (bounds := _bounds(sign, value)):
                found.append((path, bounds))
                break
    return found


def _bounds(op: str, value: Any) -> Faixa | None:
    match op:
        case "==":
            return Faixa(value, menor_aberta=False, maior=value)
        case "<" | "<=":
            return Faixa(maior=value, maior_aberta=op == "<")
        case ">" | ">=":
            return Faixa(value, menor_aberta=op == ">")
    return None


def _constant(no: No, constants: Mapping[str, Valor]) -> Any:
    """The value of what is written out and has an order, else None."""
    match no:
        case Unaria(op="-", de=Literal(valor=valor)) if isinstance(valor, int) or hasattr(valor, "is_finite"):
            return -valor  # type: ignore[operator] # a number
        case Literal(valor=valor) if not isinstance(valor, bool | str):
            return valor
        case NomeConstante(nome=nome) if not isinstance(constants.get(nome), bool | str):
            return constants.get(nome)
    return None
