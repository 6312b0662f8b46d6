"""A budget as a person presents it: numbers in formulas, levers, chances, differences; a page that stands alone."""

from __future__ import annotations

import re
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from contratos.capacidade import Capacidades
from contratos.spec import Spec
from prometheus_fabrica.pricing import explain, explanation, parametros
from prometheus_fabrica.pricing.precificar import precificar
from tests.harness.specs import conta

RECURSOS, GAPS = precificar(
    Spec.ler(conta()), Capacidades(), parametros.padrao(), commit="0123456789abcdef", prontas=set()
)


def test_formula_is_shown_with_its_numbers() -> None:
    """A reader can check the figure by hand."""
    shown = explanation.conta(RECURSOS.figura("esforco.horas_dev"))

    assert shown.startswith(
        "horas_referencia × (pontos / pontos_referencia) ^ elasticidade = 2 752 × (21 / 245) ^ 0.95"
    )


def test_levers_are_the_true_effect_of_a_quarter_more() -> None:
    """Twenty-five percent more points is 1.25 ** 0.95; the strongest lever comes first; declared figures have none."""
    levers = explanation.alavancas(RECURSOS.figura("esforco.horas_dev"))
    effects = {lever.entrada: lever.efeito for lever in levers}

    assert effects["pontos"] == pytest.approx(1.25**0.95, rel=1e-4)
    assert effects["horas_referencia"] == pytest.approx(1.25, rel=1e-4)
    assert levers[0].entrada == "elasticidade"
    assert explanation.alavancas(RECURSOS.figura("carga.tps_esperado")) == []


def test_lever_of_the_total_moves_every_part_that_has_it() -> None:
    """A quarter more points raises development, testing and deployment together."""
    (points,) = [lever for lever in explanation.alavancas_do_total(RECURSOS) if lever.entrada == "pontos"]

    assert 1.15 < points.efeito < 1.25**0.95
    assert points.da_spec


def test_chance_of_keeping_a_budget() -> None:
    """One half at P50, nine tenths at P90; certainty where there is no doubt."""
    total = RECURSOS.figura("esforco.total")
    sure = RECURSOS.figura("teste.classes_equivalencia")

    assert explanation.chance(total, float(total.p50)) == pytest.approx(0.5)
    assert explanation.chance(total, float(total.p90)) == pytest.approx(0.9)
    assert explanation.chance(total, 0) == 0
    assert explanation.chance(sure, float(sure.p50)) == 1


def test_terminal_says_first_what_blocks() -> None:
    """Gaps and notes stand above the figures; every figure of the seed is there."""
    console = Console(width=200, record=True, file=StringIO())
    explain.imprimir(console, RECURSOS, GAPS)
    text = console.export_text()

    assert text.index("gap API whisper") < text.index("note prerequisite spec base-1") < text.index("h of work in all")
    for figura in RECURSOS.figuras:
        assert figura.nome.partition(".")[2] in text
    assert "Not in these figures" in text


def test_markdown_has_a_table_of_every_group() -> None:
    """Five groups, each figure with range and source."""
    text = explain.markdown(RECURSOS, GAPS)

    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Effort", "## Runtime", "## Test", "## Load", "## Size", "## What was counted", "## Not in these figures",
    ]  # fmt: skip
    assert "| esforco.horas_dev | " in text


def test_page_is_self_contained_and_holds_a_picture() -> None:
    """No script, nothing loaded; the SVG is well formed and has a bar for each part and for the total."""
    page = explain.html(RECURSOS)

    assert not re.search(r"<script|<link|src=|href=|url\(|@import", page)
    picture = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    assert len(picture.findall("rect")) == 4
    assert "pontos_referencia" in page


def test_page_shows_hostile_names_as_text() -> None:
    """What a spec says is never markup."""
    hostile = RECURSOS.model_copy(update={"spec_ref": "<script>alert(1)</script>", "avisos": ('"><img onerror=x>',)})
    page = explain.html(hostile)

    assert "<script" not in page
    assert "<img" not in page


def test_two_budgets_are_compared_figure_by_figure() -> None:
    """Only what differs is listed, with both values."""
    more = precificar(Spec.ler(conta(requisitos_nao_funcionais={"tps": 500})), Capacidades(), parametros.padrao())[0]
    changed = {change.nome for change in explanation.diferencas(RECURSOS, more)}

    assert "runtime.cpu" in changed
    assert "esforco.horas_dev" not in changed
    assert "| carga.tps_esperado | 50 pedidos/s | 500 pedidos/s |" in explain.comparacao(RECURSOS, more)
    assert explanation.diferencas(RECURSOS, RECURSOS) == []
