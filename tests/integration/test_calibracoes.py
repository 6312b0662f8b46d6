"""Collections `metricas_build` and `calibracoes`: what was measured is learnt, versions stand side by side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contratos.metricas import Etapa, MetricaBuild, MetricaVertente
from prometheus_fabrica import calibracoes
from prometheus_fabrica.errors import Refused
from prometheus_fabrica.pricing import parametros

type Doc = dict[str, Any]

PADRAO = parametros.padrao()
DIA = datetime(2026, 3, 1, tzinfo=UTC)


def test_first_calibration_needs_a_development(db: Database[Doc]) -> None:
    """Without history there is nothing to learn from, and nothing in force."""
    _record(db, "red", 1, verde=False)

    assert calibracoes.vigente(db) is None
    with pytest.raises(Refused, match="nothing to calibrate with"):
        calibracoes.calibrar(db, PADRAO, por="ana")


def test_calibration_learns_and_is_dated_by_the_server(db: Database[Doc]) -> None:
    """The version in force is the newest; it comes back from MongoDB as it went in."""
    for i in range(10):
        _record(db, f"dev{i}", i)
    first = calibracoes.calibrar(db, PADRAO, por="ana", motivo="first ten")
    stored = calibracoes.vigente(db)

    assert stored == first
    assert first.criada_em is not None
    assert (first.id, first.posterior.n, len(first.posterior.sem_um)) == ("cal-0001", 10, 10)
    assert first.posterior.primeira == (11.0, 1.0)


def test_observations_stand_in_the_order_of_conclusion(db: Database[Doc]) -> None:
    """By the events, not by the ids; deployment hours join by release; red ones and corrections are left out."""
    _record(db, "b", 1)
    _record(db, "a", 2)
    _record(db, "red", 0, verde=False)
    _record(db, "fix", 0, etapa=Etapa.CORRECAO)
    _record(db, "dep", 3, etapa=Etapa.IMPLANTACAO, release="rel-b", horas_deploy=0.25)

    seen = calibracoes.observacoes(db)

    assert [(o.id, o.ordem, o.horas_deploy) for o in seen] == [("b", 0, 0.25), ("a", 1, None)]
    assert (seen[0].caso_s, seen[0].inicio_s, seen[0].memoria_mb) == ({"E": 0.1}, 2.0, 64.0)
    assert seen[0].por_vertente == {"E": (50.0, 0.01)}


def test_going_back_adds_a_version(db: Database[Doc]) -> None:
    """History is never rewritten; the version in force names the one that it repeats."""
    _record(db, "a", 0)
    first = calibracoes.calibrar(db, PADRAO, por="ana")
    _record(db, "b", 1)
    calibracoes.calibrar(db, PADRAO, por="ana")
    back = calibracoes.voltar(db, first.id, por="rui", motivo="b was a power cut")

    assert [version.id for version in calibracoes.historia(db)] == ["cal-0001", "cal-0002", "cal-0003"]
    assert calibracoes.vigente(db) == back
    assert (back.repete, back.posterior) == (first.id, first.posterior)
    for ident, said in (("cal-0009", "there is no calibration"), (back.id, "in force already")):
        with pytest.raises(Refused, match=said):
            calibracoes.voltar(db, ident, por="rui")


def test_second_of_two_who_calibrate_at_once_is_refused(db: Database[Doc]) -> None:
    """Two versions never share a number, and none is overwritten."""
    _record(db, "a", 0)
    mine = calibracoes.calibrar(db, PADRAO, por="ana")
    db["calibracoes"].update_one({"_id": mine.id}, {"$set": {"_id_of": "keeps"}})
    rival = mine.model_copy(update={"por": "rui"})

    with pytest.raises(Refused, match="somebody else calibrated meanwhile"):
        calibracoes.registrar(db, rival)
    assert db["calibracoes"].find_one({"_id": mine.id})["por"] == "ana"  # type: ignore[index]


def _record(
    db: Database[Doc], item: str, minute: int, *, verde: bool = True, etapa: Etapa = Etapa.DESENVOLVIMENTO,
    release: str | None = None, horas_deploy: float | None = None,
) -> None:  # fmt: skip
    part = MetricaVertente(
        vertente="E", pontos=50, geracao_s=36, testes_s=20, execucao_s=4, inicio_s=2, casos=20, casos_na_primeira=20,
        tentativas=0, verde=verde, memoria_pico_bytes=64_000_000,
    )  # fmt: skip
    metric = MetricaBuild(
        id=f"met-{item}", item=item, etapa=etapa, spec_ref="s", release_ref=release or f"rel-{item}", pontos=50,
        horas_dev=0.01, horas_teste=0.02, horas_deploy=horas_deploy, verde=verde, vertentes=(part,),
    )  # fmt: skip
    db["metricas_build"].insert_one(metric.to_dict())
    db["eventos"].insert_one(
        {
            "_id": f"{item}:9", "item": item, "item_tipo": etapa.value, "seq": 9, "tipo": "conclusao",
            "de": "EmProcessamento", "para": "Concluido", "timestamp": DIA + timedelta(minutes=minute), "por": "teste",
        }
    )  # fmt: skip
