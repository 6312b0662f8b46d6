"""Covering arrays: few rows in which every combination of `forca` values meets, under restrictions.

A greedy array first, whose size hardly matters; then rows are dropped one by one, and what went missing is put back by
tabu search over single cells. The budget is a number of steps, never time, and chance comes from a generator of our
own, so the same model gives the same rows on every machine. What the array proves stands in its certificate, and
`covering_verify` checks every array by other means before it is given out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import ceil, comb, log, log1p, prod

from contratos.problems import Malformed, Problema
from workers.covering_model import Arranjo, Certificado, Inviavel, Linha, Parametro, Reforco, Restricao
from workers.covering_space import Space
from workers.covering_table import Interaction, Table, mask_of, row_of
from workers.covering_verify import verificar

STEPS = 20_000  # tabu steps; about a second for sixty parameters
TUPLES_LIMIT = 400_000  # required tuples of an array that is still built
ROWS_LIMIT = 20_000  # rows of a complete product
TENURE = 5  # steps during which a changed cell is left alone, and as many again by chance
SHAKE = 500  # one step in so many rewrites a row, which leads out of dead ends


class Chance:
    """A 64-bit linear congruential generator (Knuth's MMIX constants): the same numbers in every Python."""

    def __init__(self, seed: int) -> None:
        self._state = 2 * seed + 1

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self._state >> 33) * limit >> 31

    def shuffled(self, things: Iterable[int]) -> list[int]:
        """The things in a random order."""
        result = list(things)
        for index in range(len(result) - 1, 0, -1):
            other = self.below(index + 1)
            result[index], result[other] = result[other], result[index]
        return result


def combinar(
    parametros: Sequence[Parametro],
    restricoes: Sequence[Restricao] = (),
    *,
    forca: int = 2,
    reforcos: Sequence[Reforco] = (),
    sementes: Sequence[Linha] = (),
    passos: int = STEPS,
    semente: int = 1,
) -> Arranjo:
    """A covering array of strength `forca` (1: each value once; 2: pairwise; as many as parameters: complete).

    reforcos: groups with a strength of their own. sementes: rows, also partial ones, that come first and stay as they
    are. passos: tabu steps. semente: of the chance. Raises Malformed: model without values or without any valid row,
    seed rows that break a restriction, more tuples or rows than the limits above, restrictions too hard to decide.
    """
    space = Space(parametros, restricoes)
    fixed = _seed_rows(space, sementes)
    if not space.feasible(0):
        raise Malformed.one("restricoes", f"no combination satisfies {', '.join(space.reason(0))}")
    wanted = _interactions(space, forca, reforcos)
    if _tuples(space, wanted) > TUPLES_LIMIT:
        raise Malformed.one(
            "forca", f"more than {TUPLES_LIMIT} combinations of values: lower the strength, or the classes"
        )
    builder = _Builder(space, Table(space, wanted), Chance(semente), fixed)
    builder.greedy()
    piso = _floor(builder.table, builder.impossible, pairs_free=forca > 1 and not restricoes)
    builder.shrink(piso, passos)
    builder.favour_the_heavy()
    rows = builder.in_order()
    required = len(builder.table.count) - len(builder.impossible)
    inviaveis = sorted(mask_of(builder.table.values(number)) for number in builder.impossible)
    certificado = Certificado(
        forca=forca,
        exigidas=required,
        cobertas=required,
        inviaveis=tuple(Inviavel(tuple(space.decode(mask).items()), space.reason(mask)) for mask in inviaveis),
        linhas=len(rows),
        piso=piso,
    )
    arranjo = Arranjo(tuple(space.decode(mask_of(row)) for row in rows), certificado)
    faults = verificar(arranjo, parametros, restricoes, forca=forca, reforcos=reforcos, sementes=sementes)
    assert not faults, faults[:5]
    return arranjo


def combinacoes(
    parametros: Sequence[Parametro],
    restricoes: Sequence[Restricao] = (),
    forca: int = 2,
    *,
    reforcos: Sequence[Reforco] = (),
    sementes: Sequence[Linha] = (),
    passos: int = 500,
    limite: int = 20_000,
) -> Certificado:
    """How many combinations a suite needs, at a bounded price: an array is built only up to `limite` tuples.

    A larger model gets the estimate of `_estimate` with `construida=False`. Raises Malformed as `combinar` does.
    """
    space = Space(parametros, restricoes)
    wanted = _interactions(space, forca, reforcos)
    tuples = _tuples(space, wanted)
    if tuples <= limite:
        return combinar(
            parametros, restricoes, forca=forca, reforcos=reforcos, sementes=sementes, passos=passos
        ).certificado
    floor = max((prod(space.sizes[column] for column in interaction) for interaction in wanted), default=1)
    piso = 1 if restricoes else floor
    return Certificado(forca, tuples, 0, (), max(_estimate(tuples, floor), len(sementes)), piso, construida=False)


