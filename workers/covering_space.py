"""The values of a covering model as bits, and the complete search that says which partial rows can be completed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from itertools import product
from math import prod

from contratos.problems import Malformed, Problema
from workers.covering_model import Linha, Parametro, Restricao, Valor

SCOPE_LIMIT = 200_000  # combinations of values that one restriction may relate
NODE_LIMIT = 500_000  # steps of one complete search; models that people write need a few dozen


def bits(mask: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Space:
    """Each value of each parameter ("column") is one bit; a row is a mask with one bit a column.

    Restrictions are tabulated once into forbidden sets of values: single values, pairs (a mask of enemies for each
    value) and larger sets. Raises Malformed for a model without values or with unknown names.
    """

    def __init__(self, parametros: Sequence[Parametro], restricoes: Sequence[Restricao]) -> None:
        _check(parametros, restricoes)
        self.parametros = tuple(parametros)
        self.sizes = [len(parametro.valores) for parametro in parametros]
        self.base = [sum(self.sizes[:column]) for column in range(len(self.sizes))]
        self.total = sum(self.sizes)
        self.column = [column for column, size in enumerate(self.sizes) for _ in range(size)]
        self.column_mask = [((1 << size) - 1) << base for size, base in zip(self.sizes, self.base, strict=True)]
        self.restricoes = tuple(restricoes)
        self.forbidden = [self._tabulated(restricao) for restricao in restricoes]
        self.known: dict[int, bool] = {}
        self._reduced: dict[tuple[int, ...], Space] = {}
        self._nodes = 0
        self.install()

    def install(self) -> None:
        """Spread the forbidden sets over the values that they hold."""
        self.allowed = (1 << self.total) - 1
        self.enemies = [0] * self.total
        self.larger: list[list[int]] = [[] for _ in range(self.total)]
        for mask in (mask for masks in self.forbidden for mask in masks):
            values = list(bits(mask))
            if len(values) <= 1:
                self.allowed &= ~mask if values else 0
            elif len(values) == 2:  # noqa: PLR2004  (pairs are the common case, and one mask a value decides them)
                self.enemies[values[0]] |= 1 << values[1]
                self.enemies[values[1]] |= 1 << values[0]
            else:
                for value in values:
                    self.larger[value].append(mask)
        self.constrained = [
            column
            for column in range(len(self.sizes))
            if self.column_mask[column] & ~self.allowed
            or any(self.enemies[value] or self.larger[value] for value in bits(self.column_mask[column]))
        ]
        self._relevant = sum(self.column_mask[column] for column in self.constrained)

    def _tabulated(self, restricao: Restricao) -> list[int]:
        """Every combination of values that the restriction refuses."""
        names = [parametro.nome for parametro in self.parametros]
        columns = sorted({names.index(nome) for nome in restricao.parametros})
        choices = product(*(range(self.base[column], self.base[column] + self.sizes[column]) for column in columns))
        masks = (sum(1 << value for value in choice) for choice in choices)
        return [mask for mask in masks if not restricao.aceita(self.decode(mask))]

    def encode(self, linha: Linha) -> int:
        """A row, also a partial one, as a mask."""
        mask = 0
        for column, parametro in enumerate(self.parametros):
            if parametro.nome in linha:
                mask |= 1 << self.base[column] + parametro.valores.index(linha[parametro.nome])
        return mask

    def decode(self, mask: int) -> dict[str, Valor]:
        """A mask as a row, parameters in their order."""
        row: dict[str, Valor] = {}
        for value in bits(mask):
            column = self.column[value]
            parametro = self.parametros[column]
            row[parametro.nome] = parametro.valores[value - self.base[column]]
        return row

    def fits(self, mask: int, value: int) -> bool:
        """Whether `value` breaks no restriction together with the values of `mask` (all of them in other columns)."""
        if not self.allowed >> value & 1 or self.enemies[value] & mask:
            return False
        whole = mask | 1 << value
        return all(forbidden & whole != forbidden for forbidden in self.larger[value])

    def feasible(self, mask: int) -> bool:
        """Whether a valid row holds all values of `mask`: exact, by backtracking over the constrained columns."""
        mask &= self._relevant
        known = self.known.get(mask)
        if known is None:
            self._nodes = 0
            known = self.known[mask] = self._consistent(mask) and self._search(mask, self._domains(mask))
        return known

    def reason(self, mask: int) -> tuple[str, ...]:
        """Ids of a smallest set of restrictions (none can be left out) under which `mask` cannot be completed."""
        for restricao, forbidden in zip(self.restricoes, self.forbidden, strict=True):
            if any(mask & masked == masked for masked in forbidden):
                return (restricao.id,)
        needed = tuple(range(len(self.restricoes)))
        for index in needed:
            fewer = tuple(other for other in needed if other != index)
            if not self._only(fewer).feasible(mask):
                needed = fewer
        return tuple(self.restricoes[index].id for index in needed)

    def _only(self, indexes: tuple[int, ...]) -> Space:
        """The same values under some of the restrictions."""
        if indexes not in self._reduced:
            space = copy(self)
            space.restricoes = tuple(self.restricoes[index] for index in indexes)
            space.forbidden = [self.forbidden[index] for index in indexes]
            space.known = {}
            space.install()
            self._reduced[indexes] = space
        return self._reduced[indexes]

    def _consistent(self, mask: int) -> bool:
        return all(self.fits(mask ^ 1 << value, value) for value in bits(mask))

    def _domains(self, mask: int) -> dict[int, int]:
        enemies = 0
        for value in bits(mask):
            enemies |= self.enemies[value]
        free = self.allowed & ~enemies
        return {c: free & self.column_mask[c] for c in self.constrained if not self.column_mask[c] & mask}

    def _search(self, mask: int, domains: dict[int, int]) -> bool:
        """Depth first, the column with the fewest values left before the others."""
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            raise Malformed.one("restricoes", f"not decided in {NODE_LIMIT} steps: relate fewer parameters or values")
        if not domains:
            return True
        column = min(domains, key=lambda c: domains[c].bit_count())
        for value in bits(domains[column]):
            if not self.fits(mask, value):
                continue
            rest = {c: left & ~self.enemies[value] for c, left in domains.items() if c != column}
            if all(rest.values()) and self._search(mask | 1 << value, rest):
                return True
        return False


def _check(parametros: Sequence[Parametro], restricoes: Sequence[Restricao]) -> None:
    """Every fault of the model at once."""
    faults = []
    sizes = {parametro.nome: len(parametro.valores) for parametro in parametros}
    if len(sizes) < len(parametros):
        faults.append(Problema("parametros", "two parameters have the same name"))
    for parametro in parametros:
        if not parametro.valores:
            faults.append(Problema(parametro.nome, "a parameter needs at least one value"))
        if len(set(parametro.valores)) < len(parametro.valores):
            faults.append(Problema(parametro.nome, "the same value twice"))
    for restricao in restricoes:
        unknown = [nome for nome in restricao.parametros if nome not in sizes]
        if unknown:
            faults.append(Problema(restricao.id, f"no such parameter: {', '.join(unknown)}"))
        elif prod(sizes[nome] for nome in set(restricao.parametros)) > SCOPE_LIMIT:
            faults.append(Problema(restricao.id, f"relates more than {SCOPE_LIMIT} combinations of values"))
    if faults:
        raise Malformed(faults)
