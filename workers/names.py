"""Words of a spec -> identifiers of the generated code, one way everywhere."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

RESERVED = frozenset(keyword.kwlist) | {"self", "resultado", "antigo"}
"""Words that no generated variable may be called."""

HIDDEN = frozenset(dir(builtins)) | {"Decimal", "date", "datetime", "timedelta"} | {"l", "O", "I"}
"""What a variable must not be called: it would hide something of Python's, or be taken for a digit."""


def plain(text: str) -> str:
    """Letters without accents, everything else as it is: 'Operação' -> 'Operacao'."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def words(text: str) -> list[str]:
    """'contaCorrente', 'Conta-Corrente', 'conta_corrente' -> ['conta', 'corrente']."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", plain(text))
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def snake(text: str) -> str:
    """A variable, attribute, method or module name."""
    return _legal("_".join(words(text)) or "x")


def pascal(text: str) -> str:
    """A class name. Capitals that stand together stay: 'contaPIX' -> 'ContaPIX'."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", plain(text)) if part]
    return _legal("".join(part[0].upper() + part[1:] for part in parts) or "X")


def constant(text: str) -> str:
    """A constant or a member of an enumeration."""
    return _legal("_".join(words(text)).upper() or "X")


def argument(text: str) -> str:
    """A parameter or local variable: a snake name that hides nothing that the code calls."""
    name = snake(text)
    return f"{name}_" if name in HIDDEN else name


def slug(text: str) -> str:
    """Free text as part of a test's name."""
    return "_".join(words(text)) or "x"


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, with '_' behind it until nobody has it."""
    others = set(taken)
    while name in others:
        name += "_"
    return name


def _legal(name: str) -> str:
    if name[0].isdigit():
        name = f"n{name}" if name.islower() or name.isdigit() else f"N{name}"
    return f"{name}_" if name in RESERVED else name
