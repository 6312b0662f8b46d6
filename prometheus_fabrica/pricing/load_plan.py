"""The load test that follows from a budget, as a script for k6 (grafana.com/docs/k6): one file, runs as it is.

k6, because its arrival-rate executor sends requests at the stated rate however slow the answers are: a tool that
waits for each answer sends less when the service is slow, and so hides what it should show.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from contratos.recursos import SpecRecursos
from prometheus_fabrica.pricing import queueing

RAMPA: Final = "2m"
PATAMAR: Final = "10m"
DEGRAU: Final = "30s"
PICO: Final = "5m"
DEMORADA: Final = "60m"
ERROS: Final = 0.01  # share of failed requests that still passes
FOLGA_VUS: Final = 4  # virtual users allowed over those needed at the declared latency

ROTEIRO: Final = """// Load test of {spec_ref}, from budget {orcamento}. Run: k6 run -e ALVO=http://host:port
this-file.js // Passes when {quantil:g} % of the answers come within {latencia} ms and less than {erros:g} % fail.
import http from 'k6/http'; import {{ check }} from 'k6';

export const options = {opcoes};

// CAMINHO, METODO and CORPO say which request stands for the load; by default GET /.
export default function () {{
  const resposta = http.request(__ENV.METODO || 'GET', `${{__ENV.ALVO}}${{__ENV.CAMINHO || '/'}}`, __ENV.CORPO || null);
  check(resposta, {{ 'status below 400': (r) => r.status > 0 && r.status < 400 }});
}}
"""


def k6(recursos: SpecRecursos) -> str:
    """The script: ramp to the usual load, hold it, step to the peak, back, and an hour's soak.

    The same budget gives the same text. Peak: as the budget says, also where it is only estimated.
    """
    fila = recursos.figura("runtime.containers").entradas
    latencia_ms = _numero(fila["latencia_s"]) * 1000
    quantil = _numero(fila["quantil"]) * 100
    opcoes = {
        "scenarios": {"carga": _cenario(recursos, latencia_ms / 1000)},
        "thresholds": {
            "http_req_duration": [f"p({quantil:g})<{latencia_ms:g}"],
            "http_req_failed": [f"rate<{ERROS:g}"],
        },
        "summaryTrendStats": ["avg", "med", "p(90)", "p(95)", "p(99)", "max"],
    }
    return ROTEIRO.format(
        spec_ref=recursos.spec_ref,
        orcamento=recursos.id,
        quantil=quantil,
        latencia=f"{latencia_ms:g}",
        erros=ERROS * 100,
        opcoes=json.dumps(opcoes, indent=2),
    )


def _cenario(recursos: SpecRecursos, latencia_s: float) -> dict[str, Any]:
    """Arrivals a minute, since k6 wants whole numbers and loads may be below one a second."""
    normal = _por_minuto(recursos.carga.tps_esperado)
    pico = max(_por_minuto(float(recursos.figura("carga.pico_estimado").p50)), normal)
    em_voo = math.ceil(queueing.em_voo(pico / 60, latencia_s))
    etapas = [(RAMPA, normal), (PATAMAR, normal), (DEGRAU, pico), (PICO, pico), (DEGRAU, normal), (DEMORADA, normal)]
    return {
        "executor": "ramping-arrival-rate",
        "startRate": 0,
        "timeUnit": "1m",
        "preAllocatedVUs": max(em_voo, 1),
        "maxVUs": max(em_voo * FOLGA_VUS, recursos.carga.usuarios_simultaneos, 1),
        "stages": [{"duration": duracao, "target": alvo} for duracao, alvo in etapas],
    }


def _por_minuto(tps: float) -> int:
    return max(round(tps * 60), 1)


def _numero(valor: object) -> float:
    assert isinstance(valor, int | float)
    return float(valor)
