"""How many rows hold each required tuple, kept so that the worth of a change is read off with a few bit operations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from workers.covering_space import Space, bits

STEP_LINKS = 64  # interactions recounted that take about as long as one step of the search

Interaction = tuple[int, ...]  # columns whose values are to meet in every combination


class Table:
    """Counts of required tuples over a set of rows.

    A tuple is one value for each column of an interaction. Seen from one of its values `v`, its other values are
    `middle` (all but the last) and `last`: `missing[v, middle]` is the mask of every `last` that no row holds together
    with them, `single[v, middle]` of those that exactly one row holds. What a row gains by taking `v`, or loses by
    giving it up, is then a count of bits for each `middle`: for pairs there is only one, the empty one.
    """

    def __init__(self, space: Space, interactions: Sequence[Interaction]) -> None:
        self.space = space
        self.interactions = list(interactions)
        self._digits = space.total + 1
        self._first: list[int] = []  # number of the first tuple of each interaction
        self._strides: list[tuple[int, ...]] = []
        self._links: list[list[tuple[int, int, int, tuple[tuple[int, int, int], ...]]]] = [[] for _ in space.sizes]
        self._middles: list[list[tuple[int, ...]]] = [[] for _ in space.sizes]
        self.count: list[int] = []
        self.missing: dict[int, int] = {}
        self.single: dict[int, int] = {}
        self.pending: list[int] = []  # tuples that no row holds yet
        self._place: dict[int, int] = {}
        for interaction in self.interactions:
            self._require(interaction)

    def _require(self, interaction: Interaction) -> None:
        first, strides, size = len(self.count), [], 1
        for column in interaction:
            strides.append(size)
            size *= self.space.sizes[column]
        self._first.append(first)
        self._strides.append(tuple(strides))
        base = self.space.base
        for column, stride in zip(interaction, strides, strict=True):
            others = tuple((c, s, base[c]) for c, s in zip(interaction, strides, strict=True) if c != column)
            self._links[column].append((first, stride, base[column], others))
            middle = tuple(c for c, _, _ in others[:-1])
            if middle not in self._middles[column]:
                self._middles[column].append(middle)
        self.count.extend([0] * size)
        for number in range(first, first + size):
            self._wait(number)
            self._toggle(self.missing, self.values(number))

    def values(self, number: int) -> tuple[int, ...]:
        """The values of a tuple, in the order of its columns."""
        index = self.interaction(number)
        rest = number - self._first[index]
        strides, columns = self._strides[index], self.interactions[index]
        sizes, base = self.space.sizes, self.space.base
        return tuple(base[c] + rest // s % sizes[c] for c, s in zip(columns, strides, strict=True))

    def interaction(self, number: int) -> int:
        """The place in `interactions` of the one that a tuple belongs to."""
        return bisect_right(self._first, number) - 1

    def price(self, column: int) -> int:
        """What a change in this column costs, in steps: small models pay nothing, three-way ones on many columns do."""
        return len(self._links[column]) // STEP_LINKS

    def price_of_row(self) -> int:
        """What taking a row out and putting another in costs, in steps."""
        return 2 * len(self.interactions) // STEP_LINKS

    def give_up(self, number: int) -> None:
        """A tuple that no valid row can hold is not required."""
        self._done(number)
        self._toggle(self.missing, self.values(number))

    def add(self, row: Sequence[int]) -> None:
        """Count the tuples of a complete row."""
        for number in self._numbers(row):
            self._more(number)

    def remove(self, row: Sequence[int]) -> None:
        """Take a row's tuples out of the count."""
        for number in self._numbers(row):
            self._less(number)

    def _numbers(self, row: Sequence[int]) -> list[int]:
        base = self.space.base
        return [
            first + sum((row[c] - base[c]) * s for c, s in zip(columns, strides, strict=True))
            for first, columns, strides in zip(self._first, self.interactions, self._strides, strict=True)
        ]

    def change(self, row: list[int], column: int, value: int) -> None:
        """Put `value` into a counted row."""
        old = row[column]
        for first, stride, base, others in self._links[column]:
            number = first
            for c, s, b in others:
                number += (row[c] - b) * s
            self._less(number + (old - base) * stride)
            self._more(number + (value - base) * stride)
        row[column] = value

    def gain(self, row: Sequence[int], mask: int, value: int) -> int:
        """Missing tuples that `value` completes; `mask`: the row's values, none in the column of `value`.

        Columns that the row has not filled yet are -1 in `row` and absent in `mask`.
        """
        return self._meet(self.missing, row, mask | 1 << value, value)

    def loss(self, row: Sequence[int], mask: int, value: int) -> int:
        """Tuples that only this row holds and that go with `value`; `mask`: the row's values, `value` among them."""
        return self._meet(self.single, row, mask, value)

    def _meet(self, seen: dict[int, int], row: Sequence[int], mask: int, value: int) -> int:
        met = 0
        for middle in self._middles[self.space.column[value]]:
            key = value + 1
            for column in middle:
                if row[column] < 0:
                    break
                key = key * self._digits + row[column] + 1
            else:
                met += (seen.get(key, 0) & mask).bit_count()
        return met

    def unique(self, row: Sequence[int]) -> int:
        """Tuples that only this row holds."""
        return sum(1 for number in self._numbers(row) if self.count[number] == 1)

    def _more(self, number: int) -> None:
        count = self.count[number] = self.count[number] + 1
        if count == 1:
            values = self.values(number)
            self._done(number)
            self._toggle(self.missing, values)
            self._toggle(self.single, values)
        elif count == 2:  # noqa: PLR2004
            self._toggle(self.single, self.values(number))

    def _less(self, number: int) -> None:
        count = self.count[number] = self.count[number] - 1
        if count == 0:
            values = self.values(number)
            self._wait(number)
            self._toggle(self.missing, values)
            self._toggle(self.single, values)
        elif count == 1:
            self._toggle(self.single, self.values(number))

    def _toggle(self, seen: dict[int, int], values: tuple[int, ...]) -> None:
        for index, value in enumerate(values):
            others = (*values[:index], *values[index + 1 :]) or (value,)
            key = value + 1
            for other in others[:-1]:
                key = key * self._digits + other + 1
            seen[key] = seen.get(key, 0) ^ 1 << others[-1]

    def _wait(self, number: int) -> None:
        self._place[number] = len(self.pending)
        self.pending.append(number)

    def _done(self, number: int) -> None:
        place, last = self._place.pop(number), self.pending.pop()
        if last != number:
            self.pending[place] = last
            self._place[last] = place


def mask_of(row: Sequence[int]) -> int:
    """A row of values as a mask; -1 stands for a column not filled yet."""
    mask = 0
    for value in row:
        if value >= 0:
            mask |= 1 << value
    return mask


def row_of(space: Space, mask: int) -> list[int]:
    """A mask as a row of values, -1 where it has none."""
    row = [-1] * len(space.sizes)
    for value in bits(mask):
        row[space.column[value]] = value
    return row
