"""Collection `capacidades`: what the factory has. Whether one still holds is decided by the server's clock alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pymongo.database import Database

from contratos.capacidade import Capacidades, TipoCapacidade, chave, sem_tag
from contratos.estados import TERMINAIS
from prometheus_fabrica.errors import Refused

type Doc = dict[str, Any]

COLECAO: Final = "capacidades"
OPERADOR: Final = "operador"
SONDA: Final = "sonda"  # `como` of what a probe found begins with it

# Without `expira_em` a capability holds until somebody removes it.
VIGENTE: Final[Doc] = {"$gt": [{"$ifNull": ["$expira_em", {"$add": ["$$NOW", 1]}]}, "$$NOW"]}


def disponiveis(db: Database[Doc]) -> Capacidades:
    """The capabilities that hold now; an expired one is a gap again."""
    vigentes = db[COLECAO].find({"$expr": VIGENTE}, {"detalhes": 1})
    return Capacidades({doc["_id"]: doc.get("detalhes") or {} for doc in vigentes})


def listar(db: Database[Doc]) -> list[Doc]:
    """Every capability, by id, each with `vigente`: whether it holds now."""
    return db[COLECAO].aggregate([{"$sort": {"_id": 1}}, {"$set": {"vigente": VIGENTE}}]).to_list()


def adicionar(
    db: Database[Doc],
    tipo: TipoCapacidade,
    nome: str,
    *,
    por: str,
    como: str = OPERADOR,
    detalhes: Mapping[str, Any] | None = None,
    validade_s: float | None = None,
) -> Doc:
    """Register a capability, or see it again: then `registrada_em` stays and the rest is new.

    validade_s: seconds after which it is a gap again; None: never. Returns the document. Refused: a name that is empty.
    """
    if not nome.strip():
        raise Refused(f"a capability needs a name: 'fabrica capacidades adicionar {tipo} NOME'")
    expira = None if validade_s is None else {"$add": ["$$NOW", round(validade_s * 1000)]}
    ident = chave(tipo, nome)
    literais = {"id": ident, "tipo": tipo.value, "nome": nome.strip(), "como": como, "por": por}
    campos = {campo: {"$literal": valor} for campo, valor in literais.items()} | {
        "registrada_em": {"$ifNull": ["$registrada_em", "$$NOW"]},
        "verificada_em": "$$NOW",
        "expira_em": expira,
        "detalhes": {"$literal": dict(detalhes or {})},
    }
    # `$unset` first: `$set` of a document merges it into the old one, and old details would shine through.
    db[COLECAO].update_one({"_id": ident}, [{"$unset": ["detalhes"]}, {"$set": campos}], upsert=True)
    doc = db[COLECAO].find_one({"_id": ident})
    assert doc is not None
    return doc


def remover(db: Database[Doc], ident: str) -> bool:
    """Remove a capability; whether it was there."""
    return db[COLECAO].delete_one({"_id": ident}).deleted_count == 1


def expirar(db: Database[Doc], tipo: TipoCapacidade, exceto: Iterable[str]) -> list[str]:
    """Let what a probe once found and now did not find expire at once. Returns their ids.

    What an operator registered is never touched: a probe only takes back what a probe gave.
    """
    regra: Doc = {
        "tipo": tipo.value,
        "como": {"$regex": f"^{SONDA}"},
        "_id": {"$nin": sorted(exceto)},
        "$expr": VIGENTE,
    }
    idos = [doc["_id"] for doc in db[COLECAO].find(regra, {"_id": 1}).sort("_id", 1)]
    for ident in idos:
        db[COLECAO].update_one({"_id": ident, "$expr": VIGENTE}, [{"$set": {"expira_em": "$$NOW"}}])
    return idos


def dores(db: Database[Doc], ident: str) -> list[str]:
    """Ids of the open gap items that this capability closes: what `fabrica concluir` may now be said of."""
    chaves = sorted({f"gap:{ident}", f"gap:{sem_tag(ident)}" if ident.startswith("container:") else f"gap:{ident}"})
    regra: Doc = {"chave": {"$in": chaves}, "status": {"$nin": [status.value for status in TERMINAIS]}}
    return [str(doc["id"]) for doc in db["backlog_items"].find(regra, {"id": 1}).sort("id", 1)]
