"""Spec: what is to be built, as a YAML file in Git says it. The whole language is this module's JSON Schema."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from contratos.problems import Malformed, Problema, problems
from contratos.schema_tdd import SchemaTdd
from contratos.spec_base import Nomeada, Parte, PorRotulo, Textos
from contratos.spec_poo import SpecPoo

Vertente = Literal["E", "P", "D", "I", "C"]

PARTES: dict[Vertente, str] = {
    "E": "spec_poo",
    "P": "spec_bpmn",
    "D": "spec_dmn",
    "I": "spec_interface",
    "C": "spec_integracao",
}
"""Vertente -> the part of the spec that describes it."""


class Aberta(Parte):
    """A part whose language a later version deepens: names that we do not know yet are kept as they are."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")


class SpecBpmn(Aberta):
    """Processes (vertente P). Open for now: a later version says exactly what stands here."""

    processos: Any = Field(default=None, description="The processes: name -> tasks, gateways, events.")


class SpecDmn(Aberta):
    """Decisions (vertente D). Open for now: a later version says exactly what stands here."""

    decisoes: Any = Field(default=None, description="The decisions: name -> inputs, outputs, rules.")


class SpecInterface(Aberta):
    """User interface (vertente I). Open for now: a later version says exactly what stands here."""

    telas: Any = Field(default=None, description="The screens: name -> components, actions, states.")


class SpecIntegracao(Aberta):
    """Integrations (vertente C). Open for now: a later version says exactly what stands here."""

    servicos: Any = Field(default=None, description="The foreign services: name -> operations, errors, limits.")


class ApiExterna(Nomeada, curtas={str: "descricao"}):
    """A foreign API that the program calls when it runs."""

    descricao: str = Field(default="", description="What it is needed for.")
    alternativas: Textos = Field(default=(), description="Other APIs that would do as well.")
    chamadas_por_dia: float | None = Field(default=None, ge=0, description="Expected calls a day.")


class Container(Nomeada, curtas={str: "imagem"}):
    """A container that must run beside the program."""

    imagem: str = Field(default="", description="Image to run; found by the name when left out.")
    cpu: float | None = Field(default=None, gt=0, description="Cores that it needs.")
    ram_mb: int | None = Field(default=None, gt=0, description="Memory that it needs, MB.")
    alternativas: Textos = Field(default=(), description="Other containers that would do as well.")


class Gpu(Parte, curtas={bool: "necessaria"}):
    """Need of a GPU."""

    necessaria: bool = Field(default=True, description="Whether a GPU is needed.")
    memoria_gb: float | None = Field(default=None, gt=0, description="Memory that it must have, GB.")
    quantidade: int = Field(default=1, ge=1, description="How many.")
    alternativas: Textos = Field(default=(), description="What would do instead.")

    def __bool__(self) -> bool:
        return self.necessaria


class Runtime(Parte):
    """What the program needs where it runs. What is left out is estimated; what is given here wins."""

    apis_externas: PorRotulo[ApiExterna] = Field(
        default_factory=dict, description="Foreign APIs: a list of names, or name -> details."
    )
    gpu: Gpu = Field(default=Gpu(necessaria=False), description="true when a GPU is needed, or its details.")
    containers_necessarios: PorRotulo[Container] = Field(
        default_factory=dict, description="Containers: a list of names, or name -> details."
    )
    cpu: float | None = Field(default=None, gt=0, description="Cores.")
    ram_mb: int | None = Field(default=None, gt=0, description="Memory, MB.")
    disco_mb: int | None = Field(default=None, gt=0, description="Disk, MB.")
    tokens_llm: int | None = Field(
        default=None, ge=0, description="Tokens of a language model used in a month, prompts and answers."
    )
    python: str | None = Field(
        default=None, description="Versions of Python on which it must run, for example '>=3.11'."
    )


class RequisitosNaoFuncionais(Aberta):
    """Load and quality. Further requirements of your own may be added by name."""

    tps: float | None = Field(default=None, ge=0, description="Transactions a second, as a rule.")
    usuarios: int | None = Field(default=None, ge=0, description="Users at the same time.")
    pico: float | str | None = Field(
        default=None, description="Peak: transactions a second, or words such as '3x on the 5th of each month'."
    )
    latencia_ms: float | None = Field(
        default=None, gt=0, description="Longest answer time of 95 % of the calls, milliseconds."
    )
    disponibilidade: float | None = Field(
        default=None, gt=0, le=100, description="Share of the time that it must answer, percent."
    )
    retencao_dias: int | None = Field(default=None, ge=0, description="How long data are kept, days.")

    def get(self, nome: str, padrao: Any = None) -> Any:
        """A requirement by name, or `padrao` when it is not given."""
        value = getattr(self, nome, None)
        return padrao if value is None else value


