"""The `contexto` and the `resultado` of the item types that the factory consumes (seed 004, section 2.1)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from contratos.base import Contrato

type Ref = Annotated[str, Field(min_length=1, max_length=200)]


class OrcarSpec(Contrato):
    """A spec is ready: price it before anybody develops it."""

    spec_ref: Ref = Field(description="`id` of the spec, as written in its YAML file in Git", examples=["spec_001"])


class Desenvolvimento(Contrato):
    """The budget is approved: generate, test and package the spec's code."""

    spec_ref: Ref = Field(description="`id` of the spec", examples=["spec_001"])
    spec_recursos: dict[str, Any] | None = Field(
        default=None,
        description="The approved budget, as `aprovar_orcamento` carried it. Without it the spec is priced again.",
    )


class Implantar(Contrato):
    """The release is approved: deploy it."""

    release_ref: Ref = Field(description="`id` of the release", examples=["rel-0a1b2c3d4e5f6071"])
    ambiente: str = Field(
        default="producao",
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="Where to: a short name in lower case; `producao` unless said otherwise",
    )


class CorrigirBug(Contrato):
    """A bug was found: reproduce it, correct it, and release the correction."""

    feature_ref: Ref = Field(
        description="`id` of the feature in collection `features`, which names spec and release; "
        "the `id` of a release or of a spec is taken too",
        examples=["feat-conta"],
    )
    erro: str = Field(
        min_length=1,
        description="What is wrong. To be reproduced it holds an example: a YAML block in the form of the spec's "
        "`exemplos` (classe, metodo, antes, args, da or lanca, depois), or a Python test",
    )
    stack_trace: str | None = Field(default=None, description="The Python traceback, if there is one")


class ResultadoOrcar(Contrato):
    """What `orcar_spec` leaves: the budget."""

    spec_recursos_id: str = Field(description="`id` in collection `specs_recursos`")
    spec_recursos: dict[str, Any] = Field(description="The budget itself")


class ResultadoDesenvolvimento(Contrato):
    """What `desenvolvimento` leaves: the release and the paths of its artefacts."""

    release_ref: str = Field(description="`id` in collection `releases`")
    artefatos: list[str] = Field(description="Paths in the release")


class ResultadoImplantar(Contrato):
    """What `implantar` leaves: the deployment."""

    implantacao_ref: str = Field(description="`id` in collection `implantacoes`")
    ambiente: str = Field(description="Where it was deployed")


class ResultadoCorrigir(Contrato):
    """What `corrigir_bug` leaves: the hotfix release."""

    release_ref: str = Field(description="`id` of the hotfix in collection `releases`")
