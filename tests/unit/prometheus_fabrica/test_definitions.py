"""Specs in Git: found by id at a pinned commit, whatever else lies around them."""

from __future__ import annotations

import base64
import hashlib
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from contratos.problems import Malformed
from prometheus_fabrica.definitions import Definitions
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.git import GitFalhou
from tests.harness.git_repo import Repo

ROOT = Path(__file__).parents[3]
PASSWORD = "s3cr3t/with@signs"  # what a URL has to quote


def yaml(identity: str, nome: str = "Conta") -> str:
    """A small spec that is right."""
    return f"id: {identity}\nnome: {nome}\nspec_poo:\n  classes:\n    Conta: {{atributos: {{saldo: Decimal}}}}\n"


def definitions(fonte: Path | str, tmp_path: Path) -> Definitions:
    """A reader of this source."""
    return Definitions(str(fonte), tmp_path / "dados")


def refusal(specs: Definitions, spec_ref: str, commit: str | None = None) -> str:
    """What Malformed says."""
    with pytest.raises(Malformed) as caught:
        specs.spec(spec_ref, commit)
    return "\n".join(str(problema) for problema in caught.value.problemas)


def test_spec_is_found_by_its_id_and_pinned_to_the_commit(tmp_path: Path) -> None:
    """The file's name says nothing; the commit, the path, the text and its sum are told."""
    repo = Repo.new(tmp_path / "r", {"a/x.yml": yaml("conta"), "outra.yaml": yaml("outra"), "ci.yaml": "on: [push]\n"})

    lida = definitions(repo.path, tmp_path).spec("conta")

    assert lida.spec.id == "conta"
    assert lida.commit == repo.git("rev-parse", "HEAD")
    assert (lida.caminho, lida.texto) == ("a/x.yml", yaml("conta"))
    assert lida.sha256 == hashlib.sha256(yaml("conta").encode()).hexdigest()


def test_pinned_commit_is_read_after_the_spec_has_changed(tmp_path: Path) -> None:
    """A budget's commit says what was priced, whatever happened since; an abbreviation of it will do."""
    repo = Repo.new(tmp_path / "r")
    old = repo.commit({"x.yaml": yaml("conta", "Antiga")})
    repo.commit({"x.yaml": yaml("conta", "Nova")})
    specs = definitions(repo.path, tmp_path)

    assert specs.spec("conta").spec.nome == "Nova"
    assert specs.spec("conta", old).spec.nome == "Antiga"
    assert specs.spec("conta", old[:12]).commit == old


def test_uncommitted_edit_is_not_read(tmp_path: Path) -> None:
    """What is built can be read again by its commit: the work tree is not looked at."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta", "Gravada")})
    repo.write({"x.yaml": yaml("conta", "Editada")})

    assert definitions(repo.path, tmp_path).spec("conta").spec.nome == "Gravada"


def test_id_that_is_only_in_the_work_tree_is_named_so(tmp_path: Path) -> None:
    """The operator who forgot to commit is told which file and what to do."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")})
    repo.write({"novas/y.yaml": yaml("fatura")})

    said = refusal(definitions(repo.path, tmp_path), "fatura")

    assert "It is in the work tree (novas/y.yaml), but not committed: git add, git commit" in said


def test_unknown_id_is_refused_with_near_ones(tmp_path: Path) -> None:
    """A misspelling is answered with what may have been meant."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta-corrente"), "y.yaml": yaml("fatura")})
    specs = definitions(repo.path, tmp_path)

    assert "did you mean 'conta-corrente'?" in refusal(specs, "conta-corente")
    assert "the ids are conta-corrente, fatura" in refusal(specs, "zzz")


def test_two_files_with_one_id_are_refused_naming_both(tmp_path: Path) -> None:
    """Which of them is meant is not for the factory to guess."""
    repo = Repo.new(tmp_path / "r", {"a.yaml": yaml("conta"), "b/c.yml": yaml("conta")})

    assert "more than one file: a.yaml and b/c.yml" in refusal(definitions(repo.path, tmp_path), "conta")


def test_folder_inside_a_repository_is_all_that_is_looked_at(tmp_path: Path) -> None:
    """FABRICA_SPECS may name a folder of a larger repository; paths are still told from the repository's root."""
    repo = Repo.new(tmp_path / "r", {"specs/x.yaml": yaml("conta"), "docs/exemplo.yaml": yaml("conta")})

    lida = definitions(repo.path / "specs", tmp_path).spec("conta")

    assert lida.caminho == "specs/x.yaml"
    assert lida.commit is not None


def test_bare_repository_is_read(tmp_path: Path) -> None:
    """No checkout is needed."""
    bare = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")}).bare(tmp_path / "b.git")

    assert definitions(bare, tmp_path).spec("conta").commit is not None


