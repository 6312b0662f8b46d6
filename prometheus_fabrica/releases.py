"""Releases as bytes: one archive that the same files always give, kept in GridFS under the name of its attempt.

The archive is uploaded before its item is concluded, so that a release never names a file that is not there; what an
attempt left that did not conclude its item is an orphan, and `varrer_orfaos` removes it.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridfs import GridFSBucket
from gridfs.errors import CorruptGridFile, FileExists, NoFile
from pymongo.database import Database

from contratos.problems import Malformed, Problema
from contratos.release import Artefato, Papel, Release, clashing, digest, unsafe
from prometheus_fabrica.errors import Permanent

BUCKET = "artefatos"
SEPARATOR = "@"  # tokens have none
MODE = 0o644
MAX_FILES = 10_000
MAX_BYTES = 256 * 1024 * 1024  # of all files; GridFS has no limit of its own, a daemon's memory has


class ReleaseCorrompida(Permanent):
    """The archive of a release is not what its document says; the text names every file that differs."""


@dataclass(frozen=True, slots=True)
class Pacote:
    """Files made one: the archive's bytes, its SHA-256, and the digest of the files (`contratos.release.digest`)."""

    dados: bytes
    sha256: str
    digest: str


def empacotar(arquivos: Mapping[str, bytes]) -> Pacote:
    """The archive of `arquivos` (path -> content): the same files give the same bytes on any machine.

    An uncompressed pax tar, because a compressor's output changes with its version: names sorted by code point, no
    times, owners or modes of this machine. Malformed names every unsafe path (`contratos.release.unsafe`).
    """
    faults = [Problema(f"arquivos[{nome!r}]", f"the path {why}") for nome in sorted(arquivos) if (why := unsafe(nome))]
    faults.extend(Problema("arquivos", clash) for clash in clashing(arquivos))
    size = sum(map(len, arquivos.values()))
    if not arquivos or len(arquivos) > MAX_FILES or size > MAX_BYTES:
        limits = f"1 to {MAX_FILES} files of {MAX_BYTES} bytes in all"
        faults.append(Problema("arquivos", f"expected {limits}; found {len(arquivos)} files of {size} bytes"))
    if faults:
        raise Malformed(faults)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive:
        for nome in sorted(arquivos):
            member = tarfile.TarInfo(nome)
            member.size, member.mode = len(arquivos[nome]), MODE
            archive.addfile(member, io.BytesIO(arquivos[nome]))
    dados = buffer.getvalue()
    return Pacote(dados, _sha256(dados), digest({nome: _sha256(content) for nome, content in arquivos.items()}))


def artefatos(arquivos: Mapping[str, bytes], papel: Callable[[str], Papel]) -> tuple[Artefato, ...]:
    """What a Release lists: every file by path, with what it is for."""
    return tuple(
        Artefato(caminho=nome, sha256=_sha256(arquivos[nome]), bytes=len(arquivos[nome]), papel=papel(nome))
        for nome in sorted(arquivos)
    )


def desempacotar(dados: bytes, release: Release) -> dict[str, bytes]:
    """The files of an archive, when they are exactly those that `release` lists; else ReleaseCorrompida."""
    expected = {artefato.caminho: artefato for artefato in release.artefatos}
    arquivos: dict[str, bytes] = {}
    faults = []
    try:
        for nome, content in _members(dados, expected):
            if nome in arquivos:
                faults.append(f"{nome!r} is in it twice")
            elif content is None:
                faults.append(f"{nome!r} is not listed, or not a plain file of the size that is listed")
            elif _sha256(content) != expected[nome].sha256:
                faults.append(f"{nome!r} has other content than listed")
            else:
                arquivos[nome] = content
    except (tarfile.TarError, EOFError, UnicodeError, ValueError) as error:
        faults.append(f"it is no archive of ours ({error})")
    if not faults:
        faults = [f"{nome!r} is missing" for nome in expected if nome not in arquivos]
    if faults:
        raise ReleaseCorrompida(f"the archive of release {release.id} was changed: {'; '.join(faults)}")
    return arquivos


def _members(dados: bytes, expected: Mapping[str, Artefato]) -> Iterator[tuple[str, bytes | None]]:
    """Each member's name and content; no content for one that nobody listed, so that a bomb is never inflated."""
    with tarfile.open(fileobj=io.BytesIO(dados), mode="r:", encoding="utf-8", errors="strict") as archive:
        for member in archive:
            listed = expected.get(member.name)
            plain = member.type == tarfile.REGTYPE and member.sparse is None
            if listed is None or not plain or member.size != listed.bytes:
                yield member.name, None
            elif (stream := archive.extractfile(member)) is not None:
                yield member.name, stream.read()


def arquivo_id(item: str, token: str) -> str:
    """The `_id` in GridFS of what the attempt `token` of `item` made; known before anything is uploaded."""
    return f"{item}{SEPARATOR}{token}"


