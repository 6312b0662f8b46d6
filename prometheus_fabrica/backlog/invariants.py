"""What must be true of one item, whatever died and whoever wrote in between. Pure: the item and what it refers to, in.

Numbers up to 14 are those of the store's design (docs/adr); each function checks one theme and names what it found.
An invariant speaks of states that are on record (`registro`): a status that a stranger wrote a moment ago is judged
when `reconhecer` has put it on record, and one that is never put on record breaks `ocioso`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from contratos.envelope import check
from contratos.estados import TERMINAIS, Status
from contratos.problems import Malformed
from contratos.tipos import NOSSOS
from prometheus_fabrica.backlog.store import Doc, item_id, waits_for

RESTORE = "somebody wrote past the factory: compare 'fabrica ver' with 'fabrica eventos', and restore from the backup"
SWEEP = "a running daemon does this within seconds: start one, or see 'fabrica diagnostico'"
REPORT = "this is a fault of the factory: keep the database as it is and report it with 'fabrica eventos ITEM --json'"


class Regra(Enum):
    """One invariant: its number, its name, and what to do where it is broken."""

    HISTORIA = (1, "historia", RESTORE)
    POSSE = (2, "posse", "'fabrica repetir' takes back an item without a lease; two holders of one token are a fault")
    DEPENDENCIAS = (3, "dependencias", "set its status to Bloqueado: its dependencies are examined again")
    VIGIA = (4, "vigia", "set `exame` to true on the item: its dependencies are examined again")
    FINAL = (5, "final", RESTORE)
    TENTATIVAS = (6, "tentativas", REPORT)
    SAIDA = (7, "saida", "unset `propagado` on the item: what it produced is published again")
    FILHOS = (8, "filhos", RESTORE)
    OCIOSO = (9, "ocioso", SWEEP)
    CICLO = (10, "ciclo", "'fabrica cancelar' one of them, or take the dependency out that closes the loop")
    CONTRATO = (11, "contrato", "correct the field, or 'fabrica cancelar' the item")
    DONOS = (12, "donos", REPORT)
    EXPIRACAO = (13, "expiracao", "unset `expira_em` on the item, or it is deleted")
    VIZINHOS = (14, "vizinhos", REPORT)
    PERDA = (15, "perda", "an open item was deleted: restore it from the backup")
    IDENTIDADE = (16, "identidade", RESTORE)
    GAPS = (17, "gaps", "conclude or cancel one of the two: they ask for the same")

    @property
    def numero(self) -> int:
        """The invariant's number."""
        return self.value[0]

    @property
    def nome(self) -> str:
        """Its name."""
        return self.value[1]

    @property
    def fazer(self) -> str:
        """What an operator does about it."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Violacao:
    """One broken invariant: which, of which item, what was expected and found, and what to do."""

    invariante: int
    nome: str
    item: str
    esperado: str
    encontrado: str
    fazer: str

    def __str__(self) -> str:
        return (
            f"{self.invariante} {self.nome}: {self.item}: expected {self.esperado}; "
            f"found {self.encontrado}; {self.fazer}"
        )


def broken(regra: Regra, item: str, esperado: str, encontrado: object) -> Violacao:
    """A violation of this rule."""
    return Violacao(regra.numero, regra.nome, item, esperado, str(encontrado), regra.fazer)


@dataclass(frozen=True, slots=True)
class Visto:
    """What is known of an item that another one refers to. A deleted one is known by its events."""

    existe: bool = False
    rastreado: bool = False  # adopted: the factory sees its changes
    registro: str | None = None  # the last status on record; of one that is not adopted, what it says itself
    propagado: str | None = None
    filhos: frozenset[str] = frozenset()
    tem_eventos: bool = False
    concluido_em_eventos: bool = False

    @property
    def concluido(self) -> bool:
        """Whether what depends on it may go on."""
        return self.registro == Status.CONCLUIDO if self.existe else self.concluido_em_eventos


AUSENTE = Visto()


@dataclass(frozen=True, slots=True)
class Contexto:
    """What a batch of items refers to, as it was read after them."""

    itens: Mapping[str, Visto] = field(default_factory=dict)
    documentos: frozenset[tuple[str, Any]] = frozenset()  # (collection, _id) of what is there
    linhas: Mapping[str, frozenset[str] | None] = field(default_factory=dict)  # shared key -> whom its items block;
    # None: some of them were deleted, so nobody can tell

    def visto(self, item: str) -> Visto:
        """What is known of this item."""
        return self.itens.get(item, AUSENTE)


def nosso(doc: Doc) -> bool:
    """Of a type of ours: only of these does the factory promise more than unblocking."""
    return doc.get("tipo") in NOSSOS


def settled(doc: Doc) -> bool:
    """Whether what the document says is what is on record."""
    return doc.get("status") == doc.get("registro")


def of_state(doc: Doc, contexto: Contexto) -> Iterator[Violacao]:
    """Every always-true invariant of an adopted item's present state, but those about its history."""
    yield from identity(doc)
    if settled(doc):
        yield from blocked(doc, contexto)
        if nosso(doc):
            yield from possession(doc)
            yield from readiness(doc)
            yield from dependencies(doc, contexto)
            yield from contract(doc)
    if nosso(doc):
        yield from expiry(doc)
        yield from outcome(doc, contexto)
        yield from parentage(doc, contexto)


