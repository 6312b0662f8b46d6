"""Relações entre objetos, com os dois lados sempre em acordo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar, overload

from .objeto import Objeto
from .transacao import transacao


@dataclass(slots=True, kw_only=True, eq=False)
class Associado(Objeto):
    """Um objeto ligado a outros, que sabem dele quando a relação tem dois lados."""

    _INVERSAS: ClassVar[Mapping[str, str]] = {}  # relação -> relação do outro lado

    def _liga(self) -> None:
        for nome, inversa in self._INVERSAS.items():
            ponta = getattr(self, nome)
            for parceiro in ponta if isinstance(ponta, Colecao) else (ponta,):
                if isinstance(parceiro, Associado):
                    parceiro._prende(inversa, self)

    def _atribui(self, nome: str, valor: object) -> None:
        anterior = getattr(self, nome)
        object.__setattr__(self, nome, valor)
        inversa = self._INVERSAS.get(nome)
        if inversa and anterior is not valor:
            if isinstance(anterior, Associado):
                anterior._solta(inversa, self)
            if isinstance(valor, Associado):
                valor._prende(inversa, self)

    def _prende(self, nome: str, outro: Associado) -> None:
        """Registra o outro deste lado da relação; quem ocupava um lugar único é solto."""
        with transacao() as atual:
            atual.toca(self)
            ponta = getattr(self, nome)
            if isinstance(ponta, Colecao):
                ponta._inclui(outro)
            elif ponta is not outro:
                object.__setattr__(self, nome, outro)
                if isinstance(ponta, Associado):
                    ponta._solta(self._INVERSAS[nome], self)

    def _solta(self, nome: str, outro: object) -> None:
        """Esquece o outro deste lado da relação."""
        with transacao() as atual:
            atual.toca(self)
            ponta = getattr(self, nome)
            if isinstance(ponta, Colecao):
                ponta._exclui(outro)
            elif ponta is outro:
                object.__setattr__(self, nome, None)

    def _quadro(self) -> dict[str, object]:
        valores = self._valores()
        return {nome: tuple(v) if isinstance(v, Colecao) else v for nome, v in valores.items()}


T = TypeVar("T")


class Colecao(Sequence[T]):
    """Os objetos ligados a um dono, em ordem; `append` e `remove` avisam o outro lado."""

    __slots__ = ("_dono", "_inversa", "_itens")

    def __init__(
        self, itens: Iterable[T] = (), dono: Associado | None = None, inversa: str = ""
    ) -> None:
        self._itens: tuple[T, ...] = tuple(itens)
        self._dono = dono
        self._inversa = inversa  # a relação do outro lado, se houver

    def __len__(self) -> int:
        """Quantos são."""
        return len(self._itens)

    @overload
    def __getitem__(self, indice: int) -> T: ...

    @overload
    def __getitem__(self, indice: slice) -> tuple[T, ...]: ...

    def __getitem__(self, indice: int | slice) -> T | tuple[T, ...]:
        """Um dos objetos, ou uma fatia deles."""
        return self._itens[indice]

    def __repr__(self) -> str:
        """Os objetos, entre colchetes."""
        return repr(list(self._itens))

    def append(self, item: T) -> None:
        """Liga mais um objeto."""
        with transacao():
            self._muda((*self._itens, item))
            if self._inversa and isinstance(item, Associado) and self._dono is not None:
                item._prende(self._inversa, self._dono)

    def remove(self, item: T) -> None:
        """Desliga um objeto; ValueError quando ele não está ligado."""
        with transacao():
            self._exclui(item)
            if self._inversa and isinstance(item, Associado):
                item._solta(self._inversa, self._dono)

    def _inclui(self, item: T) -> None:
        if not any(outro is item for outro in self._itens):
            self._muda((*self._itens, item))

    def _exclui(self, item: object) -> None:
        lugar = self._itens.index(item)
        self._muda(self._itens[:lugar] + self._itens[lugar + 1 :])

    def _muda(self, itens: tuple[T, ...]) -> None:
        with transacao() as atual:
            atual.toca(self)
            self._itens = itens

    def _fotografia(self) -> Callable[[], None]:
        itens = self._itens

        def volta() -> None:
            self._itens = itens

        return volta

    def _verifica(self) -> None:
        if self._dono is not None:
            self._dono._verifica()
