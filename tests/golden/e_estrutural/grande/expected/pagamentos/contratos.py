"""Contratos em tempo de execução: ligar, desligar, conferir."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from .violacoes import ViolacaoDeContrato

_ATIVOS = ContextVar("contratos_ativos", default=True)


def ativos() -> bool:
    """Se pré-condições, pós-condições, invariantes e quadros de modificação são verificados."""
    return _ATIVOS.get()


@contextmanager
def contratos(*, ativos: bool) -> Iterator[None]:
    """Liga ou desliga a verificação no bloco; limites e erros declarados valem sempre."""
    marca = _ATIVOS.set(ativos)
    try:
        yield
    finally:
        _ATIVOS.reset(marca)


def cumpre(
    violacao: type[ViolacaoDeContrato],
    onde: str,
    contrato: str,
    condicao: str,
    vale: bool,
    valores: Mapping[str, object] | None = None,
    mensagem: str = "",
) -> None:
    """Levanta a violação quando a condição não vale."""
    if not vale:
        raise violacao(onde, contrato, condicao, valores, mensagem)