def identity(doc: Doc) -> Iterator[Violacao]:
    """Every adopted item has a text as `id`, a known version and a status on record."""
    own = doc.get("id")
    if not isinstance(own, str) or not own:
        yield broken(Regra.IDENTIDADE, item_id(doc), "a text in `id`", repr(own))
    if doc.get("esquema") != 1:
        yield broken(Regra.IDENTIDADE, item_id(doc), "`esquema` 1 or none", repr(doc.get("esquema")))
    if doc.get("registro") not in set(Status):
        yield broken(Regra.IDENTIDADE, item_id(doc), "a status in `registro`", repr(doc.get("registro")))


def possession(doc: Doc) -> Iterator[Violacao]:
    """EmProcessamento has exactly one whole lease, unless an outsider holds it; no other status has one."""
    lease = doc.get("lease")
    if doc["registro"] != Status.EM_PROCESSAMENTO:
        if "lease" in doc or "cancelar" in doc or "externo" in doc:
            left = ", ".join(name for name in ("lease", "cancelar", "externo") if name in doc)
            yield broken(Regra.POSSE, item_id(doc), f"no holder while {doc['registro']}", left)
        return
    if doc.get("externo"):
        if lease is not None:
            yield broken(Regra.POSSE, item_id(doc), "no lease on what an outsider holds", lease)
    elif not isinstance(lease, Mapping) or any(lease.get(name) is None for name in ("dono", "token", "desde", "ate")):
        yield broken(Regra.POSSE, item_id(doc), "a lease with dono, token, desde and ate", lease)


def readiness(doc: Doc) -> Iterator[Violacao]:
    """`pronto` is true only while the item may be claimed; a Pendente that may not has a date for it."""
    pronto, waits = doc.get("pronto"), "livre_em" in doc
    if doc["registro"] == Status.PENDENTE:
        if bool(pronto) == waits:
            yield broken(Regra.POSSE, item_id(doc), "either `pronto` or a date in `livre_em`", f"pronto: {pronto}")
    elif pronto or waits:
        expected = f"neither `pronto` nor `livre_em` while {doc['registro']}"
        yield broken(Regra.POSSE, item_id(doc), expected, f"pronto: {pronto}, livre_em: {doc.get('livre_em')}")


def dependencies(doc: Doc, contexto: Contexto) -> Iterator[Violacao]:
    """Pendente, or held by us: every dependency is Concluido."""
    held = doc["registro"] == Status.EM_PROCESSAMENTO and not doc.get("externo")
    if doc["registro"] == Status.PENDENTE or held:
        still_open = [each for each in waits_for(doc) if not contexto.visto(each).concluido]
        if still_open:
            found = f"{len(still_open)} open, among them {still_open[0]}"
            yield broken(Regra.DEPENDENCIAS, item_id(doc), f"no open dependency while {doc['registro']}", found)


def blocked(doc: Doc, contexto: Contexto) -> Iterator[Violacao]:
    """Bloqueado without `exame` watches one of its dependencies, and one whose end somebody will tell it."""
    item = item_id(doc)
    if doc["registro"] != Status.BLOQUEADO:
        left = [name for name in ("aguarda", "aguarda_externo", "exame", "bloqueio") if name in doc]
        if left:
            yield broken(Regra.VIGIA, item, f"no watch while {doc['registro']}", ", ".join(left))
        return
    waits = waits_for(doc)
    if not waits or doc.get("exame"):
        return
    watched = doc.get("aguarda")
    if watched not in waits:
        yield broken(Regra.VIGIA, item, "`aguarda` among its dependencies", repr(watched))
        return
    visto = contexto.visto(watched)
    untracked = not visto.rastreado if visto.existe else not visto.tem_eventos
    if untracked and not doc.get("aguarda_externo"):
        yield broken(Regra.VIGIA, item, f"`aguarda_externo`, as nobody tells of the end of {watched}", "none")
    told = visto.rastreado and visto.propagado == Status.CONCLUIDO if visto.existe else True
    if visto.concluido and told:
        yield broken(Regra.VIGIA, item, f"to go on, as {watched} is Concluido and has told so", "Bloqueado")


