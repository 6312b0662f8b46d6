"""YAML as people write specs: plain data, the line of every value, and nothing that a reader could misread.

Words mean what YAML 1.2's core schema says: `no`, `on`, `22:30`, `2026-01-31`, `0123` are texts; `true`, `12`, `1e3`
are not. Refused, each with its line: anchors and aliases (a few lines of them can stand for gigabytes), tags other
than !!str, a key that appears twice, more than one document, deep nesting, control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from contratos.problems import Malformed, Problema, dotted

type Path = tuple[str | int, ...]

MAX_CHARACTERS = 1024 * 1024
MAX_DEPTH = 64
MAX_FAULTS = 20  # a file with more is told so many; a megabyte of aliases is no list to read
STR_TAG = "tag:yaml.org,2002:str"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, ten times faster where libyaml is there
CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,999})")
OTHER_INT = re.compile(r"0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", "+.inf", ".Inf", "+.Inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf"), float("-inf")),
}


@dataclass(frozen=True, slots=True)
class Documento:
    """A document: its value, and for each path in it the line (from 1) and, for a bare word, what was written."""

    valor: Any
    linhas: dict[Path, int]
    escrito: dict[Path, str]


@dataclass(slots=True)
class _Aberto:
    """A map or list that is being read."""

    onde: Path
    valor: dict[str, Any] | list[Any]
    linha: int
    chave: str | None = None
    chaves: dict[str, int] = field(default_factory=dict)  # key -> its line


def ler(texto: str, arquivo: str) -> Documento:
    """The document in `texto`, or Malformed with file and line."""
    _check_text(texto, arquivo)
    reader = _Reader(arquivo)
    for event in _events(texto, arquivo):
        reader.take(event)
    if reader.faults:
        raise Malformed(reader.faults)
    return Documento(reader.valor, reader.linhas, reader.escrito)


def campo_de_topo(texto: str, arquivo: str, nome: str) -> str | None:
    """The text of the scalar `nome` of the outermost map, read no further than that; None where there is none."""
    _check_text(texto, arquivo)
    depth, key = 0, None
    for event in _events(texto, arquivo):
        if isinstance(event, yaml.CollectionStartEvent):
            depth, key = depth + 1, None
            if depth == 1 and not isinstance(event, yaml.MappingStartEvent):
                return None
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif depth == 1 and isinstance(event, yaml.ScalarEvent):
            if key == nome:
                return str(event.value)
            key = None if key is not None else event.value
        elif depth == 1:  # an alias: a key or a value of no interest here
            key = None
    return None


def _check_text(texto: str, arquivo: str) -> None:
    if len(texto) > MAX_CHARACTERS:
        raise Malformed([Problema("(document)", f"is longer than {MAX_CHARACTERS} characters", arquivo)])
    if wrong := CONTROL.search(texto.removeprefix("\ufeff")):
        line = texto.count("\n", 0, wrong.start()) + 1
        raise Malformed([Problema("(document)", f"the character {wrong[0]!r} is not allowed", arquivo, line)])


def _events(texto: str, arquivo: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(texto.removeprefix("\ufeff"), Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(filter(None, (error.context, error.problem)))
        message = f"is not YAML: {said}"
        raise Malformed([Problema("(document)", message, arquivo, mark.line + 1 if mark else None)]) from None


class _Reader:
    """Builds the value from the parser's events without recursion; collects faults, does not stop at the first."""

    def __init__(self, arquivo: str) -> None:
        self.arquivo = arquivo
        self.valor: Any = None
        self.linhas: dict[Path, int] = {}
        self.escrito: dict[Path, str] = {}
        self.faults: list[Problema] = []
        self._abertos: list[_Aberto] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """One event of the parser."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:  # noqa: PLR2004 - the second one
                self._fault("a second document ('---') begins here; a file holds one", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._abertos.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            kind = "the alias *" if isinstance(event, yaml.AliasEvent) else "the anchor &"
            self._fault(f"{kind}{event.anchor} is not accepted: write the value out", line)
        tag = getattr(event, "tag", None)
        if tag not in {None, "!", STR_TAG}:
            self._fault(f"the tag {tag} is not accepted; only !!str is", line)
        parent = self._abertos[-1] if self._abertos else None
        if parent is not None and isinstance(parent.valor, dict) and parent.chave is None:
            self._key(parent, event, line)
            return
        onde = self._place(parent, line)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._abertos) >= MAX_DEPTH:
                fault = Problema("(document)", f"is nested deeper than {MAX_DEPTH} levels", self.arquivo, line)
                raise Malformed([*self.faults, fault])
            value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._put(parent, value)
            self._abertos.append(_Aberto(onde, value, line))
        else:
            self._put(parent, self._scalar(event, onde))

    def _key(self, parent: _Aberto, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise Malformed([*self.faults, self._problem("a key must be a word, not a list or a map", line)])
        key = event.value
        if key in parent.chaves:
            self._fault(f"the key {key!r} is here twice (first in line {parent.chaves[key]})", line)
        parent.chaves[key] = line
        parent.chave = key

    def _place(self, parent: _Aberto | None, line: int) -> Path:
        """Where the next value stands; its line is that of its key, where it has one."""
        if parent is None:
            onde: Path = ()
        elif isinstance(parent.valor, list):
            onde = (*parent.onde, len(parent.valor))
        else:
            assert parent.chave is not None
            onde, line = (*parent.onde, parent.chave), parent.chaves[parent.chave]
        self.linhas[onde] = line
        return onde

    def _put(self, parent: _Aberto | None, value: Any) -> None:
        if parent is None:
            self.valor = value if self._documents == 1 else self.valor
        elif isinstance(parent.valor, list):
            parent.valor.append(value)
        else:
            assert parent.chave is not None
            parent.valor[parent.chave] = value
            parent.chave = None

    def _scalar(self, event: yaml.NodeEvent, onde: Path) -> Any:
        if not isinstance(event, yaml.ScalarEvent):  # an alias, refused above
            return None
        if not event.implicit[0]:  # quoted, a block, or tagged !!str
            return event.value
        value = plain(event.value)
        if not isinstance(value, str):
            self.escrito[onde] = event.value
        return value

    def _fault(self, message: str, line: int) -> None:
        self.faults.append(self._problem(message, line))
        if len(self.faults) == MAX_FAULTS:
            raise Malformed(self.faults)

    def _problem(self, message: str, line: int) -> Problema:
        inner = self._abertos[-1] if self._abertos else None
        here = () if inner is None else inner.onde if inner.chave is None else (*inner.onde, inner.chave)
        return Problema(dotted(here) or "(document)", message, self.arquivo, line)


def plain(texto: str) -> Any:
    """What a bare word means (YAML 1.2 core schema). A number with leading zeros is a text: a postcode, an account."""
    if texto in WORDS:
        return WORDS[texto]
    if INT.fullmatch(texto):
        return int(texto)
    if OTHER_INT.fullmatch(texto):
        return int(texto, 0)
    if FLOAT.fullmatch(texto):
        return float(texto)
    return texto
