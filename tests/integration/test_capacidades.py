"""Collection `capacidades`: validity is the server's affair; probes look at what is there and at nothing else."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from contratos.capacidade import TipoCapacidade
from prometheus_fabrica import capacidades, probing
from prometheus_fabrica.errors import Refused
from prometheus_fabrica.probing import Endpoint

API, CONTAINER, HARDWARE = TipoCapacidade.API, TipoCapacidade.CONTAINER, TipoCapacidade.HARDWARE
type Doc = dict[str, Any]


def test_capability_holds_until_it_expires(db: Database[Doc]) -> None:
    """An expired capability is a gap again, by the server's clock; it stays in the list, marked as not in force."""
    capacidades.adicionar(db, API, "Whisper", por="ana")
    capacidades.adicionar(db, API, "stripe", por="ana", validade_s=3600)
    capacidades.adicionar(db, API, "pix", por="ana", validade_s=-1)

    assert capacidades.disponiveis(db).ids == ("api:stripe", "api:whisper")
    assert {doc["id"]: doc["vigente"] for doc in capacidades.listar(db)} == {
        "api:pix": False,
        "api:stripe": True,
        "api:whisper": True,
    }


def test_capability_keeps_its_first_date_when_it_is_seen_again(db: Database[Doc]) -> None:
    """Seen again it has new details and the old `registrada_em`; old details do not shine through."""
    first = capacidades.adicionar(db, HARDWARE, "gpu", por="ana", detalhes={"memoria_gb": 8, "modelo": "$T4"})
    again = capacidades.adicionar(db, HARDWARE, "GPU", por="rui", detalhes={"memoria_gb": 24})

    assert first["registrada_em"] == again["registrada_em"] <= again["verificada_em"]
    assert (again["detalhes"], again["por"]) == ({"memoria_gb": 24}, "rui")
    assert db["capacidades"].count_documents({}) == 1


def test_capability_is_removed_once(db: Database[Doc]) -> None:
    """Removing says whether there was something to remove."""
    capacidades.adicionar(db, API, "whisper", por="ana")

    assert capacidades.remover(db, "api:whisper") is True
    assert capacidades.remover(db, "api:whisper") is False


def test_capability_without_a_name_is_refused(db: Database[Doc]) -> None:
    """The message says how to give one."""
    with pytest.raises(Refused, match="needs a name"):
        capacidades.adicionar(db, API, "  ", por="ana")


def test_capability_names_the_open_gaps_that_it_closes(db: Database[Doc]) -> None:
    """Only open items, and a container with a tag closes the gap of the same image without one too."""
    db["backlog_items"].insert_many(
        [
            {
                "_id": "g1",
                "id": "g1",
                "tipo": "entrevistar_dor",
                "chave": "gap:container:postgres",
                "status": "Pendente",
            },
            {
                "_id": "g2",
                "id": "g2",
                "tipo": "entrevistar_dor",
                "chave": "gap:container:postgres:16",
                "status": "Falhou",
            },
            {"_id": "g3", "id": "g3", "tipo": "entrevistar_dor", "chave": "gap:api:whisper", "status": "Pendente"},
        ]
    )

    assert capacidades.dores(db, "container:postgres:16") == ["g1"]
    assert capacidades.dores(db, "api:whisper") == ["g3"]


def test_probe_takes_back_only_what_a_probe_gave(db: Database[Doc], tmp_path: Path) -> None:
    """What an operator registered stays, though the probe does not see it; what the probe once found expires."""
    capacidades.adicionar(db, HARDWARE, "tpu", por="ana")
    driver = _program(tmp_path / "smi", "echo 'NVIDIA A10, 23028, 535.54'; echo 'NVIDIA T4, 15360, 535.54'")
    probing.registrar(db, probing.gpu([str(driver)]), por="ana", validade_s=60)

    gpu = capacidades.disponiveis(db).detalhes(HARDWARE, "gpu")
    assert (gpu["modelo"], gpu["memoria_gb"], gpu["quantidade"]) == ("NVIDIA A10", 22.5, 2)

    expired = probing.registrar(db, probing.gpu([str(tmp_path / "absent")]), por="ana", validade_s=60)

    assert expired == ["hardware:gpu"]
    assert capacidades.disponiveis(db).ids == ("hardware:tpu",)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'No devices were found'; exit 6", "finds none (No devices were found)"),
        ("true", "finds none (no output)"),
    ],
)
def test_probe_says_why_there_is_no_gpu(tmp_path: Path, script: str, said: str) -> None:
    """A driver without a card is looked at and found empty."""
    found = probing.gpu([str(_program(tmp_path / "smi", script))])

    assert found.achados == ()
    assert said in found.faltas[0]


def test_engine_that_does_not_answer_takes_nothing_back(db: Database[Doc], tmp_path: Path) -> None:
    """Images found earlier stay in force when the engine cannot be asked."""
    capacidades.adicionar(db, CONTAINER, "postgres:16", por="ana", como="sonda: docker images")

    found = probing.imagens(f"unix://{tmp_path / 'no.sock'}")

    assert "does not answer" in found.faltas[0]
    assert probing.registrar(db, found, por="ana", validade_s=60) == []
    assert capacidades.disponiveis(db).tem(CONTAINER, "postgres")


def test_endpoint_counts_only_with_valid_credentials(db: Database[Doc]) -> None:
    """Found with the right key, refused with a wrong one, not asked without one; no message holds the key."""
    with _api("right") as url:
        api = Endpoint(nome="whisper", url=url, credencial="WHISPER_KEY")
        right = probing.endpoints([api], {"WHISPER_KEY": "right"})
        wrong = probing.endpoints([api], {"WHISPER_KEY": "hush-hush"})
        without = probing.endpoints([api], {})

    probing.registrar(db, right, por="ana", validade_s=60)
    assert capacidades.disponiveis(db).tem(API, "whisper")
    assert "refuses the credentials (HTTP 401)" in wrong.faltas[0]
    assert "hush-hush" not in wrong.faltas[0]
    assert without.faltas == ("whisper: WHISPER_KEY is not set: export it and probe again",)


def test_redirect_is_not_followed() -> None:
    """An address that the operator did not name gets no request."""
    with _api("k") as elsewhere, _api("k", redirect=elsewhere) as url:
        found = probing.endpoints([Endpoint(nome="whisper", url=url, credencial="KEY")], {"KEY": "k"})

    assert found.faltas == (f"whisper: {url} answers HTTP 302",)


def test_unreachable_endpoint_is_named() -> None:
    """A closed port is a gap with its reason."""
    with _api("k") as url:
        pass

    found = probing.endpoints([Endpoint(nome="whisper", url=url)], {})

    assert "cannot be reached" in found.faltas[0]


def _program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@contextmanager
def _api(key: str, redirect: str | None = None) -> Iterator[str]:
    """An API on loopback that accepts one key, or sends everybody elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if redirect:
                self.send_response(302)
                self.send_header("Location", redirect)
            else:
                self.send_response(200 if self.headers["Authorization"] == f"Bearer {key}" else 401)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
