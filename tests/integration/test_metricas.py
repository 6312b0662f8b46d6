"""Metrics of the seed's section 8, by aggregation, over a period: each against a small history worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contratos.metricas import Etapa, MetricaBuild, MetricaVertente, Previsto
from prometheus_fabrica import metrics
from prometheus_fabrica.metrics import Precisao, Taxa, Tempo

type Doc = dict[str, Any]

DIA = datetime(2026, 3, 1, tzinfo=UTC)


def test_nothing_measured_is_none_and_not_zero(db: Database[Doc]) -> None:
    """An empty factory has no rates, and says so."""
    found = metrics.metricas(db)

    assert found.precisao_orcamento == Precisao(0, None, None, None)
    assert found.taxa_gaps == found.taxa_retrabalho == Taxa(None, 0, 0)
    assert found.tempo_desbloqueio == found.lead_time_desenvolvimento == Tempo(None, 0)
    assert found.workers == ()


def test_budget_accuracy_is_real_over_estimated_effort(db: Database[Doc]) -> None:
    """Twice and half of the estimate: mean 1.25, typical 1; one of two within P90.

    Red and unbudgeted ones are left out.
    """
    _insert(db, _build("a", dev=2.0, teste=2.0), DIA)
    _insert(db, _build("b", dev=0.5, teste=0.5), DIA)
    _insert(db, _build("red", dev=90.0, teste=0.0, verde=False), DIA)
    _insert(db, _build("unbudgeted", dev=90.0, teste=0.0, previsto=False), DIA)
    _insert(db, _build("fix", dev=90.0, teste=0.0, etapa=Etapa.CORRECAO), DIA)

    found = metrics.precisao(db, None, None)

    assert (found.desenvolvimentos, found.razao_media, found.p90_mantido) == (2, 1.25, 0.5)
    assert found.razao_tipica == pytest.approx(1.0)


def test_gap_rate_counts_each_spec_once(db: Database[Doc]) -> None:
    """A spec priced twice, once with a gap, is one spec with a gap."""
    for ident, spec, faltas in (("1", "a", ["gap:api:x"]), ("2", "a", []), ("3", "b", []), ("4", "c", [])):
        doc = {"_id": ident, "id": ident, "spec_ref": spec, "dependencias": {"gaps_infra": faltas}, "criado_em": DIA}
        db["specs_recursos"].insert_one(doc)

    assert metrics.taxa_gaps(db, None, None) == Taxa(1 / 3, 1, 3)


def test_unblocking_time_runs_from_the_last_blocking(db: Database[Doc]) -> None:
    """Blocked at birth for 60 s; blocked again at 100 s and freed at 120 s: mean of 60 and 20."""
    _events(db, "orc", "aprovar_orcamento", [
        (0, "criacao", None, "Bloqueado"),
        (60, "desbloqueio", "Bloqueado", "Pendente"),
        (100, "bloqueio", "Pendente", "Bloqueado"),
        (120, "desbloqueio", "Bloqueado", "Pendente"),
    ])  # fmt: skip

    assert metrics.tempo_desbloqueio(db, None, None) == Tempo(40.0, 2)


def test_lead_time_runs_from_the_first_claim_retries_included(db: Database[Doc]) -> None:
    """Claimed at 10 s, failed, claimed again, concluded at 40 s: 30 s. Other types do not count."""
    course = [
        (0, "criacao", None, "Pendente"),
        (10, "consumo", "Pendente", "EmProcessamento"),
        (20, "falha", "EmProcessamento", "Pendente"),
        (30, "consumo", "Pendente", "EmProcessamento"),
        (40, "conclusao", "EmProcessamento", "Concluido"),
    ]
    _events(db, "dev", "desenvolvimento", course)
    _events(db, "imp", "implantar", course)

    assert metrics.lead_time(db, None, None) == Tempo(30.0, 1)


def test_rework_is_bugs_over_releases(db: Database[Doc]) -> None:
    """One bug, four releases."""
    _events(db, "bug", "corrigir_bug", [(0, "criacao", None, "Pendente")])
    db["releases"].insert_many([{"_id": str(i), "id": str(i), "criado_em": DIA} for i in range(4)])

    assert metrics.taxa_retrabalho(db, None, None) == Taxa(0.25, 1, 4)


def test_workers_are_told_apart_by_vertente(db: Database[Doc]) -> None:
    """Mean time, share of cases green at first, mean corrections; red runs count too."""
    _insert(db, _build("a", 1, 1, vertentes=(_part("E", 10, 20, 10, 10, 0), _part("P", 1, 1, 4, 4, 0))), DIA)
    _insert(db, _build("b", 1, 1, verde=False, vertentes=(_part("E", 30, 40, 10, 5, 3),)), DIA)

    e, p = metrics.workers(db, None, None)

    assert (e.vertente, e.execucoes, e.tempo_medio_s, e.sucesso_na_primeira, e.tentativas) == ("E", 2, 50.0, 0.75, 1.5)
    assert (p.vertente, p.execucoes, p.sucesso_na_primeira) == ("P", 1, 1.0)


def test_period_is_half_open(db: Database[Doc]) -> None:
    """The first instant belongs to it, the last does not; events count where they end."""
    for day in range(4):
        when = DIA + timedelta(days=day)
        _insert(db, _build(f"b{day}", dev=1.0 + day, teste=0.0), when)
        _events(db, f"dev{day}", "desenvolvimento", [
            (-86400, "consumo", "Pendente", "EmProcessamento"),
            (0, "conclusao", "EmProcessamento", "Concluido"),
        ], start=when)  # fmt: skip
        db["releases"].insert_one({"_id": str(day), "id": str(day), "criado_em": when})

    found = metrics.metricas(db, DIA + timedelta(days=1), DIA + timedelta(days=3))

    assert found.precisao_orcamento.desenvolvimentos == 2
    assert found.lead_time_desenvolvimento == Tempo(86400.0, 2)
    assert found.taxa_retrabalho == Taxa(0.0, 0, 2)
    assert found.to_dict()["desde"] == DIA + timedelta(days=1)


def _build(
    ident: str, dev: float, teste: float, *, verde: bool = True, previsto: bool = True,
    etapa: Etapa = Etapa.DESENVOLVIMENTO, vertentes: tuple[MetricaVertente, ...] = (),
) -> MetricaBuild:  # fmt: skip
    said = Previsto(
        horas_dev=1.0,
        horas_dev_p90=1.5,
        horas_teste=1.0,
        horas_deploy=0.1,
        total=2.1,
        total_p90=4.0,
        parametros_versao="1",
    )
    return MetricaBuild(
        id=ident, item=ident, etapa=etapa, spec_ref="s", pontos=50, horas_dev=dev, horas_teste=teste, verde=verde,
        vertentes=vertentes, previsto=said if previsto else None,
    )  # fmt: skip


def _part(vertente: str, geracao: float, testes: float, casos: int, primeira: int, tentativas: int) -> MetricaVertente:
    return MetricaVertente(
        vertente=vertente, pontos=10, geracao_s=geracao, testes_s=testes, execucao_s=testes, casos=casos,
        casos_na_primeira=primeira, tentativas=tentativas, verde=primeira == casos,
    )  # fmt: skip


def _insert(db: Database[Doc], metric: MetricaBuild, when: datetime) -> None:
    db["metricas_build"].insert_one({**metric.to_dict(), "criado_em": when})


def _events(
    db: Database[Doc], item: str, tipo: str, course: list[tuple[int, str, str | None, str]], start: datetime = DIA
) -> None:
    """An item's events: (seconds after the start, transition, from, to)."""
    db["eventos"].insert_many(
        [
            {
                "_id": f"{item}:{seq}", "item": item, "item_tipo": tipo, "seq": seq, "tipo": transition, "de": de,
                "para": para, "timestamp": start + timedelta(seconds=seconds), "por": "teste",
            }
            for seq, (seconds, transition, de, para) in enumerate(course, start=1)
        ]
    )  # fmt: skip
