"""Load: what the running version must bear, and whether the figures agree with one another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from contratos.recursos import NAO_DEFINIDO, Carga, Figura
from contratos.spec import Spec
from prometheus_fabrica.pricing import queueing
from prometheus_fabrica.pricing.figures import calculada, contada, declarada
from prometheus_fabrica.pricing.parametros import ParametrosRuntime

ONDE = "requisitos_nao_funcionais"
_VEZES = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(x|×|vezes)", re.IGNORECASE)
_NUMERO = re.compile(r"^\s*(\d+(?:[.,]\d+)?)(?:\s*(?:tps|req/s))?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Demanda:
    """The load in numbers. Requests a second, users, seconds; `dimensionar` is what capacity is made for."""

    tps: float
    usuarios: int
    pico: float | None
    latencia_s: float
    figuras: tuple[Figura, ...]
    avisos: tuple[str, ...]

    @property
    def dimensionar(self) -> float:
        """The peak where the spec states one, else the usual load."""
        return self.tps if self.pico is None else max(self.pico, self.tps)

    def carga(self) -> Carga:
        """As a part of the budget."""
        pico = NAO_DEFINIDO if self.pico is None else self.pico
        return Carga(tps_esperado=self.tps, usuarios_simultaneos=self.usuarios, pico_estimado=pico)


def demanda(spec: Spec, parametros: ParametrosRuntime) -> Demanda:
    """The load that the spec states, with the defaults of the seed where it states nothing."""
    rnf = spec.requisitos_nao_funcionais
    tps = float(rnf.get("tps", parametros.tps))
    usuarios = int(rnf.get("usuarios", parametros.usuarios))
    latencia_s = float(rnf.get("latencia_ms", parametros.latencia_s * 1000)) / 1000
    pico, avisos = _pico(rnf.get("pico"), tps)
    figuras = [
        _declarada_ou_padrao("carga.tps_esperado", rnf.tps, tps, "pedidos/s", f"{ONDE}.tps"),
        _declarada_ou_padrao("carga.usuarios_simultaneos", rnf.usuarios, usuarios, "usuários", f"{ONDE}.usuarios"),
    ]
    if pico is None:
        provavel = calculada("carga.pico_estimado", "pedidos/s", {"tps": tps, "fator_pico": parametros.fator_pico})
        figuras.append(provavel.model_copy(update={"valor": NAO_DEFINIDO}))
    else:
        figuras.append(declarada("carga.pico_estimado", pico, "pedidos/s", f"{ONDE}.pico"))
    avisos += _contradicoes(spec, tps, usuarios, pico, latencia_s, parametros)
    return Demanda(tps, usuarios, pico, latencia_s, tuple(figuras), tuple(avisos))


def _declarada_ou_padrao(nome: str, dito: float | None, valor: float, unidade: str, onde: str) -> Figura:
    if dito is not None:
        return declarada(nome, valor, unidade, onde)
    return contada(nome, valor, unidade, f"default: {onde} says nothing", {"padrao": valor}, referencia="seed 5.1")


def _pico(dito: Any, tps: float) -> tuple[float | None, list[str]]:
    """Requests a second at the peak: a number, its text, or '3x ...'; words are passed on as a warning."""
    if dito is None:
        return None, []
    if isinstance(dito, int | float):
        return float(dito), []
    if match := _VEZES.match(dito):
        return _decimal(match) * tps, []
    if match := _NUMERO.match(dito):
        return _decimal(match), []
    if dito.strip().casefold() in {"", NAO_DEFINIDO, "nao definido", "não definida"}:
        return None, []
    return None, [f"{ONDE}.pico: {dito!r} states no number; write requests a second, or '3x ...'"]


def _decimal(match: re.Match[str]) -> float:
    return float(match.group(1).replace(",", "."))


def _contradicoes(
    spec: Spec, tps: float, usuarios: int, pico: float | None, latencia_s: float, parametros: ParametrosRuntime
) -> list[str]:
    """Declared figures that cannot all be true. Figures that are our own defaults accuse nobody."""
    rnf = spec.requisitos_nao_funcionais
    avisos = []
    if pico is not None and pico < tps:
        avisos.append(f"{ONDE}: pico ({pico:g}) is below tps ({tps:g}); capacity is made for tps")
    if rnf.tps and rnf.usuarios is not None and rnf.latencia_ms is not None:
        pensar = queueing.pensar_s(usuarios, tps, latencia_s)
        if pensar < 0:
            avisos.append(
                f"{ONDE}: {usuarios} users cannot make {tps:g} requests/s at {latencia_s:g} s each: without any pause "
                f"they make {usuarios / latencia_s:g}"
            )
        elif pensar > parametros.pensar_max_s:
            avisos.append(f"{ONDE}: with {usuarios} users and {tps:g} requests/s each user asks once in {pensar:.0f} s")
    return avisos
