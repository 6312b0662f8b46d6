"""The parameters of pricing: one versioned file, and what calibration has made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any, Final

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from contratos.base import Contrato
from contratos.calibracao import GERAL, Calibracao, Media, Posterior
from contratos.problems import Malformed, Problema, problems

ARQUIVO: Final = "parametros.yaml"
ALTERNATIVAS: Final = "alternativas.yaml"


class Lognormal(Contrato):
    """A quantity by its median and the factor that one standard deviation is."""

    mediana: float = Field(gt=0)
    fator: float = Field(gt=1)

    def media(self) -> Media:
        """As a prior: half of the doubt is the mean's, half is one case's scatter, so one case moves it half way."""
        metade = math.log(self.fator) ** 2 / 2
        return Media(ln=math.log(self.mediana), variancia=metade, dispersao=metade)


class Razao(Contrato):
    """Ratio of a part's hours to those of development."""

    razao: float = Field(gt=0)
    fator: float = Field(gt=1)


class PontosTeste(Contrato):
    """Points that testing adds to the size of its own work."""

    por_classe: float = Field(ge=0)
    por_combinacao: float = Field(ge=0)
    por_regra: float = Field(ge=0)


class PontosDeploy(Contrato):
    """Points that deployment adds to the size of its own work."""

    por_container: float = Field(ge=0)
    por_api: float = Field(ge=0)
    por_gpu: float = Field(ge=0)
    por_replica: float = Field(ge=0)


class ParametrosEsforco(Contrato):
    """The effort model's prior."""

    c: float
    a: float
    ta: float = Field(gt=0)
    b: float = Field(gt=0)
    tb: float = Field(gt=0)
    s: float = Field(gt=0)
    v0: int = Field(ge=5)
    b_minimo: float = Field(gt=0)
    deriva: float = Field(ge=0)
    partes: dict[str, Razao]
    pontos_teste: PontosTeste
    pontos_deploy: PontosDeploy
    sorteios: int = Field(ge=1000)
    semente: int


class ParametrosRuntime(Contrato):
    """Defaults and coefficients of capacity. Seconds, megabytes, cores."""

    tps: float = Field(gt=0)
    usuarios: int = Field(ge=1)
    fator_pico: float = Field(ge=1)
    latencia_s: float = Field(gt=0)
    quantil: float = Field(gt=0, lt=1)
    utilizacao_alvo: float = Field(gt=0, lt=1)
    cpu_base_s: float = Field(gt=0)
    cpu_por_ponto_s: float = Field(ge=0)
    cpu_fator: float = Field(gt=1)
    api_s: float = Field(ge=0)
    threads: int = Field(ge=1)
    nucleos: float = Field(gt=0)
    processo_mb: float = Field(gt=0)
    thread_mb: float = Field(ge=0)
    ram_fator: float = Field(gt=1)
    carga_util_mb: float = Field(ge=0)
    replicas_de: float = Field(gt=0, le=100)
    pensar_max_s: float = Field(gt=0)
    folga: float = Field(ge=1)


class ParametrosTeste(Contrato):
    """Seconds of a test run."""

    inicio_s: Lognormal
    caso_s: Lognormal
    paralelo: int = Field(ge=1)


class Primeira(Contrato):
    """Beta prior of the share of workers that are green at the first run."""

    verdes: float = Field(gt=0)
    vermelhas: float = Field(gt=0)


class ParametrosLLM(Contrato):
    """Tokens that a model-backed generator takes."""

    tokens_por_linha: float = Field(gt=0)
    linhas_por_ponto: Lognormal
    tokens_sistema: int = Field(ge=0)
    tokens_erros: int = Field(ge=0)
    caracteres_por_token: float = Field(gt=0)
    primeira: Primeira
    reparo: float = Field(ge=0, le=1)
    tentativas: int = Field(ge=0)
    p90_minimo: float = Field(ge=1)


class Parametros(Contrato):
    """Everything that pricing needs to know besides the spec and the capabilities."""

    versao: str = Field(min_length=1)
    esforco: ParametrosEsforco
    runtime: ParametrosRuntime
    teste: ParametrosTeste
    llm: ParametrosLLM
    alternativas: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    calibracao: Calibracao | None = None

    @property
    def posterior(self) -> Posterior:
        """What is known of effort: the calibration in force, else the prior."""
        return self.calibracao.posterior if self.calibracao else self.prior

    @property
    def prior(self) -> Posterior:
        """What is known before the first own development."""
        esforco = self.esforco
        return Posterior(
            a=esforco.a,
            b=esforco.b,
            var_a=esforco.ta**2,
            cov_ab=0.0,
            var_b=esforco.tb**2,
            s2=esforco.s**2,
            liberdade=esforco.v0,
            partes={
                nome: Lognormal(mediana=parte.razao, fator=parte.fator).media()
                for nome, parte in esforco.partes.items()
            },
            inicio_s=self.teste.inicio_s.media(),
            caso_s={GERAL: self.teste.caso_s.media()},
            memoria_mb=Lognormal(mediana=self.runtime.processo_mb, fator=self.runtime.ram_fator).media(),
            primeira=(self.llm.primeira.verdes, self.llm.primeira.vermelhas),
        )

    def com(self, calibracao: Calibracao | None) -> Parametros:
        """The same parameters with another calibration in force; None: published sets only."""
        return self.model_copy(update={"calibracao": calibracao})


def ler(texto: str, arquivo: str = ARQUIVO) -> Parametros:
    """Parameters from YAML text; Malformed with every wrong field."""
    try:
        return Parametros.model_validate(_yaml(texto, arquivo))
    except ValidationError as error:
        raise Malformed([replace(fault, arquivo=arquivo) for fault in problems(error)]) from error


def ler_alternativas(texto: str, arquivo: str = ALTERNATIVAS) -> dict[str, tuple[str, ...]]:
    """A catalogue of alternatives from YAML text: capability's id -> list; Malformed with every wrong entry."""
    try:
        return TypeAdapter(dict[str, tuple[str, ...]]).validate_python(_yaml(texto, arquivo) or {})
    except ValidationError as error:
        raise Malformed([replace(fault, arquivo=arquivo) for fault in problems(error)]) from error


def padrao(alternativas: Mapping[str, tuple[str, ...]] | None = None) -> Parametros:
    """The parameters that are shipped with the factory (reads the package's own files); `alternativas` are added."""
    pacote = resources.files(__package__)
    catalogo = ler_alternativas(pacote.joinpath(ALTERNATIVAS).read_text(encoding="utf-8"))
    parametros = ler(pacote.joinpath(ARQUIVO).read_text(encoding="utf-8"))
    return parametros.model_copy(update={"alternativas": {**catalogo, **(alternativas or {})}})


def _yaml(texto: str, arquivo: str) -> Any:
    try:
        return yaml.safe_load(texto)
    except yaml.MarkedYAMLError as error:
        linha = error.problem_mark.line + 1 if error.problem_mark else None
        raise Malformed([Problema("(document)", error.problem or str(error), arquivo, linha)]) from error
