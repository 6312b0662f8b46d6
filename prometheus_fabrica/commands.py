"""What an operator can do to the backlog: each function returns what happened, or raises Refused with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contratos.envelope import check
from contratos.estados import TERMINAIS, Status
from contratos.tipos import CONSUMIDOS, NOSSOS, prefixo
from prometheus_fabrica.approvals import Decisao, follows
from prometheus_fabrica.backlog import propagation, queries, sweeps, transitions
from prometheus_fabrica.backlog.store import Backlog, Doc, Novo, Posse, item_id
from prometheus_fabrica.errors import Refused

CASCADE_LIMIT = 10_000


def enviar(backlog: Backlog, tipo: str, fields: Mapping[str, Any]) -> str:
    """Insert an item and return its id. Malformed names every wrong field, and then nothing is inserted.

    An `id` given twice is one item: sending again after a lost reply does no harm.
    """
    item = str(fields.get("id") or f"{prefixo(tipo)}-{backlog.ambient.token()[:16]}")
    doc: Doc = {**fields, "_id": item, "id": item, "tipo": tipo}
    check(doc)
    waits = doc.get("depende_de") or []
    loop = [each for each in waits if _leads_to(backlog, each, item)]
    if loop:
        raise Refused(f"depende_de: {loop[0]} waits for {item} itself: a cycle, which nothing could free")
    if not propagation.nascer(backlog, [doc]):
        raise Refused(f"{item} is there already: 'fabrica ver {item}' shows it")
    sweeps.publicar_eventos(backlog)  # here and below: the audit trail need not wait for a daemon
    return item


def _leads_to(backlog: Backlog, start: str, target: str) -> bool:
    seen: set[str] = set()
    level = [start]
    while level:
        if target in level:
            return True
        seen.update(level)
        found = backlog.items.find({"id": {"$in": level}, "status": {"$ne": Status.CONCLUIDO}}, {"depende_de": 1})
        level = [each for doc in found for each in doc.get("depende_de") or () if each not in seen][:CASCADE_LIMIT]
    return False


def found(backlog: Backlog, text: str) -> Doc:
    """The item as it is, or Refused with ids that look alike."""
    doc = queries.find(backlog, text)
    if doc is None:
        near = queries.like(backlog, text)
        hint = f"; did you mean {', '.join(near)}?" if near else "; 'fabrica listar' shows what there is"
        raise Refused(f"there is no item {text!r}{hint}")
    return doc


def known(backlog: Backlog, text: str) -> Doc:
    """The same, made an item of ours first where it is one."""
    doc = found(backlog, text)
    if not doc.get("esquema") and doc.get("tipo") in NOSSOS:
        propagation.adotar(backlog, [doc])
        doc = queries.find(backlog, text) or doc
    return doc


def decidir(backlog: Backlog, text: str, decisao: Decisao) -> Novo:
    """Approve or reject; returns the item that follows from it."""
    doc = known(backlog, text)
    novo = follows(doc, decisao)
    posse = _take(backlog, doc)
    _end(backlog, posse, decisao.resultado, [novo], decisao)
    return novo


def concluir(backlog: Backlog, text: str, resultado: Mapping[str, Any], decisao: Decisao) -> None:
    """Conclude an item whose work was done elsewhere (a gap, say). The factory's own work concludes itself."""
    doc = known(backlog, text)
    if doc["tipo"] in CONSUMIDOS:
        raise Refused(f"{item_id(doc)} is of type {doc['tipo']}: a daemon concludes it; 'fabrica cancelar' gives it up")
    if doc["tipo"] in ("aprovar_orcamento", "aprovar_release", "validar_implantacao"):
        raise Refused(f"{item_id(doc)} is of type {doc['tipo']}: 'fabrica aprovar' or 'fabrica rejeitar' decides it")
    if doc["tipo"] not in NOSSOS:
        raise Refused(f"{item_id(doc)} is of type {doc['tipo']}, a neighbour's: its own system concludes it")
    _end(backlog, _take(backlog, doc), resultado, [], decisao)


def cancelar(backlog: Backlog, text: str, por: str, motivo: str, *, cascata: bool = False) -> list[tuple[str, Status]]:
    """Cancel an item, with `cascata` also all that waits for it. Returns ids and what became of each."""
    first = known(backlog, text)
    done: list[tuple[str, Status]] = []
    level = [first]
    while level and len(done) < CASCADE_LIMIT:
        for doc in level:
            became = transitions.cancelar(backlog, doc, por, motivo)
            if became is not None:
                done.append((item_id(doc), became))
                propagation.propagar(backlog, doc["_id"])
            elif doc is first:
                raise Refused(_why_not(doc, "cancelled"))
        ids = [item_id(doc) for doc in level]
        waiting = {"status": Status.BLOQUEADO, "depende_de": {"$in": ids}, "tipo": {"$in": list(NOSSOS)}}
        level = backlog.items.find(waiting).limit(CASCADE_LIMIT).to_list() if cascata else []
    sweeps.publicar_eventos(backlog)
    return done


def repetir(backlog: Backlog, text: str, por: str, motivo: str | None) -> str:
    """Take a Falhou or Cancelado item up again; returns the status it has now."""
    doc = known(backlog, text)
    if not transitions.repetir(backlog, doc, por, motivo):
        raise Refused(_why_not(known(backlog, text), "repeated"))
    sweeps.until_quiet(backlog, most=3)
    return str(known(backlog, text)["status"])


def _take(backlog: Backlog, doc: Doc) -> Posse:
    posse = transitions.consumir_id(backlog, doc["_id"])
    if posse is None:
        raise Refused(_why_not(known(backlog, item_id(doc)), "decided", backlog))
    return posse


def _end(backlog: Backlog, posse: Posse, resultado: Mapping[str, Any], saida: Sequence[Novo], decisao: Decisao) -> None:
    if not transitions.concluir(backlog, posse, resultado, saida, por=decisao.por, motivo=decisao.motivo):
        raise Refused(f"{posse.item} was taken by somebody else meanwhile: 'fabrica ver {posse.item}'")
    propagation.propagar(backlog, posse.key)
    sweeps.publicar_eventos(backlog)


def _why_not(doc: Doc, verb: str, backlog: Backlog | None = None) -> str:
    item, status = item_id(doc), doc.get("status")
    if doc.get("tipo") not in NOSSOS:
        return f"{item} is of type {doc.get('tipo')}, a neighbour's: its own system decides about it"
    if status == Status.BLOQUEADO and backlog is not None:
        waits = [f"{each.id} ({each.status})" for each in queries.why(backlog, doc) if each.nivel == 0]
        return (
            f"{item} is Bloqueado: it waits for {', '.join(waits) or 'its examination'}; 'fabrica ver {item}' says more"
        )
    if status in TERMINAIS:
        again = "" if status == Status.CONCLUIDO else f"; 'fabrica repetir {item}' takes it up again"
        return f"{item} is {status} already: it cannot be {verb}{again}"
    if status == Status.EM_PROCESSAMENTO:
        holder = (doc.get("lease") or {}).get("dono", "somebody outside the factory")
        return f"{item} is EmProcessamento, {holder} has it: it cannot be {verb} now"
    return f"{item} is {status}: it cannot be {verb}; 'fabrica ver {item}' says more"
