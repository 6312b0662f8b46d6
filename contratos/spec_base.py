"""What all parts of a spec share: short forms, collections by name, and messages that help to mend a misspelling."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar, Unpack

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from contratos.base import Contrato
from contratos.problems import found
from contratos.spec_sinonimos import SYNONYMS

UNKNOWN = "campo_desconhecido"  # pydantic error type of our own message for an unknown field

SHORT = "(short form)"  # key under which a short form travels beside its place in a list

RESERVED = frozenset({"self", "resultado", "antigo"})


def folded(text: str) -> str:
    """'Pré-Condições' -> 'pre_condicoes': accents, case, hyphens and blanks do not tell two keys apart."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.strip().lower().replace("-", "_").replace(" ", "_")


def suggestion(name: str, known: list[str]) -> str:
    """The end of a message about an unknown name: ' (did you mean ...?)', or the known names when none is near."""
    meant = SYNONYMS.get(folded(name))
    near = [meant] if meant in known else get_close_matches(folded(name), known, n=1, cutoff=0.6)
    if near and near[0]:
        return f"; did you mean '{near[0]}'?"
    return f"; known here: {', '.join(sorted(known))}" if known else ""


def unknown_name(name: str, what: str, known: list[str]) -> str:
    """A message for a reference to something that the spec does not declare."""
    near = get_close_matches(name, known, n=1, cutoff=0.6) or [k for k in known if folded(k) == folded(name)]
    if near:
        return f"unknown {what} '{name}'; did you mean '{near[0]}'?"
    return f"unknown {what} '{name}'; known: {', '.join(sorted(known)) or 'none'}"


def name_fault(name: str) -> str | None:
    """Why this cannot be a name in a spec, or None. Names are identifiers, since conditions refer to them."""
    if name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name) and name not in RESERVED:
        return None
    if name in RESERVED or keyword.iskeyword(name):
        return f"'{name}' is a reserved word; choose another name, for example '{name}_'"
    proposal = "".join(c if c.isalnum() else "_" for c in folded(name)).strip("_")
    hint = f", for example '{proposal}'" if proposal.isidentifier() and not keyword.iskeyword(proposal) else ""
    return f"{name!r} is not a name: a letter first, then letters, digits and '_'{hint}"


class Parte(Contrato):
    """A part of a spec. Keys are forgiven accents and case; where a short form exists, it is the main field's
    value alone.
    """

    curtas: ClassVar[Mapping[type, str]] = MappingProxyType({})
    """Short forms: type of a value written instead of a map -> the field that it fills."""

    def __init_subclass__(cls, curtas: Mapping[type, str] | None = None, **config: Unpack[ConfigDict]) -> None:
        super().__init_subclass__(**config)
        if curtas is not None:
            cls.curtas = MappingProxyType(dict(curtas))

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        placed: dict[str, Any] = {}
        if isinstance(data, dict) and SHORT in data:  # a short form whose place in a list is known
            placed = {"ordem": data["ordem"]}
            data = data[SHORT]
        if data is None and type(None) not in cls.curtas:
            data = {}
        elif type(data) in cls.curtas:
            data = {cls.curtas[type(data)]: data}
        elif isinstance(data, dict):
            data = {name: cls._truth(name, value) for name, value in cls._named(data)}
        elif not isinstance(data, cls):
            short = "".join(f"{KINDS[kind]}, or " for kind in cls.curtas if kind in KINDS)
            raise ValueError(f"expected {short}a map of {', '.join(cls.model_fields)}; found {found(data)}")
        try:
            return handler({**placed, **data} if placed else data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, [cls._explained(e) for e in _details(error)]
            ) from None

    @classmethod
    def _named(cls, data: dict[Any, Any]) -> list[tuple[str, Any]]:
        return [(cls._key(key, data), value) for key, value in data.items()]

    @classmethod
    def _truth(cls, name: str, value: Any) -> Any:
        """'sim' and 'não' are truths for who writes Portuguese; for YAML they are texts."""
        wants_truth = name in cls.model_fields and cls.model_fields[name].annotation is bool
        return (
            {"sim": True, "nao": False}.get(folded(value), value) if wants_truth and isinstance(value, str) else value
        )

    @classmethod
    def _key(cls, key: Any, data: dict[Any, Any]) -> str:
        if isinstance(key, bool):  # YAML 1.1 reads the keys on, off, yes and no as booleans
            return f"{key} (YAML reads this word as a boolean: put it in quotes)"
        text = str(key)
        other = folded(text)
        return other if text not in cls.model_fields and other in cls.model_fields and other not in data else text

    @classmethod
    def _explained(cls, fault: InitErrorDetails) -> InitErrorDetails:
        if fault["type"] != "extra_forbidden" or len(fault["loc"]) != 1:
            return fault
        near = suggestion(str(fault["loc"][0]), list(cls.model_fields))
        return {**fault, "type": PydanticCustomError(UNKNOWN, "unknown field{near}", {"near": near})}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long = handler(schema)
        if not cls.curtas:
            return long
        body = handler.resolve_ref_schema(long)
        properties = body["properties"]
        shorts = [
            {
                **JSON_TYPES[kind],
                "description": f"Short form of {{{name}: ...}}. {properties[name].get('description', '')}",
            }
            for kind, name in cls.curtas.items()
            if kind in JSON_TYPES
        ]
        whole = dict(body)
        body.clear()
        body.update({"title": whole.pop("title", cls.__name__), "anyOf": [*shorts, whole]})
        return long


KINDS: dict[type, str] = {str: "a text", bool: "true or false", int: "a number", list: "a list"}
"""Short forms, in messages."""