def test_plain_folder_is_read_without_a_commit(tmp_path: Path) -> None:
    """Allowed for a first look; a commit cannot be asked of it."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "x.yaml").write_text(yaml("conta"))
    specs = definitions(tmp_path / "plain", tmp_path)

    assert specs.spec("conta").commit is None
    assert "is no Git repository: commit abcdef0 cannot be read" in refusal(specs, "conta", "abcdef0")


def test_repository_without_a_commit_is_named_so(tmp_path: Path) -> None:
    """`git init` alone is no source of specs yet."""
    repo = Repo.new(tmp_path / "r")

    assert "has no commit yet: 'git add' and 'git commit' the specs" in refusal(definitions(repo.path, tmp_path), "x")


@pytest.mark.parametrize("commit", ["HEAD", "main", "--upload-pack=x", "../x", "abc", "g" * 40])
def test_commit_that_is_none_is_refused(tmp_path: Path, commit: str) -> None:
    """Names move and options are no commits: only hexadecimal is taken."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")})

    assert "commit: expected a Git commit in hexadecimal" in refusal(definitions(repo.path, tmp_path), "conta", commit)


def test_commit_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """As in a budget of another repository."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")})

    assert "has no commit " + "0" * 40 in refusal(definitions(repo.path, tmp_path), "conta", "0" * 40)


def test_folder_that_is_not_there_is_no_source(tmp_path: Path) -> None:
    """Trying again does not mend it; commands in the name are not run."""
    for fonte in (tmp_path / "nada", f"ext::sh -c 'touch {tmp_path}/run'"):
        with pytest.raises(Permanent, match="FABRICA_SPECS: there is no folder"):
            definitions(fonte, tmp_path).spec("conta")
    assert not (tmp_path / "run").exists()


def test_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    """Only who asks for an id that nobody has is told which files could not be read."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta"), "quebrada.yaml": "a: [1\nb: 2\n"})
    specs = definitions(repo.path, tmp_path)

    assert specs.spec("conta").spec.id == "conta"
    assert "quebrada.yaml:2: (document): is not YAML" in refusal(specs, "outra")


LINK = "fora.txt"  # as content: a symbolic link to there


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LINK, "x.yaml: (document): is a symbolic link, which is not followed"),
        (b"id: x\nnome: " + b"n" * 2**20, "x.yaml: (document): has 1048588 bytes"),
        (b"id: x\nnome: Cobran\xe7a\n", "x.yaml:2: (document): is not UTF-8 (byte 0xe7)"),
        (b"a: &a [1]\nb: *a\nid: x\n", "x.yaml:1: a: the anchor &a is not accepted"),
        (b"id: x\nnome: a\nnome: b\n", "x.yaml:3: (document): the key 'nome' is here twice (first in line 2)"),
        (b"id: x\nnome: !!python/name:os.system\n", "x.yaml:2: nome: the tag tag:yaml.org,2002:python/name:os.system"),
        (b"id: x\n---\nid: y\n", "x.yaml:2: (document): a second document"),
        (b"id: x\nnome: \x07\n", "x.yaml:2: (document): the character '\\x07' is not allowed"),
        (b"id: x\nnome: [a\n", "x.yaml:3: (document): is not YAML"),
        (b"id: x\n? [a]\n: b\n", "x.yaml:2: (document): a key must be a word"),
    ],
)
@pytest.mark.parametrize("in_git", [True, False])
def test_hostile_or_careless_file_is_refused_with_file_and_line(
    tmp_path: Path, content: str | bytes, said: str, in_git: bool
) -> None:
    """In a repository and in a plain folder alike."""
    folder = tmp_path / "r"
    repo = Repo.new(folder) if in_git else None
    folder.mkdir(exist_ok=True)
    (folder / LINK).write_text(yaml("x"))
    if isinstance(content, str):
        (folder / "x.yaml").symlink_to(content)
    else:
        (folder / "x.yaml").write_bytes(content)
    if repo is not None:
        repo.commit({})

    assert said in refusal(definitions(folder, tmp_path), "x")


def test_variables_of_the_shell_lead_git_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon started from a Git hook has GIT_DIR set."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    assert definitions(repo.path, tmp_path).spec("conta").commit is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_repository_of_another_user_is_read(tmp_path: Path) -> None:
    """A volume in a container belongs to whom it likes; that the operator named it is consent enough."""
    repo = Repo.new(tmp_path / "r", {"specs/x.yaml": yaml("conta")})
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, 4321, 4321)

    assert definitions(repo.path / "specs", tmp_path).spec("conta").commit is not None


