"""Reading a Git repository by commit, without a checkout: no hook, filter or replaced object has a say."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

TIMEOUT_SECONDS = 120.0
COMMIT = re.compile(r"[0-9a-f]{7,64}")
SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
SCP_LIKE = re.compile(r"(?P<where>[\w.-]+@[\w.-]+):(?!//)(?P<path>[^\s]+)")
BLOB_MODES = frozenset({"100644", "100755"})
SYMLINK_MODE = "120000"

# Where a repository is and what its objects mean is for us to say, not for the shell that started the daemon.
LOCATING = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_COUNT",
        "GIT_GRAFT_FILE",
        "GIT_SHALLOW_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_CEILING_DIRECTORIES",
        "GIT_LITERAL_PATHSPECS",
    }
)
# The shell function that hands Git the user and password of a URL: so they are in no argument list and in no file.
CREDENTIAL_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$FABRICA_GIT_USER" "$FABRICA_GIT_PASSWORD"; }; f'
)


class GitFalhou(RuntimeError):
    """Git could not do what was asked: unreachable, refused, timed out, damaged. May be tried again later."""


@dataclass(frozen=True, slots=True)
class Remoto:
    """A repository's address without its secrets, and the secrets apart."""

    url: str
    usuario: str | None = None
    senha: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, text: str) -> Remoto | None:
        """The address in `text` (a URL or `user@host:path`), or None when it reads as a folder."""
        if SCP_LIKE.fullmatch(text):
            return cls(text)
        parts = urlsplit(text)
        if parts.scheme not in SCHEMES or "://" not in text:
            return None
        if parts.scheme not in {"http", "https"} or parts.username is None:
            return cls(text)
        place = parts.netloc.rpartition("@")[2]
        clean = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
        return cls(clean, unquote(parts.username), unquote(parts.password or ""))

    def scrub(self, text: str) -> str:
        """`text` without the password, in whatever form Git may have quoted it."""
        for secret in filter(None, (self.senha, quote(self.senha or "", safe=""))):
            text = text.replace(secret, "***")
        return text


@dataclass(frozen=True, slots=True)
class Entrada:
    """One entry of a tree: path from the root of the repository, mode, object id, size in bytes."""

    caminho: str
    modo: str
    objeto: str
    tamanho: int


def git(
    arguments: Sequence[str],
    *,
    entrada: bytes = b"",
    config: Sequence[tuple[str, str]] = (),
    remoto: Remoto | None = None,
    herdar: int | None = None,
) -> bytes:
    """What `git arguments` printed; GitFalhou with what it complained of.

    config: goes in by the environment alone. herdar: a descriptor that Git keeps open as long as it lives.
    """
    with subprocess.Popen(
        ["git", "--no-pager", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(config, remoto),
        pass_fds=() if herdar is None else (herdar,),
        start_new_session=True,  # a fetch has helpers: they are killed with it
    ) as process:
        try:
            output, complaint = process.communicate(entrada, timeout=TIMEOUT_SECONDS)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise GitFalhou(f"git {arguments[0]}: no answer for {TIMEOUT_SECONDS:.0f} s") from None
            raise
    if process.returncode:
        text = complaint.decode(errors="replace").strip() or f"exit code {process.returncode}"
        raise GitFalhou(remoto.scrub(text) if remoto else text)
    return output


def _environment(config: Sequence[tuple[str, str]], remoto: Remoto | None) -> dict[str, str]:
    """Our environment, less what would point Git elsewhere; plus `config`, as if given by `-c`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in LOCATING and not name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_TRACE"))
    }
    pairs = [*config]
    if remoto is not None and remoto.usuario is not None:
        pairs += [("credential.helper", ""), ("credential.helper", CREDENTIAL_HELPER)]
        kept |= {"FABRICA_GIT_USER": remoto.usuario, "FABRICA_GIT_PASSWORD": remoto.senha or ""}
    for place, (key, value) in enumerate(pairs):
        kept |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    return kept | {
        "GIT_CONFIG_COUNT": str(len(pairs)),
        "GIT_ALLOW_PROTOCOL": ":".join(sorted(SCHEMES)),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
        "LC_ALL": "C.UTF-8",
    }


@dataclass(frozen=True, slots=True)
class Repositorio:
    """A repository on disk, read from `pasta` (its work tree, a folder in that, or a bare repository)."""

    pasta: Path
    prefixo: str = ""  # of `pasta` within the repository: "" or "specs/"
    nu: bool = False  # bare: no work tree

    @classmethod
    def at(cls, pasta: Path) -> Repositorio | None:
        """The repository that `pasta` is in, or None when it is a plain folder."""
        question = ["rev-parse", "--is-bare-repository", "--show-prefix"]
        try:
            answer = cls(pasta).run(question).decode().splitlines()
        except GitFalhou as error:
            if "not a git repository" in str(error):
                return None
            raise
        return cls(pasta, prefixo=answer[1] if len(answer) > 1 else "", nu=answer[0] == "true")

    def cabeca(self, ref: str = "HEAD") -> str | None:
        """The commit that `ref` names, in full; None when there is no such commit."""
        try:
            return (
                self.run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]).decode().strip()
            )
        except GitFalhou:
            return None

    def arvore(self, commit: str) -> list[Entrada]:
        """Every file below our folder at `commit`."""
        listing = self.run(["ls-tree", "-r", "-z", "--long", "--full-tree", commit, "--", self.prefixo or "."])
        entries = []
        for line in listing.decode(errors="backslashreplace").split("\0")[:-1]:
            facts, _, caminho = line.partition("\t")
            modo, kind, objeto, size = facts.split()
            if kind == "blob":
                entries.append(Entrada(caminho, modo, objeto, int(size)))
        return entries

    def conteudos(self, objetos: Sequence[str]) -> dict[str, bytes]:
        """The content of blobs, by object id, in one call of Git."""
        if not objetos:
            return {}
        wanted = "".join(f"{objeto}\n" for objeto in objetos).encode()
        stream = memoryview(self.run(["cat-file", "--batch"], entrada=wanted))
        contents = {}
        for objeto in objetos:
            header_end = bytes(stream[:200]).index(b"\n")
            size = int(bytes(stream[:header_end]).split()[2])
            contents[objeto] = bytes(stream[header_end + 1 : header_end + 1 + size])
            stream = stream[header_end + 2 + size :]
        return contents

    def run(self, arguments: Sequence[str], entrada: bytes = b"") -> bytes:
        """What Git says in this repository."""
        # The operator named this folder as the source of specs: that is the consent which safe.directory asks for when
        # the folder belongs to another user (a volume in a container, a checkout of root's under a service account).
        here = self.pasta.resolve()
        owned = [("safe.directory", str(folder)) for folder in (here, *here.parents)]
        return git(["-C", str(here), *arguments], entrada=entrada, config=owned)
