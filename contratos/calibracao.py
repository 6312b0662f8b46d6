"""Calibracao: one version of what the factory has learnt about its own effort (collection `calibracoes`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from contratos.base import Contrato
from contratos.recursos import Fonte

GERAL = "geral"  # among figures by vertente: that of all vertentes together


class Observacao(Contrato):
    """One concluded development as the fit sees it. Kept with each version, so that any version can be fitted again."""

    id: str = Field(description="`id` of the item.")
    ordem: int = Field(ge=0, description="Place in the order of conclusion; only drift looks at it.")
    pontos: float = Field(gt=0, description="Function points.")
    horas_dev: float = Field(gt=0, description="Worker hours of development.")
    horas_teste: float | None = Field(default=None, gt=0, description="Worker hours of testing.")
    horas_deploy: float | None = Field(default=None, gt=0, description="Hours of its deployment, once there was one.")
    por_vertente: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="Vertente -> (function points, worker hours)."
    )
    caso_s: dict[str, float] = Field(default_factory=dict, description="Vertente -> seconds a test case.")
    inicio_s: float | None = Field(default=None, gt=0, description="Seconds that the sandbox took to start.")
    memoria_mb: float | None = Field(default=None, gt=0, description="Peak memory of the test run.")
    verdes_na_primeira: int = Field(default=0, ge=0, description="Vertentes that needed no correction.")
    previsto_p50: float | None = Field(default=None, ge=0, description="What the budget had said of horas_dev.")
    previsto_p90: float | None = Field(default=None, ge=0, description="Its P90.")


class Media(Contrato):
    """A mean of logarithms, shrunk towards its prior: of a ratio, of seconds, of megabytes."""

    ln: float = Field(description="Mean of the logarithm.")
    variancia: float = Field(ge=0, description="Variance of that mean.")
    dispersao: float = Field(ge=0, description="Variance of one case round the mean.")
    n: int = Field(default=0, ge=0, description="Own observations behind it.")

    @property
    def fonte(self) -> Fonte:
        """`calibrado` as soon as one own observation is in it."""
        return Fonte.CALIBRADO if self.n else Fonte.ESTIMADO


class SemUm(Contrato):
    """The fit without one observation, and that observation's error under it: what the jackknife+ needs."""

    a: float
    b: float
    residuo: float


class Posterior(Contrato):
    """What is known of ln hours = a + b (ln points - c): a normal with covariance, and the scatter round it."""

    a: float = Field(description="ln of the hours at the reference size.")
    b: float = Field(description="Elasticity of hours in size.")
    var_a: float = Field(ge=0)
    cov_ab: float
    var_b: float = Field(ge=0)
    s2: float = Field(gt=0, description="Variance of one development round the line.")
    liberdade: int = Field(ge=5, description="Degrees of freedom of s2.")
    n: int = Field(default=0, ge=0, description="Own concluded developments.")
    partes: dict[str, Media] = Field(description="'teste', 'deploy' -> ratio to horas_dev.")
    vertentes: dict[str, float] = Field(
        default_factory=dict, description="Vertente -> factor on its points; 1 if absent."
    )
    caso_s: dict[str, Media] = Field(default_factory=dict, description="Vertente, or 'geral' -> seconds a test case.")
    inicio_s: Media = Field(description="Seconds that the sandbox takes to start.")
    memoria_mb: Media = Field(description="Megabytes of one process under test.")
    primeira: tuple[float, float] = Field(description="Beta counts of 'green at the first run' and 'not'.")
    sem_um: tuple[SemUm, ...] = Field(default=(), description="Leave-one-out fits, from 9 observations on.")

    @property
    def fonte(self) -> Fonte:
        """`calibrado` as soon as one own development is in it."""
        return Fonte.CALIBRADO if self.n else Fonte.ESTIMADO


class Calibracao(Contrato):
    """A document of `calibracoes`. Append-only: undoing adds a version that repeats a former one."""

    id: str = Field(description="'cal-0003'; a budget names it.")
    versao: int = Field(ge=1, description="Counts from 1 without a gap; the highest is in force.")
    parametros_versao: str = Field(description="Version of the parameter file whose prior it starts from.")
    posterior: Posterior
    observacoes: tuple[Observacao, ...] = Field(description="All that it was fitted to.")
    deriva: bool = Field(default=False, description="Whether old developments count less (order matters then).")
    repete: str | None = Field(default=None, description="Id of the version that it goes back to, or null: a new fit.")
    por: str = Field(description="Who calibrated.")
    motivo: str = Field(default="", description="Why, where somebody said so.")
    criada_em: datetime | None = Field(default=None, description="Server time.")

    def to_dict(self) -> dict[str, Any]:
        """The document as stored: `_id` equal to `id`."""
        return {"_id": self.id, **self.model_dump(mode="json", exclude={"criada_em"})}
