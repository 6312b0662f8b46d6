"""Git repositories for tests: real ones, made and changed by the real Git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WHO = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main")


@dataclass(frozen=True)
class Repo:
    """A repository with a work tree at `path`."""

    path: Path

    @classmethod
    def new(cls, path: Path, files: Mapping[str, str] | None = None) -> Repo:
        """An empty one, or one with these files in its first commit."""
        repo = cls(path)
        path.mkdir(parents=True)
        repo.git("init", "--quiet")
        if files:
            repo.commit(files)
        return repo

    def git(self, *arguments: str) -> str:
        """What Git says in it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", "-C", str(self.path), *WHO, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Files of the work tree, not committed."""
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text, encoding="utf-8")

    def commit(self, files: Mapping[str, str], *, amend: bool = False) -> str:
        """Write and commit; the commit's name."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "test", *(["--amend"] if amend else []))
        return self.git("rev-parse", "HEAD")

    def bare(self, path: Path) -> Path:
        """A bare clone of it at `path`, ready to be served over plain HTTP."""
        self.git("clone", "--quiet", "--bare", str(self.path), str(path))
        Repo(path).git("update-server-info")
        return path
