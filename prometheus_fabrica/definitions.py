"""Definitions live in Git: a spec is found by its `id` among the YAML files at a commit, which is pinned and recorded.

FABRICA_SPECS names a folder in a Git work tree, a bare repository, a Git URL, or a plain folder (then there is no
commit to pin). A work tree's uncommitted edits are not read: what is priced and built can be read again by its commit.
Templates of a repository can be read the same way: `Definitions.arvore`.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contratos.problems import Malformed, Problema, problems
from contratos.spec import Spec
from contratos.spec_base import folded
from prometheus_fabrica import marked_yaml
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.git import COMMIT, SYMLINK_MODE, Entrada, Remoto, Repositorio
from prometheus_fabrica.mirror import Espelho
from prometheus_fabrica.trees import Arvore, ArvoreGit, ArvorePasta
from workers.estrutura.resolver import resolver

SUFFIXES = (".yaml", ".yml")
VERSION = ("versao",)
PARTS = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
MAX_BYTES = 1024 * 1024
MAX_NAMED = 10  # ids, and faults of files that could not be read, in the message about an unknown id
MAX_REMEMBERED = 10_000  # blobs


@dataclass(frozen=True, slots=True)
class SpecLida:
    """A spec as it was read: parsed, where it stood, and its text with SHA-256. No commit: from a plain folder."""

    spec: Spec
    commit: str | None
    caminho: str
    texto: str
    sha256: str


def ler_spec(texto: str, arquivo: str) -> Spec:
    """The spec in a YAML text; Malformed with every fault of its form, each with file and line. Pure."""
    documento = marked_yaml.ler(texto, arquivo)
    if not isinstance(documento.valor, dict):
        expected = "expected a map with id, nome, versao, vertentes, ...; found "
        found = "nothing" if documento.valor is None else type(documento.valor).__name__
        raise Malformed([Problema("(document)", expected + found, arquivo, 1)])
    if VERSION in documento.escrito:  # 1.10 is a version, not the number 1.1
        documento.valor[VERSION[0]] = documento.escrito[VERSION]
    try:
        return Spec.model_validate(documento.valor)
    except ValidationError as error:
        raise Malformed(_located(error, documento, arquivo)) from None


def _located(error: ValidationError, documento: marked_yaml.Documento, arquivo: str) -> list[Problema]:
    """pydantic's errors with the lines of the values that they are about, in the order of the file."""
    located = []
    for fault, problema in zip(error.errors(include_url=False), problems(error), strict=True):
        onde = _nearest(fault["loc"], documento)
        mensagem = problema.mensagem
        if fault["type"] == "string_type" and onde in documento.escrito:
            mensagem += (
                f'. Without quotes YAML reads this as {_kind(fault["input"])}: write "{documento.escrito[onde]}"'
            )
        located.append(Problema(problema.campo, mensagem, arquivo, documento.linhas.get(onde, 1)))
    return sorted(located, key=lambda problema: problema.linha or 0)


def conferir_spec(spec: Spec, texto: str, arquivo: str) -> None:
    """Whether everything that the spec names is there and fits; Malformed with every fault, each with file and line.

    spec: what `ler_spec` made of this text. Form is `ler_spec`'s, meaning the workers' (`workers.estrutura`). Pure.
    """
    try:
        if spec.spec_poo is not None:
            resolver(spec)
    except Malformed as error:
        documento = marked_yaml.ler(texto, arquivo)
        located = [
            replace(
                problema, arquivo=arquivo, linha=documento.linhas.get(_nearest(_parts(problema.campo), documento), 1)
            )
            for problema in error.problemas
        ]
        raise Malformed(sorted(located, key=lambda problema: problema.linha or 0)) from None


def _parts(campo: str) -> list[str | int]:
    """'a.b[0]' -> 'a', 'b', 0."""
    return [int(index) if index else name for name, index in PARTS.findall(campo)]


def _nearest(loc: Sequence[str | int], documento: marked_yaml.Documento) -> marked_yaml.Path:
    """The path in the document that `loc` leads to, or the last of its parts that is there.

    pydantic puts names of its own into `loc` (the members of a union); our models forgive a key its accents, and take
    a list of named things for a map.
    """
    onde: marked_yaml.Path = ()
    node = documento.valor
    for part in loc:
        for step in _steps(node, part):
            onde, node = (*onde, step), node[step]
    return onde


def _steps(node: Any, part: str | int) -> list[str | int]:
    """How to go from a value to its `part`; nowhere when it has no such part."""
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return [part]
    if isinstance(node, list):
        for place, entry in enumerate(node):
            if isinstance(entry, dict) and (entry.get("nome") == part or list(entry) == [part]):
                return [place] if entry.get("nome") == part else [place, part]
    if isinstance(node, dict):
        return [key for key in node if part in {key, folded(key)}][:1]
    return []


def _kind(value: object) -> str:
    words = {type(None): "nothing (null)", bool: "true or false", int: "a number", float: "a number"}
    return words.get(type(value), "something else")


