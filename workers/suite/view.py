"""A module of the suite as data: what the template puts down."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workers.rendering import Fonte, docstring, renderizar
from workers.suite.printing import Fontes

WIDTH = 88  # characters of a docstring's line

STDLIB = {
    "Decimal": "decimal",
    "ROUND_HALF_UP": "decimal",
    "isclose": "math",
    "date": "datetime",
    "datetime": "datetime",
    "timedelta": "datetime",
    "replace": "dataclasses",
    "Callable": "collections.abc",
    "Iterator": "collections.abc",
    "Sequence": "collections.abc",
    "contextmanager": "contextlib",
    "Any": "typing",
    "cast": "typing",
}
"""Names of the standard library that tests use -> module."""

INNER = frozenset({"RelacaoInvalida", "ChaveRepetida", "ModificacaoIndevida"})
"""Violations that the package's front does not show."""

HELPERS = frozenset({"arredonda", "coincide"})
"""Functions of conditions that Python does not have; the suite brings its own."""

STRATEGIES = "from hypothesis import strategies as st"


@dataclass(frozen=True, slots=True)
class Coluna:
    """A parameter of a test: name and annotation."""

    nome: str
    anotacao: str


@dataclass(frozen=True, slots=True)
class LinhaTeste:
    """One row of a test with parameters."""

    rotulo: str
    fontes: tuple[Fonte, ...]


@dataclass(frozen=True, slots=True)
class Parte:
    """A function or class of the module. `linhas`: its rows, when it is a test that runs once for each."""

    cabecalho: Fonte
    doc: Fonte
    corpo: tuple[Fonte, ...]
    decoradores: tuple[Fonte, ...] = ()
    colunas: tuple[Coluna, ...] = ()
    linhas: tuple[LinhaTeste, ...] = ()


@dataclass(slots=True)
class Modulo:
    """A module that grows; names of tests are made different from one another."""

    descricao: str
    fontes: Fontes
    usa_pytest: bool = False
    hypothesis: set[str] = field(default_factory=set)
    modulos: set[str] = field(default_factory=set)  # whole modules to import
    confere: set[str] = field(default_factory=set)  # methods whose contract is checked by a function of the module
    fecho: list[str] = field(default_factory=list)  # lines after everything
    partes: list[Parte] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)

    def teste(
        self,
        nome: str,
        doc: str,
        corpo: Iterable[str],
        colunas: Sequence[Coluna] = (),
        linhas: Sequence[tuple[str, Sequence[str]]] = (),
        decoradores: Iterable[str] = (),
    ) -> None:
        """One more test. `colunas` without `linhas`: the decorators give their values."""
        arguments = ", ".join(f"{c.nome}: {c.anotacao}" for c in colunas)
        self.funcao(self.livre(nome), arguments, "None", doc, corpo, decoradores, colunas if linhas else (), linhas)

    def funcao(
        self,
        nome: str,
        argumentos: str,
        retorna: str,
        doc: str,
        corpo: Iterable[str],
        decoradores: Iterable[str] = (),
        colunas: Sequence[Coluna] = (),
        linhas: Sequence[tuple[str, Sequence[str]]] = (),
    ) -> None:
        """One more function."""
        self.usa_pytest |= bool(linhas)
        self.partes.append(
            Parte(
                cabecalho=Fonte(f"def {nome}({argumentos}) -> {retorna}:"),
                doc=docstring(sentence(doc)),
                corpo=tuple(Fonte(line) for line in corpo),
                decoradores=tuple(Fonte(line) for line in decoradores),
                colunas=tuple(colunas),
                linhas=tuple(LinhaTeste(label, tuple(map(Fonte, sources))) for label, sources in _labelled(linhas)),
            )
        )

    def classe(self, cabecalho: str, doc: str, corpo: Iterable[str]) -> None:
        """One more class; `cabecalho` with its colon."""
        self.partes.append(Parte(Fonte(cabecalho), docstring(sentence(doc)), tuple(Fonte(line) for line in corpo)))

    def texto(self) -> str:
        """The module, not yet formatted."""
        return renderizar(
            "e_estrutural/test_modulo.py.j2",
            descricao=docstring(sentence(self.descricao)),
            importa=[Fonte(line) for line in self._imports()],
            fecho=[Fonte(line) for line in self.fecho],
            partes=self.partes,
        )

    def _imports(self) -> Iterable[str]:
        yield from (f"import {name}" for name in sorted(self.modulos))
        stdlib = sorted(name for name in self.fontes.usa if name in STDLIB)
        package = sorted(name for name in self.fontes.usa if name not in STDLIB.keys() | HELPERS | INNER)
        inner = sorted(INNER & self.fontes.usa)
        yield from (f"from {STDLIB[name]} import {name}" for name in stdlib)
        if self.usa_pytest:
            yield "import pytest"
        yield from (line for line in sorted(self.hypothesis) if line != STRATEGIES or self._draws())
        if package:
            yield f"from {self.fontes.modelo.pacote} import {', '.join(package)}"
        if inner:
            yield f"from {self.fontes.modelo.pacote}.violacoes import {', '.join(inner)}"
        yield from (f"from tests.{module} import {name}" for module, name in sorted(self.ajudas()))

    def _draws(self) -> bool:
        """Whether a strategy is made here, and not only in the helper module."""
        lines = (line for parte in self.partes for line in (*parte.decoradores, parte.cabecalho, *parte.corpo))
        return any(re.search(r"\bst\.", line) for line in lines)

    def ajudas(self) -> set[tuple[str, str]]:
        """(module, name) of the suite's helpers that are used."""
        return self.fontes.apoio | {("objetos", name) for name in HELPERS & self.fontes.usa}

    def livre(self, nome: str) -> str:
        """The name, or the first numbered one that no other test has."""
        free, number = nome, 2
        while free in self._taken:
            free, number = f"{nome}_{number}", number + 1
        self._taken.add(free)
        return free


def sentence(words: str) -> str:
    """Words of the spec as a docstring: on one line or more, the first letter a capital."""
    text = " ".join(words.split())
    return textwrap.fill(text[:1].upper() + text[1:], WIDTH)


def _labelled(rows: Sequence[tuple[str, Sequence[str]]]) -> Iterable[tuple[str, Sequence[str]]]:
    """The rows with labels that differ: pytest names tests by them."""
    taken: set[str] = set()
    for label, sources in rows:
        plain = "".join(c if c.isprintable() and c not in "[]:" else "_" for c in label)
        free, number = plain, 2
        while free in taken:
            free, number = f"{plain}_{number}", number + 1
        taken.add(free)
        yield free, sources
