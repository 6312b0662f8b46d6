"""Types of a spec: the grammar of type names, limits on values, named value types, enumerations, error classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contratos.spec_base import Documentada, Nomeada, Parte, PorNome

PRIMITIVOS = ("int", "str", "bool", "Decimal", "float", "date", "datetime")

ALIASES = {
    "integer": "int",
    "inteiro": "int",
    "string": "str",
    "texto": "str",
    "text": "str",
    "boolean": "bool",
    "booleano": "bool",
    "logico": "bool",
    "decimal": "Decimal",
    "data": "date",
    "data_hora": "datetime",
    "datahora": "datetime",
    "timestamp": "datetime",
    "list": "lista",
    "optional": "opcional",
    "double": "float",
    "float": "float",
    "int": "int",
    "bool": "bool",
    "str": "str",
}
"""Other names of the same types, by habit of other languages."""

CAPITALISED = frozenset({"Integer", "String", "Boolean", "Double", "List", "Optional", "Int", "Bool", "Float", "Str"})

TIPO_DESCRICAO = (
    "Type of the value: int, str, bool, Decimal (money and exact numbers), float, date, datetime, a name from 'tipos', "
    "'enumeracoes' or 'classes', 'lista[T]', or 'opcional[T]' (also 'T?', in quotes inside braces)."
)


@dataclass(frozen=True, slots=True)
class Tipo:
    """A type as a tree: 'lista[opcional[str]]' is Tipo('lista', Tipo('opcional', Tipo('str')))."""

    nome: str  # a primitive, 'lista', 'opcional', or a name that the spec declares
    de: Tipo | None = None  # what a list holds, or what may be absent

    def __str__(self) -> str:
        return f"{self.nome}[{self.de}]" if self.de else self.nome

    @property
    def opcional(self) -> bool:
        """Whether None is a value of it."""
        return self.nome == "opcional"

    @property
    def lista(self) -> bool:
        """Whether it is a list."""
        return self.nome == "lista"

    @property
    def folha(self) -> Tipo:
        """The innermost type: what the lists and optionals are about."""
        return self.de.folha if self.de else self


def analisar_tipo(texto: str) -> Tipo:
    """The tree of a type's text. ValueError says what is wrong with it."""
    text = texto.strip()
    if text.endswith("?"):
        return _optional(analisar_tipo(text[:-1]))
    parts = [part.strip() for part in text.split("|")]
    if len(parts) == 2 and "None" in parts and "[" not in text.partition("|")[0]:  # noqa: PLR2004 - T | None
        return _optional(analisar_tipo(parts[1] if parts[0] == "None" else parts[0]))
    match = re.fullmatch(r"(\w+)\s*(?:[\[<](.*)[\]>])?", text, re.DOTALL)
    if not match:
        raise ValueError(f"'{texto}' is not a type: {TIPO_DESCRICAO}")
    name, inner = match.groups()
    if name.islower() or name in CAPITALISED:  # 'Data' and 'Dinheiro' are names that specs give their own types
        name = ALIASES.get(name.lower(), name)
    if name in {"lista", "opcional"}:
        if not inner or not inner.strip():
            raise ValueError(f"'{texto}': say of what, for example {name}[str]")
        of = analisar_tipo(inner)
        return _optional(of) if name == "opcional" else Tipo("lista", of)
    if inner is not None:
        raise ValueError(f"'{texto}': only lista[...] and opcional[...] take another type")
    if name in {"number", "numero", "money", "dinheiro"}:
        raise ValueError(f"'{texto}' is not a type: write Decimal for exact numbers such as money, int, or float")
    return Tipo(name)


def _optional(of: Tipo) -> Tipo:
    return of if of.opcional else Tipo("opcional", of)


TextoTipo = Annotated[str, AfterValidator(lambda text: str(analisar_tipo(text))), Field(description=TIPO_DESCRICAO)]
"""A type as text, in its one canonical spelling; `analisar_tipo` gives its tree."""


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected a number, a date or a text, found a boolean")  # noqa: TRY004 - pydantic wants ValueError
    return value


Limite = Annotated[int | float | Decimal | datetime | date | str, BeforeValidator(_not_bool)]
"""A bound: a number, a date, or the text of one (texts keep all digits of a Decimal)."""


