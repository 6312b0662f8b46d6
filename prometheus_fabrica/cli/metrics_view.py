"""`fabrica metricas`: the factory's five metrics and each worker's three, as two tables or as JSON."""

from __future__ import annotations

from datetime import datetime

from prometheus_fabrica import metrics
from prometheus_fabrica.backlog.store import Backlog
from prometheus_fabrica.cli.output import moment, out, print_json, print_table
from prometheus_fabrica.metrics import Metricas, Taxa, Tempo

NADA = "(nothing measured)"


def show(backlog: Backlog, desde: datetime | None, ate: datetime | None, *, as_json: bool) -> None:
    """Print the metrics of the period `desde <= date < ate`."""
    found = metrics.metricas(backlog.db, desde, ate)
    if as_json:
        print_json(found.to_dict())
        return
    out.print(f"Period: {moment(desde) or 'the beginning'} to {moment(ate) or 'now'} (UTC)")
    print_table(("métrica", "valor", "de"), factory_rows(found))
    print_table(
        ("vertente", "execuções", "tempo médio", "testes verdes na primeira", "correções"),
        [
            (w.vertente, w.execucoes, seconds(w.tempo_medio_s), percent(w.sucesso_na_primeira), number(w.tentativas))
            for w in found.workers
        ],
    )


def factory_rows(found: Metricas) -> list[tuple[str, str, str]]:
    """(name, value, what it is over) of the five metrics, and of how well P90 held."""
    accuracy = found.precisao_orcamento
    developed = f"{accuracy.desenvolvimentos} desenvolvimentos"
    return [
        ("Precisão de Orçamento (real / estimado)", number(accuracy.razao_tipica), developed),
        ("P90 mantido", percent(accuracy.p90_mantido), developed),
        ("Taxa de GAPs", *share(found.taxa_gaps, "specs")),
        ("Tempo de Desbloqueio", *duration(found.tempo_desbloqueio, "desbloqueios")),
        ("Lead Time Desenvolvimento", *duration(found.lead_time_desenvolvimento, "desenvolvimentos")),
        ("Taxa de Retrabalho", *share(found.taxa_retrabalho, "releases")),
    ]


def share(taxa: Taxa, what: str) -> tuple[str, str]:
    """A rate, and its counts."""
    return percent(taxa.valor), f"{taxa.casos} / {taxa.total} {what}"


def duration(tempo: Tempo, what: str) -> tuple[str, str]:
    """A mean, and over how many."""
    return seconds(tempo.media_s), f"{tempo.casos} {what}"


def seconds(value: float | None) -> str:
    """Seconds as people read them."""
    if value is None:
        return NADA
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.3g} s"


def percent(value: float | None) -> str:
    """A share."""
    return NADA if value is None else f"{value:.0%}"


def number(value: float | None) -> str:
    """Three significant digits."""
    return NADA if value is None else f"{value:.3g}"
