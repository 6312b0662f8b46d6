"""Relations between the classes of a `spec_poo`."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator

from contratos.spec_base import Documentada


class Relacao(Documentada, curtas={str: "classe"}):
    """A link to objects of another class. In code it is an attribute: an object, an optional object, or a
    collection.
    """

    classe: str = Field(description="Name of the class at the other end.")
    multiplicidade: str = Field(default="1", description="How many: '1', '0..1', '*', '0..*', '1..*', '2..5'.")
    inversa: str | None = Field(
        default=None, description="Name of the relation at the other end that is kept consistent with this one."
    )
    dono: bool = Field(
        default=False, description="This object owns the others (composition): one of them has at most one owner."
    )
    somente_leitura: bool = Field(default=False, description="Fixed at creation.")

    @field_validator("multiplicidade", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("multiplicidade")
    @classmethod
    def _in_order(cls, value: str) -> str:
        if not re.fullmatch(r"(\d+|\*|\d+\s*\.\.\s*(\d+|\*))", value):
            raise ValueError(f"expected how many, as '1', '0..1', '*', '1..*' or '2..5'; found {value!r}")
        least, _, most = value.replace(" ", "").partition("..")
        if most.isdigit() and (int(most) < int(least) or int(most) == 0):
            raise ValueError(f"'{value}': the upper number must be at least 1 and not below the lower one")
        return value.replace(" ", "")

    @property
    def limites(self) -> tuple[int, int | None]:
        """Least and largest number of objects; None = no upper limit."""
        least, dots, most = self.multiplicidade.partition("..")
        if least == "*":
            return 0, None
        return int(least), (int(least) if not dots else None if most == "*" else int(most))

    @property
    def muitos(self) -> bool:
        """Whether it is a collection."""
        return self.limites[1] != 1
