"""What the deployer remembers on disk, beside the versions: every deployment's steps, and which releases were healthy.

One small JSON file a deployment (`.diario/<id>.json`), written before and after each step, and one for the application
(`.estado.json`). Each is replaced in one rename, so a reader sees the old or the new one. All of it is read and written
by the holder of the application's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from contratos.base import Contrato
from contratos.implantacao import Passo
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.deploy.folders import NAME, Aplicacao, sync
from prometheus_fabrica.errors import LeaseLost, Permanent

type Resultado = Literal["feito", "nada_a_fazer", "falhou", "interrompido"]


class Saudavel(Contrato):
    """A release that was healthy after a switch to it."""

    release: str = Field(description="`id` of the release")
    digest: str = Field(description="Its digest")
    implantacao: str = Field(description="The deployment that made it current")
    geracao: int = Field(description="That deployment's place among all of the application")


class Estado(Contrato):
    """What is known of one application here."""

    geracao: int = Field(default=0, description="The last number given to a deployment")
    ultima: str = Field(default="", description="The deployment that it was given to")
    saudaveis: tuple[Saudavel, ...] = Field(default=(), description="Healthy releases that lie here, the newest last")

    def anterior(self, release: str, digest: str) -> Saudavel | None:
        """What a rollback from this release goes to: the newest healthy one that is another by name and by content."""
        others = (known for known in reversed(self.saudaveis) if release != known.release and digest != known.digest)
        return next(others, None)

    def sem(self, release: str) -> tuple[Saudavel, ...]:
        """The healthy ones without this release."""
        return tuple(known for known in self.saudaveis if known.release != release)


class Diario(Contrato):
    """One deployment so far."""

    id: str = Field(description="`id` of the deployment")
    release: str = Field(description="`id` of the release")
    geracao: int = Field(description="Order of first arrival among the deployments of the application")
    cerca: int = Field(description="The newest claim that worked on it; older ones are turned away")
    passos: tuple[Passo, ...] = Field(default=(), description="The steps of all attempts")


def ler_estado(app: Aplicacao) -> Estado:
    """The application's state; empty before its first deployment."""
    return _load(app.raiz / ".estado.json", Estado) or Estado()


def gravar_estado(app: Aplicacao, estado: Estado) -> None:
    """Replace the application's state."""
    _store(app.raiz / ".estado.json", estado)


def alvo_de_volta(app: Aplicacao, id: str) -> Saudavel | None:  # noqa: A002 - the documents' word
    """What going back to the former version leads to: what deployment `id` began with, else the healthy one before.

    Where an unjudged version is current, the newest healthy one is the former.
    """
    saudaveis = ler_estado(app).saudaveis
    begun = _load(app.raiz / ".diario" / f"{id}.json", Diario)
    if begun is not None:
        return next((known for known in saudaveis if known.release == begun.release), None)
    if saudaveis and app.atual() != saudaveis[-1].release:
        return saudaveis[-1]
    return saudaveis[-2] if len(saudaveis) > 1 else None


class Relogio:
    """Dates by the server's clock, asked once; from there on by our own, so that no step waits for the server."""

    def __init__(self, agora: Callable[[], datetime], ambient: Ambient) -> None:
        self._start = agora()
        self._monotonic = ambient.monotonic
        self._zero = ambient.monotonic()

    def agora(self) -> datetime:
        """The date now."""
        return self._start + timedelta(seconds=self._monotonic() - self._zero)


class Anotador:
    """Writes the steps of one attempt down."""

    def __init__(self, path: Path, diario: Diario, relogio: Relogio) -> None:
        self._path = path
        self.diario = diario
        self._relogio = relogio

    @classmethod
    def admitir(cls, app: Aplicacao, id: str, release: str, cerca: int, relogio: Relogio) -> Anotador:  # noqa: A002 - the documents' word
        """Begin or take up a deployment. LeaseLost: a newer claim of the same deployment has been here.

        The first arrival gives the deployment its place in the order; whoever takes it up keeps that, so that an old
        deployment which comes back after a newer one does not pass for the newest.
        """
        assert NAME.fullmatch(id)
        folder = app.raiz / ".diario"
        folder.mkdir(mode=0o755, exist_ok=True)
        path = folder / f"{id}.json"
        diario = _load(path, Diario)
        if diario is None:
            estado = ler_estado(app)
            if estado.ultima != id:  # else it was killed just after it had got its number
                estado = estado.model_copy(update={"geracao": estado.geracao + 1, "ultima": id})
                gravar_estado(app, estado)
            diario = Diario(id=id, release=release, geracao=estado.geracao, cerca=cerca)
        if cerca < diario.cerca:
            raise LeaseLost(f"claim {diario.cerca} of deployment {id} has begun; claim {cerca} comes too late")
        if release != diario.release:
            raise Permanent(f"deployment {id} began with release {diario.release}, and cannot go on with {release}")
        note = cls(path, diario, relogio)
        note.abandonar(cerca)
        return note

    def abandonar(self, cerca: int) -> None:
        """A new claim takes over: the step that the former one was killed in is marked so."""
        passos = (
            passo if passo.fim is not None else passo.model_copy(update={"resultado": "interrompido"})
            for passo in self.diario.passos
        )
        self._replace(cerca=cerca, passos=tuple(passos))

    def comecar(self, passo: str) -> None:
        """A step begins."""
        begun = Passo(passo=passo, tentativa=self.diario.cerca, inicio=self._relogio.agora(), resultado="em_curso")
        self._replace(passos=(*self.diario.passos, begun))

    def terminar(self, resultado: Resultado, detalhe: str) -> None:
        """The step that was begun last has ended."""
        *others, last = self.diario.passos
        ended = last.model_copy(update={"fim": self._relogio.agora(), "resultado": resultado, "detalhe": detalhe})
        self._replace(passos=(*others, ended))

    def _replace(self, **changes: object) -> None:
        self.diario = self.diario.model_copy(update=changes)
        _store(self._path, self.diario)


def _load[C: Contrato](path: Path, model: type[C]) -> C | None:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise Permanent(f"{path} is damaged ({error.error_count()} faults): move it away, and deploy again") from error


def _store(path: Path, value: Contrato) -> None:
    beside = path.with_name(f".{path.name.removeprefix('.')}.novo")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(value.model_dump_json(indent=1) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    sync(path.parent)