def test_url_is_fetched_anew_for_head_and_not_for_a_commit_that_is_here(tmp_path: Path) -> None:
    """HEAD is the remote's of this moment; a pinned commit costs no network, so it outlives the remote."""
    repo = Repo.new(tmp_path / "r")
    old = repo.commit({"x.yaml": yaml("conta", "Antiga")})
    specs = definitions(repo.path.as_uri(), tmp_path)
    assert specs.spec("conta").commit == old

    new = repo.commit({"x.yaml": yaml("conta", "Nova")})
    assert specs.spec("conta").commit == new

    repo.path.rename(tmp_path / "gone")
    assert definitions(repo.path.as_uri(), tmp_path).spec("conta", old).spec.nome == "Antiga"
    with pytest.raises(GitFalhou, match="cannot be fetched"):
        specs.spec("conta")


def test_commit_stays_readable_after_a_forced_push(tmp_path: Path) -> None:
    """What a budget names is not taken away by who rewrites history, nor by Git's own tidying."""
    repo = Repo.new(tmp_path / "r")
    repo.commit({"x.yaml": yaml("conta", "Primeira")})
    specs = definitions(repo.path.as_uri(), tmp_path)
    lost = specs.spec("conta").commit
    repo.commit({"x.yaml": yaml("conta", "Reescrita")}, amend=True)
    assert specs.spec("conta").spec.nome == "Reescrita"

    for copy in (tmp_path / "dados" / "definicoes").glob("*.git"):
        Repo(copy).git("gc", "--quiet", "--prune=now")

    assert specs.spec("conta", lost).spec.nome == "Primeira"


def test_commit_of_another_branch_is_fetched(tmp_path: Path) -> None:
    """A budget may have been made on a branch before the clone was there."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta", "Principal")})
    repo.git("checkout", "--quiet", "-b", "ramo")
    branch = repo.commit({"x.yaml": yaml("conta", "Ramo")})
    repo.git("checkout", "--quiet", "main")
    specs = definitions(repo.path.as_uri(), tmp_path)

    assert specs.spec("conta").spec.nome == "Principal"
    assert specs.spec("conta", branch).spec.nome == "Ramo"
    assert "has no commit " + "0" * 40 in refusal(specs, "conta", "0" * 40)


def test_lock_that_a_killed_git_left_is_no_obstacle(tmp_path: Path) -> None:
    """Who holds our lock knows that no Git is at work there."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")})
    specs = definitions(repo.path.as_uri(), tmp_path)
    specs.spec("conta")
    for copy in (tmp_path / "dados" / "definicoes").glob("*.git"):
        (copy / "refs" / "fabrica" / "head.lock").touch()
        (copy / "packed-refs.lock").touch()
    new = repo.commit({"x.yaml": yaml("conta", "Nova")})

    assert specs.spec("conta").commit == new


def test_many_processes_clone_one_url_at_once(tmp_path: Path) -> None:
    """Each finds the spec; one clone is made."""
    repo = Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")})
    code = "import sys; from pathlib import Path; from prometheus_fabrica.definitions import Definitions\n"
    code += "print(Definitions(sys.argv[1], Path(sys.argv[2])).spec('conta').commit)"
    command = [sys.executable, "-c", code, repo.path.as_uri(), str(tmp_path / "dados")]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    answers = {process.communicate()[0].strip() for process in processes}

    assert answers == {repo.git("rev-parse", "HEAD")}
    assert len(list((tmp_path / "dados" / "definicoes").glob("*.git"))) == 1


class _Guarded(http.server.SimpleHTTPRequestHandler):
    """Serves files to who knows user and password."""

    def do_GET(self) -> None:
        """One request."""
        expected = "Basic " + base64.b64encode(f"robo:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == expected:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="specs"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def guarded(folder: Path) -> Iterator[int]:
    """The port of a server that asks for a password."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Guarded, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_password_of_a_url_is_used_and_written_nowhere(tmp_path: Path) -> None:
    """Neither in the clone nor in what an error says."""
    Repo.new(tmp_path / "r", {"x.yaml": yaml("conta")}).bare(tmp_path / "www" / "b.git")
    with guarded(tmp_path / "www") as port:
        url = f"http://robo:s3cr3t%2Fwith%40signs@127.0.0.1:{port}/b.git"
        assert definitions(url, tmp_path).spec("conta").commit is not None
        wrong = definitions(url.replace("s3cr3t", "wr0ng"), tmp_path)
        with pytest.raises(GitFalhou) as refused:
            wrong.spec("conta")
    with pytest.raises(GitFalhou) as unreachable:
        definitions(url, tmp_path).spec("conta")

    assert "wr0ng" not in str(refused.value) + repr(refused.value)
    assert "s3cr3t" not in str(unreachable.value)
    files = [path for path in (tmp_path / "dados").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"s3cr3t" in path.read_bytes()]
