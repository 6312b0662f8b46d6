"""Um cofrinho guarda moedas até ser quebrado."""

from .cofrinho import Cofrinho
from .contratos import contratos
from .enumeracoes import EstadoCofrinho
from .erros import CofrinhoVazio
from .violacoes import (
    EstadoInvalido,
    InvarianteViolada,
    PosCondicaoViolada,
    PreCondicaoViolada,
    ValorInvalido,
    ViolacaoDeContrato,
)

__all__ = [
    "Cofrinho",
    "CofrinhoVazio",
    "EstadoCofrinho",
    "EstadoInvalido",
    "InvarianteViolada",
    "PosCondicaoViolada",
    "PreCondicaoViolada",
    "ValorInvalido",
    "ViolacaoDeContrato",
    "contratos",
]
