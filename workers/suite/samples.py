"""Values to test with: for each declared value typical ones, those at its limits, and those that just break a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from contratos.spec_tipos import Tipo
from workers.estrutura.modelo import CampoBase
from workers.estrutura.valores import Dado, Restricoes
from workers.expressao.avaliador import MembroValor
from workers.expressao.mundo import Mundo
from workers.expressao.regex import examinar

LONGEST = 10_000  # characters of a text that a test writes; longer limits are not tested at their end
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Amostra:
    """A value with the words that say why it was chosen. `viola`: the limit that it breaks; empty for a valid one."""

    rotulo: str
    valor: Dado
    viola: str = ""


class Amostras:
    """Values for the types of one spec. `objeto`: class -> a valid object of it, as its constructor makes it."""

    def __init__(self, mundo: Mundo, objeto: Callable[[str], Dado]) -> None:
        self._mundo = mundo
        self._objeto = objeto
        self._known: dict[str, list[Amostra]] = {}

    def tipica(self, campo: CampoBase) -> Dado:
        """The value to use where nothing else is asked for."""
        return self.validas(campo)[0].valor

    def validas(self, campo: CampoBase) -> list[Amostra]:
        """Typical first, then the limits and their inner neighbours, then odd ones. At least one."""
        if campo.caminho not in self._known:
            self._known[campo.caminho] = self._valid(self._mundo.base(campo.tipo), campo.restricoes)
        return self._known[campo.caminho]

    def invalidas(self, campo: CampoBase) -> list[Amostra]:
        """Values that break exactly one limit, by the least amount that the type allows."""
        return self._invalid(self._mundo.base(campo.tipo), campo.restricoes)

    def _valid(self, tipo: Tipo, limites: Restricoes) -> list[Amostra]:
        if tipo.opcional and tipo.de:
            return [*self._valid(tipo.de, limites), Amostra("ausente", None)]
        found = [s for s in self._candidates(tipo, limites) if limites.violada(s.valor, tipo) is None]
        assert found, f"no value of {tipo} keeps {limites}"
        return _distinct(found)

    def _invalid(self, tipo: Tipo, limites: Restricoes) -> list[Amostra]:
        if tipo.opcional and tipo.de:
            return self._invalid(tipo.de, limites)
        typical = self._valid(tipo, limites)[0].valor
        found = []
        for sample in _breaking(tipo, limites, typical):
            broken = limites.violada(sample.valor, tipo)
            if broken == sample.viola:
                found.append(sample)
        if tipo.lista and tipo.de and isinstance(typical, tuple):
            item = self._invalid(tipo.de, of_items(limites))
            found += [Amostra(f"item_{s.rotulo}", (*typical[:-1], s.valor), s.viola) for s in item if typical]
        return _distinct(found)

    def _candidates(self, tipo: Tipo, limites: Restricoes) -> Iterator[Amostra]:
        if limites.valores is not None and not tipo.lista:
            yield from (Amostra(_label(value), value) for value in limites.valores)
            return
        if tipo.lista and tipo.de:
            yield from self._lists(tipo.de, limites)
        elif tipo.nome in self._mundo.enumeracoes:
            members = self._mundo.enumeracoes[tipo.nome]
            yield from (Amostra(name.lower(), MembroValor(tipo.nome, name)) for name in members)
        elif tipo.nome in self._mundo.classes:
            yield Amostra("tipico", self._objeto(tipo.nome))
        elif tipo.nome == "bool":
            yield from (Amostra("verdadeiro", valor=True), Amostra("falso", valor=False))
        elif tipo.nome == "str":
            yield from _texts(limites)
        else:
            yield from _ordered(tipo, limites)

    def _lists(self, of: Tipo, limites: Restricoes) -> Iterator[Amostra]:
        least, most = limites.tamanho_min or 0, limites.tamanho_max
        items = [sample.valor for sample in self._valid(of, of_items(limites))]
        sizes = {"tipico": max(1, least), "vazia": 0, "minimo": least, "varios": max(2, least)}
        if most is not None and most <= LONGEST // 100:
            sizes |= {"maximo": most, "quase_maximo": most - 1}
        for label, size in sizes.items():
            if size >= 0 and (not limites.itens_unicos or size <= len(items)):
                yield Amostra(label, tuple(items[index % len(items)] for index in range(size)))
        if not limites.itens_unicos:
            yield Amostra("repetido", (items[0],) * max(2, least))


def of_items(limites: Restricoes) -> Restricoes:
    """The limits of a list's elements: those that are not the list's own."""
    return Restricoes(
        min=limites.min,
        max=limites.max,
        min_excl=limites.min_excl,
        max_excl=limites.max_excl,
        multiplo_de=limites.multiplo_de,
        casas=limites.casas,
        regex=limites.regex,
        valores=limites.valores,
    )


def passo(tipo: Tipo, limites: Restricoes) -> Any:
    """The smallest difference between two values that tests look at."""
    match tipo.nome:
        case "int":
            return limites.multiplo_de or 1
        case "Decimal":
            places = Decimal(1).scaleb(-limites.casas) if limites.casas is not None else CENT
            return limites.multiplo_de or places
        case "float":
            return 0.5
        case "date":
            return timedelta(days=1)
        case "datetime":
            return timedelta(minutes=1)
    raise AssertionError(tipo)


def _preferred(tipo: Tipo) -> list[Any]:
    """What a person would write first."""
    match tipo.nome:
        case "int":
            return [10, 1, 2, 5, 100, 0, -1]
        case "Decimal":
            return [Decimal(text) for text in ("10.00", "1.00", "0.50", "5.00", "100.00", "0.00", "-1.00")]
        case "float":
            return [10.0, 1.0, 0.5, 100.0, 0.0, -1.0]
        case "date":
            return [date(2024, 6, 15), date(2000, 1, 1)]
        case "datetime":
            return [datetime(2024, 6, 15, 12, 0), datetime(2000, 1, 1, 0, 0)]  # noqa: DTZ001 - the spec's have no zone
    raise AssertionError(tipo)


def _ordered(tipo: Tipo, limites: Restricoes) -> Iterator[Amostra]:
    """Numbers and dates: typical, both ends with their inner neighbours, zero and its neighbours, a leap day."""
    step = passo(tipo, limites)
    low, high = extremos(tipo, limites)
    likely = [_places(value, limites) for value in _preferred(tipo)]
    fitting = [value for value in likely if limites.violada(value, tipo) is None]
    yield from (Amostra(label, value) for label, value in zip(("tipico", "outro"), fitting, strict=False))
    if low is not None:
        yield from (Amostra("minimo", low), Amostra("acima_do_minimo", low + step))
    if high is not None:
        yield from (Amostra("abaixo_do_maximo", high - step), Amostra("maximo", high))
    if tipo.nome in {"int", "Decimal", "float"}:
        zero = type(step)(0)
        yield from (Amostra("zero", _places(zero, limites)), Amostra("negativo", -step))
        yield Amostra("grande", _places(type(step)(1_000_000), limites))
    elif tipo.nome == "date":
        yield from (Amostra("bissexto", date(2024, 2, 29)), Amostra("fim_de_ano", date(2023, 12, 31)))
    else:
        leap = datetime(2024, 2, 29, 23, 59)  # noqa: DTZ001
        yield from (Amostra("bissexto", leap), Amostra("meia_noite", datetime(2023, 12, 31, 0, 0)))  # noqa: DTZ001


def extremos(tipo: Tipo, limites: Restricoes) -> tuple[Any, Any]:
    """The smallest and the largest value within the limits; None where there is no limit on that side."""
    step = passo(tipo, limites)
    lows = [v for v in (limites.min, None if limites.min_excl is None else limites.min_excl + step) if v is not None]
    highs = [v for v in (limites.max, None if limites.max_excl is None else limites.max_excl - step) if v is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    if limites.multiplo_de is not None:
        low = None if low is None else -(-low // step) * step
        high = None if high is None else high // step * step
    return _places(low, limites), _places(high, limites)


def _places(value: Any, limites: Restricoes) -> Any:
    """A Decimal with as many places as its limits allow, so that amounts look like it; other values as they are."""
    if not isinstance(value, Decimal) or limites.casas is None:
        return value
    unit = Decimal(1).scaleb(-limites.casas)
    return value.quantize(unit) if value == value.quantize(unit) else value


def _texts(limites: Restricoes) -> Iterator[Amostra]:
    """Texts: of the lengths at the limits, beyond ASCII, with a combining character; examples of the pattern."""
    for pattern in limites.regex:
        example = examinar(pattern).exemplo
        yield Amostra("tipico", example)
        yield from (Amostra(f"variante_{n}", text) for n, text in enumerate(_variants(example), 1))
    least, most = limites.tamanho_min or 0, limites.tamanho_max
    typical = ("texto" * (1 + least // 5))[: max(5, least)]
    yield Amostra("tipico", typical if most is None else typical[:most])
    yield from (Amostra("minimo", "a" * least), Amostra("acima_do_minimo", "a" * (least + 1)))
    if most is not None and most <= LONGEST:
        yield from (Amostra("abaixo_do_maximo", "a" * (most - 1)), Amostra("maximo", "a" * most))
    yield Amostra("acentuado", ("ação" * (1 + least // 4))[: max(4, least)])
    yield Amostra("combinante", "e\u0301" + "a" * max(0, least - 2))


def _variants(example: str) -> Iterator[str]:
    """Other texts of the same shape, which the pattern may match."""
    swaps = str.maketrans("0123456789", "9876543210"), str.maketrans("aAbB", "zZyY"), str.maketrans("a", "b")
    yield from (example.translate(swap) for swap in swaps)
    yield example + example[-1:]


def _breaking(tipo: Tipo, limites: Restricoes, typical: Dado) -> Iterator[Amostra]:
    """Values that may break one limit; the caller looks whether they do."""
    if tipo.lista:
        yield from _breaking_lists(limites, typical)
        return
    if limites.valores is not None:
        strangers: list[Any] = ["outro", -1, 0, 1, 999_999, Decimal(-1), -0.5]
        if isinstance(typical, str | int | float | Decimal) and not isinstance(typical, bool):
            yield from (Amostra("fora_da_lista", v, "valores") for v in strangers if type(v) is type(typical))
    if tipo.nome == "str":
        yield from _breaking_texts(limites, typical)
    elif tipo.nome in {"int", "Decimal", "float", "date", "datetime"}:
        yield from _breaking_ordered(tipo, limites, typical)


def _breaking_ordered(tipo: Tipo, limites: Restricoes, typical: Any) -> Iterator[Amostra]:
    step = passo(tipo, limites)
    if limites.min is not None:
        yield Amostra("abaixo_do_minimo", limites.min - step, "min")
    if limites.max is not None:
        yield Amostra("acima_do_maximo", limites.max + step, "max")
    if limites.min_excl is not None:
        yield Amostra("no_limite_inferior", limites.min_excl, "min_excl")
    if limites.max_excl is not None:
        yield Amostra("no_limite_superior", limites.max_excl, "max_excl")
    if limites.multiplo_de is not None:
        unit = 1 if tipo.nome == "int" else Decimal(1).scaleb(-(limites.casas if limites.casas is not None else 2))
        yield Amostra("entre_multiplos", typical + unit, "multiplo_de")
        yield Amostra("entre_multiplos", typical + limites.multiplo_de / 2, "multiplo_de")
    if limites.casas is not None:
        yield Amostra("casas_demais", typical + Decimal(1).scaleb(-limites.casas - 1), "casas")
        yield Amostra("casas_demais", typical - Decimal(1).scaleb(-limites.casas - 1), "casas")


def _breaking_texts(limites: Restricoes, typical: Any) -> Iterator[Amostra]:
    if limites.tamanho_min:
        yield Amostra("curto_demais", typical[: limites.tamanho_min - 1], "tamanho_min")
        yield Amostra("curto_demais", "a" * (limites.tamanho_min - 1), "tamanho_min")
    if limites.tamanho_max is not None and limites.tamanho_max <= LONGEST:
        yield Amostra("longo_demais", "a" * (limites.tamanho_max + 1), "tamanho_max")
    if limites.regex:
        for text in ("", f"{typical}!", typical[:-1], f" {typical}", "!" * len(typical), f"{typical}\n"):
            yield Amostra("fora_do_formato", text, "regex")


def _breaking_lists(limites: Restricoes, typical: Any) -> Iterator[Amostra]:
    if limites.tamanho_min:
        yield Amostra("curta_demais", typical[: limites.tamanho_min - 1], "tamanho_min")
    if limites.tamanho_max is not None and typical and limites.tamanho_max <= LONGEST // 100:
        items = tuple(typical[index % len(typical)] for index in range(limites.tamanho_max + 1))
        yield Amostra("longa_demais", items, "tamanho_max")
    if limites.itens_unicos and typical:
        yield Amostra("repetido", (*typical, typical[0]), "itens_unicos")


def _distinct(samples: Iterable[Amostra]) -> list[Amostra]:
    """The first sample of each value; a label that comes again gets a number."""
    result: list[Amostra] = []
    for sample in samples:
        if any(_same(sample.valor, other.valor) for other in result):
            continue
        taken = [other.rotulo for other in result]
        label, number = sample.rotulo, 2
        while label in taken:
            label, number = f"{sample.rotulo}_{number}", number + 1
        result.append(Amostra(label, sample.valor, sample.viola))
    return result


def _same(a: Dado, b: Dado) -> bool:
    return type(a) is type(b) and a == b


def _label(value: Dado) -> str:
    return value.nome.lower() if isinstance(value, MembroValor) else str(value)


def holds_list(tipo: Tipo) -> bool:
    """Whether the type is a list, or one that may be absent."""
    return tipo.lista or (tipo.de is not None and holds_list(tipo.de))
