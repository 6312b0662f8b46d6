"""`schema_tdd`: how what is generated is to be tested: equivalence classes, forbidden combinations, examples,
coverage.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from contratos.spec_base import Lista, ListFormToo, Nomeada, Parte, Textos, filled, text_keys
from contratos.spec_poo import CONDICAO, Exemplo

Cobertura = Literal["pairwise", "t-way", "completa", "each-choice"]
COBERTURA = (
    "How values are combined. pairwise: every pair of classes of two factors is in some test; t-way: every "
    "combination of "
    "'forca' factors; completa: all combinations; each-choice: every class in some test."
)


class ClasseEquivalencia(
    Nomeada, curtas=dict.fromkeys((str, int, float, bool, type(None), date, Decimal), "valor") | {list: "valores"}
):
    """Values that the program must treat alike; tests take some of them. One of valor, valores, or de and ate."""

    valor: Any = Field(default=None, description="The one value that stands for the class.")
    valores: list[Any] | None = Field(
        default=None, min_length=1, description="Several values of the class; the first stands for it in combinations."
    )
    de: Any = Field(default=None, description="Lower end of a range, itself in the class (with 'ate').")
    ate: Any = Field(default=None, description="Upper end of a range, itself in the class (with 'de').")
    peso: int = Field(default=1, ge=1, description="How often it is preferred where the combinations leave a choice.")
    descricao: str = Field(default="", description="What the values have in common.")

    @model_validator(mode="after")
    def _one_form(self) -> ClasseEquivalencia:
        given: list[str] = [name for name in ("valor", "valores") if name in self.model_fields_set]
        if {"de", "ate"} & self.model_fields_set:
            given.append("de/ate")
            if not {"de", "ate"} <= self.model_fields_set:
                raise ValueError("a range needs both 'de' and 'ate'")
        if len(given) != 1:
            raise ValueError(f"say one of valor, valores, or de and ate; found {', '.join(given) or 'none'}")
        return self

    def representantes(self) -> list[Any]:
        """Values of the class, at least one; the first stands for it. The ends of a range are among them."""
        if self.valores is not None:
            return list(self.valores)
        return [self.de, self.ate] if "de" in self.model_fields_set else [self.valor]


class ClasseInvalida(ClasseEquivalencia):
    """Values that the program must refuse."""

    lanca: str | None = Field(
        default=None,
        description="The error that refuses it; left out: ValorInvalido where a limit is broken, else the "
        "declared error or contract that applies.",
    )
    viola: str = Field(default="", description="Id of the condition that it breaks.")


def _labelled(value: Any) -> Any:
    """The list form -> the map form. An entry without a label is labelled by its value."""
    if not isinstance(value, list):
        return value
    result: dict[str, Any] = {}
    for place, entry in enumerate(value):
        label, body = _label(entry)
        unique = label if label not in result else f"{label} ({place})"
        result[unique] = {"ordem": place, **body} if isinstance(body, dict) else {"ordem": place, "valor": body}
    return result


def _label(entry: Any) -> tuple[str, Any]:
    if not isinstance(entry, dict):
        return _text(entry), {"valores": entry} if isinstance(entry, list) else {"valor": entry}
    if "nome" in entry:
        return str(entry["nome"]), {key: part for key, part in entry.items() if key != "nome"}
    if len(entry) == 1 and not entry.keys() & ClasseInvalida.model_fields.keys():
        return next((str(key), part) for key, part in entry.items())
    if "de" in entry:
        return f"{_text(entry['de'])}..{_text(entry.get('ate'))}", entry
    return _text(entry.get("valor", entry.get("valores"))), entry


def _text(value: Any) -> str:
    return "vazio" if value in ("", []) else "nulo" if value is None else str(value)


C = TypeVar("C", bound=ClasseEquivalencia)

Classes = Annotated[
    dict[str, C], AfterValidator(filled), BeforeValidator(text_keys), BeforeValidator(_labelled), ListFormToo()
]


class Fator(Parte, curtas={list: "validas"}):
    """One thing that varies in a test: a parameter, or an attribute of the object before the call."""

    validas: Classes[ClasseEquivalencia] = Field(
        default_factory=dict, description="Classes that must work: a list of values, or label -> class."
    )
    invalidas: Classes[ClasseInvalida] = Field(
        default_factory=dict, description="Classes that must be refused: a list of values, or label -> class."
    )


class Alvo(Parte):
    """Tests of one constructor or method."""

    classes: dict[str, Fator] = Field(
        default_factory=dict,
        description="Equivalence classes: factor -> {validas, invalidas}. A factor is a parameter; for a method "
        "also 'self.x', an attribute before the call.",
    )
    proibidas: Textos = Field(
        default=(),
        description=f"Combinations that cannot occur: conditions over the factors by name; a test row for which "
        f"one holds is not made. {CONDICAO}",
    )
    cobertura: Cobertura | None = Field(default=None, description=f"{COBERTURA} As in schema_tdd when left out.")
    forca: int | None = Field(
        default=None, ge=1, le=6, description="Number of factors combined for t-way; as in schema_tdd when left out."
    )
    sementes: tuple[dict[str, Any], ...] = Field(
        default=(), description="Rows that must be among the tests: factor -> value, or label of a class."
    )
    exemplos: Lista[Exemplo] = Field(
        default=(), description="Examples, beside those that stand at the class or method."
    )


class SchemaTdd(Parte):
    """How the generated code is tested."""

    cobertura: Cobertura = Field(default="pairwise", description=COBERTURA)
    forca: int = Field(default=2, ge=1, le=6, description="Number of factors combined when 'cobertura' is t-way.")
    alvos: dict[str, Alvo] = Field(
        default_factory=dict,
        description="What is tested: 'Conta' (its constructor) or 'Conta.sacar' (a method) -> its tests.",
    )

    def contar_classes_equivalencia(self) -> int:
        """Number of equivalence classes, valid and invalid, of all factors of all targets."""
        factors = [factor for alvo in self.alvos.values() for factor in alvo.classes.values()]
        return sum(len(factor.validas) + len(factor.invalidas) for factor in factors)

    def cobertura_de(self, alvo: str) -> tuple[Cobertura, int]:
        """Coverage and strength that hold for one target."""
        own = self.alvos.get(alvo, Alvo())
        kind = own.cobertura or self.cobertura
        strength = own.forca or self.forca
        return kind, {"pairwise": 2, "each-choice": 1}.get(kind, strength)