JSON_TYPES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    list: {"type": "array"},
    type(None): {"type": "null"},
}


def _details(error: ValidationError) -> list[InitErrorDetails]:
    """The faults of a validation, ready to be raised again; our own types of error are not known to pydantic by
    name.
    """
    details = []
    for fault in error.errors(include_url=False):
        kind: str | PydanticCustomError = fault["type"]
        if kind == UNKNOWN:
            kind = PydanticCustomError(UNKNOWN, "{text}", {"text": fault["msg"]})
        details.append(InitErrorDetails(type=kind, loc=fault["loc"], input=fault["input"], ctx=fault.get("ctx", {})))
    return details


class Nomeada(Parte):
    """A part that has a name: the key of the map that it stands in."""

    nome: str = Field(default="", description="The name. Only written in the list form; in the map form it is the key.")
    ordem: int | None = Field(
        default=None,
        description="Place among its siblings in the generated code, ascending. The list form sets it; a map "
        "has no order of its own.",
    )


T = TypeVar("T", bound=Nomeada)


def _as_map(value: Any) -> Any:
    """The list form `[{nome: a, ...}, {b: ...}, c]` -> the map form, with `ordem` set to the place in the list."""
    if value is None:  # 'metodos:' with nothing behind it
        return {}
    if not isinstance(value, list):
        return value
    result: dict[str, Any] = {}
    for place, entry in enumerate(value):
        name, body = _named(entry, place)
        if name in result:
            raise ValueError(f"'{name}' is given twice")
        result[name] = {"ordem": place, **body} if isinstance(body, dict) else {"ordem": place, SHORT: body}
    return result


def _named(entry: Any, place: int) -> tuple[str, Any]:
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, dict) and isinstance(entry.get("nome"), str):
        return entry["nome"], entry
    if isinstance(entry, dict) and len(entry) == 1 and isinstance(name := next(iter(entry)), str):
        return name, entry[name] if entry[name] is not None else {}
    if isinstance(entry, bool):
        raise ValueError(f"entry [{place}] is a boolean for YAML: put the word in quotes")  # noqa: TRY004 - pydantic's kind
    raise ValueError(f"entry [{place}] needs a 'nome': found {entry!r}")


def filled[N: Nomeada](value: dict[str, N]) -> dict[str, N]:
    """Give every part its name, so that who holds the part knows it."""
    for name, part in value.items():
        if part.nome and part.nome != name:
            raise ValueError(f"'{name}' has another 'nome': '{part.nome}'; the key is the name, leave 'nome' out")
    return {name: part.model_copy(update={"nome": name}) for name, part in value.items()}


def _with_good_names[N: Nomeada](value: dict[str, N]) -> dict[str, N]:
    if faults := [fault for name in value if (fault := name_fault(name))]:
        raise ValueError("; ".join(faults))
    return value


def text_keys(value: Any) -> Any:
    """Refuse keys that YAML does not read as text."""
    if isinstance(value, dict) and (wrong := [key for key in value if not isinstance(key, str)]):
        raise ValueError(f"YAML reads the name {wrong[0]!r} as a {type(wrong[0]).__name__}: put it in quotes")
    return value


class ListFormToo:
    """In the JSON Schema: the map form, or the list form with `nome` in each entry."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        mapping = handler(schema)
        listed = {"type": "array", "items": mapping.get("additionalProperties", {})}
        listed["description"] = "List form: each entry has its 'nome', and the order is kept."
        return {"anyOf": [{**mapping, "description": "Map form: name -> definition; the order says nothing."}, listed]}


# The last validator in the list runs first when it is a BeforeValidator, the first AfterValidator runs first.
PorRotulo = Annotated[
    dict[str, T], AfterValidator(filled), BeforeValidator(text_keys), BeforeValidator(_as_map), ListFormToo()
]
"""A collection by label: labels are free text."""

PorNome = Annotated[
    dict[str, T],
    AfterValidator(_with_good_names),
    AfterValidator(filled),
    BeforeValidator(text_keys),
    BeforeValidator(_as_map),
    ListFormToo(),
]
"""A collection by name: names are identifiers, since conditions and code use them."""


def _as_list(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str | dict) else value


class _OneToo:
    """In the JSON Schema: the list, or one of its parts alone."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many, many.get("items", {})]}


P = TypeVar("P", bound=Parte)

Lista = Annotated[tuple[P, ...], BeforeValidator(_as_list), _OneToo()]
"""Parts in their order; a single one may stand without the list."""


def _as_expression(value: Any) -> Any:
    """What YAML reads as a number, a truth or a date, as the expression that people meant."""
    match value:
        case bool() | int() | float():
            return repr(value)
        case datetime():
            parts = (value.year, value.month, value.day, value.hour, value.minute, value.second)
            return f"datetime({', '.join(map(str, parts))})"
        case date():
            return f"date({value.year}, {value.month}, {value.day})"
    return value


Expressao = Annotated[str, BeforeValidator(_as_expression, json_schema_input_type=str | float | bool)]
"""The text of an expression; a bare number or truth is one too."""


def one_or_many(value: Any) -> Any:
    """A text alone is a list of one."""
    return [value] if isinstance(value, str) else value


Textos = Annotated[tuple[str, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])]
"""One text or a list of texts."""


class Documentada(Nomeada):
    """A named part with the words that go into its docstring."""

    descricao: str = Field(default="", description="What it is, in the domain's words; becomes the docstring.")
    requisito: Textos = Field(
        default=(), description="Ids of the requirements it comes from, for example R-12; kept in docstrings and tests."
    )
    obsoleto: str = Field(
        default="", description="Why it should not be used any more and what to use instead; empty when current."
    )