def _estimate(tuples: int, largest: int) -> int:
    """Rows that suffice without restrictions: a random row holds a tuple with probability 1/largest or more.

    Source: the logarithmic bound for arrays made row by row (Cohen, Dalal, Fredman and Patton, IEEE TSE 23(7), 1997).
    """
    if largest <= 1:
        return 1
    return min(tuples, ceil(log(tuples) / -log1p(-1 / largest)) + 1)


def _interactions(space: Space, forca: int, reforcos: Sequence[Reforco]) -> list[Interaction]:
    """The sets of columns to cover, without those that a larger one covers too."""
    names = [parametro.nome for parametro in space.parametros]
    if forca < 1:
        raise Malformed.one("forca", f"at least 1; found {forca}")
    unknown = [nome for reforco in reforcos for nome in reforco.parametros if nome not in names]
    if unknown:
        raise Malformed([Problema("reforcos", f"no such parameter: {nome}") for nome in unknown])
    groups = [(tuple(range(len(names))), forca)]
    groups += [(tuple(sorted({names.index(nome) for nome in r.parametros})), r.forca) for r in reforcos]
    wanted = {chosen for columns, strength in groups for chosen in combinations(columns, min(strength, len(columns)))}
    smallest = min(map(len, wanted), default=0)
    covered = {
        part for chosen in wanted for size in range(smallest, len(chosen)) for part in combinations(chosen, size)
    }
    return sorted(wanted - covered - {()})


def _tuples(space: Space, wanted: Sequence[Interaction]) -> int:
    return sum(prod(space.sizes[column] for column in interaction) for interaction in wanted)


def _seed_rows(space: Space, sementes: Sequence[Linha]) -> list[int]:
    """The seed rows as masks; each must be a valid row, or a part of one."""
    faults, masks = [], []
    values = {parametro.nome: set(parametro.valores) for parametro in space.parametros}
    for index, semente in enumerate(sementes):
        wrong = [nome for nome, valor in semente.items() if valor not in values.get(nome, set())]
        if wrong:
            faults.append(Problema(f"sementes[{index}]", f"no such parameter or value: {', '.join(wrong)}"))
            continue
        mask = space.encode(semente)
        if not space.feasible(mask):
            faults.append(Problema(f"sementes[{index}]", f"breaks {', '.join(space.reason(mask))}"))
        masks.append(mask)
    if faults:
        raise Malformed(faults)
    return masks


def _floor(table: Table, impossible: Sequence[int], *, pairs_free: bool) -> int:
    """A number of rows that no array can go below.

    Each feasible tuple of one interaction needs a row of its own; and `rows` rows give at most
    comb(rows - 1, ceil(rows / 2)) columns in which all pairs of two values meet (Kleitman and Spencer, Katona, 1973).
    """
    left = [prod(table.space.sizes[column] for column in interaction) for interaction in table.interactions]
    for number in impossible:
        left[table.interaction(number)] -= 1
    floor = max(left, default=1)
    if pairs_free:
        columns = sum(1 for size in table.space.sizes if size > 1)
        while comb(floor - 1, ceil(floor / 2)) < columns:
            floor += 1
    return floor


