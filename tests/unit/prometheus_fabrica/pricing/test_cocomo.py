"""The published models: nominal values, and ratings that they do not define."""

from __future__ import annotations

import pytest

from contratos.problems import Malformed
from prometheus_fabrica.pricing.cocomo import MULTIPLICADORES, cocomo2, cocomo81


def test_nominal_project_has_the_manuals_figures() -> None:
    """Check 7: E = 1.0997, 10 KSLOC = 36.99 PM = 5,622 h, 11.6 months."""
    nominal = cocomo2(10)

    assert nominal.expoente == pytest.approx(1.0997)
    assert nominal.pm == pytest.approx(36.99, abs=0.005)
    assert nominal.horas == pytest.approx(5622, abs=1)
    assert nominal.meses == pytest.approx(11.6, abs=0.05)


def test_undefined_rating_is_refused_by_name() -> None:
    """Check 7: a rating that the table lacks is an error, never silently 1.0; so is an unknown driver."""
    with pytest.raises(Malformed) as caught:
        cocomo2(10, {"data": "vl", "time": "l", "aexp": "n"})

    assert [problema.campo for problema in caught.value.problemas] == ["data", "time", "aexp"]
    assert "defined: l, n, h, vh" in str(caught.value)


def test_schedule_pressure_costs_effort_and_saves_months() -> None:
    """SCED enters the effort, and the duration by its percentage; not twice."""
    pressed, nominal = cocomo2(10, {"sced": "vl"}), cocomo2(10)

    assert pressed.pm == pytest.approx(1.43 * nominal.pm)
    assert pressed.meses == pytest.approx(0.75 * nominal.meses)


@pytest.mark.parametrize("driver", sorted(MULTIPLICADORES))
def test_each_driver_changes_the_effort(driver: str) -> None:
    """No driver is a constant in disguise."""
    first = next(
        nivel
        for nivel, valor in zip(("vl", "l", "n", "h", "vh", "xh"), MULTIPLICADORES[driver], strict=True)
        if valor not in (None, 1.0)
    )

    assert cocomo2(10, {driver: first}).pm != cocomo2(10).pm


def test_cocomo81_has_basic_and_intermediate_coefficients() -> None:
    """Basic organic 10 KDSI is 2.4 x 10^1.05; intermediate 3.2 x 10^1.05 x multiplier; other modes are refused."""
    assert cocomo81(10, "organic") == pytest.approx(26.93, abs=0.01)
    assert cocomo81(10, "organic", 0.5) == pytest.approx(17.95, abs=0.01)
    with pytest.raises(Malformed, match="modo"):
        cocomo81(10, "agile")
