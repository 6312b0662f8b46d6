"""`fabrica capacidades sondar`: looking for what is there. No traffic goes anywhere but to what the operator named."""

from __future__ import annotations

import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import IO, Any, Final

import docker
from docker.errors import DockerException
from pydantic import Field, ValidationError
from pymongo.database import Database

from contratos.base import Contrato
from contratos.capacidade import TipoCapacidade, chave
from contratos.problems import Malformed, problems
from prometheus_fabrica import capacidades
from prometheus_fabrica.capacidades import SONDA

PRAZO_S: Final = 5
MIB_POR_GB: Final = 1024
NVIDIA_SMI: Final = ("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")


class Endpoint(Contrato):
    """An address that the operator wants to be probed, and how to show the credentials."""

    nome: str = Field(min_length=1, description="Name of the API as specs write it: 'whisper'.")
    url: str = Field(pattern=r"^https?://", description="Address that answers 2xx to a GET with valid credentials.")
    credencial: str | None = Field(
        default=None,
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="Environment variable that holds the credential, which itself is never stored.",
    )
    cabecalho: str = Field(default="Authorization", description="HTTP header that carries the credential.")
    formato: str = Field(default="Bearer {}", description="How it stands in the header.")


@dataclass(frozen=True, slots=True)
class Achado:
    """Something that is there."""

    tipo: TipoCapacidade
    nome: str
    como: str
    detalhes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sondagem:
    """What one look found. `vistos`: kinds that were really looked at; `faltas`: what is not there, and why."""

    achados: tuple[Achado, ...] = ()
    vistos: frozenset[TipoCapacidade] = frozenset()
    faltas: tuple[str, ...] = ()

    def __add__(self, outra: Sondagem) -> Sondagem:
        return Sondagem(self.achados + outra.achados, self.vistos | outra.vistos, self.faltas + outra.faltas)


def gpu(comando: Sequence[str] = NVIDIA_SMI) -> Sondagem:
    """The NVIDIA driver's own answer; `memoria_gb` is that of the largest card."""
    vistos = frozenset({TipoCapacidade.HARDWARE})
    try:
        run = subprocess.run(comando, capture_output=True, text=True, timeout=PRAZO_S, check=False)
    except FileNotFoundError:
        return Sondagem(vistos=vistos, faltas=(f"gpu: no driver ({comando[0]} is not installed)",))
    except subprocess.TimeoutExpired:
        return Sondagem(faltas=(f"gpu: {comando[0]} did not answer within {PRAZO_S:g} s",))
    placas = [placa for linha in run.stdout.splitlines() if (placa := _placa(linha))]
    if run.returncode or not placas:
        motivo = (run.stderr or run.stdout).strip().splitlines()[:1]
        return Sondagem(vistos=vistos, faltas=(f"gpu: {comando[0]} finds none ({''.join(motivo) or 'no output'})",))
    maior = max(placas, key=lambda placa: float(placa["memoria_gb"]))
    detalhes = {**maior, "quantidade": len(placas)}
    return Sondagem((Achado(TipoCapacidade.HARDWARE, "gpu", f"{SONDA}: {comando[0]}", detalhes),), vistos)


def imagens(base_url: str | None = None) -> Sondagem:
    """Images of the local Docker engine; `base_url` names another one than the environment does."""
    try:
        client = (
            docker.DockerClient(base_url=base_url, timeout=PRAZO_S) if base_url else docker.from_env(timeout=PRAZO_S)
        )
        try:
            tags = sorted({tag for imagem in client.images.list() for tag in imagem.tags})
        finally:
            client.close()
    except (DockerException, OSError) as error:
        return Sondagem(faltas=(f"docker: the engine does not answer ({_linha(error)})",))
    achados = tuple(Achado(TipoCapacidade.CONTAINER, tag, f"{SONDA}: docker images") for tag in tags)
    return Sondagem(achados, frozenset({TipoCapacidade.CONTAINER}))


