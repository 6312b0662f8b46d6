"""The load test that follows from a budget: rates, thresholds and virtual users, ready to run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contratos.capacidade import Capacidades
from contratos.spec import Spec
from prometheus_fabrica.pricing import load_plan, parametros
from prometheus_fabrica.pricing.precificar import precificar
from tests.harness.specs import conta

PADRAO = parametros.padrao()


def test_plan_follows_from_the_declared_load() -> None:
    """50 requests/s, peak 3x, 300 ms: 3,000 and 9,000 a minute, 45 in flight at the peak."""
    options = _options(_script(conta()))
    scenario = options["scenarios"]["carga"]

    assert [stage["target"] for stage in scenario["stages"]] == [3000, 3000, 9000, 9000, 3000, 3000]
    assert (scenario["preAllocatedVUs"], scenario["maxVUs"]) == (45, 500)
    assert options["thresholds"] == {"http_req_duration": ["p(95)<300"], "http_req_failed": ["rate<0.01"]}


def test_plan_of_a_silent_spec_has_the_seeds_defaults() -> None:
    """10 requests/s, twice that at the peak, 200 ms."""
    options = _options(_script(conta(requisitos_nao_funcionais={})))

    assert {stage["target"] for stage in options["scenarios"]["carga"]["stages"]} == {600, 1200}
    assert options["thresholds"]["http_req_duration"] == ["p(95)<200"]


def test_plan_of_a_rarely_used_service_still_sends_something() -> None:
    """One request in two minutes is at least one a minute: a rate of 0 tests nothing."""
    options = _options(_script(conta(requisitos_nao_funcionais={"tps": 0.008})))

    assert min(stage["target"] for stage in options["scenarios"]["carga"]["stages"]) == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to parse the script with")
def test_plan_is_valid_javascript(tmp_path: Path) -> None:
    """What the load tool reads parses."""
    script = tmp_path / "plan.mjs"
    script.write_text(_script(conta()), encoding="utf-8")

    assert subprocess.run(["node", "--check", script], check=False).returncode == 0


def _script(documento: dict[str, Any]) -> str:
    return load_plan.k6(precificar(Spec.ler(documento), Capacidades(), PADRAO)[0])


def _options(script: str) -> dict[str, Any]:
    begin = script.index("{", script.index("export const options"))
    found: dict[str, Any] = json.loads(script[begin : script.index("};", begin) + 1])
    return found