def guardar(db: Database[dict[str, Any]], pacote: Pacote, item: str, token: str) -> str:
    """Upload the archive and return its `_id`. Repeating it is harmless; other bytes under one `_id` are refused."""
    identity = arquivo_id(item, token)
    files, chunks = db[f"{BUCKET}.files"], db[f"{BUCKET}.chunks"]
    if files.find_one({"_id": identity}, {"_id": 1}) is None:
        chunks.delete_many({"files_id": identity})  # of an upload whose connection broke
        metadata = {"item": item, "token": token, "digest": pacote.digest, "sha256": pacote.sha256}
        try:
            bucket = GridFSBucket(db, bucket_name=BUCKET)
            bucket.upload_from_stream_with_id(identity, f"{item}.tar", pacote.dados, metadata=metadata)
        except FileExists:  # the reply of the last write was lost, and the driver wrote again
            pass
    stored = files.find_one({"_id": identity})
    if stored is None or stored["metadata"]["sha256"] != pacote.sha256:
        raise Permanent(f"{BUCKET}: {identity} is there with other content: one attempt made two different packages")
    files.update_one({"_id": identity}, [{"$set": {"metadata.guardado_em": "$$NOW"}}])
    return identity


def abrir(db: Database[dict[str, Any]], release: Release) -> dict[str, bytes]:
    """The files of a release, path -> content, each checked against its sum; else ReleaseCorrompida."""
    try:
        stream = GridFSBucket(db, bucket_name=BUCKET).open_download_stream(release.arquivo)
        if stream.length > 2 * MAX_BYTES:
            raise ReleaseCorrompida(f"the archive of release {release.id} has {stream.length} bytes: not one of ours")
        dados = stream.read()
    except NoFile as error:
        raise ReleaseCorrompida(f"the archive of release {release.id} is not in GridFS ({release.arquivo})") from error
    except CorruptGridFile as error:
        raise ReleaseCorrompida(f"the archive of release {release.id} cannot be read: {error}") from error
    return desempacotar(dados, release)


def agora(db: Database[dict[str, Any]]) -> datetime:
    """The server's clock, in UTC: the only source of dates."""
    local: datetime = db.client.admin.command("hello")["localTime"]
    return local


def varrer_orfaos(db: Database[dict[str, Any]], *, idade_s: float, limite: int = 100) -> tuple[str, ...]:
    """Remove archives that no release names and none will, and return their `_id`s; any daemon, any time, idempotent.

    None will: the item was concluded by another attempt; or the attempt neither holds nor concluded the item, and the
    archive is older than `idade_s` seconds by the server's clock. At most `limite` of each kind are looked at, oldest
    first. Cost: the archives not yet seen in a release, and one pass over the first chunks.
    """
    files = db[f"{BUCKET}.files"]
    bucket = GridFSBucket(db, bucket_name=BUCKET)
    removed = []
    for doc in files.find({"metadata.release": None}).sort("metadata.guardado_em", 1).limit(limite):
        if (release := db["releases"].find_one({"arquivo": doc["_id"]}, {"id": 1})) is not None:
            files.update_one(
                {"_id": doc["_id"]}, {"$set": {"metadata.release": str(release.get("id", release["_id"]))}}
            )
        elif "guardado_em" not in doc["metadata"]:  # its uploader died just after; the age counts from now
            files.update_one({"_id": doc["_id"]}, [{"$set": {"metadata.guardado_em": "$$NOW"}}])
        elif _hopeless(db, doc, idade_s):
            bucket.delete(doc["_id"])
            removed.append(str(doc["_id"]))
    return (*removed, *_sweep_chunks(db, limite))


def _hopeless(db: Database[dict[str, Any]], doc: Mapping[str, Any], idade_s: float) -> bool:
    """Whether no release can come to name this archive any more."""
    holder, concluded = _tokens(db, doc["metadata"]["item"])
    token = doc["metadata"]["token"]
    if concluded is not None:
        return bool(concluded != token)
    older = {"$lt": ["$metadata.guardado_em", {"$subtract": ["$$NOW", round(idade_s * 1000)]}]}
    return holder != token and db[f"{BUCKET}.files"].find_one({"_id": doc["_id"], "$expr": older}) is not None


def _tokens(db: Database[dict[str, Any]], item: str) -> tuple[str | None, str | None]:
    """The token that holds the item, and the one that concluded it."""
    wanted = {"lease.token": 1, "conclusao.token": 1}
    doc = db["backlog_items"].find_one({"id": item}, wanted) or {}
    return (doc.get("lease") or {}).get("token"), (doc.get("conclusao") or {}).get("token")


def _sweep_chunks(db: Database[dict[str, Any]], limite: int) -> list[str]:
    """Chunks without a file: an upload that was killed. They stay only while its attempt still holds the item."""
    chunks = db[f"{BUCKET}.chunks"]
    fileless = chunks.aggregate(
        [
            {"$match": {"n": 0}},
            {"$lookup": {"from": f"{BUCKET}.files", "localField": "files_id", "foreignField": "_id", "as": "file"}},
            {"$match": {"file": []}},
            {"$project": {"files_id": 1}},
            {"$limit": limite},
        ]
    )
    removed = []
    for doc in fileless:
        item, _, token = str(doc["files_id"]).rpartition(SEPARATOR)
        if token not in _tokens(db, item):
            chunks.delete_many({"files_id": doc["files_id"]})
            removed.append(str(doc["files_id"]))
    return removed


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