def endpoints(lista: Iterable[Endpoint], ambiente: Mapping[str, str]) -> Sondagem:
    """One GET to each address. `ambiente`: the environment variables that hold the credentials."""
    achados: list[Achado] = []
    faltas: list[str] = []
    for endpoint in lista:
        falta = _responde(endpoint, ambiente)
        if falta is None:
            achados.append(
                Achado(TipoCapacidade.API, endpoint.nome, f"{SONDA}: GET {endpoint.url}", {"url": endpoint.url})
            )
        else:
            faltas.append(f"{endpoint.nome}: {falta}")
    return Sondagem(tuple(achados), frozenset({TipoCapacidade.API}), tuple(faltas))


def registrar(db: Database[dict[str, Any]], sondagem: Sondagem, *, por: str, validade_s: float) -> list[str]:
    """Record what was found, for `validade_s` seconds; what earlier probes found and this one missed expires.

    Returns the ids of those that expired. Kinds that could not be looked at (an engine that does not answer) stay.
    """
    for achado in sondagem.achados:
        capacidades.adicionar(
            db, achado.tipo, achado.nome, por=por, como=achado.como, detalhes=achado.detalhes, validade_s=validade_s
        )
    vistos = [chave(achado.tipo, achado.nome) for achado in sondagem.achados]
    return [ident for tipo in sorted(sondagem.vistos) for ident in capacidades.expirar(db, tipo, vistos)]


def sondar(
    db: Database[dict[str, Any]],
    apis: Mapping[str, str],
    *,
    por: str,
    validade_s: float,
    credenciais: Mapping[str, str] | None = None,
    ambiente: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Look for everything and record it. `apis`: name -> URL; `credenciais`: name -> environment variable of its key.

    Returns for each thing found, lost or missing its `id` (or name) and `achado`, a sentence. Malformed: a URL that is
    none. Addresses that are not named here are not visited.
    """
    chaves = credenciais or {}
    sondagem = gpu() + imagens()
    if apis:
        lista = [_endpoint(nome, url, chaves.get(nome)) for nome, url in sorted(apis.items())]
        sondagem += endpoints(lista, os.environ if ambiente is None else ambiente)
    expiradas = registrar(db, sondagem, por=por, validade_s=validade_s)
    return [
        *({"id": chave(achado.tipo, achado.nome), "achado": achado.como} for achado in sondagem.achados),
        *({"id": falta.partition(": ")[0], "achado": falta.partition(": ")[2]} for falta in sondagem.faltas),
        *({"id": ident, "achado": "is there no more: it expired"} for ident in expiradas),
    ]


def _endpoint(nome: str, url: str, credencial: str | None) -> Endpoint:
    try:
        return Endpoint(nome=nome, url=url, credencial=credencial)
    except ValidationError as error:
        raise Malformed(problems(error, root=nome)) from error


def _placa(linha: str) -> dict[str, Any] | None:
    """'NVIDIA A10, 23028, 535.54' -> its parts; None for a line that says something else."""
    match = re.fullmatch(r"\s*(.+?),\s*(\d+),\s*([\d.]+)\s*", linha)
    if match is None:
        return None
    modelo, mib, driver = match.groups()
    return {"modelo": modelo, "memoria_gb": round(int(mib) / MIB_POR_GB, 1), "driver": driver}


class _SemDesvio(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer, not an order: whoever the operator did not name gets no request and no credential."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        del req, fp, code, msg, headers, newurl


def _responde(endpoint: Endpoint, ambiente: Mapping[str, str]) -> str | None:
    """None when it answers with success, else why it does not count. Never contains the credential."""
    pedido = urllib.request.Request(endpoint.url, method="GET")  # noqa: S310 (the contract admits http and https only)
    if endpoint.credencial:
        segredo = ambiente.get(endpoint.credencial, "")
        if not segredo:
            return f"{endpoint.credencial} is not set: export it and probe again"
        pedido.add_header(endpoint.cabecalho, endpoint.formato.format(segredo))
    try:
        with urllib.request.build_opener(_SemDesvio).open(pedido, timeout=PRAZO_S):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return f"{endpoint.url} refuses the credentials (HTTP {error.code})"
        return f"{endpoint.url} answers HTTP {error.code}"
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        return f"{endpoint.url} cannot be reached ({_linha(getattr(error, 'reason', error))})"


def _linha(error: object) -> str:
    """An error on one line."""
    return " ".join(str(error).split()) or type(error).__name__
