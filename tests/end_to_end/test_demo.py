"""The main job: `fabrica demo` takes two specs through the whole cycle with a real daemon on the embedded server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prometheus_fabrica.backlog import embedded

pytestmark = pytest.mark.xdist_group("demo")


def fabrica(pasta: Path, *arguments: str) -> Any:
    """A command on what the demo left, as its last lines tell a newcomer; its data."""
    settings = {"FABRICA_DADOS": str(pasta), "FABRICA_SPECS": str(pasta / "specs")}
    command = [sys.executable, "-m", "prometheus_fabrica.cli.app", *arguments, "--json"]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo, run once as a newcomer runs it, in a folder that it makes; its server is stopped at the end."""
    pasta = tmp_path_factory.mktemp("demo") / "dados"
    command = [sys.executable, "-m", "prometheus_fabrica.cli.app", "demo", "--pasta", str(pasta)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    yield pasta, done.stdout
    embedded.stop(pasta)


def test_demo_takes_both_specs_and_the_bug_to_the_end(demo: tuple[Path, str]) -> None:
    """Every item of the factory's own types is Concluido: budgets, gaps, releases, deployments and the bug."""
    items = fabrica(demo[0], "listar", "--limite", "1000")
    states = {(item["tipo"], item["status"]) for item in items if item["tipo"] != "avaliar_efetividade"}
    assert states == {
        (tipo, "Concluido")
        for tipo in (
            "orcar_spec",
            "aprovar_orcamento",
            "entrevistar_dor",
            "desenvolvimento",
            "aprovar_release",
            "implantar",
            "validar_implantacao",
            "corrigir_bug",
        )
    }


def test_demo_unblocks_the_budget_by_the_second_gap_only(demo: tuple[Path, str]) -> None:
    """Rule 4: two gaps, one event of `desbloqueio`, caused by the gap that was concluded last."""
    unblocked = fabrica(demo[0], "eventos", "--tipo", "desbloqueio")
    gaps = [
        event for event in fabrica(demo[0], "eventos", "--tipo", "conclusao") if event["item_tipo"] == "entrevistar_dor"
    ]
    assert len(gaps) == 2
    assert [event["item_que_desbloqueou"] for event in unblocked] == [gaps[-1]["item"]]


def test_demo_leaves_a_hotfix_whose_suite_holds_the_reproduction(demo: tuple[Path, str]) -> None:
    """`corrigir_bug` yields a hotfix release; its note names the change of the spec and the test that reproduces."""
    current = next(demo[0].glob("implantacoes/producao/contas-pagamento/atual"))
    note = next(current.rglob("CORRECAO.md")).read_text("utf-8")
    assert "valor <= self.isento_ate" in note
    assert "bug_" in note


def test_demo_leaves_running_versions(demo: tuple[Path, str]) -> None:
    """A deployed version answers with its release and finds nothing wrong with itself."""
    for version in demo[0].glob("implantacoes/*/*/atual"):
        done = subprocess.run(
            [sys.executable, str(version / "run.py"), "--json"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["ok"] is True


def test_demo_data_are_consistent_and_the_advised_commands_work(demo: tuple[Path, str]) -> None:
    """`verificar --parado` finds nothing; the commands that the demo's last lines propose all work."""
    pasta, told = demo
    assert fabrica(pasta, "verificar", "--parado") == []
    proposed = [line.split()[1:] for line in told.splitlines() if line.startswith("  fabrica ")]
    assert {words[0] for words in proposed} >= {"listar", "ver", "explicar", "eventos", "metricas", "verificar"}
    for words in proposed:
        fabrica(pasta, *words)
