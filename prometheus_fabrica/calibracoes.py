"""Collections `metricas_build` and `calibracoes`: what was measured, and the versions of what was learnt from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from contratos.calibracao import Calibracao, Observacao
from contratos.estados import Transicao
from contratos.metricas import Etapa, MetricaBuild, MetricaVertente
from prometheus_fabrica.errors import Refused
from prometheus_fabrica.pricing import calibration
from prometheus_fabrica.pricing.calibration import SEGUNDOS_POR_HORA
from prometheus_fabrica.pricing.parametros import Parametros

type Doc = dict[str, Any]

COLECAO: Final = "calibracoes"
METRICAS: Final = "metricas_build"
BYTES_POR_MB: Final = 1_000_000


def vigente(db: Database[Doc]) -> Calibracao | None:
    """The calibration in force: the highest version; None before the first."""
    doc = db[COLECAO].find_one({}, sort=[("versao", -1)])
    return _lida(doc) if doc else None


def historia(db: Database[Doc]) -> list[Calibracao]:
    """All versions, oldest first."""
    return [_lida(doc) for doc in db[COLECAO].find().sort("versao", 1)]


def observacoes(db: Database[Doc]) -> list[Observacao]:
    """What calibration may learn from: developments that ended well, in the order of their conclusion.

    One that failed is a lower bound, not a point, and is left out; so is one without any measured time.
    """
    deploys = {
        doc["release_ref"]: doc["horas_deploy"]
        for doc in db[METRICAS].find({"etapa": Etapa.IMPLANTACAO.value, "verde": True, "horas_deploy": {"$gt": 0}})
        if doc.get("release_ref")
    }
    docs = db[METRICAS].find({"etapa": Etapa.DESENVOLVIMENTO.value, "verde": True, "horas_dev": {"$gt": 0}}).to_list()
    ordem = _ordem(db, [doc["item"] for doc in docs])
    metricas = sorted(map(_metrica, docs), key=lambda metrica: (ordem.get(metrica.item, len(ordem)), metrica.id))
    return [
        observacao(metrica, lugar, deploys.get(metrica.release_ref or ""))
        for lugar, metrica in enumerate(metricas)
        if metrica.pontos > 0
    ]


def observacao(metrica: MetricaBuild, ordem: int, horas_deploy: float | None = None) -> Observacao:
    """A development's record as the fit sees it."""
    assert metrica.horas_dev is not None
    memoria = max((vertente.memoria_pico_bytes or 0 for vertente in metrica.vertentes), default=0)
    inicios = [vertente.inicio_s for vertente in metrica.vertentes if vertente.inicio_s]
    return Observacao(
        id=metrica.item,
        ordem=ordem,
        pontos=metrica.pontos,
        horas_dev=metrica.horas_dev,
        horas_teste=metrica.horas_teste or None,
        horas_deploy=horas_deploy,
        por_vertente={
            vertente.vertente: (vertente.pontos, vertente.geracao_s / SEGUNDOS_POR_HORA)
            for vertente in metrica.vertentes
            if vertente.pontos > 0 and vertente.geracao_s > 0
        },
        caso_s={v.vertente: segundos for v in metrica.vertentes if (segundos := _caso_s(v)) > 0},
        inicio_s=math.fsum(inicios) / len(inicios) if inicios else None,
        memoria_mb=memoria / BYTES_POR_MB or None,
        verdes_na_primeira=sum(vertente.passou_na_primeira for vertente in metrica.vertentes),
        previsto_p50=metrica.previsto.horas_dev if metrica.previsto else None,
        previsto_p90=metrica.previsto.horas_dev_p90 if metrica.previsto else None,
    )


def calibrar(
    db: Database[Doc], parametros: Parametros, *, por: str, motivo: str = "", deriva: bool = False
) -> Calibracao:
    """Fit everything that was measured, as a new version. Refused when there is nothing to learn from."""
    vistas = observacoes(db)
    if not vistas:
        raise Refused("no development has been concluded yet: there is nothing to calibrate with")
    nova = calibration.proxima(parametros, vigente(db), vistas, por=por, motivo=motivo, deriva=deriva)
    return registrar(db, nova)


def voltar(db: Database[Doc], ident: str, *, por: str, motivo: str = "") -> Calibracao:
    """Go back to a former version, as a new one that repeats it."""
    doc = db[COLECAO].find_one({"_id": ident})
    ultima = vigente(db)
    if doc is None or ultima is None:
        raise Refused(f"there is no calibration {ident!r}; 'fabrica calibrar --historia' lists them")
    if ident == ultima.id:
        raise Refused(f"{ident} is in force already")
    return registrar(db, calibration.voltar(_lida(doc), ultima, por=por, motivo=motivo))


def registrar(db: Database[Doc], calibracao: Calibracao) -> Calibracao:
    """Insert the version with the server's date. Whoever comes second with the same number is refused."""
    campos = {campo: {"$literal": valor} for campo, valor in calibracao.to_dict().items() if campo != "_id"}
    try:
        db[COLECAO].update_one(
            {"_id": calibracao.id, "versao": None}, [{"$set": campos | {"criada_em": "$$NOW"}}], upsert=True
        )
    except DuplicateKeyError as error:
        raise Refused(
            f"somebody else calibrated meanwhile ({calibracao.id} is there): look at it, then try again"
        ) from error
    doc = db[COLECAO].find_one({"_id": calibracao.id})
    assert doc is not None
    return _lida(doc)


def _ordem(db: Database[Doc], itens: list[str]) -> dict[str, int]:
    """Item -> place in the order of conclusion, by the server's clock."""
    regra = {"item": {"$in": itens}, "tipo": Transicao.CONCLUSAO.value}
    eventos = db["eventos"].find(regra, {"item": 1}).sort([("timestamp", 1), ("_id", 1)])
    return {evento["item"]: lugar for lugar, evento in enumerate(eventos)}


def _caso_s(vertente: MetricaVertente) -> float:
    """Seconds a test case, sandbox start not counted."""
    return max(vertente.execucao_s - (vertente.inicio_s or 0.0), 0.0) / vertente.casos if vertente.casos else 0.0


def _metrica(doc: Mapping[str, Any]) -> MetricaBuild:
    return MetricaBuild.model_validate({nome: doc[nome] for nome in MetricaBuild.model_fields if nome in doc})


def _lida(doc: Mapping[str, Any]) -> Calibracao:
    return Calibracao.model_validate({nome: valor for nome, valor in doc.items() if nome != "_id"})
