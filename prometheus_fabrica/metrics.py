"""The five metrics of the factory and the three of each worker (seed 8), by aggregation, over any period.

A period is half open, `desde <= date < ate`; None on either side is no bound. What an event ends belongs to the
period of that event. Where there is nothing to measure a value is None, never 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from pymongo.database import Database

from contratos.estados import Status, Transicao
from contratos.metricas import Etapa

type Doc = dict[str, Any]

MS_POR_S: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Precisao:
    """Precisão de Orçamento: real effort over estimated, of developments that ended well and had a budget."""

    desenvolvimentos: int
    razao_media: float | None  # mean of real / estimated
    razao_tipica: float | None  # geometric mean: a factor too high and the same factor too low cancel out
    p90_mantido: float | None  # share whose development hours stayed within the budget's P90


@dataclass(frozen=True, slots=True)
class Taxa:
    """A share, and what it is a share of."""

    valor: float | None
    casos: int
    total: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """Mean seconds over so many cases."""

    media_s: float | None
    casos: int


@dataclass(frozen=True, slots=True)
class MetricasWorker:
    """One vertente's worker."""

    vertente: str
    execucoes: int
    tempo_medio_s: float | None  # generating, testing, correcting
    sucesso_na_primeira: float | None  # share of test cases that passed in the first run
    tentativas: float | None  # mean corrections


@dataclass(frozen=True, slots=True)
class Metricas:
    """All metrics of one period."""

    desde: datetime | None
    ate: datetime | None
    precisao_orcamento: Precisao
    taxa_gaps: Taxa  # specs with a gap / specs priced
    tempo_desbloqueio: Tempo
    lead_time_desenvolvimento: Tempo
    taxa_retrabalho: Taxa  # corrigir_bug / releases
    workers: tuple[MetricasWorker, ...]

    def to_dict(self) -> Doc:
        """For `--json`."""
        return asdict(self)


def metricas(db: Database[Doc], desde: datetime | None = None, ate: datetime | None = None) -> Metricas:
    """Every metric over the period."""
    return Metricas(
        desde,
        ate,
        precisao(db, desde, ate),
        taxa_gaps(db, desde, ate),
        tempo_desbloqueio(db, desde, ate),
        lead_time(db, desde, ate),
        taxa_retrabalho(db, desde, ate),
        workers(db, desde, ate),
    )


def precisao(db: Database[Doc], desde: datetime | None, ate: datetime | None) -> Precisao:
    """Hours of development and testing that were needed, over those of the approved budget."""
    regra: Doc = {
        "etapa": Etapa.DESENVOLVIMENTO.value,
        "verde": True,
        "horas_dev": {"$gt": 0},
        "previsto.horas_dev": {"$gt": 0},
        **_entre("criado_em", desde, ate),
    }
    real = {"$add": ["$horas_dev", {"$ifNull": ["$horas_teste", 0]}]}
    razao = {"$divide": [real, {"$add": ["$previsto.horas_dev", "$previsto.horas_teste"]}]}
    grupo: Doc = {
        "_id": None,
        "n": {"$sum": 1},
        "media": {"$avg": "$razao"},
        "ln": {"$avg": {"$ln": "$razao"}},
        "dentro": {"$avg": {"$cond": [{"$lte": ["$horas_dev", "$previsto.horas_dev_p90"]}, 1, 0]}},
    }
    passos: list[Doc] = [{"$match": regra}, {"$set": {"razao": razao}}, {"$group": grupo}]
    doc = _um(db, "metricas_build", [*passos, {"$set": {"tipica": {"$exp": "$ln"}}}])
    return Precisao(int(doc.get("n", 0)), doc.get("media"), doc.get("tipica"), doc.get("dentro"))


def taxa_gaps(db: Database[Doc], desde: datetime | None, ate: datetime | None) -> Taxa:
    """Specs of which some budget had a gap, over specs that were priced; each spec counts once."""
    tem = {"$cond": [{"$gt": [{"$size": {"$ifNull": ["$dependencias.gaps_infra", []]}}, 0]}, 1, 0]}
    doc = _um(
        db,
        "specs_recursos",
        [
            {"$match": _entre("criado_em", desde, ate)},
            {"$group": {"_id": "$spec_ref", "gap": {"$max": tem}}},
            {"$group": {"_id": None, "casos": {"$sum": "$gap"}, "total": {"$sum": 1}}},
        ],
    )
    return _taxa(doc.get("casos", 0), doc.get("total", 0))


