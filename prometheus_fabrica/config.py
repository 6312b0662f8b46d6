"""Settings: `fabrica.yaml`, then `FABRICA_*` environment variables, then flags; later ones win."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from contratos.problems import Malformed, Problema, problems
from prometheus_fabrica.backlog.store import Limits

FILE = "fabrica.yaml"
PREFIX = "FABRICA_"


class Config(BaseSettings):
    """Everything that an operator may set, with its default. Seconds, counts, paths."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    mongo_uri: str | None = Field(default=None, description="MongoDB URI; unset: the embedded server")
    mongo_uri_file: Path | None = Field(default=None, description="File that holds the MongoDB URI")
    banco: str = Field(default="fabrica", pattern=r"^[A-Za-z0-9_-]{1,60}$", description="Database name")
    specs: str | None = Field(default=None, description="Folder or Git URL of the specs")
    sandbox: Literal["auto", "docker", "local"] = Field(default="auto", description="Where generated code runs")
    imagem_sandbox: str = Field(default="fabrica-sandbox:1", min_length=1, description="Image of the Docker sandbox")
    vagas: int = Field(default=2, ge=1, le=64, description="Items worked on at once by one daemon")
    concessao_s: float = Field(default=30.0, ge=1.0, le=3600.0, description="Lease of a claimed item, in seconds")
    max_tentativas: int = Field(default=5, ge=1, le=100, description="Attempts before an item is Falhou")
    recuo_base_s: float = Field(
        default=2.0, gt=0, le=3600, description="Base of the backoff between attempts, in seconds"
    )
    recuo_teto_s: float = Field(default=300.0, gt=0, le=86400, description="Ceiling of that backoff, in seconds")
    drenagem_s: float = Field(
        default=60.0, ge=0, le=3600, description="Seconds that running work may take to end after SIGTERM"
    )
    ocioso_s: float = Field(
        default=5.0, gt=0, le=60, description="Longest pause between two looks at the backlog, in seconds"
    )
    retencao_dias: float | None = Field(
        default=None, ge=7, description="Days after which finished items are deleted; unset: never"
    )
    dados: Path = Field(default=Path(".fabrica"), description="Folder for everything that the factory keeps on disk")
    alternativas: Path | None = Field(
        default=None, description="YAML file with further alternatives for gaps, by capability"
    )
    log_formato: Literal["auto", "json", "console"] = Field(
        default="auto", description="Log lines: JSON, or for people"
    )
    log_nivel: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important line logged"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings calls it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags win over the environment, the environment over the file."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls, yaml_file=FILE)

    @property
    def limits(self) -> Limits:
        """The store's part."""
        return Limits(
            concessao_s=self.concessao_s,
            max_tentativas=self.max_tentativas,
            recuo_base_s=self.recuo_base_s,
            recuo_teto_s=self.recuo_teto_s,
            retencao_s=None if self.retencao_dias is None else self.retencao_dias * 86400,
        )


def load(flags: Mapping[str, Any] | None = None) -> Config:
    """The settings in force, or Malformed naming each wrong one as the operator wrote it."""
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _check_names()
    try:
        return Config(**given)
    except ValidationError as error:
        raise Malformed([Problema(_where(fault.campo, given), fault.mensagem) for fault in problems(error)]) from error
    except YAMLError as error:
        raise Malformed([Problema(FILE, f"expected YAML: {error}", arquivo=FILE)]) from error


def _check_names() -> None:
    """A misspelled setting in the file is an error, not a wish that nobody hears."""
    try:
        written = YamlConfigSettingsSource(Config, yaml_file=FILE)()
    except (YAMLError, TypeError, ValueError) as error:
        raise Malformed([Problema(FILE, f"expected a mapping of settings: {error}")]) from error
    unknown = sorted(set(written) - set(Config.model_fields))
    if unknown:
        known = ", ".join(sorted(Config.model_fields))
        raise Malformed([Problema(f"{FILE}: {name}", f"unknown setting; known are {known}") for name in unknown])


def _where(campo: str, flags: Mapping[str, Any]) -> str:
    return f"--{campo.replace('_', '-')}" if campo in flags else f"{PREFIX}{campo.upper()} (or {campo} in {FILE})"
