"""A base dos objetos que mudam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import ClassVar

from .contratos import cumpre
from .transacao import em_transacao, transacao
from .violacoes import ModificacaoIndevida


@dataclass(slots=True, kw_only=True, eq=False)
class Objeto:
    """Um objeto com identidade, que só passa de um estado válido a outro."""

    _FIXOS: ClassVar[frozenset[str]] = frozenset()  # não mudam depois da criação
    _INTERNOS: ClassVar[frozenset[str]] = frozenset()  # só mudam pelos métodos

    _pronto: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        """Completa e confere o que o construtor recebeu."""
        with transacao():
            self._inicia()
            self._pronto = True
            self._liga()
            self._verifica()

    def __setattr__(self, nome: str, valor: object) -> None:
        """Muda um atributo, se ele pode mudar e o objeto continua válido."""
        if getattr(self, "_pronto", False):
            self._confere_permissao(nome)
            with transacao() as atual:
                atual.toca(self)
                self._atribui(nome, valor)
        else:
            object.__setattr__(self, nome, valor)

    def _confere_permissao(self, nome: str) -> None:
        if nome in self._FIXOS:
            raise AttributeError(f"{type(self).__name__}.{nome} não muda depois da criação")
        if nome in self._INTERNOS and not em_transacao():
            raise AttributeError(f"{type(self).__name__}.{nome} só muda pelos métodos")

    def _atribui(self, nome: str, valor: object) -> None:
        object.__setattr__(self, nome, valor)

    def _inicia(self) -> None:
        """Completa o que o construtor não recebe."""

    def _liga(self) -> None:
        """Avisa os objetos do outro lado das relações."""

    def _verifica(self) -> None:
        """Confere valores, relações e invariantes."""

    def _fotografia(self) -> Callable[[], None]:
        valores = self._valores()

        def volta() -> None:
            for nome, valor in valores.items():
                object.__setattr__(self, nome, valor)

        return volta

    def _valores(self) -> dict[str, object]:
        return {campo.name: getattr(self, campo.name) for campo in fields(self)}

    def _quadro(self) -> dict[str, object]:
        """O que o objeto é agora, para saber depois o que mudou."""
        return self._valores()

    def _mudou_so(self, onde: str, antes: Mapping[str, object], *permitidos: str) -> None:
        """Confere que nada mudou desde `antes`, além do permitido."""
        agora = self._quadro()
        outros = {
            nome: agora[nome]
            for nome in antes
            if agora[nome] != antes[nome] and nome not in permitidos
        }
        cumpre(
            ModificacaoIndevida,
            onde,
            "modifica",
            f"só muda: {', '.join(permitidos) or 'nada'}",
            not outros,
            outros,
        )
