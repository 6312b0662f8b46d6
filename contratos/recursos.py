"""SpecRecursos: the budget of a spec (collection `specs_recursos`), with the reasons of every figure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from contratos.base import Contrato

type Numero = int | float
type Valor = bool | int | float | str | tuple[str, ...]

NAO_DEFINIDO: Literal["não definido"] = "não definido"


class Fonte(StrEnum):
    """Where a figure came from."""

    DECLARADO = "declarado"  # the spec says so
    ESTIMADO = "estimado"  # a published formula, with published or assumed parameters
    CALIBRADO = "calibrado"  # a formula whose parameters were fitted to what this factory really did


class Figura(Contrato):
    """One figure of a budget: its value, its range, and how it came about."""

    nome: str = Field(description="Where the plain value stands in the budget: 'esforco.horas_dev', 'runtime.cpu'.")
    valor: Valor = Field(description="The plain value, equal to the one that stands at `nome`.")
    unidade: str = Field(description="Unit of valor, p10, p50 and p90: 'h', 'MB', 'núcleos', 'tokens', 's', ...")
    p10: Numero = Field(description="One case in ten is below. Of a list its length, of a yes or no 1 or 0.")
    p50: Numero = Field(description="As many cases above as below.")
    p90: Numero = Field(description="Nine cases in ten are below; p10 <= p50 <= p90 always.")
    fonte: Fonte = Field(description="declarado: the spec says so; estimado: by formula; calibrado: own history.")
    formula: str = Field(description="The formula in words and symbols, with the names of `entradas`.")
    entradas: dict[str, Valor] = Field(
        default_factory=dict, description="What was put into the formula, by the name that the formula uses."
    )
    referencia: str = Field(default="", description="Where the formula or its parameters come from.")

    @model_validator(mode="after")
    def _ranges_are_ordered(self) -> Self:
        if not self.p10 <= self.p50 <= self.p90:
            message = f"p10 <= p50 <= p90 does not hold: {self.p10}, {self.p50}, {self.p90}"
            raise ValueError(message)
        return self


class Contado(Contrato):
    """Elements of one kind that were counted into the functional size."""

    tipo: str = Field(description="ALI, AIE, EE, SE or CE (IFPUG's ILF, EIF, EI, EO, EQ), and its complexity.")
    origem: str = Field(description="What it is in the spec: 'classe', 'método', 'decisão', 'tarefa', 'tela', ...")
    quantidade: int = Field(ge=1, description="How many of them.")
    pontos: Numero = Field(ge=0, description="Function points of all of them.")
    elementos: tuple[str, ...] = Field(description="Their names in the spec, in its order; the first 20.")


class Runtime(Contrato):
    """What the running version needs."""

    cpu: float = Field(ge=0, description="CPU cores, over all containers.")
    ram: int = Field(ge=0, description="Memory in MB, over all containers.")
    gpu: bool = Field(description="Whether a GPU is needed.")
    apis_externas: tuple[str, ...] = Field(description="Names of the external APIs that it calls.")
    tokens_llm_estimado: int = Field(ge=0, description="Tokens that generating the code takes; 0 with templates alone.")
    containers: int = Field(ge=1, description="Replicas of the service that meet the load, and those needed beside it.")


class Teste(Contrato):
    """What testing takes."""

    classes_equivalencia: int = Field(ge=0, description="Equivalence classes in the spec's schema_tdd.")
    combinacoes_estimadas: int = Field(ge=0, description="Rows of the covering arrays that the workers will run.")
    cobertura: str = Field(description="How combinations are chosen: 'pairwise', '3-way', ..., 'completa'.")
    tempo_execucao_estimado: float = Field(ge=0, description="Seconds that one run of the whole suite takes.")


class Carga(Contrato):
    """The load that the running version must bear."""

    tps_esperado: float = Field(ge=0, description="Requests per second.")
    usuarios_simultaneos: int = Field(ge=0, description="Users at work at the same time.")
    pico_estimado: float | Literal["não definido"] = Field(description="Highest requests per second.")


class Esforco(Contrato):
    """Hours of work, and who does it."""

    horas_dev: float = Field(ge=0, description="Hours from claim to generated code.")
    horas_teste: float = Field(ge=0, description="Hours of testing.")
    horas_deploy: float = Field(ge=0, description="Hours of deployment.")
    total: float = Field(ge=0, description="The sum of the three.")
    workers: tuple[str, ...] = Field(description="Vertentes whose workers are needed, of E, P, D, I, C.")


class Dependencias(Contrato):
    """What must be there before."""

    specs_pre_requisito: tuple[str, ...] = Field(description="Ids of the specs that this one builds on.")
    gaps_infra: tuple[str, ...] = Field(description="Ids of the gaps: what the spec needs and the factory lacks.")
    status: Literal["liberado", "bloqueado"] = Field(description="'bloqueado' as long as there are gaps.")


class Procedencia(Contrato):
    """What priced the spec: with these, and the spec at that commit, the same budget comes out again."""

    parametros_versao: str = Field(description="Version of the parameter file.")
    calibracao: str | None = Field(default=None, description="Id of the calibration, or null: published sets only.")
    observacoes: int = Field(default=0, ge=0, description="Own concluded developments behind the calibration.")
    spec_versao: str = Field(description="Version that the spec states.")
    spec_commit: str | None = Field(default=None, description="Git commit of the spec, or null: not from a repository.")


class SpecRecursos(Contrato):
    """A budget. The five parts have the plain values; `figuras` has the range and the reasons of each."""

    id: str = Field(description="Identity of the budget.")
    spec_ref: str = Field(description="Id of the spec.")
    runtime: Runtime
    teste: Teste
    carga: Carga
    esforco: Esforco
    dependencias: Dependencias
    figuras: tuple[Figura, ...] = Field(description="Each figure with range, source, formula and inputs.")
    contagem: tuple[Contado, ...] = Field(description="What was counted into the functional size.")
    avisos: tuple[str, ...] = Field(default=(), description="What to know first: unknowns, contradictions, waits.")
    procedencia: Procedencia

    def figura(self, nome: str) -> Figura:
        """The figure of that name; KeyError when there is none."""
        for figura in self.figuras:
            if figura.nome == nome:
                return figura
        raise KeyError(nome)

    def to_dict(self) -> dict[str, Any]:
        """The budget as a document: `_id` equal to `id`, only types that BSON and JSON know."""
        return {"_id": self.id, **self.model_dump(mode="json")}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> SpecRecursos:
        """The reverse of `to_dict`; pydantic's ValidationError where the document is not a budget."""
        return cls.model_validate({key: value for key, value in document.items() if key != "_id"})
