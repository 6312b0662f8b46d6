"""Archives of releases: the same bytes from the same files, nothing else comes out, and no orphan stays."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.database import Database

from contratos.problems import Malformed
from contratos.release import Papel, Release, clashing, digest, unsafe
from prometheus_fabrica import provenance, releases
from prometheus_fabrica.backlog import propagation, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.releases import ReleaseCorrompida
from tests.harness.builders import found, given_claimed
from tests.harness.releases import RESUMO, files, release

ROOT = Path(__file__).parents[3]
PART = st.text(st.sampled_from("abzABZ019._-ção "), min_size=1, max_size=12)
PATHS = st.lists(PART, min_size=1, max_size=3).map("/".join)
ARQUIVOS = st.dictionaries(PATHS, st.binary(max_size=50), min_size=1, max_size=6).filter(
    lambda arquivos: not any(map(unsafe, arquivos)) and not clashing(arquivos)
)
ALL_CODE = lambda _: Papel.CODIGO  # noqa: E731
UNSAFE = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/./b",
    "a/",
    "a /b",
    "a\\b",
    "C:/x",
    "a\x00b",
    "a\nb",
    "a\u200bb",
    "e\u0301",  # the accent as a character of its own
    "x" * 256,
    "/".join(["x" * 200] * 6),
]


def of(arquivos: dict[str, bytes]) -> Release:
    """A release with any files."""
    return Release(
        id="rel-1",
        spec_ref="conta",
        spec_versao="1",
        spec_commit=None,
        artefatos=releases.artefatos(arquivos, ALL_CODE),
        digest=releases.empacotar(arquivos).digest,
        arquivo="des-1@t",
        testes=RESUMO,
    )


@given(ARQUIVOS)
def test_package_gives_back_what_was_put_in(arquivos: dict[str, bytes]) -> None:
    """And the order in which the files came does not matter."""
    pacote = releases.empacotar(arquivos)
    backwards = releases.empacotar(dict(reversed(arquivos.items())))

    assert pacote == backwards
    assert releases.desempacotar(pacote.dados, of(arquivos)) == arquivos


@given(ARQUIVOS, st.data())
def test_archive_that_was_changed_anywhere_is_never_taken_for_the_release(
    arquivos: dict[str, bytes], data: st.DataObject
) -> None:
    """One bit may be flipped in what no reader looks at, but no other file comes out."""
    dados = bytearray(releases.empacotar(arquivos).dados)
    place = data.draw(st.integers(0, len(dados) * 8 - 1))
    dados[place // 8] ^= 1 << place % 8
    try:
        opened = releases.desempacotar(bytes(dados), of(arquivos))
    except ReleaseCorrompida:
        return
    assert opened == arquivos


@pytest.mark.parametrize("caminho", UNSAFE)
def test_unsafe_path_is_neither_packed_nor_listed(caminho: str) -> None:
    """No release names a file that could be written outside its folder, or that two systems read differently."""
    with pytest.raises(Malformed, match="the path"):
        releases.empacotar({"ok.py": b"", caminho: b""})
    with pytest.raises(ValueError, match="the path"):
        releases.artefatos({caminho: b""}, ALL_CODE)


@pytest.mark.parametrize(
    ("pair", "said"), [(("a", "a/b"), "is a file and a folder"), (("A.py", "a.py"), "in case only")]
)
def test_files_that_cannot_lie_in_one_folder_are_refused(pair: tuple[str, str], said: str) -> None:
    """On any file system."""
    with pytest.raises(Malformed, match=said):
        releases.empacotar(dict.fromkeys(pair, b""))


def test_package_without_files_is_refused() -> None:
    """A release of nothing is a mistake of its maker."""
    with pytest.raises(Malformed, match="expected 1 to"):
        releases.empacotar({})


def test_same_files_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Whatever the hash seed, the time zone, the language, the umask and the folder."""
    code = "import os, sys; os.umask(0o077); from prometheus_fabrica.releases import empacotar\n"
    code += "from tests.harness.releases import files; sys.stdout.write(empacotar(files()).sha256)"
    answers = set()
    for seed, zone, folder in (("1", "UTC", ROOT), ("2", "Asia/Tokyo", tmp_path)):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
        answers.add(done.stdout)

    assert answers == {releases.empacotar(files()).sha256}


