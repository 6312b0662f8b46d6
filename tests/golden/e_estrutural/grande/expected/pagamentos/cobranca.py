"""Cobranca e Parcela."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar

from .constantes import TAXA_ATRASO
from .contratos import ativos, cumpre
from .enumeracoes import Risco, Situacao
from .relacoes import Associado, Colecao
from .tipos import ValorPositivo, exige_valor_positivo
from .transacao import atomico
from .valores import (
    arredonda,
    exige_maximo,
    exige_minimo,
    exige_quantidade,
    exige_tamanho_min,
    exige_tipo,
    exige_todos,
    ligado,
)
from .violacoes import EstadoInvalido, InvarianteViolada


@dataclass(slots=True, kw_only=True, eq=False)
class Cobranca(Associado):
    """O que alguém deve, em parcelas.

    Atributos:
        codigo: tamanho mínimo 1.
        parcelas: 1 a muitos de Parcela.

    Invariantes:
        I1: Toda parcela tem valor: all(p.valor > 0 for p in self.parcelas)
    """

    _INTERNOS: ClassVar[frozenset[str]] = frozenset({"situacao"})
    _INVERSAS: ClassVar[Mapping[str, str]] = {"parcelas": "_cobranca"}
    _TRANSICOES: ClassVar[Mapping[Situacao, Mapping[str, Situacao]]] = {
        Situacao.ABERTA: {"cancelar": Situacao.CANCELADA, "pagar": Situacao.PAGA},
        Situacao.CANCELADA: {},
        Situacao.PAGA: {},
    }

    codigo: str
    vencimento: date
    situacao: Situacao = Situacao.ABERTA
    parcelas: Colecao[Parcela] = field(repr=False)

    @atomico
    def cancelar(self) -> None:
        """Cancelar.

        Permitido em: ABERTA.
        """
        proximo = self._proximo("cancelar")
        self.situacao = proximo

    @atomico
    def pagar(self) -> None:
        """Pagar.

        Permitido em: ABERTA.
        """
        proximo = self._proximo("pagar")
        self.situacao = proximo

    def risco(self, dias_de_atraso: int) -> Risco:
        """Risco.

        Parâmetros:
            dias_de_atraso: mínimo 0.
        """
        exige_tipo("Cobranca.risco: dias_de_atraso", dias_de_atraso, int)
        exige_minimo("Cobranca.risco: dias_de_atraso", dias_de_atraso, 0)
        if dias_de_atraso <= 5:
            return Risco.BAIXO
        if dias_de_atraso <= 30:
            return Risco.MEDIO
        return Risco.ALTO

    def total(self) -> Decimal:
        """Total."""
        return sum((p.valor for p in self.parcelas), Decimal(0))

    def valor_em(self, dia: date) -> Decimal:
        """Total com multa quando atrasada."""
        exige_tipo("Cobranca.valor_em: dia", dia, date)
        if dia <= self.vencimento:
            return sum((p.valor for p in self.parcelas), Decimal(0))
        return arredonda(sum((p.valor for p in self.parcelas), Decimal(0)) * (1 + TAXA_ATRASO), 2)

    def _inicia(self) -> None:
        self.parcelas = Colecao(self.parcelas, self, "_cobranca")

    def _verifica(self) -> None:
        exige_tipo("Cobranca.codigo", self.codigo, str)
        exige_tamanho_min("Cobranca.codigo", self.codigo, 1)
        exige_tipo("Cobranca.vencimento", self.vencimento, date)
        exige_tipo("Cobranca.situacao", self.situacao, Situacao)
        exige_todos("Cobranca.parcelas", self.parcelas, Parcela)
        exige_quantidade("Cobranca.parcelas", self.parcelas, 1, None)
        if ativos():
            cumpre(
                InvarianteViolada,
                "Cobranca",
                "I1",
                "all(p.valor > 0 for p in self.parcelas)",
                all(p.valor > 0 for p in self.parcelas),
                {},
                "Toda parcela tem valor.",
            )

    def _proximo(self, metodo: str) -> Situacao:
        """O estado depois do método; EstadoInvalido quando o atual não o permite."""
        proximo = self._TRANSICOES[self.situacao].get(metodo)
        if proximo is None:
            onde = f"{type(self).__name__}.{metodo}"
            raise EstadoInvalido(onde, "estados", f"não se permite em {self.situacao.value}")
        return proximo


@dataclass(slots=True, kw_only=True, eq=False)
class Parcela(Associado):
    """Parcela.

    Atributos:
        numero: mínimo 1, máximo 48.
        valor: mínimo 0, maior que 0, até 2 casas, BRL.
        cobranca: 1 de Cobranca.
    """

    _INVERSAS: ClassVar[Mapping[str, str]] = {"_cobranca": "parcelas"}

    numero: int
    valor: ValorPositivo
    _cobranca: Cobranca | None = field(default=None, init=False, repr=False)

    @property
    def cobranca(self) -> Cobranca:
        """Cobranca."""
        return ligado("Parcela.cobranca", self._cobranca)

    def _verifica(self) -> None:
        exige_tipo("Parcela.numero", self.numero, int)
        exige_minimo("Parcela.numero", self.numero, 1)
        exige_maximo("Parcela.numero", self.numero, 48)
        exige_valor_positivo("Parcela.valor", self.valor)
