"""Files of a definition, whichever way they are kept: at a commit of a repository, or in a plain folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prometheus_fabrica.git import SYMLINK_MODE, Entrada, Repositorio

FILE_MODE = "100644"


class Arvore(Protocol):
    """A tree of files that does not change while it is read."""

    @property
    def commit(self) -> str | None:
        """The commit in full, or None for a plain folder."""
        ...

    def entradas(self) -> list[Entrada]:
        """Every file and link below it, sorted by path."""
        ...

    def conteudos(self, entradas: Sequence[Entrada]) -> list[bytes]:
        """The content of some of its files."""
        ...


@dataclass(frozen=True, slots=True)
class ArvoreGit:
    """A commit, below the repository's folder that the source names."""

    repo: Repositorio
    commit: str

    def entradas(self) -> list[Entrada]:
        """Every file and link, sorted by path."""
        return sorted(self.repo.arvore(self.commit), key=lambda entrada: entrada.caminho)

    def conteudos(self, entradas: Sequence[Entrada]) -> list[bytes]:
        """The content of some files, by one call of Git."""
        contents = self.repo.conteudos([entrada.objeto for entrada in entradas])
        return [contents[entrada.objeto] for entrada in entradas]


@dataclass(frozen=True, slots=True)
class ArvorePasta:
    """A plain folder. Links are listed and never followed."""

    pasta: Path
    commit: None = None

    def entradas(self) -> list[Entrada]:
        """Every file and link, sorted by path; `objeto` is the path as the file system has it."""
        found = []
        for folder, folders, names in self.pasta.walk():
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in names:
                path = folder / name
                status = path.lstat()
                shown = os.fsencode(path.relative_to(self.pasta)).decode(errors="backslashreplace")
                mode = SYMLINK_MODE if stat.S_ISLNK(status.st_mode) else FILE_MODE
                if mode == SYMLINK_MODE or stat.S_ISREG(status.st_mode):
                    found.append(Entrada(shown, mode, str(path), status.st_size))
        return sorted(found, key=lambda entrada: entrada.caminho)

    def conteudos(self, entradas: Sequence[Entrada]) -> list[bytes]:
        """The content of some files, no further than the size that was listed."""
        return [_content(entrada) for entrada in entradas]


def _content(entrada: Entrada) -> bytes:
    descriptor = os.open(entrada.objeto, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(entrada.tamanho)