def test_digest_is_what_sha256sum_says(tmp_path: Path) -> None:
    """An auditor needs no tool of ours."""
    arquivos = files()
    for caminho, content in arquivos.items():
        (tmp_path / caminho).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / caminho).write_bytes(content)
    listing = "LC_ALL=C; find . -type f -printf '%P\\0' | sort -z | xargs -0 sha256sum | sha256sum"
    said = subprocess.run(["sh", "-c", listing], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert said.split()[0] == releases.empacotar(arquivos).digest
    assert releases.empacotar(arquivos).digest == digest(
        {caminho: hashlib.sha256(content).hexdigest() for caminho, content in arquivos.items()}
    )


def tar(*members: tuple[str, bytes, bytes]) -> bytes:
    """An archive as somebody else makes one: name, kind, content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for nome, kind, content in members:
            member = tarfile.TarInfo(nome)
            member.type, member.size = kind, len(content)
            member.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("dados", "said"),
    [
        (tar(("a.py", tarfile.REGTYPE, b"1"), ("../fora", tarfile.REGTYPE, b"")), "'../fora' is not listed"),
        (tar(("a.py", tarfile.REGTYPE, b"1"), ("/etc/x", tarfile.REGTYPE, b"")), "'/etc/x' is not listed"),
        (tar(("a.py", tarfile.SYMTYPE, b"")), "'a.py' is not listed, or not a plain file"),
        (tar(("a.py", tarfile.LNKTYPE, b"")), "'a.py' is not listed, or not a plain file"),
        (tar(("a.py", tarfile.REGTYPE, b"2")), "'a.py' has other content"),
        (tar(("a.py", tarfile.REGTYPE, b"1"), ("a.py", tarfile.REGTYPE, b"1")), "'a.py' is in it twice"),
        (tar(("a.py", tarfile.REGTYPE, b"1" * 9)), "plain file of the size that is listed"),
        (tar(), "'a.py' is missing"),
        (b"", "no archive of ours"),
        (b"PK\x03\x04" * 200, "no archive of ours"),
    ],
)
def test_archive_that_is_not_the_release_is_refused(dados: bytes, said: str) -> None:
    """Each difference is named; nothing of such an archive is handed out."""
    with pytest.raises(ReleaseCorrompida, match="the archive of release rel-1 was changed") as caught:
        releases.desempacotar(dados, of({"a.py": b"1"}))
    assert said in str(caught.value)


def test_upload_repeated_is_the_same_upload(db: Database[Doc]) -> None:
    """A lost reply is answered by sending it again."""
    pacote = releases.empacotar(files())

    identity = releases.guardar(db, pacote, "des-1", "token")
    assert releases.guardar(db, pacote, "des-1", "token") == identity == releases.arquivo_id("des-1", "token")

    assert db["artefatos.files"].count_documents({}) == 1
    assert releases.abrir(db, release("rel-1", files(), identity)) == files()


def test_upload_of_other_bytes_under_one_attempt_is_refused(db: Database[Doc]) -> None:
    """One attempt makes one package; the first stays as it is."""
    identity = releases.guardar(db, releases.empacotar(files()), "des-1", "token")

    with pytest.raises(Permanent, match="two different packages"):
        releases.guardar(db, releases.empacotar(files("outra")), "des-1", "token")
    assert releases.abrir(db, release("rel-1", files(), identity)) == files()


def test_upload_that_was_cut_off_is_done_again(db: Database[Doc]) -> None:
    """Its chunks are there without a file: they give way."""
    big = {"a.bin": bytes(600_000)}
    identity = releases.guardar(db, releases.empacotar(big), "des-1", "token")
    db["artefatos.files"].delete_one({"_id": identity})
    db["artefatos.chunks"].delete_one({"files_id": identity, "n": 2})

    releases.guardar(db, releases.empacotar(big), "des-1", "token")

    assert releases.abrir(db, of(big).model_copy(update={"arquivo": identity})) == big


def lose_file(db: Database[Doc], identity: str) -> None:
    """The archive is not there."""
    db["artefatos.files"].delete_one({"_id": identity})


def lose_chunk(db: Database[Doc], identity: str) -> None:
    """A piece of it is not there."""
    db["artefatos.chunks"].delete_one({"files_id": identity})


def change(db: Database[Doc], identity: str) -> None:
    """Somebody put other code in."""
    data = releases.empacotar(files("x")).dados  # of the same size
    db["artefatos.chunks"].update_one({"files_id": identity}, {"$set": {"data": data}})


@pytest.mark.parametrize(
    ("harm", "said"), [(lose_file, "is not in GridFS"), (lose_chunk, "cannot be read"), (change, "has other content")]
)
def test_archive_that_was_harmed_in_the_store_is_refused(
    db: Database[Doc], harm: Callable[[Database[Doc], str], None], said: str
) -> None:
    """Whoever can write to GridFS can still not have his code deployed as the release."""
    identity = releases.guardar(db, releases.empacotar(files("_")), "des-1", "token")
    harm(db, identity)

    with pytest.raises(ReleaseCorrompida, match=said):
        releases.abrir(db, release("rel-1", files("_"), identity))


def stored(db: Database[Doc]) -> set[str]:
    """The archives that are there, and those of which only chunks are."""
    return {*db["artefatos.files"].distinct("_id"), *db["artefatos.chunks"].distinct("files_id")}


def test_archives_of_attempts_that_did_not_conclude_are_removed(backlog: Backlog) -> None:
    """At once where another attempt concluded; that of the one that did stays for good."""
    db, pacote = backlog.db, releases.empacotar(files())
    late = given_claimed(backlog, "a", lease_s=-1.0)
    lost = releases.guardar(db, pacote, "a", late.token)
    assert transitions.vencer(backlog, found(backlog, "a"), livre_em_s=-1.0)
    sweeps.until_quiet(backlog)
    current = given_claimed(backlog, "a")
    kept = releases.guardar(db, pacote, "a", current.token)
    document = Novo("releases", {"_id": "rel-1", **release("rel-1", files(), kept).model_dump(mode="json")})
    assert transitions.concluir(backlog, current, {}, [document])

    assert releases.varrer_orfaos(db, idade_s=3600) == (lost,)
    propagation.propagar(backlog, current.key)
    assert releases.varrer_orfaos(db, idade_s=-1) == ()
    assert stored(db) == {kept}


def test_archive_of_work_under_way_is_kept_however_old(backlog: Backlog) -> None:
    """An attempt that holds its item may still conclude it."""
    posse = given_claimed(backlog, "a")
    kept = releases.guardar(backlog.db, releases.empacotar(files()), "a", posse.token)

    assert releases.varrer_orfaos(backlog.db, idade_s=-1) == ()
    assert stored(backlog.db) == {kept}


def test_archive_of_an_item_that_failed_is_removed_once_it_is_old(backlog: Backlog) -> None:
    """By the server's clock; before, somebody may want to look at it."""
    posse = given_claimed(backlog, "a")
    orphan = releases.guardar(backlog.db, releases.empacotar(files()), "a", posse.token)
    transitions.falhar(backlog, posse, "no", livre_em_s=None)

    assert releases.varrer_orfaos(backlog.db, idade_s=3600) == ()
    assert releases.varrer_orfaos(backlog.db, idade_s=-1) == (orphan,)
    assert stored(backlog.db) == set()


def test_chunks_of_an_upload_that_was_killed_are_removed(backlog: Backlog) -> None:
    """As soon as their attempt no longer holds the item."""
    posse = given_claimed(backlog, "a")
    orphan = releases.guardar(backlog.db, releases.empacotar(files()), "a", posse.token)
    backlog.db["artefatos.files"].delete_one({"_id": orphan})

    assert releases.varrer_orfaos(backlog.db, idade_s=3600) == ()
    transitions.falhar(backlog, posse, "no", livre_em_s=None)
    assert releases.varrer_orfaos(backlog.db, idade_s=3600) == (orphan,)
    assert stored(backlog.db) == set()


def test_provenance_names_every_file_and_what_it_was_made_from() -> None:
    """in-toto Statement v1 with SLSA's predicate; plain JSON, the same for the same attempt."""
    pacote, artefatos = releases.empacotar(files()), release("rel-1", files()).artefatos
    origem = provenance.Origem(
        item="des-1",
        tentativa=2,
        parametros={"spec_ref": "conta"},
        materiais=[provenance.Material("specs/conta.yaml", {"sha256": "0" * 64, "gitCommit": "c" * 40})],
        ambiente={"sandbox": "docker"},
    )

    said = provenance.declaracao(pacote, artefatos, origem)

    assert json.loads(json.dumps(said)) == said == provenance.declaracao(pacote, artefatos, origem)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    assert {subject["name"] for subject in said["subject"]} == {"release.tar", *files()}
    assert all(len(subject["digest"]["sha256"]) == 64 for subject in said["subject"])
    definition = said["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"][0]["digest"]["gitCommit"] == "c" * 40
    assert said["predicate"]["runDetails"]["metadata"] == {"invocationId": "des-1:2"}
    assert "pytest" in said["predicate"]["runDetails"]["builder"]["version"]
