"""Bodies of methods as commands: what the simulation runs and what the generator prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workers.expressao.arvore import Campo, ChamadaMetodo, No


@dataclass(frozen=True, slots=True)
class Comando:
    """One command."""


@dataclass(frozen=True, slots=True)
class Retorna(Comando):
    """End, with a value where the method returns one."""

    valor: No | None


@dataclass(frozen=True, slots=True)
class Atribui(Comando):
    """New values of attributes, all computed before the first one changes."""

    partes: tuple[tuple[Campo, No], ...]


@dataclass(frozen=True, slots=True)
class Define(Comando):
    """A local name; `nova` when it is its first value."""

    nome: str
    valor: No
    nova: bool


@dataclass(frozen=True, slots=True)
class Anexa(Comando):
    """One more element at the end of a list or a relation."""

    lista: Campo
    item: No


@dataclass(frozen=True, slots=True)
class Retira(Comando):
    """One element less of a list or a relation; ValueError where it is not in it."""

    lista: Campo
    item: No


@dataclass(frozen=True, slots=True)
class Executa(Comando):
    """A call whose value nobody wants."""

    chamada: ChamadaMetodo


@dataclass(frozen=True, slots=True)
class Se(Comando):
    """A choice."""

    se: No
    entao: tuple[Comando, ...]
    senao: tuple[Comando, ...]


@dataclass(frozen=True, slots=True)
class ParaCada(Comando):
    """Once for each element."""

    nome: str
    em: No
    passos: tuple[Comando, ...]


@dataclass(frozen=True, slots=True)
class Lanca(Comando):
    """Raise an error."""

    erro: str
    dados: tuple[tuple[str, No], ...]
    mensagem: str = ""


def todos_comandos(comandos: tuple[Comando, ...]) -> Iterator[Comando]:
    """The commands and those inside them, in the order of the text."""
    for command in comandos:
        yield command
        match command:
            case Se(entao=entao, senao=senao):
                yield from todos_comandos(entao)
                yield from todos_comandos(senao)
            case ParaCada(passos=passos):
                yield from todos_comandos(passos)


def termina(comandos: tuple[Comando, ...]) -> bool:
    """Whether every way through the commands ends with Retorna or Lanca."""
    if not comandos:
        return False
    match comandos[-1]:
        case Retorna() | Lanca():
            return True
        case Se(entao=entao, senao=senao):
            return termina(entao) and termina(senao)
    return False


def nos(comando: Comando) -> Iterator[No]:
    """The expressions of one command, those of commands inside it left out."""
    match comando:
        case Retorna(valor=valor):
            yield from () if valor is None else (valor,)
        case Atribui(partes=partes):
            yield from (value for _, value in partes)
        case Define(valor=valor):
            yield valor
        case Anexa(lista=lista, item=item) | Retira(lista=lista, item=item):
            yield from (lista, item)
        case Executa(chamada=chamada):
            yield chamada
        case Se(se=se):
            yield se
        case ParaCada(em=em):
            yield em
        case Lanca(dados=dados):
            yield from (value for _, value in dados)
