"""Núcleo de pagamentos."""

from .cliente import Cliente, Conta
from .cobranca import Cobranca, Parcela
from .constantes import LIMITE_DIARIO, TAXA_ATRASO
from .conta_corrente import ContaCorrente
from .conta_poupanca import ContaPoupanca
from .contratos import contratos
from .enumeracoes import EstadoConta, Risco, Situacao, TipoConta
from .erros import ContaBloqueada, ErroDePagamento, LimiteExcedido, SaldoInsuficiente
from .lancamento import Lancamento
from .portas import Relogio, RelogioDoSistema
from .relacoes import Colecao
from .tipos import Dinheiro, Documento, Email, ValorPositivo
from .violacoes import (
    EstadoInvalido,
    InvarianteViolada,
    PosCondicaoViolada,
    PreCondicaoViolada,
    ValorInvalido,
    ViolacaoDeContrato,
)

__all__ = [
    "LIMITE_DIARIO",
    "TAXA_ATRASO",
    "Cliente",
    "Cobranca",
    "Colecao",
    "Conta",
    "ContaBloqueada",
    "ContaCorrente",
    "ContaPoupanca",
    "Dinheiro",
    "Documento",
    "Email",
    "ErroDePagamento",
    "EstadoConta",
    "EstadoInvalido",
    "InvarianteViolada",
    "Lancamento",
    "LimiteExcedido",
    "Parcela",
    "PosCondicaoViolada",
    "PreCondicaoViolada",
    "Relogio",
    "RelogioDoSistema",
    "Risco",
    "SaldoInsuficiente",
    "Situacao",
    "TipoConta",
    "ValorInvalido",
    "ValorPositivo",
    "ViolacaoDeContrato",
    "contratos",
]
