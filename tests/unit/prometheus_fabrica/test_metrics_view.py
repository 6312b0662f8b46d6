"""`fabrica metricas` in words: what was not measured says so, times have the unit that people use."""

from __future__ import annotations

import pytest

from prometheus_fabrica.cli import metrics_view
from prometheus_fabrica.metrics import Metricas, Precisao, Taxa, Tempo


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "(nothing measured)"), (0.5, "0.5 s"), (90, "1.5 min"), (5400, "1.5 h"), (129600, "1.5 d")],
)
def test_time_has_the_unit_that_people_use(value: float | None, said: str) -> None:
    """Seconds, minutes, hours, days; nothing measured is not 0."""
    assert metrics_view.seconds(value) == said


def test_table_names_the_five_metrics_of_the_seed() -> None:
    """Seed 8.1, each with what it is over."""
    found = Metricas(
        None, None, Precisao(4, 1.3, 1.1, 0.75), Taxa(0.5, 2, 4), Tempo(90.0, 3), Tempo(None, 0), Taxa(0.25, 1, 4), ()
    )

    assert metrics_view.factory_rows(found) == [
        ("Precisão de Orçamento (real / estimado)", "1.1", "4 desenvolvimentos"),
        ("P90 mantido", "75%", "4 desenvolvimentos"),
        ("Taxa de GAPs", "50%", "2 / 4 specs"),
        ("Tempo de Desbloqueio", "1.5 min", "3 desbloqueios"),
        ("Lead Time Desenvolvimento", "(nothing measured)", "0 desenvolvimentos"),
        ("Taxa de Retrabalho", "25%", "1 / 4 releases"),
    ]