class Definitions:
    """The specs of one source. Safe to share between threads, and its clones between processes.

    fonte: FABRICA_SPECS. dados: FABRICA_DADOS, where a URL is cloned to (`definicoes/`).
    """

    def __init__(self, fonte: str, dados: Path) -> None:
        remoto = Remoto.of(fonte)
        self._espelho = None if remoto is None else Espelho(remoto, dados / "definicoes")
        self._pasta = Path(fonte).expanduser()
        self._ids: dict[str, str | None] = {}  # of blobs, which never change
        self._trava = threading.Lock()

    def spec(self, spec_ref: str, commit: str | None = None) -> SpecLida:
        """The spec whose `id` is `spec_ref`, at `commit` or at the source's HEAD.

        Malformed: no such spec (with near ones, and the files that could not be read), two files that claim the id,
        faults of the file, no such commit. GitFalhou: the repository cannot be reached now. Permanent: no such source.
        """
        arvore = self.arvore(commit)
        known, unreadable = self._identified(arvore)
        found = [entrada for entrada, identity in known if identity == spec_ref]
        if len(found) > 1:
            both = " and ".join(entrada.caminho for entrada in found)
            raise Malformed.one("spec_ref", f"{spec_ref!r} is the id of more than one file: {both}")
        if not found:
            ids = sorted({identity for _, identity in known})
            raise Malformed([self._unknown(spec_ref, arvore, ids), *unreadable[:MAX_NAMED]])
        texto = _texts(arvore, found)[0]
        if isinstance(texto, Problema):
            raise Malformed([texto])
        spec = ler_spec(texto, found[0].caminho)
        conferir_spec(spec, texto, found[0].caminho)
        sha256 = hashlib.sha256(texto.encode()).hexdigest()
        return SpecLida(spec, arvore.commit, found[0].caminho, texto, sha256)

    def arvore(self, commit: str | None = None) -> Arvore:
        """The source's files at `commit` or HEAD; for templates too, which may be kept beside the specs."""
        if commit is not None and COMMIT.fullmatch(commit) is None:
            raise Malformed.one("commit", f"expected a Git commit in hexadecimal; found {commit!r}")
        if self._espelho is not None:
            return ArvoreGit(*self._espelho.at(commit))
        if not self._pasta.is_dir():
            raise Permanent(
                f"FABRICA_SPECS: there is no folder {self._pasta}: name the folder or the Git URL of the specs"
            )
        repo = Repositorio.at(self._pasta)
        if repo is None:
            if commit is not None:
                raise Malformed.one(
                    "commit", f"{self._pasta} is no Git repository: commit {commit} cannot be read there"
                )
            return ArvorePasta(self._pasta)
        fixed = repo.cabeca(commit or "HEAD")
        if fixed is None:
            what = f"has no commit {commit}" if commit else "has no commit yet: 'git add' and 'git commit' the specs"
            raise Malformed.one("commit", f"the repository of {self._pasta} {what}")
        return ArvoreGit(repo, fixed)

    def _identified(self, arvore: Arvore) -> tuple[list[tuple[Entrada, str]], list[Problema]]:
        """The YAML files that have an `id`, with it, and the faults of those of which that cannot be said."""
        entradas = [entrada for entrada in arvore.entradas() if entrada.caminho.endswith(SUFFIXES)]
        with self._trava:
            ids = {entrada.caminho: self._ids[entrada.objeto] for entrada in entradas if entrada.objeto in self._ids}
        unknown = [entrada for entrada in entradas if entrada.caminho not in ids]
        unreadable: list[Problema] = []
        for entrada, texto in zip(unknown, _texts(arvore, unknown), strict=True):
            try:
                ids[entrada.caminho] = _id_in(texto, entrada.caminho)
            except Malformed as fault:
                unreadable.extend(fault.problemas)
        if arvore.commit is not None:
            with self._trava:
                if len(self._ids) > MAX_REMEMBERED:
                    self._ids.clear()
                self._ids |= {entrada.objeto: ids[entrada.caminho] for entrada in unknown if entrada.caminho in ids}
        known = [(entrada, identity) for entrada in entradas if (identity := ids.get(entrada.caminho)) is not None]
        return known, unreadable

    def _unknown(self, spec_ref: str, arvore: Arvore, ids: list[str]) -> Problema:
        """Why there is no such spec, and what may have been meant."""
        where = f"at commit {arvore.commit[:12]}" if arvore.commit else f"in {self._pasta}"
        message = f"no spec has the id {spec_ref!r} {where}"
        if near := get_close_matches(spec_ref, ids, n=3, cutoff=0.6):
            message += f"; did you mean {' or '.join(map(repr, near))}?"
        else:
            message += f"; the ids are {', '.join(ids[:MAX_NAMED])}" if ids else "; no YAML file there has an id"
        if arvore.commit is not None and self._espelho is None:
            edited, _ = self._identified(ArvorePasta(self._pasta))
            for entrada, identity in edited:
                if identity == spec_ref:
                    message += f". It is in the work tree ({entrada.caminho}), but not committed: git add, git commit"
        return Problema("spec_ref", message)


def _texts(arvore: Arvore, entradas: Sequence[Entrada]) -> list[str | Problema]:
    """The text of each file, or why it is not read."""
    refused = {entrada.caminho: reason for entrada in entradas if (reason := _refusal(entrada)) is not None}
    readable = [entrada for entrada in entradas if entrada.caminho not in refused]
    contents = dict(zip((entrada.caminho for entrada in readable), arvore.conteudos(readable), strict=True))
    return [
        Problema("(document)", refused[entrada.caminho], entrada.caminho)
        if entrada.caminho in refused
        else _decoded(contents[entrada.caminho], entrada.caminho)
        for entrada in entradas
    ]


def _refusal(entrada: Entrada) -> str | None:
    if entrada.modo == SYMLINK_MODE:
        return "is a symbolic link, which is not followed: put the file itself here"
    if entrada.tamanho > MAX_BYTES:
        return f"has {entrada.tamanho} bytes; a spec has at most {MAX_BYTES}"
    return None


def _decoded(content: bytes, caminho: str) -> str | Problema:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problema("(document)", f"is not UTF-8 (byte 0x{content[error.start]:02x})", caminho, line)


def _id_in(texto: str | Problema, caminho: str) -> str | None:
    if isinstance(texto, Problema):
        raise Malformed([texto])
    return marked_yaml.campo_de_topo(texto, caminho, "id")
