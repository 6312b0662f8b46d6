"""Mudanças que acontecem por inteiro ou não acontecem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class Mutavel(Protocol):
    """O que muda dentro de uma transação."""

    def _fotografia(self) -> Callable[[], None]: ...  # chamar o resultado faz voltar ao que é agora
    def _verifica(self) -> None: ...


class Transacao:
    """O que foi tocado desde o início da chamada externa, e como desfazer."""

    def __init__(self) -> None:
        self._tocados: dict[int, tuple[Mutavel, Callable[[], None]]] = {}

    def toca(self, alvo: Mutavel) -> None:
        """Lembra o que o alvo era, na primeira vez que vai mudar."""
        if id(alvo) not in self._tocados:
            self._tocados[id(alvo)] = (alvo, alvo._fotografia())

    def verifica(self) -> None:
        """Confere tudo o que foi tocado."""
        for alvo, _ in self._tocados.values():
            alvo._verifica()

    def desfaz(self) -> None:
        """Faz tudo voltar ao que era."""
        for _, volta in self._tocados.values():
            volta()


_ATUAL: ContextVar[Transacao | None] = ContextVar("transacao", default=None)


def em_transacao() -> bool:
    """Se um método está mudando objetos agora."""
    return _ATUAL.get() is not None


@contextmanager
def transacao() -> Iterator[Transacao]:
    """Abre uma transação, ou entra na que já está aberta; só a mais externa verifica e desfaz."""
    if aberta := _ATUAL.get():
        yield aberta
        return
    nova = Transacao()
    marca = _ATUAL.set(nova)
    try:
        yield nova
        nova.verifica()
    except BaseException:
        nova.desfaz()
        raise
    finally:
        _ATUAL.reset(marca)


def atomico(metodo: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Faz um método mudar tudo o que promete, ou nada."""

    @wraps(metodo)
    def executa(objeto: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with transacao():
            return metodo(objeto, *args, **kwargs)

    return executa
