"""The closed list of what expressions may call: types, evaluation and Python source of each, side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contratos.spec_tipos import Tipo
from workers.expressao.arvore import BOOL, DATE, DATETIME, DECIMAL, DURACAO, FLOAT, INT, STR
from workers.expressao.regex import examinar

NUMEROS = frozenset({"int", "float", "Decimal", "ponto"})
MOST_PLACES = 28  # digits that Decimal keeps
LARGEST_EXPONENT = 1_000  # of a Decimal that becomes an int


@dataclass(frozen=True, slots=True)
class Funcao:
    """A function, or a method of Python's own values (the value is then the first argument).

    tipos: type of the result for the arguments' types, None when they do not fit. fonte: the arguments' source ->
    source.
    """

    forma: str  # how it is written, for messages
    tipos: Callable[[Sequence[Tipo]], Tipo | None]
    valor: Callable[..., Any]
    fonte: Callable[..., str]
    usa: str = ""  # the name that the source needs, if any


@dataclass(frozen=True, slots=True)
class Porta:
    """A function that an injected port answers; its value comes from the environment of the evaluation."""

    porta: str  # 'relogio' or 'aleatorio'
    forma: str
    tipos: Callable[[Sequence[Tipo]], Tipo | None]
    fonte: Callable[..., str]


def arredonda(x: Decimal | int, casas: int) -> Decimal:
    """`x` rounded to so many places, halves away from zero, as commerce does."""
    return Decimal(x).quantize(Decimal(1).scaleb(-_places(casas)), rounding=ROUND_HALF_UP)


def coincide(padrao: str, texto: str) -> bool:
    """Whether the whole text matches the pattern; a text over the pattern's limit does not."""
    limit = examinar(padrao).limite
    return (limit is None or len(texto) <= limit) and re.fullmatch(padrao, texto) is not None


def _places(casas: int) -> int:
    if not -MOST_PLACES <= casas <= MOST_PLACES:
        raise ValueError(f"places from -{MOST_PLACES} to {MOST_PLACES}, found {casas}")
    return casas


def _round(x: Any, casas: int | None = None) -> Any:
    return round(x) if casas is None else round(x, _places(casas))


def _int(x: Any) -> int:
    if isinstance(x, Decimal) and x.is_finite() and x.adjusted() > LARGEST_EXPONENT:
        raise OverflowError("the number is too large")
    return int(x)


def _accepts(result: Tipo, *forms: str) -> Callable[[Sequence[Tipo]], Tipo | None]:
    """A function of these argument types, given as words; 'number' is any number, 'exact' any but a float."""
    groups = {"number": NUMEROS, "exact": NUMEROS - {"float"}}

    def fits(types: Sequence[Tipo], words: list[str]) -> bool:
        pairs = zip(types, words, strict=False)
        return len(types) == len(words) and all(not t.de and t.nome in groups.get(w, {w}) for t, w in pairs)

    return lambda types: result if any(fits(types, form.split()) for form in forms) else None


def _same_number(types: Sequence[Tipo]) -> Tipo | None:
    return types[0] if len(types) == 1 and types[0].nome in NUMEROS else None


def _rounded(types: Sequence[Tipo]) -> Tipo | None:
    if _same_number(types):
        return INT
    return types[0] if len(types) == 2 and types[0].nome in NUMEROS and types[1] == INT else None  # noqa: PLR2004


def _call(name: str) -> Callable[..., str]:
    return lambda *args: f"{name}({', '.join(args)})"


def _method(name: str) -> Callable[..., str]:
    return lambda value, *args: f"{value}.{name}({', '.join(args)})"


def _duration(word: str, unit: str) -> Funcao:
    return Funcao(
        f"{word}(int)",
        _accepts(DURACAO, "int"),
        lambda n: timedelta(**{unit: n}),
        f"timedelta({unit}={{}})".format,
        "timedelta",
    )


