"""Hypothesis strategies that draw values of a declared type within its limits: none is drawn to be thrown away."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contratos.spec_tipos import Tipo
from workers import names
from workers.estrutura.modelo import Atributo, CampoBase, Classe, Relacao
from workers.estrutura.valores import Restricoes
from workers.suite.objects import Objetos
from workers.suite.printing import Fontes, argumento, criador
from workers.suite.samples import extremos, of_items, passo
from workers.suite.view import STRATEGIES, Modulo

FAR = 1_000_000  # where numbers without a limit end: their sums and products are exact
LONG = 20  # characters beyond the least of a text without a limit
MANY = 3  # elements beyond the least of a list without a limit
EARLY, LATE = date(2000, 1, 1), date(2050, 12, 31)
MIDNIGHT, LAST_MINUTE = datetime(2000, 1, 1, 0, 0), datetime(2050, 12, 31, 23, 59)  # noqa: DTZ001 - no zones here
PLACES = 2  # decimal places where the spec does not say how many


class Estrategias:
    """Prints strategies for one module of the suite."""

    def __init__(self, fontes: Fontes) -> None:
        self.fontes = fontes
        self.mundo = fontes.modelo.mundo

    def de(self, campo: CampoBase) -> str:
        """The strategy of an attribute, a parameter or a result."""
        return self._of(self.mundo.base(campo.tipo), campo.restricoes)

    def objeto(self, classe: str) -> str:
        """The strategy of the objects of a class: a function of the suite's helper module."""
        found = self.fontes.objetos.concreta(classe)
        return f"{self.fontes.ajuda('estrategias', estrategia(found))}()"

    def _of(self, tipo: Tipo, limites: Restricoes) -> str:  # noqa: PLR0911 - one line a kind of type
        if tipo.opcional and tipo.de:
            return f"st.none() | {self._of(tipo.de, limites)}"
        if tipo.lista and tipo.de:
            return self._list(tipo.de, limites)
        if limites.valores is not None:
            return f"st.sampled_from({self.fontes.valor(limites.valores)})"
        if tipo.nome in self.mundo.enumeracoes:
            return f"st.sampled_from({self.fontes.pacote(self.fontes.modelo.enumeracao(tipo.nome).py)})"
        if tipo.nome in self.mundo.classes:
            return self.objeto(tipo.nome)
        match tipo.nome:
            case "bool":
                return "st.booleans()"
            case "str":
                return self._text(limites)
            case "Decimal" | "int":
                return self._exact(tipo, limites)
        return self._range(tipo, limites)

    def _list(self, of: Tipo, limites: Restricoes) -> str:
        least = limites.tamanho_min or 0
        most = least + MANY if limites.tamanho_max is None else limites.tamanho_max
        unique = ", unique=True" if limites.itens_unicos else ""
        inner = self._of(of, of_items(limites))
        return f"st.lists({inner}, min_size={least}, max_size={most}{unique}).map(tuple)"

    def _text(self, limites: Restricoes) -> str:
        least = limites.tamanho_min or 0
        most = least + LONG if limites.tamanho_max is None else limites.tamanho_max
        if not limites.regex:
            return f"st.text(min_size={least}, max_size={most})"
        first, *others = limites.regex
        text = f"st.from_regex({self.fontes.valor(first)}, fullmatch=True)"
        tests = [f"coincide({self.fontes.valor(pattern)}, texto)" for pattern in others]
        tests += [f"{least} <= len(texto) <= {most}"] if limites.tamanho_min or limites.tamanho_max is not None else []
        if others:
            self.fontes.usa.add("coincide")
        return f"{text}.filter(lambda texto: {' and '.join(tests)})" if tests else text

    def _exact(self, tipo: Tipo, limites: Restricoes) -> str:
        """Whole numbers of steps, so that every value drawn is a multiple with few enough places."""
        step = passo(tipo, limites)
        low, high = extremos(tipo, limites)
        far = FAR if tipo.nome == "int" else Decimal(FAR)
        low, high = _ends(low, high, -far, far)
        if tipo.nome == "int" and step == 1:
            return f"st.integers(min_value={int(low)}, max_value={int(high)})"
        if limites.multiplo_de is None:
            places = PLACES if limites.casas is None else limites.casas
            ends = f"min_value={self.fontes.valor(low)}, max_value={self.fontes.valor(high)}"
            return f"st.decimals({ends}, places={places})"
        first, last = -(-low // step), high // step
        return f"st.integers({int(first)}, {int(last)}).map(lambda n: n * {self.fontes.valor(step)})"

    def _range(self, tipo: Tipo, limites: Restricoes) -> str:
        low, high = limites.min, limites.max
        match tipo.nome:
            case "float":
                low = limites.min_excl if low is None else low
                high = limites.max_excl if high is None else high
                low, high = _ends(low, high, -float(FAR), float(FAR))
                exclude = ", exclude_min=True" if low == limites.min_excl else ""
                exclude += ", exclude_max=True" if high == limites.max_excl else ""
                return f"st.floats(min_value={low!r}, max_value={high!r}{exclude})"
            case "date":
                low, high = _ends(*extremos(tipo, limites), EARLY, LATE)
                return f"st.dates({self.fontes.valor(low)}, {self.fontes.valor(high)})"
            case "datetime":
                low, high = _ends(*extremos(tipo, limites), MIDNIGHT, LAST_MINUTE)
                return f"st.datetimes({self.fontes.valor(low)}, {self.fontes.valor(high)})"
        raise AssertionError(tipo)


def _ends(low: Any, high: Any, least: Any, most: Any) -> tuple[Any, Any]:
    """Both ends, where a side without a limit ends far away, but on the right side of the other."""
    if low is None and high is None:
        return least, most
    span = most - least
    if low is None:
        return min(least, high - span), high
    return (low, max(most, low + span)) if high is None else (low, high)


def estrategia(classe: Classe) -> str:
    """'ContaCorrente' -> 'objetos_de_conta_corrente'."""
    return f"objetos_de_{names.snake(classe.py)}"


def modulo_estrategias(objetos: Objetos, classes: list[Classe]) -> Modulo:
    """tests/estrategias.py: objects with any values; where those drawn do not fit together, the one to start from."""
    fontes = Fontes(objetos)
    modulo = Modulo(f"Objetos quaisquer de {objetos.modelo.spec.nome}, para os testes de propriedades.", fontes)
    modulo.hypothesis.add(STRATEGIES)
    printer = Estrategias(fontes)
    for classe in classes:
        fields = [campo for campo in classe.construtor() if isinstance(campo, Atributo)]
        drawn = [f for f in fields if not _of_objects(modulo, f)]
        fontes.pacote(classe.py)
        fontes.pacote("ViolacaoDeContrato")
        make = fontes.ajuda("objetos", criador(classe.py))
        arguments = ", ".join(f"{argumento(f)}: {fontes.anotacao(f.tipo)}" for f in drawn)
        given = ", ".join(f"{argumento(f)}={argumento(f)}" for f in drawn)
        body = ["try:", f"    return {make}({given})", "except ViolacaoDeContrato:", f"    return {make}()"]
        doc = f"Um {classe.nome} com estes valores, ou o de partida quando eles não servem juntos."
        name = f"_{estrategia(classe)}"
        modulo.funcao(name, arguments, classe.py, doc, body)
        kinds = ", ".join(f"{argumento(f)}={printer.de(f)}" for f in drawn)
        doc = f"Objetos quaisquer de {classe.nome}."
        body = [f"return st.builds({name}{f', {kinds}' if kinds else ''})"]
        modulo.funcao(estrategia(classe), "", f"st.SearchStrategy[{classe.py}]", doc, body)
    return modulo


def _of_objects(modulo: Modulo, campo: Atributo | Relacao) -> bool:
    return modulo.fontes.modelo.mundo.base(campo.tipo).folha.nome in modulo.fontes.modelo.mundo.classes