class Spec(Parte):
    """What is to be built, complete: structure, processes, decisions, interface, integration, tests, resources."""

    id: str = Field(
        max_length=120,
        description="Id by which items refer to it: letters, digits, '.', '_' and '-'.",
    )
    nome: str = Field(min_length=1, description="Name for people.")
    versao: str = Field(
        default="1.0.0", description="Version of the spec, in quotes: '1.2.0' (YAML would read 1.10 as 1.1)."
    )
    descricao: str = Field(default="", description="What it is for.")
    vertentes: tuple[Vertente, ...] = Field(
        default=(),
        description="Which parts are to be built: E structure, P process, D decisions, I interface, C "
        "integration; each needs its spec_ part. "
        "Those whose part is given, when left out.",
    )
    spec_poo: SpecPoo | None = Field(default=None, description="Vertente E: classes.")
    spec_bpmn: SpecBpmn | None = Field(default=None, description="Vertente P: processes.")
    spec_dmn: SpecDmn | None = Field(default=None, description="Vertente D: decisions.")
    spec_interface: SpecInterface | None = Field(default=None, description="Vertente I: user interface.")
    spec_integracao: SpecIntegracao | None = Field(default=None, description="Vertente C: foreign services.")
    schema_tdd: SchemaTdd = Field(default_factory=SchemaTdd, description="How it is tested.")
    runtime: Runtime = Field(default_factory=Runtime, description="What it needs where it runs.")
    requisitos_nao_funcionais: RequisitosNaoFuncionais = Field(
        default_factory=RequisitosNaoFuncionais, description="Load and quality."
    )
    depende_de: Textos = Field(default=(), description="Ids of the specs that must be built before this one.")
    metadados: dict[str, Any] = Field(
        default_factory=dict, description="Anything else that your organisation wants to keep here; not looked at."
    )

    @field_validator("id")
    @classmethod
    def _id(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise ValueError(f"expected letters, digits, '.', '_' and '-', a letter or digit first; found {value!r}")
        return value

    @field_validator("versao", mode="before")
    @classmethod
    def _version(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("vertentes", mode="before")
    @classmethod
    def _letters(cls, value: Any) -> Any:
        letters = value.replace(",", " ").split() if isinstance(value, str) else value
        return [v.upper() if isinstance(v, str) else v for v in letters] if isinstance(letters, list) else letters

    @model_validator(mode="before")
    @classmethod
    def _inferred(cls, data: Any) -> Any:
        """Without `vertentes`, the parts that are given say it."""
        if isinstance(data, dict) and not data.get("vertentes"):
            return {**data, "vertentes": [v for v, part in PARTES.items() if data.get(part) is not None]}
        return data

    @model_validator(mode="after")
    def _parts(self) -> Spec:
        missing = [
            f"{v} needs '{part}'" for v, part in PARTES.items() if v in self.vertentes and getattr(self, part) is None
        ]
        unused = [
            f"'{part}' is given, but vertentes does not list {v}"
            for v, part in PARTES.items()
            if v not in self.vertentes and getattr(self, part)
        ]
        if not self.vertentes:
            missing = [f"nothing to build: give at least one of {', '.join(PARTES.values())}"]
        if len(set(self.vertentes)) != len(self.vertentes):
            missing.append("vertentes lists one twice")
        if missing or unused:
            raise ValueError("; ".join([*missing, *unused]))
        return self

    @classmethod
    def ler(cls, dados: Any, arquivo: str | None = None) -> Spec:
        """The spec of a parsed YAML document. Malformed carries every fault of its form, each with its path."""
        if not isinstance(dados, dict):
            raise Malformed([Problema("(document)", "expected a map with id, nome, vertentes, ...", arquivo)])
        try:
            return cls.model_validate(dados)
        except ValidationError as error:
            raise Malformed([Problema(p.campo, p.mensagem, arquivo, p.linha) for p in problems(error)]) from None
