"""A document of `eventos`: one change of state of one item."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from contratos.base import ContratoAberto


class Evento(ContratoAberto):
    """Append-only; per item numbered from 1 without a gap; `para` of one is `de` of the next."""

    id: str = Field(alias="_id", description="item `id` + ':' + seq")
    tipo: str = Field(description="The transition: criacao, consumo, conclusao, falha, desbloqueio, ...")
    item: str = Field(description="`id` of the item")
    item_tipo: str | None = Field(default=None, description="`tipo` of the item")
    seq: int = Field(ge=1, description="Number of the change, per item")
    de: str | None = Field(default=None, description="Status before; null at the creation")
    para: str = Field(description="Status after")
    timestamp: datetime = Field(description="By the server's clock, UTC; never before the item's last event")
    por: str = Field(description="Who: a daemon, a command's user, or `externo`")
    tentativa: int | None = Field(default=None, description="Attempt number, where there is one")
    motivo: str | None = Field(default=None, description="Why, where somebody said so")
    duracao_s: float | None = Field(default=None, description="Seconds between claim and end of the attempt")
    item_desbloqueado: str | None = Field(default=None, description="Events of `desbloqueio`: the item")
    item_que_desbloqueou: str | None = Field(
        default=None, description="Events of `desbloqueio`: what it had waited for last"
    )
