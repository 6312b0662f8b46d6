"""The evaluation as a page: who wins where, how honest the ranges are, and where the factory's model loses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from prometheus_fabrica.pricing.evaluation_scores import Notas

if TYPE_CHECKING:  # the report is made by evaluation.py, which this page describes
    from prometheus_fabrica.pricing.evaluation import Relatorio, Resultado

COLUNAS: Final = ("média", "mediana", "log-linear", "analogia", "ATLM", "reta", "com fatores", "fábrica")
FORA: Final = ("pessoas", "COCOMO 81", "COCOMO 81 básico")
COBERTURA: Final = (0.85, 0.95)

ABERTURA: Final = """# Effort model on published data

Made by `fabrica avaliar PASTA`; the same data give the same page, byte for byte. {modo}

- **reta** is the budget's own model, by the budget's own code: hours on size alone, slope shrunk to the published
  0.95. A spec knows no team, platform or client, and a budget must never fall when work is added, which neighbours
  cannot promise: so this is what a budget can do.
- **com fatores** is the same line with everything that the set knew before the work, each effect shrunk towards none
  by the evidence of the known projects.
- **fábrica** joins that line with the three nearest known projects, weighted by what would have erred least on the
  known ones.
- Rivals: mean, median, random guess (SA 0 by definition), least squares of logarithms, three analogies, ATLM.
- SA = 1 - MAE / MARP0 (1 perfect, 0 guessing). P90 is each model's jackknife bound, so that all are judged alike.