def tempo_desbloqueio(db: Database[Doc], desde: datetime | None, ate: datetime | None) -> Tempo:
    """From the last time an item became Bloqueado to its unblocking."""
    return _duracao(
        db,
        {"tipo": Transicao.DESBLOQUEIO.value, **_entre("timestamp", desde, ate)},
        {"$eq": ["$$evento.para", Status.BLOQUEADO.value]},
        "$max",
    )


def lead_time(db: Database[Doc], desde: datetime | None, ate: datetime | None) -> Tempo:
    """From the first claim of a `desenvolvimento` to its conclusion, pauses and retries included."""
    return _duracao(
        db,
        {"tipo": Transicao.CONCLUSAO.value, "item_tipo": "desenvolvimento", **_entre("timestamp", desde, ate)},
        {"$eq": ["$$evento.tipo", Transicao.CONSUMO.value]},
        "$min",
    )


def taxa_retrabalho(db: Database[Doc], desde: datetime | None, ate: datetime | None) -> Taxa:
    """`corrigir_bug` items that came in, over releases that were made."""
    nascidos = {"tipo": Transicao.CRIACAO.value, "item_tipo": "corrigir_bug", **_entre("timestamp", desde, ate)}
    return _taxa(
        db["eventos"].count_documents(nascidos), db["releases"].count_documents(_entre("criado_em", desde, ate))
    )


def workers(db: Database[Doc], desde: datetime | None, ate: datetime | None) -> tuple[MetricasWorker, ...]:
    """The workers that ran in the period, those that ended red too, by vertente."""
    tempo = {"$add": ["$vertentes.geracao_s", "$vertentes.testes_s"]}
    grupo: Doc = {
        "_id": "$vertentes.vertente",
        "n": {"$sum": 1},
        "tempo": {"$avg": tempo},
        "casos": {"$sum": "$vertentes.casos"},
        "primeira": {"$sum": "$vertentes.casos_na_primeira"},
        "tentativas": {"$avg": "$vertentes.tentativas"},
    }
    docs = db["metricas_build"].aggregate(
        [
            {"$match": _entre("criado_em", desde, ate)},
            {"$unwind": "$vertentes"},
            {"$group": grupo},
            {"$sort": {"_id": 1}},
        ]
    )
    return tuple(
        MetricasWorker(
            doc["_id"],
            int(doc["n"]),
            doc["tempo"],
            doc["primeira"] / doc["casos"] if doc["casos"] else None,
            doc["tentativas"],
        )
        for doc in docs
    )


def _duracao(db: Database[Doc], fim: Doc, inicio: Doc, qual: str) -> Tempo:
    """Mean time from a beginning to an end, both events of one item.

    fim: which events end. inicio: a condition on `$$evento`, an earlier event of the same item. qual: `$min` takes the
    first beginning, `$max` the last one. Ends without a beginning (a neighbour's item, say) are not counted.
    """
    antes = {"$and": [{"$lt": ["$$evento.seq", "$seq"]}, inicio]}
    doc = _um(
        db,
        "eventos",
        [
            {"$match": fim},
            {"$lookup": {"from": "eventos", "localField": "item", "foreignField": "item", "as": "evento"}},
            {"$set": {"evento": {"$filter": {"input": "$evento", "as": "evento", "cond": antes}}}},
            {"$unwind": "$evento"},
            # Accumulators, since the embedded server's expression `$min` knows no dates.
            {"$group": {"_id": "$_id", "fim": {"$max": "$timestamp"}, "inicio": {qual: "$evento.timestamp"}}},
            {"$set": {"ms": {"$subtract": ["$fim", "$inicio"]}}},
            {"$group": {"_id": None, "n": {"$sum": 1}, "ms": {"$avg": "$ms"}}},
        ],
    )
    media = doc.get("ms")
    return Tempo(None if media is None else media / MS_POR_S, int(doc.get("n", 0)))


def _um(db: Database[Doc], colecao: str, passos: list[Doc]) -> Doc:
    """The one document that an aggregation leaves, or an empty one."""
    return next(iter(db[colecao].aggregate(passos)), {})


def _entre(campo: str, desde: datetime | None, ate: datetime | None) -> Doc:
    """A rule for `desde <= campo < ate`."""
    limites = {op: data for op, data in (("$gte", desde), ("$lt", ate)) if data is not None}
    return {campo: limites} if limites else {}


def _taxa(casos: int, total: int) -> Taxa:
    return Taxa(casos / total if total else None, int(casos), int(total))
