"""Methods that call themselves whatever happens: they never end, and no test would."""

from __future__ import annotations

from collections.abc import Iterator

from workers.estrutura.comandos import ParaCada, Se, nos
from workers.estrutura.falhas import Falhas
from workers.estrutura.modelo import Classe, Metodo
from workers.expressao.arvore import ChamadaMetodo, Compreensao, Condicional, Logica, No, Variavel, filhos
from workers.grafos import components

SOMETIMES = (Condicional, Logica, Compreensao)
"""Expressions that may leave a part of themselves undone."""


def recusar_sem_fim(classe: Classe, falhas: Falhas) -> None:
    """Note the methods of an object that lead back to themselves by calls of self that no condition guards."""
    methods = {m.nome: m for m in classe.todos_metodos}
    arcs = {name: [called for called in _always_called(m) if called in methods] for name, m in methods.items()}
    for circle in components(arcs):
        if len(circle) > 1 or circle[0] in arcs[circle[0]]:
            first = next((methods[name] for name in sorted(circle) if methods[name].origem == classe.nome), None)
            if first:  # else it was noted at the class that it comes from
                who = "it calls itself" if len(circle) == 1 else f"{', '.join(sorted(circle))} call one another"
                falhas.diz(f"{first.caminho}.corpo", f"never ends: {who} whatever the arguments are")


def _always_called(metodo: Metodo) -> Iterator[str]:
    for command in metodo.corpo.comandos if metodo.corpo else ():
        if isinstance(command, Se | ParaCada):
            return  # what comes after it may not be reached
        yield from (name for node in nos(command) for name in _calls(node))


def _calls(no: No) -> Iterator[str]:
    if isinstance(no, SOMETIMES):
        return
    if isinstance(no, ChamadaMetodo) and isinstance(no.de, Variavel) and no.de.nome == "self":
        yield no.metodo
    for child in filhos(no):
        yield from _calls(child)