FUNCOES: Mapping[str, Funcao] = {
    "abs": Funcao("abs(number)", _same_number, abs, _call("abs")),
    "round": Funcao("round(number) or round(number, places)", _rounded, _round, _call("round")),
    "arredonda": Funcao(
        "arredonda(Decimal, places)", _accepts(DECIMAL, "exact int"), arredonda, _call("arredonda"), "arredonda"
    ),
    "int": Funcao("int(number or text)", _accepts(INT, "number", "str"), _int, _call("int")),
    "str": Funcao("str(number or text)", _accepts(STR, "number", "str"), str, _call("str")),
    "float": Funcao("float(number)", _accepts(FLOAT, "number"), float, _call("float")),
    "Decimal": Funcao("Decimal(int or text)", _accepts(DECIMAL, "exact", "str"), Decimal, _call("Decimal"), "Decimal"),
    "date": Funcao("date(year, month, day)", _accepts(DATE, "int int int"), date, _call("date"), "date"),
    "datetime": Funcao(
        "datetime(year, month, day, hour, minute)",
        _accepts(DATETIME, "int int int", "int int int int", "int int int int int", "int int int int int int"),
        datetime,
        _call("datetime"),
        "datetime",
    ),
    "dias": _duration("dias", "days"),
    "horas": _duration("horas", "hours"),
    "minutos": _duration("minutos", "minutes"),
    "coincide": Funcao("coincide('regex', text)", _accepts(BOOL, "str str"), coincide, _call("coincide"), "coincide"),
}
"""Name -> function."""

METODOS: Mapping[tuple[str, str], Funcao] = {
    **{
        ("str", name): Funcao(f"text.{name}()", _accepts(result, "str"), getattr(str, name), _method(name))
        for name, result in {
            "upper": STR,
            "lower": STR,
            "strip": STR,
            "isdigit": BOOL,
            "isalpha": BOOL,
            "isalnum": BOOL,
            "isupper": BOOL,
            "islower": BOOL,
        }.items()
    },
    **{
        ("str", name): Funcao(f"text.{name}(text)", _accepts(result, "str str"), getattr(str, name), _method(name))
        for name, result in {"startswith": BOOL, "endswith": BOOL, "count": INT}.items()
    },
    ("date", "weekday"): Funcao("date.weekday()", _accepts(INT, "date"), date.weekday, _method("weekday")),
    ("date", "isoformat"): Funcao("date.isoformat()", _accepts(STR, "date"), date.isoformat, _method("isoformat")),
    ("datetime", "weekday"): Funcao("datetime.weekday()", _accepts(INT, "datetime"), date.weekday, _method("weekday")),
    ("datetime", "isoformat"): Funcao(
        "datetime.isoformat()", _accepts(STR, "datetime"), datetime.isoformat, _method("isoformat")
    ),
    ("datetime", "date"): Funcao("datetime.date()", _accepts(DATE, "datetime"), datetime.date, _method("date")),
}
"""(type of the value, name) -> method."""

PROPRIEDADES: Mapping[tuple[str, str], Tipo] = {
    **{(kind, part): INT for kind in ("date", "datetime") for part in ("year", "month", "day")},
    **{("datetime", part): INT for part in ("hour", "minute", "second")},
    ("duracao", "days"): INT,
}
"""(type of the value, name) -> type of the part."""

PORTAS: Mapping[str, Porta] = {
    "agora": Porta("relogio", "agora()", _accepts(DATETIME, ""), "self.relogio.agora()".format),
    "hoje": Porta("relogio", "hoje()", _accepts(DATE, ""), "self.relogio.hoje()".format),
    "sorteia": Porta(
        "aleatorio", "sorteia(int, int)", _accepts(INT, "int int"), "self.aleatorio.sorteia({}, {})".format
    ),
    "novo_id": Porta("aleatorio", "novo_id()", _accepts(STR, ""), "self.aleatorio.novo_id()".format),
}
"""Name -> function of an injected port: only in bodies and initial values."""

AGREGADOS = frozenset({"all", "any", "sum", "min", "max", "len", "sorted"})
"""Functions over a collection or a generator; typed by the analysis."""