def contract(doc: Doc) -> Iterator[Violacao]:
    """What is still to be worked on fits the contract of its type; what is being examined may yet be refused."""
    if doc["registro"] == Status.PENDENTE or (doc["registro"] == Status.BLOQUEADO and not doc.get("exame")):
        try:
            check(doc)
        except Malformed as error:
            yield broken(Regra.CONTRATO, item_id(doc), f"a well-formed {doc['tipo']}", str(error))


def expiry(doc: Doc) -> Iterator[Violacao]:
    """Only an item of which everything has followed may be deleted, and never one that waits for an operator."""
    if doc.get("expira_em") is not None:
        done = doc.get("registro") in (Status.CONCLUIDO, Status.CANCELADO) and doc.get("propagado") == doc["registro"]
        if not done:
            expected = "no `expira_em` before everything has followed"
            yield broken(Regra.EXPIRACAO, item_id(doc), expected, f"{doc.get('registro')}, expira_em set")


def outcome(doc: Doc, contexto: Contexto) -> Iterator[Violacao]:
    """Everything that a propagated Concluido item produced is there, once."""
    if doc.get("registro") != Status.CONCLUIDO or doc.get("propagado") != Status.CONCLUIDO:
        return
    seen: set[tuple[str, Any]] = set()
    for entry in doc.get("saida") or ():
        colecao, key = entry["colecao"], entry["doc"]["_id"]
        if (colecao, key) in seen:
            yield broken(Regra.FILHOS, item_id(doc), "one product at each place", f"{key} twice")
        seen.add((colecao, key))
        if colecao != "backlog_items":
            there = (colecao, key) in contexto.documentos
        elif entry.get("chave"):
            blocks = contexto.linhas.get(entry["chave"], frozenset())
            there = blocks is None or not blocks.isdisjoint(entry["doc"]["bloqueando"])
        else:
            visto = contexto.visto(key)
            there = visto.existe or visto.tem_eventos
        if not there:
            yield broken(Regra.SAIDA, item_id(doc), f"{key} in {colecao}", "nothing")


def parentage(doc: Doc, contexto: Contexto) -> Iterator[Violacao]:
    """A child's parent is Concluido, and says that it produced it."""
    parent = doc.get("pai")
    if parent is None:
        return
    visto = contexto.visto(parent)
    if not visto.concluido:
        yield broken(Regra.FILHOS, item_id(doc), f"its parent {parent} Concluido", visto.registro or "nothing")
    elif visto.existe and doc["_id"] not in visto.filhos:
        yield broken(Regra.FILHOS, item_id(doc), f"to be in the `saida` of {parent}", "not there")


def idle(doc: Doc) -> Iterator[Violacao]:
    """Once the daemons have nothing to do, nothing is left to do."""
    item = item_id(doc)
    if doc.get("esquema") is None:
        if nosso(doc) or (doc.get("status") == Status.BLOQUEADO and waits_for(doc)):
            yield broken(Regra.OCIOSO, item, "to be adopted", "no `esquema`")
        return
    registro = doc.get("registro")
    if not settled(doc) and (nosso(doc) or (registro != Status.CONCLUIDO and doc.get("status") in set(Status))):
        yield broken(Regra.OCIOSO, item, f"{registro}, or an event about the change", doc.get("status"))
    if registro in TERMINAIS and doc.get("propagado") != registro:
        yield broken(Regra.OCIOSO, item, f"`propagado` {registro}", doc.get("propagado"))
    if registro == Status.BLOQUEADO and doc.get("exame"):
        yield broken(Regra.OCIOSO, item, "an examination that has ended", "`exame`")
    if doc.get("eventos_novos"):
        seqs = [event.get("seq") for event in doc["eventos_novos"]]
        yield broken(Regra.OCIOSO, item, "every event in `eventos`", f"{seqs} in the item only")


def idle_watch(doc: Doc, contexto: Contexto) -> Iterator[Violacao]:
    """Once idle, nothing that is Concluido is waited for."""
    if doc.get("registro") == Status.BLOQUEADO and settled(doc) and waits_for(doc):
        watched = str(doc.get("aguarda"))
        if contexto.visto(watched).concluido:
            yield broken(Regra.OCIOSO, item_id(doc), f"to go on, as {watched} is Concluido", "Bloqueado")
