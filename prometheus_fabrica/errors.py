"""The fates of an error.

`contratos.problems.Malformed` (no retry can mend the input) is another; whatever is none of these is retried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class LeaseLost(BaseException):  # not an Exception: no `except Exception` in a handler may hold it up
    """The item belongs to somebody else now: the work is thrown away, nothing is recorded."""


class Permanent(Exception):
    """An error that another attempt cannot mend, though the item was well formed: the item is Falhou at once.

    `registros`: documents that say what happened all the same, as (collection, document), stored before the item fails.
    """

    def __init__(self, message: str, registros: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> None:
        self.registros = tuple(registros)
        super().__init__(message)


class Refused(Exception):
    """An operator's command that cannot be carried out; the text says what to do instead."""
