"""Validation problems as values: where, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

FOUND_LIMIT = 80  # characters of a wrong value that a message quotes


@dataclass(frozen=True, slots=True)
class Problema:
    """One fault of an input. `campo` is a dotted path; `arquivo` and `linha` where it came from a file."""

    campo: str
    mensagem: str
    arquivo: str | None = None
    linha: int | None = None

    def __str__(self) -> str:
        place = ""
        if self.arquivo:
            place = f"{self.arquivo}:{self.linha}: " if self.linha else f"{self.arquivo}: "
        return f"{place}{self.campo}: {self.mensagem}"


class Malformed(ValueError):
    """Input that no retry can mend; carries every problem, not only the first."""

    def __init__(self, problemas: Sequence[Problema]) -> None:
        self.problemas = tuple(problemas)
        super().__init__("; ".join(str(problema) for problema in self.problemas))

    @classmethod
    def one(cls, campo: str, mensagem: str) -> Malformed:
        """An error with a single problem."""
        return cls([Problema(campo, mensagem)])


def dotted(parts: Iterable[str | int]) -> str:
    """('a', 0, 'b') -> 'a[0].b', as a person writes it."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def found(value: object) -> str:
    """A wrong value as a message quotes it: short, on one line."""
    text = repr(value)
    return text if len(text) <= FOUND_LIMIT else text[: FOUND_LIMIT - 1] + "…"


def problems(error: ValidationError, root: str = "") -> list[Problema]:
    """pydantic's errors as ours; `root` is put before each path."""
    result = []
    for fault in error.errors(include_url=False):
        location = [part for part in fault["loc"] if not (isinstance(part, str) and part.startswith("function-"))]
        campo = dotted([root, *location] if root else location) or "(document)"
        if fault["type"] == "missing":
            mensagem = "required, but missing"
        elif fault["type"] == "extra_forbidden":
            mensagem = "unknown field"
        elif fault["type"] == "value_error":
            mensagem = str(fault["ctx"]["error"]) if "ctx" in fault and "error" in fault["ctx"] else fault["msg"]
        else:
            mensagem = f"{fault['msg']}; found {found(fault['input'])}"
        result.append(Problema(campo, mensagem))
    return result
