"""Values of a spec: what stands in YAML, as a value of the declared type; and the limits that a value must keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from contratos.problems import found
from contratos.spec_base import unknown_name
from contratos.spec_tipos import Limites, Tipo
from workers.expressao.avaliador import MembroValor, Valor
from workers.expressao.funcoes import NUMEROS, coincide
from workers.expressao.mundo import Mundo


@dataclass(frozen=True, slots=True)
class Novo:
    """An object as its constructor makes it: class and arguments by their names in the spec."""

    classe: str
    args: Mapping[str, Dado]


type Dado = Valor | Novo | tuple[Dado, ...]
"""A value that a spec can write down."""


class ValorRecusado(ValueError):
    """Why something cannot be a value of a type."""


@dataclass(frozen=True, slots=True)
class Restricoes:
    """Limits of a value, in the value's own type. Of a list: lengths and uniqueness are the list's, the rest each
    element's.
    """

    min: Any = None
    max: Any = None
    min_excl: Any = None
    max_excl: Any = None
    multiplo_de: Any = None
    casas: int | None = None
    tamanho_min: int | None = None
    tamanho_max: int | None = None
    regex: tuple[str, ...] = ()
    valores: tuple[Dado, ...] | None = None
    itens_unicos: bool = False
    unidade: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return self != Restricoes()

    def com(self, other: Restricoes) -> Restricoes:
        """Both limits at once: the narrower of each."""

        def narrower(name: str, choose: Any) -> Any:
            values = [v for v in (getattr(self, name), getattr(other, name)) if v is not None]
            return choose(values) if values else None

        values = self.valores
        if other.valores is not None:
            values = other.valores if values is None else tuple(v for v in values if v in other.valores)
        return Restricoes(
            min=narrower("min", max),
            max=narrower("max", min),
            min_excl=narrower("min_excl", max),
            max_excl=narrower("max_excl", min),
            multiplo_de=other.multiplo_de if self.multiplo_de is None else self.multiplo_de,
            casas=narrower("casas", min),
            tamanho_min=narrower("tamanho_min", max),
            tamanho_max=narrower("tamanho_max", min),
            regex=tuple(dict.fromkeys((*self.regex, *other.regex))),
            valores=values,
            itens_unicos=self.itens_unicos or other.itens_unicos,
            unidade=self.unidade or other.unidade,
        )

    def violada(self, valor: Any, tipo: Tipo) -> str | None:
        """The name of a limit that a value of that type breaks, or None. None as a value breaks nothing."""
        if valor is None:
            return None
        if tipo.opcional and tipo.de:
            return self.violada(valor, tipo.de)
        if tipo.lista and tipo.de:
            return self._of_list(valor) or next((b for item in valor if (b := self._of_item(item, in_list=True))), None)
        return self._of_item(valor, in_list=False)

    def _of_list(self, items: Any) -> str | None:
        if self.itens_unicos and any(item in items[:place] for place, item in enumerate(items)):
            return "itens_unicos"
        return self._of_length(items)

    def _of_length(self, valor: Any) -> str | None:
        if self.tamanho_min is not None and len(valor) < self.tamanho_min:
            return "tamanho_min"
        return "tamanho_max" if self.tamanho_max is not None and len(valor) > self.tamanho_max else None

    def _of_item(self, valor: Any, *, in_list: bool) -> str | None:
        for name, breaks in BREAKS.items():
            limit = getattr(self, name)
            if limit is not None and breaks(valor, limit):
                return name
        if isinstance(valor, str) and not in_list and (broken := self._of_length(valor)):
            return broken
        return "regex" if any(not coincide(pattern, valor) for pattern in self.regex) else None


BREAKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "valores": lambda value, limit: value not in limit,
    "min": lambda value, limit: not value >= limit,
    "max": lambda value, limit: not value <= limit,
    "min_excl": lambda value, limit: not value > limit,
    "max_excl": lambda value, limit: not value < limit,
    "multiplo_de": lambda value, limit: value % limit != 0,
    "casas": lambda value, limit: casas_decimais(value) > limit,
}
"""Limit of a single value -> whether the value breaks it."""


def casas_decimais(valor: Decimal) -> int:
    """Decimal places that a number really has: 1.50 has one."""
    exponent = valor.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def converter(valor: Any, tipo: Tipo, mundo: Mundo, *, parcial: bool = False) -> Dado:
    """What YAML read, as a value of the type; numbers, dates and members may also be written as text.

    parcial: objects may leave out what their constructor needs. ValorRecusado says why it cannot be such a value.
    """
    tipo = mundo.base(tipo)
    if tipo.opcional and tipo.de:
        return None if valor is None else converter(valor, tipo.de, mundo, parcial=parcial)
    if valor is None:
        raise ValorRecusado(f"expected {tipo}, found null (opcional[{tipo}] allows it)")
    if tipo.lista and tipo.de:
        if not isinstance(valor, list | tuple):
            raise ValorRecusado(f"expected a list, found {found(valor)}")
        return tuple(converter(item, tipo.de, mundo, parcial=parcial) for item in valor)
    if tipo.nome in mundo.enumeracoes:
        return _member(valor, tipo.nome, mundo)
    if tipo.nome in mundo.classes:
        return _object(valor, tipo.nome, mundo, parcial=parcial)
    return _primitive(valor, tipo.nome)


def _member(valor: Any, enum: str, mundo: Mundo) -> MembroValor:
    name = valor.removeprefix(f"{enum}.") if isinstance(valor, str) else str(valor)
    if name not in mundo.enumeracoes[enum]:
        hint = " (YAML reads this word as a boolean: put it in quotes)" if isinstance(valor, bool) else ""
        raise ValorRecusado(unknown_name(name, f"member of {enum}", list(mundo.enumeracoes[enum])) + hint)
    return MembroValor(enum, name)


def _object(valor: Any, classe: str, mundo: Mundo, *, parcial: bool) -> Novo:
    """A map of attributes; `classe: Nome` in it chooses a subclass."""
    if not isinstance(valor, Mapping):
        raise ValorRecusado(f"expected a map of the attributes of {classe}, found {found(valor)}")
    chosen = valor.get("classe", classe)
    view = mundo.classes.get(chosen)
    if view is None or not mundo.cabe(Tipo(chosen), Tipo(classe)):
        raise ValorRecusado(
            unknown_name(
                str(chosen), f"kind of {classe}", [c for c in mundo.classes if mundo.cabe(Tipo(c), Tipo(classe))]
            )
        )
    if view.construtor is None:
        raise ValorRecusado(f"{chosen} is abstract: say which of its subclasses, for example {{classe: ..., ...}}")
    parameters = view.construtor.parametros
    given = {name: part for name, part in valor.items() if name != "classe" or "classe" in parameters}
    if wrong := next((name for name in given if name not in parameters), None):
        raise ValorRecusado(unknown_name(str(wrong), f"attribute of {chosen}", list(parameters)))
    if missing := sorted(view.construtor.obrigatorios - given.keys() if not parcial else ()):
        raise ValorRecusado(f"{chosen} also needs {', '.join(missing)}")
    args = {}
    for name in parameters:
        if name in given:
            try:
                args[name] = converter(given[name], parameters[name], mundo, parcial=parcial)
            except ValorRecusado as refused:
                raise ValorRecusado(f"{name}: {refused}") from None
    return Novo(chosen, args)


def _primitive(valor: Any, nome: str) -> Dado:
    good = {
        "bool": isinstance(valor, bool),
        "str": isinstance(valor, str),
        "int": isinstance(valor, int) and not isinstance(valor, bool),
        "date": isinstance(valor, date) and not isinstance(valor, datetime),
        "datetime": isinstance(valor, datetime),
        "Decimal": isinstance(valor, Decimal),
        "float": isinstance(valor, float),
    }
    if good.get(nome):
        return valor  # type: ignore[no-any-return] # one of the primitives, as was just looked at
    try:
        return _read(valor, nome)
    except (ValueError, InvalidOperation, OverflowError):
        hint = " (put the text in quotes)" if nome == "str" else ""
        raise ValorRecusado(f"expected {nome}, found {found(valor)}{hint}") from None


def _read(valor: Any, nome: str) -> Dado:
    """A number written as another kind of number or as text, a date written as text."""
    if isinstance(valor, bool):
        raise ValueError  # noqa: TRY004 - one fate for all that does not fit
    match nome:
        case "Decimal" if isinstance(valor, int | float | str):
            number = Decimal(repr(valor) if isinstance(valor, float) else valor)
            if not number.is_finite():
                raise ValueError
            return number
        case "float" if isinstance(valor, int | str):
            return float(valor)
        case "int" if isinstance(valor, str) or (isinstance(valor, float) and valor.is_integer()):
            return int(valor)
        case "date" if isinstance(valor, str):
            return date.fromisoformat(valor)
        case "datetime" if isinstance(valor, str):
            return datetime.fromisoformat(valor)
        case "datetime" if isinstance(valor, date):
            return datetime(valor.year, valor.month, valor.day)  # noqa: DTZ001 - as written, without a zone
    raise ValueError


def restringir(limites: Limites, tipo: Tipo, mundo: Mundo) -> tuple[Restricoes, list[tuple[str, str]]]:
    """The limits in the value's type; and (field, message) of those that do not fit it."""
    base = mundo.base(tipo)
    item = base.folha
    faults: list[tuple[str, str]] = []
    fits = {
        "ordered": item.nome in NUMEROS | {"date", "datetime"},
        "exact": item.nome in {"int", "Decimal"},
        "Decimal": item.nome == "Decimal",
        "length": item.nome == "str" or _holds_list(base),
        "str": item.nome == "str",
        "list": _holds_list(base),
    }
    wanted = {
        **dict.fromkeys(
            ("min", "max", "min_excl", "max_excl"),
            ("ordered", "numbers and dates (tamanho_min and tamanho_max limit lengths)"),
        ),
        "multiplo_de": ("exact", "int and Decimal"),
        "casas": ("Decimal", "Decimal"),
        "tamanho_min": ("length", "texts and lists"),
        "tamanho_max": ("length", "texts and lists"),
        "regex": ("str", "texts"),
        "itens_unicos": ("list", "lists"),
    }
    good: dict[str, Any] = {"unidade": limites.unidade}
    for name, (kind, what) in wanted.items():
        value = getattr(limites, name)
        if value is None or value is False:
            continue
        if not fits[kind]:
            faults.append((name, f"only for {what}; the type is {tipo}"))
            continue
        try:
            good[name] = converter(value, item, mundo) if kind in {"ordered", "exact"} else value
        except ValorRecusado as refused:
            faults.append((name, str(refused)))
    if limites.valores is not None:
        try:
            good["valores"] = tuple(converter(value, item, mundo) for value in limites.valores)
        except ValorRecusado as refused:
            faults.append(("valores", str(refused)))
    if "regex" in good:
        good["regex"] = (good["regex"],)
    return Restricoes(**good), faults


def _holds_list(tipo: Tipo) -> bool:
    return tipo.lista or (tipo.de is not None and _holds_list(tipo.de))


def vazias(restricoes: Restricoes) -> str | None:
    """Why no value keeps the limits, or None where one may."""
    low = [(value, name) for name in ("min", "min_excl") if (value := getattr(restricoes, name)) is not None]
    high = [(value, name) for name in ("max", "max_excl") if (value := getattr(restricoes, name)) is not None]
    for least, below in low:
        for most, above in high:
            if least > most or (least == most and "excl" in below + above):
                return f"no value is possible: {below} is {least}, {above} is {most}"
    shortest, longest = restricoes.tamanho_min, restricoes.tamanho_max
    if shortest is not None and longest is not None and shortest > longest:
        return f"no value is possible: tamanho_min is {shortest}, tamanho_max is {longest}"
    return "no value is possible: 'valores' has none in common" if restricoes.valores == () else None
