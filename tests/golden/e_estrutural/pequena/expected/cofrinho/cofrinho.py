"""Cofrinho."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .contratos import ativos, cumpre
from .enumeracoes import EstadoCofrinho
from .erros import CofrinhoVazio
from .objeto import Objeto
from .transacao import atomico
from .valores import exige_minimo, exige_opcao, exige_tipo
from .violacoes import EstadoInvalido, PosCondicaoViolada


@dataclass(slots=True, kw_only=True, eq=False)
class Cofrinho(Objeto):
    """Guarda centavos.

    Atributos:
        saldo: Quanto está guardado; mínimo 0, centavos.
        estado: Estado no ciclo de vida.
    """

    _INTERNOS: ClassVar[frozenset[str]] = frozenset({"estado"})
    _TRANSICOES: ClassVar[Mapping[EstadoCofrinho, Mapping[str, EstadoCofrinho]]] = {
        EstadoCofrinho.INTEIRO: {
            "guardar": EstadoCofrinho.INTEIRO,
            "quebrar": EstadoCofrinho.QUEBRADO,
        },
        EstadoCofrinho.QUEBRADO: {},
    }

    saldo: int = 0
    estado: EstadoCofrinho = EstadoCofrinho.INTEIRO

    @atomico
    def guardar(self, moeda: int) -> None:
        """Põe uma moeda no cofrinho.

        Requisito: R-1.

        Permitido em: inteiro.

        Parâmetros:
            moeda: um de 1, 5, 10, 25, 50, 100.

        Pós-condições:
            POS1: self.saldo == antigo(self.saldo) + moeda
        """
        exige_tipo("Cofrinho.guardar: moeda", moeda, int)
        exige_opcao("Cofrinho.guardar: moeda", moeda, (1, 5, 10, 25, 50, 100))
        proximo = self._proximo("guardar")
        saldo_antigo = self.saldo
        antes = self._quadro()
        self._guardar(moeda=moeda)
        self.estado = proximo
        if ativos():
            cumpre(
                PosCondicaoViolada,
                "Cofrinho.guardar",
                "POS1",
                "self.saldo == antigo(self.saldo) + moeda",
                self.saldo == saldo_antigo + moeda,
                {"self.saldo": self.saldo, "antigo(self.saldo)": saldo_antigo, "moeda": moeda},
            )
            self._mudou_so("Cofrinho.guardar", antes, "saldo", "estado")

    def _guardar(self, moeda: int) -> None:
        self.saldo += moeda

    @atomico
    def quebrar(self) -> int:
        """Quebra o cofrinho e devolve tudo.

        Requisito: R-2.

        Permitido em: inteiro.

        Pós-condições:
            POS1: resultado == antigo(self.saldo)
            POS2: self.saldo == 0

        Levanta:
            CofrinhoVazio: self.saldo == 0 (E1)
        """
        proximo = self._proximo("quebrar")
        if self.saldo == 0:
            raise CofrinhoVazio
        saldo_antigo = self.saldo
        antes = self._quadro()
        resultado = self._quebrar()
        self.estado = proximo
        if ativos():
            exige_tipo("Cofrinho.quebrar: resultado", resultado, int)
            exige_minimo("Cofrinho.quebrar: resultado", resultado, 1)
            cumpre(
                PosCondicaoViolada,
                "Cofrinho.quebrar",
                "POS1",
                "resultado == antigo(self.saldo)",
                resultado == saldo_antigo,
                {"resultado": resultado, "antigo(self.saldo)": saldo_antigo},
            )
            cumpre(
                PosCondicaoViolada,
                "Cofrinho.quebrar",
                "POS2",
                "self.saldo == 0",
                self.saldo == 0,
                {"self.saldo": self.saldo},
            )
            self._mudou_so("Cofrinho.quebrar", antes, "saldo", "estado")
        return resultado

    def _quebrar(self) -> int:
        saldo_antigo = self.saldo
        self.saldo = 0
        return saldo_antigo

    def _verifica(self) -> None:
        exige_tipo("Cofrinho.saldo", self.saldo, int)
        exige_minimo("Cofrinho.saldo", self.saldo, 0)
        exige_tipo("Cofrinho.estado", self.estado, EstadoCofrinho)

    def _proximo(self, metodo: str) -> EstadoCofrinho:
        """O estado depois do método; EstadoInvalido quando o atual não o permite."""
        proximo = self._TRANSICOES[self.estado].get(metodo)
        if proximo is None:
            onde = f"{type(self).__name__}.{metodo}"
            raise EstadoInvalido(onde, "estados", f"não se permite em {self.estado.value}")
        return proximo
