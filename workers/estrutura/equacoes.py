"""A body read off the postconditions, where these are equations: 'resultado == e', 'self.x == antigo(self.x) + e'.

Whatever no equation speaks of stays as it is (the frame). An equation's right side may look at the state before the
call
(antigo), at parameters, and at attributes after the call; these are replaced by their own equations.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from workers import names
from workers.estrutura.comandos import Atribui, Comando, Define, Retorna
from workers.estrutura.modelo import Metodo
from workers.expressao.arvore import (
    BOOL,
    Antigo,
    Campo,
    Clausula,
    Comparacao,
    Literal,
    Logica,
    No,
    Unaria,
    Variavel,
    todos,
)
from workers.expressao.impressor import nome_antigo

type Equacoes = dict[str, tuple[Campo, No]]


class SemEquacao(Exception):
    """Why the postconditions do not say what to do."""


def corpo_das_equacoes(metodo: Metodo, fixos: frozenset[str]) -> tuple[Comando, ...]:
    """The commands that make all equations true. SemEquacao says what is missing.

    fixos: attributes and relations of the object that get no new value by assignment.
    """
    result, changes = _equations(metodo, fixos)
    if metodo.retorna and result is None:
        raise SemEquacao("no postcondition says 'resultado == ...'")
    unsaid = [name for name in metodo.modifica or () if name not in changes]
    if unsaid:
        raise SemEquacao(f"no postcondition says what {', '.join(f'self.{name}' for name in unsaid)} becomes")
    if not changes and not metodo.retorna:
        raise SemEquacao("no postcondition is an equation such as 'self.x == antigo(self.x) + 1'")
    parts = tuple(
        (target, _before(_solved(value, changes, (name,)))) for name, (target, value) in sorted(changes.items())
    )
    assignments: tuple[Comando, ...] = (Atribui(parts),) if parts else ()
    if result is None:
        return assignments
    saved, value = _saved(result, set(changes), {p.nome for p in metodo.parametros})
    return (*saved, *assignments, Retorna(value))


def _equations(metodo: Metodo, fixos: frozenset[str]) -> tuple[No | None, Equacoes]:
    """The right sides, of the result and of each attribute; the first equation for each counts, the rest are checks."""
    result: No | None = None
    changes: Equacoes = {}
    for condition in metodo.pos:
        for part in _conjuncts(condition.no):
            sides = _sides(part)
            for left, right in (sides, sides[::-1]) if sides else ():
                if isinstance(left, Variavel) and left.nome == "resultado" and not _looks_at_result(right):
                    result = result or right
                    break
                if isinstance(left, Campo) and _own(left) and left.nome not in fixos and not _looks_at_result(right):
                    changes.setdefault(left.nome, (left, right))
                    break
    return result, {name: pair for name, pair in changes.items() if not _unchanged(*pair)}


def _sides(no: No) -> tuple[No, ...]:
    """The two sides of an equation; 'self.ativo', 'not self.ativo' and 'self.fim is None' are equations too."""
    match no:
        case Comparacao(operandos=(_, _), ops=("==",)) | Comparacao(operandos=(_, Literal(valor=None)), ops=("is",)):
            return no.operandos
        case Campo(tipo=tipo) if tipo == BOOL:
            return no, Literal(BOOL, valor=True)
        case Unaria(op="not", de=Campo(tipo=tipo) as field) if tipo == BOOL:
            return field, Literal(BOOL, valor=False)
    return ()


def _unchanged(target: Campo, value: No) -> bool:
    """'self.x == antigo(self.x)'."""
    return isinstance(value, Antigo) and value.de == target


def _conjuncts(no: No) -> list[No]:
    if isinstance(no, Logica) and no.op == "and":
        return [inner for part in no.partes for inner in _conjuncts(part)]
    return [no]


def _own(no: Campo) -> bool:
    return isinstance(no.de, Variavel) and no.de.nome == "self"


def _looks_at_result(no: No) -> bool:
    return any(isinstance(part, Variavel) and part.nome == "resultado" for part in todos(no))


def _solved(no: No, changes: Equacoes, on_the_way: tuple[str, ...]) -> No:
    """Attributes after the call -> what their equations say."""

    def step(part: No) -> No | None:
        if isinstance(part, Antigo):
            return part
        if isinstance(part, Campo) and _own(part) and part.nome in changes:
            if part.nome in on_the_way:
                raise SemEquacao(f"the equation of self.{part.nome} leads back to itself")
            return _solved(changes[part.nome][1], changes, (*on_the_way, part.nome))
        return None

    return trocar(no, step)


def _before(no: No) -> No:
    """antigo(e) -> e: the commands compute all right sides before anything changes."""
    return trocar(no, lambda part: part.de if isinstance(part, Antigo) else None)


def _saved(no: No, changed: set[str], taken: set[str]) -> tuple[tuple[Comando, ...], No]:
    """A result that looks at both states: what it needs of the old one is kept in local names first."""
    kept: dict[No, str] = {}

    def step(part: No) -> No | None:
        if not isinstance(part, Antigo):
            return None
        if not any(isinstance(inner, Campo) and inner.nome in changed for inner in todos(part.de)):
            return part.de
        name = kept.setdefault(part.de, names.unique(nome_antigo(part.de), {*kept.values(), *taken}))
        return Variavel(part.tipo, name)

    value = trocar(no, step)
    return tuple(Define(name, old, nova=True) for old, name in kept.items()), value


def trocar(no: No, step: Any) -> No:
    """The tree with parts replaced: `step` gives the replacement of a node, or None to look inside it."""
    new = step(no)
    if new is not None:
        return new  # type: ignore[no-any-return] # what a step gives is a node
    return replace(no, **{f.name: _changed(getattr(no, f.name), step) for f in fields(no) if f.name != "tipo"})


def _changed(value: Any, step: Any) -> Any:
    if isinstance(value, No):
        return trocar(value, step)
    if isinstance(value, Clausula):
        return Clausula(value.nome, trocar(value.em, step), tuple(trocar(test, step) for test in value.ses))
    if isinstance(value, tuple):
        return tuple(_changed(part, step) for part in value)
    return value
