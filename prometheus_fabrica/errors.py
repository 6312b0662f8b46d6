"""The fates of an error. `contratos.problems.Malformed` (no retry can mend it) is the fourth; anything else is retried."""

from __future__ import annotations


class LeaseLost(BaseException):  # not an Exception: no `except Exception` in a handler may hold it up
    """The item belongs to somebody else now: the work is thrown away, nothing is recorded."""


class Permanent(Exception):
    """An error that another attempt cannot mend, though the item was well formed: the item is Falhou at once."""


class Refused(Exception):
    """An operator's command that cannot be carried out; the text says what to do instead."""
