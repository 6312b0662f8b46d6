"""Enumerações."""

from __future__ import annotations

from enum import Enum


class Risco(Enum):
    """Risco."""

    BAIXO = "baixo"
    MEDIO = "medio"
    ALTO = "alto"


class Situacao(Enum):
    """Situação de uma cobrança."""

    ABERTA = "aberta"
    CANCELADA = "cancelada"
    PAGA = "paga"


class TipoConta(Enum):
    """TipoConta."""

    CORRENTE = "corrente"
    POUPANCA = "poupanca"


class EstadoConta(Enum):
    """Estados de Conta."""

    ATIVA = "ativa"
    BLOQUEADA = "bloqueada"
    ENCERRADA = "encerrada"
