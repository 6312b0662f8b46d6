"""Checks of single values in the generated code: one line a limit, named types as functions of their own."""

from __future__ import annotations

from collections.abc import Sequence

from contratos.spec_tipos import PRIMITIVOS, Tipo
from workers import names
from workers.estrutura.modelo import CampoBase
from workers.estrutura.nomes import NomesDoModelo
from workers.estrutura.valores import Restricoes
from workers.expressao.impressor import texto
from workers.expressao.regex import examinar

INDENT = "    "

FUNCTIONS = {
    "min": "exige_minimo",
    "max": "exige_maximo",
    "min_excl": "exige_acima",
    "max_excl": "exige_abaixo",
    "multiplo_de": "exige_multiplo",
    "casas": "exige_casas",
}
"""Limits of single values -> the function that checks them."""


class Verificador:
    """Writes the checks of one place; the names that they need gather in `usa`."""

    def __init__(self, nomes: NomesDoModelo, usa: set[str], *, em_tipo: bool = False) -> None:
        self.names = nomes
        self.usa = usa
        self.in_type = em_tipo  # inside the function of a named type, whose callers say where the value stands

    def linhas(self, onde: str, expr: str, tipo: Tipo, restricoes: Restricoes, *, secreto: bool = False) -> list[str]:
        """Lines that check the type and the limits of a value. `expr`: its source; `onde`: how messages call it."""
        if tipo.opcional and tipo.de:
            inner = self.linhas(onde, expr, tipo.de, restricoes, secreto=secreto)
            return [f"if {expr} is not None:", *(INDENT + line for line in inner)]
        if tipo.lista and tipo.de:
            return self._of_list(onde, expr, tipo.de, restricoes, secreto=secreto)
        named = tipo.nome in self.names.modelo.mundo.valores_tipos
        lines = [
            self._call(
                f"exige_{names.snake(tipo.nome)}" if named else "exige_tipo",
                onde,
                expr,
                self._class(tipo, named=named),
                secreto,
            )
        ]
        return lines + self.limites(
            onde, expr, restricoes, texto_=self.names.modelo.mundo.base(tipo).nome == "str", secreto=secreto
        )

    def declarado(self, onde: str, expr: str, campo: CampoBase, *, secreto: bool = False) -> list[str]:
        """The same for a declared attribute, parameter or result; a named type's own function checks that type's
        limits.
        """
        named = campo.tipo.folha.nome in self.names.modelo.mundo.valores_tipos
        return self.linhas(onde, expr, campo.tipo, campo.proprias if named else campo.restricoes, secreto=secreto)

    def _class(self, tipo: Tipo, *, named: bool) -> str:
        if named:
            return ""
        text = tipo.nome if tipo.nome in PRIMITIVOS else self.names.tipo(tipo.nome)
        self.usa.add(text)
        return text

    def _of_list(self, onde: str, expr: str, item: Tipo, limits: Restricoes, *, secreto: bool) -> list[str]:
        """Lengths and uniqueness are the list's, the rest each element's."""
        of_item = Restricoes(
            min=limits.min,
            max=limits.max,
            min_excl=limits.min_excl,
            max_excl=limits.max_excl,
            multiplo_de=limits.multiplo_de,
            casas=limits.casas,
            regex=limits.regex,
            valores=limits.valores,
        )
        if of_item or item.de or item.nome in self.names.modelo.mundo.valores_tipos:
            name = f"item_de_{expr.rpartition('.')[2]}"
            lines = [f"for {name} in {expr}:"]
            lines += [INDENT + line for line in self.linhas(f"{onde}[]", name, item, of_item, secreto=secreto)]
        else:
            lines = [self._call("exige_todos", onde, expr, self._class(item, named=False), secreto)]
        lines += self._lengths(onde, expr, limits, secreto=secreto)
        if limits.itens_unicos:
            lines.append(self._call("exige_distintos", onde, expr, "", secreto))
        return lines

    def limites(self, onde: str, expr: str, limits: Restricoes, *, texto_: bool, secreto: bool = False) -> list[str]:
        """Lines that check the limits of a single value."""
        lines = []
        for name, function in FUNCTIONS.items():
            limit = getattr(limits, name)
            if limit is not None:
                lines.append(self._call(function, onde, expr, self.names.valor(limit, self.usa), secreto))
        if texto_:
            lines += self._lengths(onde, expr, limits, secreto=secreto)
        for pattern in limits.regex:
            most = examinar(pattern).limite
            if most and (limits.tamanho_max is None or limits.tamanho_max > most):
                lines.append(self._call("exige_tamanho_max", onde, expr, str(most), secreto))
            lines.append(self._call("exige_formato", onde, expr, _raw(pattern), secreto))
        if limits.valores is not None:
            lines.append(self._call("exige_opcao", onde, expr, self.names.valor(limits.valores, self.usa), secreto))
        return lines

    def _lengths(self, onde: str, expr: str, limits: Restricoes, *, secreto: bool) -> list[str]:
        pairs: Sequence[tuple[str, int | None]] = (
            ("exige_tamanho_min", limits.tamanho_min),
            ("exige_tamanho_max", limits.tamanho_max),
        )
        return [self._call(function, onde, expr, str(limit), secreto) for function, limit in pairs if limit is not None]

    def _call(self, function: str, onde: str, expr: str, limit: str, secret: bool) -> str:
        self.usa.add(function)
        args = ["onde" if self.in_type else texto(onde), expr, *([limit] if limit else [])]
        if secret or self.in_type:
            args.append("secreto=secreto" if self.in_type else "secreto=True")
        return f"{function}({', '.join(args)})"


def _raw(pattern: str) -> str:
    """A pattern as a raw literal where it can be one, so that it reads as in the spec."""
    quote = '"' if '"' not in pattern else "'"
    plain = pattern.isprintable() and quote not in pattern and not pattern.endswith("\\")
    return f"r{quote}{pattern}{quote}" if plain and "\\" in pattern else texto(pattern)