class _Builder:
    """The rows under construction, and the table that counts what they hold."""

    def __init__(self, space: Space, table: Table, chance: Chance, fixed: Sequence[int]) -> None:
        self.space = space
        self.table = table
        self.chance = chance
        self.rows: list[list[int]] = []
        self.impossible: list[int] = []
        self._fixed = fixed

    def greedy(self) -> None:
        """Seed rows, then a row around a missing tuple until none is missing or only impossible ones are."""
        for mask in self._fixed:
            self._append(self._filled(mask))
        pending = self.table.pending
        while pending:
            number = pending[self.chance.below(len(pending))]
            mask = mask_of(self.table.values(number))
            if self.space.feasible(mask):
                self._append(self._filled(mask))
            else:
                self.table.give_up(number)
                self.impossible.append(number)
            if len(self.rows) > ROWS_LIMIT:
                raise Malformed.one("forca", f"more than {ROWS_LIMIT} rows: lower the strength, or the classes")

    def _append(self, row: list[int]) -> None:
        self.rows.append(row)
        self.table.add(row)

    def _filled(self, mask: int, like: Sequence[int] | None = None) -> list[int]:
        """A valid row that holds `mask`; elsewhere the value of `like` where it fits, or the one that gains most."""
        row = row_of(self.space, mask)
        for column in self.chance.shuffled(column for column, value in enumerate(row) if value < 0):
            base = self.space.base[column]
            values = self.chance.shuffled(range(base, base + self.space.sizes[column]))
            gains = {value: self.table.gain(row, mask, value) for value in values}
            values.sort(key=lambda value: -gains[value])
            if like is not None:
                values.insert(0, like[column])
            row[column] = next(value for value in values if self._possible(mask, value))
            mask |= 1 << row[column]
        return row

    def _possible(self, mask: int, value: int) -> bool:
        """Whether a valid row holds `mask` and `value`; quick for values that no restriction knows."""
        return self.space.column[value] not in self.space.constrained or self.space.feasible(mask | 1 << value)

    def shrink(self, piso: int, passos: int) -> None:
        """Drop rows as long as `passos` allow to mend what goes missing."""
        fixed = len(self._fixed)
        while len(self.rows) > max(piso, fixed) and passos > 0:
            before = [row[:] for row in self.rows]
            losses = [self.table.unique(row) for row in self.rows[fixed:]]
            dropped = self.rows.pop(fixed + losses.index(min(losses)))
            self.table.remove(dropped)
            passos = self._mend(passos)
            if self.table.pending:
                self._restore(before)

    def _restore(self, rows: list[list[int]]) -> None:
        for row in self.rows:
            self.table.remove(row)
        self.rows = rows
        for row in rows:
            self.table.add(row)

    def favour_the_heavy(self) -> None:
        """Where a value carries no tuple alone, put the heaviest one that fits."""
        for column, parametro in enumerate(self.space.parametros):
            base = self.space.base[column]
            heaviest = sorted(range(len(parametro.pesos)), key=lambda index: -parametro.pesos[index])
            for row in self.rows[len(self._fixed) :] if heaviest else []:
                mask = mask_of(row)
                if self.table.loss(row, mask, row[column]):
                    continue
                without = mask ^ 1 << row[column]
                better = (base + index for index in heaviest)
                value = next(v for v in better if v == row[column] or self.space.fits(without, v))
                self.table.change(row, column, value)

    def in_order(self) -> list[list[int]]:
        """The seed rows, then the others by their values."""
        fixed = len(self._fixed)
        return self.rows[:fixed] + sorted(self.rows[fixed:])

    def _mend(self, passos: int) -> int:
        """Tabu search until nothing is missing or the steps are used up; gives back the steps left."""
        table, chance = self.table, self.chance
        masks = [mask_of(row) for row in self.rows]
        tabu: dict[tuple[int, int], int] = {}
        while table.pending and passos > 0:
            wanted = mask_of(table.values(table.pending[chance.below(len(table.pending))]))
            moves = [] if chance.below(SHAKE) == 0 else self._moves(wanted, masks, tabu, passos)
            if moves:
                index, value = moves[chance.below(len(moves))]
                column = self.space.column[value]
                masks[index] ^= 1 << self.rows[index][column] | 1 << value
                table.change(self.rows[index], column, value)
                tabu[index, column] = passos - TENURE - chance.below(TENURE)
                passos -= 1 + table.price(column)
            elif (free := len(self.rows) - len(self._fixed)) > 0:
                self._rewrite(len(self._fixed) + chance.below(free), wanted, masks)
                passos -= 1 + table.price_of_row()
            else:
                return 0
        return passos

    def _rewrite(self, index: int, wanted: int, masks: list[int]) -> None:
        """Put the wanted tuple into a row and keep what fits. In one piece: on the way there it may not be valid."""
        row = self._filled(wanted, like=self.rows[index])
        self.table.remove(self.rows[index])
        self.table.add(row)
        self.rows[index], masks[index] = row, mask_of(row)

    def _moves(
        self, wanted: int, masks: Sequence[int], tabu: dict[tuple[int, int], int], now: int
    ) -> list[tuple[int, int]]:
        """The best changes (row, value) that complete the wanted tuple in a row that lacks one value of it.

        A cell that was changed a moment ago counts only if the change leaves fewer tuples missing than now.
        """
        best = 0
        moves: list[tuple[int, int]] = []
        for index in range(len(self._fixed), len(masks)):
            mask = masks[index]
            lacking = wanted & ~mask
            if lacking & (lacking - 1):
                continue
            value = lacking.bit_length() - 1
            column = self.space.column[value]
            row = self.rows[index]
            without = mask ^ 1 << row[column]
            if not self.space.fits(without, value):
                continue
            delta = self.table.loss(row, mask, row[column]) - self.table.gain(row, without, value)
            if delta >= 0 and tabu.get((index, column), now) < now:
                continue
            if not moves or delta < best:
                best, moves = delta, [(index, value)]
            elif delta == best:
                moves.append((index, value))
        return moves
