"""The folder of one application in one environment: versions side by side, and a link that says which one is current.

    FABRICA_DADOS/implantacoes/<ambiente>/<aplicacao>/
        atual -> versoes/<release>      the only thing that a switch changes, in one rename
        versoes/<release>/              complete or not there: written beside, then renamed
        .trava .estado.json .diario/    the deployer's own (locks.py, journal.py)

Nothing here follows a link, and nothing is written outside the folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from contratos.problems import Malformed
from contratos.release import unsafe
from prometheus_fabrica.errors import Permanent

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
LINK = "atual"
VERSIONS = "versoes"
PARTIAL = ".parcial-"
DISCARDED = ".descartada-"
CACHE = "__pycache__"  # what an operator's own Python leaves; no part of a version
MODE = 0o444


@dataclass(frozen=True, slots=True)
class Aplicacao:
    """One application's folder. Whoever changes it holds `trava`."""

    raiz: Path

    @classmethod
    def at(cls, dados: Path, ambiente: str, aplicacao: str) -> Aplicacao:
        """The folder below FABRICA_DADOS, made if missing. Malformed: names that are no folder names of ours."""
        raiz = dados.resolve()
        raiz.mkdir(mode=0o700, parents=True, exist_ok=True)
        for campo, part in (("", "implantacoes"), ("ambiente", ambiente), ("aplicacao", aplicacao)):
            if NAME.fullmatch(part) is None:
                raise Malformed.one(campo, f"expected letters, digits, '.', '_' and '-'; found {part!r}")
            raiz /= part
            _folder(raiz)
        _folder(raiz / VERSIONS)
        return cls(raiz)

    @property
    def trava(self) -> Path:
        """The lock file."""
        return self.raiz / ".trava"

    @property
    def link(self) -> Path:
        """The current version, as people and programs reach it."""
        return self.raiz / LINK

    def versao(self, release: str) -> Path:
        """Where the version of a release lies, or would lie."""
        if NAME.fullmatch(release) is None:
            raise Malformed.one("release_ref", f"expected letters, digits, '.', '_' and '-'; found {release!r}")
        return self.raiz / VERSIONS / release

    def versoes(self) -> list[str]:
        """The releases that lie here complete, sorted."""
        entries = os.scandir(self.raiz / VERSIONS)
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name[0] != ".")

    def atual(self) -> str | None:
        """The release that is current, or None. Permanent when the link is not one of ours."""
        try:
            target = self.link.readlink().as_posix()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Permanent(f"{self.link} is not a link: somebody else put it there; move it away") from error
        folder, _, release = target.rpartition("/")
        if folder != VERSIONS or NAME.fullmatch(release) is None:
            raise Permanent(f"{self.link} leads to {target}, which is none of our versions; remove the link")
        return release

    def trocar(self, release: str | None, between: Callable[[], None] = lambda: None) -> None:
        """Make a version current (None: none) in one atomic step. `between`: called once the new link is ready."""
        if release is None:
            self.link.unlink(missing_ok=True)
        else:
            assert stat.S_ISDIR(self.versao(release).lstat().st_mode)
            beside = self.raiz / f".{LINK}-novo"
            beside.unlink(missing_ok=True)
            beside.symlink_to(Path(VERSIONS, release), target_is_directory=True)
            between()
            beside.replace(self.link)
        sync(self.raiz)

    def desempacotar(
        self, release: str, arquivos: Mapping[str, bytes], between: Callable[[], None] = lambda: None
    ) -> None:
        """Write a version: complete on disk under its name, or not there. `between`: called when it is half written."""
        versao = self.versao(release)
        partial = versao.with_name(PARTIAL + release)
        discard(partial)
        partial.mkdir(mode=0o755)
        for place, (caminho, content) in enumerate(sorted(arquivos.items())):
            if reason := unsafe(caminho):
                raise Malformed.one(caminho, f"the path {reason}")
            if place == len(arquivos) // 2:
                between()
            path = partial / caminho
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            _write(path, content)
        for folder, _, _ in partial.walk():
            sync(folder)
        self.afastar(versao)
        partial.rename(versao)
        sync(versao.parent)

    def ler(self, release: str) -> dict[str, bytes]:
        """The files of a version as they are on disk. Permanent when there is anything but files and folders."""
        versao = self.versao(release)
        if not stat.S_ISDIR(versao.lstat().st_mode):
            raise Permanent(f"{versao} is not a folder: the version was changed by somebody else")
        arquivos = {}
        for folder, folders, names in versao.walk():
            folders[:] = sorted(name for name in folders if name != CACHE)
            for name in (*folders, *names):
                path = folder / name
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode):
                    arquivos[path.relative_to(versao).as_posix()] = _read(path)
                elif not stat.S_ISDIR(mode):
                    raise Permanent(f"{path} is neither a file nor a folder: the version was changed by somebody else")
        return arquivos

    def contem(self, release: str, arquivos: Mapping[str, bytes]) -> bool:
        """Whether the version lies here and is exactly this."""
        try:
            return self.ler(release) == arquivos
        except (FileNotFoundError, Permanent):
            return False

    def afastar(self, versao: Path) -> None:
        """Remove a version, so that at no moment half of it lies under its name."""
        aside = versao.with_name(DISCARDED + versao.name)
        discard(aside)
        with contextlib.suppress(FileNotFoundError):
            versao.rename(aside)
        discard(aside)

    def podar(self, manter: Collection[str]) -> list[str]:
        """Remove every version but the current one and those in `manter`, and all leftovers; the names that went."""
        kept = {*manter, self.atual()}
        gone = []
        for path in sorted((self.raiz / VERSIONS).iterdir()):
            if path.name.startswith((PARTIAL, DISCARDED)):
                discard(path)
            elif path.name not in kept:
                self.afastar(path)
                gone.append(path.name)
        return gone


def _folder(path: Path) -> None:
    """A folder of ours, made if missing; a link in its place would lead our writes elsewhere."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o755)
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise Permanent(f"{path} is not a folder (a link is not one either): move it away")


def _write(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fchmod(stream.fileno(), MODE)  # whatever the umask; a version is not edited where it lies
        os.fsync(stream.fileno())


def _read(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as stream:
        return stream.read()


def discard(path: Path) -> None:
    """Remove what is there, links as links."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def sync(folder: Path) -> None:
    """Bring a folder's entries to disk: a rename that power loss could undo has not happened."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
