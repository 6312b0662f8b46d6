"""Corrections of a spec: single changes of the expressions that say what a method does.

Code is made from the spec, so a defect in it is corrected where it stands, or the next generation brings it back.
Only the definition of the method in question is touched: its body and the conditions of its errors, never its contract.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contratos.problems import dotted
from workers.edits import edicoes

type Path = tuple[str | int, ...]

HEADER = "def corpo(self):\n"
DEFINING = ("corpo", "erros")
TEXTS = frozenset({"se", "retorna", "expressao", "faz", "em"})  # keys whose text is an expression or a statement
VALUES = frozenset({"muda", "dados"})  # maps of name -> expression
MOST = 400


@dataclass(frozen=True, slots=True)
class Correcao:
    """One change of a spec's text: at this path, this expression becomes that one. `custo`: likelier ones first."""

    caminho: Path
    de: str
    para: str
    custo: int

    def __str__(self) -> str:
        return f"{dotted(self.caminho)}: {self.de!r} -> {self.para!r}"

    def aplicada(self, documento: Mapping[str, Any]) -> dict[str, Any]:
        """The spec's document with the change made; the given one stays as it is."""
        changed = copy.deepcopy(dict(documento))
        place: Any = changed
        for step in self.caminho[:-1]:
            place = place[step]
        place[self.caminho[-1]] = self.para
        return changed


def correcoes(documento: Mapping[str, Any], classe: str, metodo: str) -> list[Correcao]:
    """Every single change of the method's definition, likeliest first; none when the spec does not define it."""
    found = [
        Correcao(path, text, new, cost)
        for path, text in _expressions(documento, classe, metodo)
        for new, cost in _changed(text)
    ]
    return sorted(found, key=lambda each: each.custo)[:MOST]


def with_example(documento: Mapping[str, Any], classe: str, metodo: str, exemplo: Mapping[str, Any]) -> dict[str, Any]:
    """The spec's document with one more example at a method that it defines; the given one stays as it is."""
    changed = copy.deepcopy(dict(documento))
    methods = changed["spec_poo"]["classes"][classe]["metodos"]
    definition = methods[metodo] = dict(methods[metodo] or {})
    present = definition.get("exemplos") or []
    definition["exemplos"] = [*(present if isinstance(present, list) else [present]), dict(exemplo)]
    return changed


def _expressions(documento: Mapping[str, Any], classe: str, metodo: str) -> Iterator[tuple[Path, str]]:
    name = owner(documento, classe, metodo)
    if name is None:
        return
    path: Path = ("spec_poo", "classes", name, "metodos", metodo)
    definition = documento["spec_poo"]["classes"][name]["metodos"][metodo]
    for part in DEFINING:
        if isinstance(definition, Mapping) and part in definition:
            yield from _texts(definition[part], (*path, part), expression=part == "corpo")


def owner(documento: Mapping[str, Any], classe: str, metodo: str) -> str | None:
    """The class that defines the method: the named one, or one that it specialises."""
    classes = (documento.get("spec_poo") or {}).get("classes") or {}
    seen: set[str] = set()
    name: str | None = classe
    while name is not None and name not in seen and isinstance(classes.get(name), Mapping):
        seen.add(name)
        methods = classes[name].get("metodos")
        if isinstance(methods, Mapping) and metodo in methods:
            return name
        name = classes[name].get("herda")
    return None


def _texts(value: Any, path: Path, *, expression: bool) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if expression:
            yield path, value
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _texts(each, (*path, place), expression=expression)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            inside = name in TEXTS or name in VALUES or (path[-1] in VALUES)
            yield from _texts(each, (*path, name), expression=inside or name in {"passos", "entao", "senao", "tabela"})


def _bare(text: str) -> str:
    """Without parentheses round the whole, which the edit put there in case it stands inside something."""
    inner = text.removeprefix("(").removesuffix(")")
    try:
        same = ast.dump(ast.parse(inner, mode="eval")) == ast.dump(ast.parse(text, mode="eval"))
    except SyntaxError:
        return text
    return inner if same else text


def _changed(text: str) -> Iterator[tuple[str, int]]:
    """The text with one thing changed, once as an expression, once as a statement: whichever it is."""
    for before, after in ((f"{HEADER}    return (", ")\n"), (f"{HEADER}    ", "\n")):
        program = f"{before}{text}{after}"
        try:
            edits = edicoes(program)
        except SyntaxError:
            continue
        for edit in edits:
            changed = edit.aplicada(program)
            if changed.startswith(before) and changed.endswith(after):
                new = _bare(changed[len(before) : len(changed) - len(after)])
                if new != text:
                    yield new, edit.custo
        return
