"""MetricaBuild: what one development, correction or deployment really took (collection `metricas_build`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from contratos.base import Contrato
from contratos.recursos import SpecRecursos


class Etapa(StrEnum):
    """What was done; effort of different kinds is never mixed in one fit."""

    DESENVOLVIMENTO = "desenvolvimento"
    CORRECAO = "correcao"
    IMPLANTACAO = "implantacao"


class MetricaVertente(Contrato):
    """What one worker did for one item."""

    vertente: str = Field(pattern="^[EPDIC]$", description="E, P, D, I or C.")
    pontos: float = Field(ge=0, description="Function points of the spec that belong to this vertente.")
    geracao_s: float = Field(ge=0, description="Seconds of generating and correcting.")
    testes_s: float = Field(ge=0, description="Seconds of running tests and gates, over all attempts.")
    execucao_s: float = Field(ge=0, description="Seconds of the last run of the suite, sandbox start included.")
    inicio_s: float | None = Field(default=None, ge=0, description="Seconds that the sandbox took to start, if known.")
    casos: int = Field(ge=0, description="Test cases in the suite.")
    casos_na_primeira: int = Field(ge=0, description="Of these, passed in the first run.")
    tentativas: int = Field(ge=0, le=3, description="Corrections made.")
    verde: bool = Field(description="Whether the last run passed.")
    memoria_pico_bytes: int | None = Field(default=None, ge=0, description="Peak memory of the suite's run.")
    cpu_s: float | None = Field(default=None, ge=0, description="CPU seconds of the suite's run.")
    tokens_llm: int = Field(default=0, ge=0, description="Tokens used by a model, in and out.")

    @property
    def passou_na_primeira(self) -> bool:
        """Whether no correction was needed."""
        return self.verde and self.tentativas == 0


class Previsto(Contrato):
    """What the budget had said, kept beside the truth so that every estimate can be judged later."""

    horas_dev: float = Field(ge=0)
    horas_dev_p90: float = Field(ge=0)
    horas_teste: float = Field(ge=0)
    horas_deploy: float = Field(ge=0)
    total: float = Field(ge=0)
    total_p90: float = Field(ge=0)
    parametros_versao: str = Field(description="Version of the parameters that priced it.")
    calibracao: str | None = Field(default=None, description="Calibration that priced it; null: published sets.")

    @classmethod
    def de(cls, recursos: SpecRecursos) -> Previsto:
        """What a budget says."""
        return cls(
            horas_dev=recursos.esforco.horas_dev,
            horas_dev_p90=recursos.figura("esforco.horas_dev").p90,
            horas_teste=recursos.esforco.horas_teste,
            horas_deploy=recursos.esforco.horas_deploy,
            total=recursos.esforco.total,
            total_p90=recursos.figura("esforco.total").p90,
            parametros_versao=recursos.procedencia.parametros_versao,
            calibracao=recursos.procedencia.calibracao,
        )


class MetricaBuild(Contrato):
    """A document of `metricas_build`, one per item. Its date is that of the item's `conclusao` event."""

    id: str = Field(description="Identity, derived from the item: the same item records once.")
    item: str = Field(description="`id` of the item.")
    etapa: Etapa = Field(description="desenvolvimento, correcao or implantacao.")
    spec_ref: str = Field(description="`id` of the spec.")
    spec_recursos_ref: str | None = Field(default=None, description="`id` of the budget that was approved.")
    release_ref: str | None = Field(default=None, description="`id` of the release.")
    pontos: float = Field(ge=0, description="Function points of the spec.")
    horas_dev: float | None = Field(default=None, ge=0, description="Worker hours of generating and correcting.")
    horas_teste: float | None = Field(default=None, ge=0, description="Worker hours of testing.")
    horas_deploy: float | None = Field(default=None, ge=0, description="Hours of deploying (etapa implantacao).")
    verde: bool = Field(description="Whether it ended well. What ended badly is a lower bound and is never fitted.")
    vertentes: tuple[MetricaVertente, ...] = Field(default=(), description="One per worker.")
    previsto: Previsto | None = Field(default=None, description="The approved budget's figures.")

    def to_dict(self) -> dict[str, Any]:
        """The document as stored: `_id` equal to `id`."""
        return {"_id": self.id, **self.model_dump(mode="json")}
