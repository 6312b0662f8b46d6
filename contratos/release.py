"""Release: what one `desenvolvimento` or `corrigir_bug` made (collection `releases`), and how far it can be trusted."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from contratos.base import Contrato

NAME_BYTES = 255  # one component of a path, as file systems count
PATH_BYTES = 1024

type Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in lower-case hexadecimal")]


class Papel(StrEnum):
    """What a file of a release is for."""

    CODIGO = "codigo"  # what runs
    TESTE = "teste"  # the suite that judged it
    CONFIGURACAO = "configuracao"  # read by tools: pyproject.toml, compose files
    DOCUMENTO = "documento"  # read by people


def unsafe(caminho: str) -> str | None:
    """Why `caminho` may not name a file of a release; None when it may: relative POSIX, inside, printable, NFC."""
    parts = caminho.split("/")
    reasons = {
        "is empty": not caminho,
        "is absolute": caminho.startswith("/"),
        "has an empty, '.' or '..' component": any(part in {"", ".", ".."} for part in parts),
        "has a component that begins or ends with a blank": any(part != part.strip() for part in parts),
        "has a backslash or a colon": "\\" in caminho or ":" in caminho,
        "has a character that cannot be printed": not caminho.isprintable(),
        "is not in Unicode normal form C": unicodedata.normalize("NFC", caminho) != caminho,
    }
    found = next((reason for reason, holds in reasons.items() if holds), None)
    if found is None and (len(caminho.encode()) > PATH_BYTES or any(len(part.encode()) > NAME_BYTES for part in parts)):
        found = "is too long"
    return found


def clashing(caminhos: Iterable[str]) -> list[str]:
    """What keeps these files from lying in one folder: the same name twice (also but for case), a file as a folder."""
    files: dict[str, str] = {}
    faults = [
        f"{other!r} and {caminho!r} differ in case only"
        for caminho in sorted(caminhos)
        if (other := files.setdefault(caminho.casefold(), caminho)) != caminho
    ]
    for caminho in sorted(files.values()):
        parts = caminho.casefold().split("/")
        folders = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        faults.extend(f"{files[folder]!r} is a file and a folder" for folder in folders if folder in files)
    return faults


def _safe(caminho: str) -> str:
    if reason := unsafe(caminho):
        raise ValueError(f"the path {caminho!r} {reason}")
    return caminho


class Artefato(Contrato):
    """One file of a release."""

    caminho: Annotated[str, AfterValidator(_safe)] = Field(description="Relative POSIX path within the release")
    sha256: Sha256 = Field(description="SHA-256 of the content")
    bytes: int = Field(ge=0, description="Size in bytes")
    papel: Papel = Field(description="What the file is for: codigo, teste, configuracao, documento")


def digest(sums: Mapping[str, str]) -> str:
    """The digest of a set of files, from path -> SHA-256: that of the listing which `sha256sum` prints, paths sorted.

    An auditor gets the same by `sha256sum` of the files in the order of their paths' code points, piped to `sha256sum`.
    """
    listing = "".join(f"{sums[caminho]}  {caminho}\n" for caminho in sorted(sums))
    return hashlib.sha256(listing.encode()).hexdigest()


class ResumoTestes(Contrato):
    """What the release's own suite said in the sandbox, over all vertentes."""

    passaram: int = Field(ge=0, description="Tests that passed")
    falharam: int = Field(ge=0, description="Tests that failed or could not run")
    total: int = Field(ge=0, description="Tests that were collected")
    cobertura_linhas: float = Field(ge=0, le=1, description="Lines of the code that the suite ran, 0 to 1")
    cobertura_ramos: float = Field(ge=0, le=1, description="Branches of the code that the suite took, 0 to 1")
    duracao_s: float = Field(ge=0, description="Seconds of the last run, all vertentes added up")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.passaram + self.falharam > self.total:
            raise ValueError(f"{self.passaram} passed and {self.falharam} failed, but only {self.total} in all")
        return self

    @property
    def passou(self) -> bool:
        """Whether there were tests and every one of them passed."""
        return self.total > 0 and self.passaram == self.total


class Gate(Contrato):
    """One check beyond the tests that the code had to pass."""

    nome: str = Field(min_length=1, description="The tool or rule: ruff, mypy, ...")
    passou: bool = Field(description="Whether nothing was found")
    problemas: tuple[str, ...] = Field(default=(), description="What was found, one finding a line")


class Release(Contrato):
    """Code and tests of one spec, as files in GridFS that nobody can change without it being seen."""

    id: str = Field(min_length=1, max_length=200, description="Identity, derived from the item that made it")
    spec_ref: str = Field(min_length=1, description="`id` of the spec")
    spec_versao: str = Field(min_length=1, description="`versao` of the spec, as written in it")
    spec_commit: str | None = Field(description="Git commit that the spec was read at; null: from a plain folder")
    tipo: Literal["normal", "hotfix"] = Field(default="normal", description="hotfix: made by `corrigir_bug`")
    release_pai: str | None = Field(default=None, description="`id` of the release that a hotfix corrects")
    artefatos: tuple[Artefato, ...] = Field(min_length=1, description="Every file, sorted by path")
    digest: Sha256 = Field(description="SHA-256 over the sorted listing of paths and sums, as `sha256sum` prints it")
    arquivo: str = Field(min_length=1, description="`_id` of the archive in GridFS bucket `artefatos`")
    testes: ResumoTestes = Field(description="Result of the suite")
    gates: tuple[Gate, ...] = Field(default=(), description="Checks beyond the tests")
    tentativas: dict[str, int] = Field(
        default_factory=dict, description="Corrections (0 to 3) that each worker needed, by vertente (E, P, D, I, C)"
    )
    proveniencia: dict[str, Any] = Field(
        default_factory=dict,
        description="in-toto Statement v1 with the SLSA provenance predicate: what it was made from",
    )
    criado_em: datetime | None = Field(default=None, description="When it was recorded, by the server's clock")

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        caminhos = [artefato.caminho for artefato in self.artefatos]
        if faults := clashing(caminhos):
            raise ValueError("; ".join(faults))
        if caminhos != sorted(set(caminhos)):
            raise ValueError("artefatos must be sorted by caminho, each once")
        if (expected := digest({artefato.caminho: artefato.sha256 for artefato in self.artefatos})) != self.digest:
            raise ValueError(f"the digest of the artefatos is {expected}, not {self.digest}")
        if (self.release_pai is not None) != (self.tipo == "hotfix"):
            raise ValueError("a hotfix, and nothing else, has a release_pai")
        return self
