"""Where a release came from, so that others' tools can read it: in-toto Statement v1, SLSA provenance v1, plain JSON.

Source: https://github.com/in-toto/attestation (spec/v1/statement.md) and https://slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from contratos.release import Artefato
from prometheus_fabrica.releases import Pacote

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:prometheus-fabrica:desenvolvimento:v1"
BUILDER = "urn:prometheus-fabrica"
TOOLS = ("Jinja2", "PyYAML", "pydantic", "ruff", "mypy", "pytest", "hypothesis", "coverage")


@dataclass(frozen=True, slots=True)
class Material:
    """Something the release was made from: its name, and what pins it (algorithm -> value in hexadecimal)."""

    nome: str
    digest: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Origem:
    """How one attempt of an item made a release. `parametros`: what was asked; `ambiente`: what it was made with."""

    item: str
    tentativa: int
    parametros: Mapping[str, Any]  # spec_ref, spec_versao, vertentes, ...
    materiais: Sequence[Material]  # spec, templates, the release that a hotfix corrects
    ambiente: Mapping[str, str] = field(default_factory=dict)  # sandbox, its image, the interpreter in it


def gerador() -> dict[str, str]:
    """The factory's version, its interpreter, and the tools whose versions change what it generates or judges."""
    return {
        "prometheus-fabrica": _version("prometheus-fabrica"),
        "python": platform.python_version(),
        **{tool: _version(tool) for tool in TOOLS},
    }


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "0+source"  # run from a checkout that is not installed


def declaracao(pacote: Pacote, artefatos: Sequence[Artefato], origem: Origem) -> dict[str, Any]:
    """The statement: these bytes (the archive, and each file of it) were made from these materials, this way.

    It holds no times, so that the same attempt with the same input states the same bytes.
    """
    files = [_resource(artefato.caminho, {"sha256": artefato.sha256}) for artefato in artefatos]
    return {
        "_type": STATEMENT,
        "subject": [_resource("release.tar", {"sha256": pacote.sha256}), *files],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": dict(origem.parametros),
                "internalParameters": dict(origem.ambiente),
                "resolvedDependencies": [_resource(material.nome, material.digest) for material in origem.materiais],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": gerador()},
                "metadata": {"invocationId": f"{origem.item}:{origem.tentativa}"},
            },
        },
    }


def _resource(nome: str, digest: Mapping[str, str]) -> dict[str, Any]:
    return {"name": nome, "digest": dict(digest)}