class Limites(Parte):
    """What a value may be, besides its type. A limit that does not fit the type is an error."""

    min: Limite | None = Field(default=None, description="Smallest value, itself allowed (numbers, dates).")
    max: Limite | None = Field(default=None, description="Largest value, itself allowed (numbers, dates).")
    min_excl: Limite | None = Field(default=None, description="The value is greater than this (numbers, dates).")
    max_excl: Limite | None = Field(default=None, description="The value is less than this (numbers, dates).")
    multiplo_de: Limite | None = Field(default=None, description="The value is a multiple of this (int, Decimal).")
    casas: int | None = Field(
        default=None, ge=0, le=28, description="Most decimal places that the value has (Decimal)."
    )
    tamanho_min: int | None = Field(
        default=None, ge=0, description="Least number of characters (str) or elements (lista)."
    )
    tamanho_max: int | None = Field(
        default=None, ge=0, description="Largest number of characters (str) or elements (lista)."
    )
    regex: str | None = Field(default=None, description="Regular expression that the whole text matches (str).")
    valores: list[Any] | None = Field(default=None, min_length=1, description="The only values allowed.")
    itens_unicos: bool = Field(default=False, description="No element appears twice (lista).")
    unidade: str = Field(
        default="", description="Unit or currency of the value, for example BRL, s, kg; for people, kept in docstrings."
    )

    def limites(self) -> Limites:
        """The limits alone, without what a subclass adds."""
        return Limites.model_construct(**{name: getattr(self, name) for name in Limites.model_fields})

    @property
    def limitado(self) -> bool:
        """Whether anything but the type restricts the value."""
        return any(getattr(self, name) is not None and getattr(self, name) is not False for name in LIMITES)


LIMITES = tuple(name for name in Limites.model_fields if name != "unidade")
"""Names of the fields that restrict a value."""


class TipoValor(Documentada, Limites, curtas={str: "base"}):
    """A named value type: a base type with limits of its own, for example an IBAN or a percentage."""

    base: TextoTipo = Field(description="The type it restricts: a primitive or another named type.")


class Membro(Documentada, curtas={str: "valor", int: "valor"}):
    """One member of an enumeration."""

    valor: str | int | None = Field(
        default=None, description="The value stored and shown; the name in lower case when left out."
    )


class Enumeracao(Documentada, curtas={list: "valores"}):
    """A closed set of named values."""

    valores: PorNome[Membro] = Field(
        min_length=1, description="The members: [RASCUNHO, PAGO], or a map from name to value."
    )

    @model_validator(mode="before")
    @classmethod
    def _members_alone(cls, data: Any) -> Any:
        """{RASCUNHO: r, PAGO: p}, which people write as readily as the list, is {valores: {...}}."""
        alone = isinstance(data, dict) and data and not set(data) & set(cls.model_fields)
        return {"valores": data} if alone and all(isinstance(v, str | int | None) for v in data.values()) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long = super().__get_pydantic_json_schema__(schema, handler)
        members = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": ["string", "integer", "null"]},
        }
        members["description"] = "Short form of {valores: {...}}: member -> value."
        handler.resolve_ref_schema(long)["anyOf"].insert(1, members)
        return long


class Dado(Nomeada, curtas={str: "tipo"}):
    """A value that an error carries, for those who catch it."""

    tipo: TextoTipo
    descricao: str = Field(default="", description="What the value is.")


class ClasseErro(Documentada, curtas={str: "mensagem"}):
    """An error that methods raise."""

    mensagem: str = Field(
        default="", description="The text; {nome} stands for one of 'dados', for example 'Saldo {saldo} insuficiente'."
    )
    dados: PorNome[Dado] = Field(default_factory=dict, description="Values that it carries: name -> type.")
    herda: str | None = Field(
        default=None,
        description="Another error of the spec, or ValueError, KeyError, ...; it is then caught as that one too.",
    )


class Constante(Documentada, curtas={str: "valor", int: "valor", bool: "valor"}):
    """A named value that conditions and bodies use instead of a bare number."""

    valor: Any = Field(description="The value. For Decimal and dates also say 'tipo'.")
    tipo: TextoTipo | None = Field(
        default=None, description="Type; that of the value when left out (a number with a point is a Decimal)."
    )
