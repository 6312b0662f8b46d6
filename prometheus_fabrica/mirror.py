"""A remote repository's copy below FABRICA_DADOS: fetched by one process at a time, read by all of them at once."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from contratos.problems import Malformed
from prometheus_fabrica import locks
from prometheus_fabrica.git import TIMEOUT_SECONDS, GitFalhou, Remoto, Repositorio, git

HEAD = "refs/fabrica/head"  # what the remote's HEAD was when we last looked
USED = "refs/fabrica/usados"  # one for each commit ever read: a forced push does not take it away from a budget
NORMAL = (f"+HEAD:{HEAD}",)
EVERYTHING = ("+refs/heads/*:refs/fabrica/heads/*", "+refs/tags/*:refs/fabrica/tags/*")


@dataclass(frozen=True, slots=True)
class Espelho:
    """The copy of `remoto` in `pasta`, made when it is first needed."""

    remoto: Remoto
    pasta: Path

    def at(self, commit: str | None) -> tuple[Repositorio, str]:
        """The copy, and `commit` in full; without one the remote's HEAD of this moment.

        A commit that is already here costs no network. Malformed: there is no such commit. GitFalhou: not reachable.
        """
        name = hashlib.sha256(self.remoto.url.encode()).hexdigest()[:16]
        repo = Repositorio(self.pasta / f"{name}.git", nu=True)
        if commit is not None and (repo.pasta / "HEAD").exists() and (known := repo.cabeca(commit)) is not None:
            return repo, known
        self.pasta.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locks.exclusive(self.pasta / f"{name}.trava", threading.Event(), espera_s=TIMEOUT_SECONDS) as held:
            self._fetch(repo, NORMAL if commit is None else (*NORMAL, *EVERYTHING), held)
            fixed = repo.cabeca(commit or HEAD)
            if fixed is None:
                raise Malformed.one("commit", f"{self.remoto.url} has no commit {commit}")
            repo.run(["update-ref", f"{USED}/{fixed}", fixed])
        return repo, fixed

    def _fetch(self, repo: Repositorio, refspecs: tuple[str, ...], held: int) -> None:
        # Git holds our lock with us, so that it cannot outlive us and meet our successor: whoever holds the lock knows
        # that no Git is at work here, and that a lock file of Git's own is the trace of one that was killed.
        for stale in (*repo.pasta.glob("refs/**/*.lock"), *repo.pasta.glob("*.lock")):
            stale.unlink()
        git(["init", "--quiet", "--bare", str(repo.pasta)], herdar=held)
        fetch = ["fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-write-fetch-head", "--end-of-options"]
        try:
            git(["-C", str(repo.pasta), *fetch, self.remoto.url, *refspecs], remoto=self.remoto, herdar=held)
        except GitFalhou as error:
            raise GitFalhou(f"FABRICA_SPECS: {self.remoto.url} cannot be fetched: {error}") from None
