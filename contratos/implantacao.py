"""Implantacao: one deployment of one release (collection `implantacoes`), step by step."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from contratos.base import Contrato


class EstadoImplantacao(StrEnum):
    """How a deployment ended."""

    ATIVA = "ativa"  # it runs, and was healthy after the switch
    FALHOU = "falhou"  # it never ran, or was taken away and there was no former version; a former one was not touched
    REVERTIDA = "revertida"  # it was switched to, found unhealthy, and the former version is back
    SUBSTITUIDA = "substituida"  # a newer deployment of the same application took its place


class Passo(Contrato):
    """One step of a deployment, as one attempt of the item went through it."""

    passo: str = Field(min_length=1, description="conferir, desempacotar, provar, trocar, saude, reverter, podar")
    tentativa: int = Field(ge=0, description="The claim of the item (its fencing number) in which the step was made")
    inicio: datetime = Field(description="When it began, by the server's clock")
    fim: datetime | None = Field(default=None, description="When it ended; null: its process was killed in it")
    resultado: Literal["em_curso", "feito", "nada_a_fazer", "falhou", "interrompido"] = Field(
        description="em_curso when begun; nada_a_fazer when an earlier attempt had done it; interrompido: not judged"
    )
    detalhe: str = Field(default="", description="What was done or found, for people")


class Verificacao(Contrato):
    """One thing that was checked of a version."""

    nome: str = Field(min_length=1, description="hashes, importacao, fumaca (smoke test), saude")
    passou: bool = Field(description="Whether it held")
    detalhe: str = Field(default="", description="What was found, for people")
    duracao_s: float | None = Field(
        default=None, ge=0, description="Seconds that the code ran, where that was measured"
    )
    sandbox: str = Field(default="", description="Where the code was run: docker, local; empty: nothing was run")


class Implantacao(Contrato):
    """One deployment: what was made current where, what it took the place of, and whether it stayed."""

    id: str = Field(min_length=1, max_length=200, description="Identity, derived from the item that asked for it")
    release_ref: str = Field(min_length=1, description="`id` of the release")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="`digest` of the release")
    aplicacao: str = Field(min_length=1, description="What is replaced by its next version: the `id` of the spec")
    ambiente: str = Field(min_length=1, description="Where it was deployed")
    url: str | None = Field(default=None, description="Where to look at it: `file:` of the current version's folder")
    versao: str = Field(description="Folder of the version, below FABRICA_DADOS")
    estado: EstadoImplantacao = Field(description="How it ended")
    motivo: str = Field(default="", description="Why it is not ativa")
    anterior: str | None = Field(default=None, description="`id` of the former healthy release, kept for rollback")
    geracao: int = Field(ge=1, description="Place among the deployments of the application here: 1, 2, 3, ...")
    passos: tuple[Passo, ...] = Field(default=(), description="Every step of every attempt, in order")
    verificacoes: tuple[Verificacao, ...] = Field(default=(), description="What was checked in the last attempt")
    criado_em: datetime | None = Field(default=None, description="When it was recorded, by the server's clock")