The number of neighbours and the grids of shrinkage were chosen with these sets in view, so **com fatores** and
**fábrica** are judged a little too kindly; no choice was made for a single set. MMRE and PRED are printed because
people ask for them; they reward underestimates, and nothing is decided by them.
"""
EM_ORDEM: Final = "Each project is estimated when only those above it in the file are known (from the tenth on)."
UM_FORA: Final = "Strict leave-one-out: no model sees the project it is asked about, not even to choose settings."


def markdown(relatorio: Relatorio) -> str:
    """The page."""
    resultados = relatorio.resultados
    modo = EM_ORDEM if relatorio.em_ordem else UM_FORA
    partes = [ABERTURA.format(modo=modo), _resumo(resultados), _quem_ganha(resultados)]
    partes += [_detalhes(resultados, nome) for nome in ("fábrica", "reta")]
    partes.append(_rivais(resultados))
    partes.append(_fora(resultados))
    return "\n".join(parte for parte in partes if parte)


def _resumo(resultados: Sequence[Resultado]) -> str:
    ganhos = [r for r in resultados if r.ganha]
    perdas = [
        f"{r.nome} ({r.notas['fábrica'].sa:.3f} against {r.notas[r.melhor_rival].sa:.3f} of {r.melhor_rival})"
        for r in resultados
        if not r.ganha
    ]
    reta = [r for r in resultados if round(r.notas["reta"].sa, 3) >= round(r.notas[r.melhor_rival].sa, 3)]
    quantos = len(resultados)
    medias = ", ".join(f"{nome} {_media(resultados, nome)}" for nome in reversed(COLUNAS))
    linhas = [
        "## In short",
        "",
        f"- At or above the best rival, whichever that is, on {len(ganhos)} of {quantos} sets.",
        f"- Where it loses: {'; '.join(perdas) or 'nowhere'}.",
        f"- Mean SA over the sets: {medias}.",
        f"- Size alone (reta) is at or above the best rival on {len(reta)} of {quantos} sets: it keeps up where a set",
        "  has little but a size, and cannot where the set knows more.",
        _coberturas(resultados, "fábrica"),
        _coberturas(resultados, "reta"),
        "",
    ]
    return "\n".join(linhas)


def _coberturas(resultados: Sequence[Resultado], nome: str) -> str:
    fora = [
        f"{r.nome} {cobertura:.3f} (n = {r.avaliados})"
        for r in resultados
        if (cobertura := r.notas[nome].cobertura) is not None and not COBERTURA[0] <= cobertura <= COBERTURA[1]
    ]
    dentro = len(resultados) - len(fora)
    return (
        f"- P90 of {nome} holds in 85 to 95 % of the projects on {dentro} of {len(resultados)} sets; outside: "
        f"{', '.join(fora) or 'none'}."
    )


def _quem_ganha(resultados: Sequence[Resultado]) -> str:
    linhas = ["## SA by set", "", f"| set | n | {' | '.join(COLUNAS)} | at or above the best rival |"]
    linhas.append(f"| --- | --- |{' --- |' * (len(COLUNAS) + 1)}")
    for r in resultados:
        melhor = max(round(r.notas[nome].sa, 3) for nome in COLUNAS)
        celulas = [_marcada(r.notas[nome].sa, melhor) for nome in COLUNAS]
        veredito = "yes" if r.ganha else f"no: {r.melhor_rival}"
        linhas.append(f"| {r.nome} | {r.avaliados} | {' | '.join(celulas)} | {veredito} |")
    return "\n".join([*linhas, ""])


def _detalhes(resultados: Sequence[Resultado], nome: str) -> str:
    linhas = [f"## {nome}, in full", "", _cabeca()]
    linhas += [_linha(f"{r.nome} ({r.unidade})", r.notas[nome]) for r in resultados]
    return "\n".join([*linhas, ""])


def _rivais(resultados: Sequence[Resultado]) -> str:
    """The same scores of all rivals, set by set."""
    linhas = ["## Rivals, in full", "", _cabeca("set, model")]
    for r in resultados:
        linhas += [_linha(f"{r.nome}, {nome}", r.notas[nome]) for nome in ("acaso", *COLUNAS[:5])]
    return "\n".join([*linhas, ""])


def _fora(resultados: Sequence[Resultado]) -> str:
    """People's estimates and the published models, which know what a learner cannot."""
    linhas = [
        _linha(f"{r.nome}, {nome}", nota)
        for r in resultados
        for nome in FORA
        if (nota := r.notas.get(nome)) is not None
    ]
    if not linhas:
        return ""
    dentro = [
        f"COCOMO 81 as published is within 20 % on {nota.pred20:.0%} of the projects of {r.nome}."
        for r in resultados
        if (nota := r.notas.get("COCOMO 81")) is not None
    ]
    return "\n".join(["## People and published models", "", _cabeca("set, who"), *linhas, "", *dentro, ""])


def _cabeca(primeira: str = "set (unit)") -> str:
    titulos = ("MAE", "SA", "MMRE", "PRED(25)", "PRED(30)", "pinball P90 / mean", "P90 holds", "P90 / P50")
    return f"| {primeira} | {' | '.join(titulos)} |\n| --- |{' --- |' * len(titulos)}"


def _linha(nome: str, nota: Notas) -> str:
    formatos: list[tuple[float | None, Callable[[float], str]]] = [
        (nota.mae, lambda v: f"{v:.4g}"),
        (nota.sa, lambda v: f"{v:.3f}"),
        *((v, lambda v: f"{v:.2f}") for v in (nota.mmre, nota.pred25, nota.pred30)),
        (nota.pinball, lambda v: f"{v:.3f}"),
        (nota.cobertura, lambda v: f"{v:.3f}"),
        (nota.largura, lambda v: f"{v:.2f}"),
    ]
    celulas = ["" if valor is None else formato(valor) for valor, formato in formatos]
    return f"| {nome} | {' | '.join(celulas)} |"


def _marcada(sa: float, melhor: float) -> str:
    return f"**{sa:.3f}**" if round(sa, 3) == melhor else f"{sa:.3f}"


def _media(resultados: Sequence[Resultado], nome: str) -> str:
    return f"{float(np.mean([r.notas[nome].sa for r in resultados])):.3f}"
