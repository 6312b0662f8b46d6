"""Commands about items: insert, look, decide, conclude, cancel, repeat."""

from __future__ import annotations

import difflib
import json as json_
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from contratos.estados import Status
from contratos.problems import Malformed
from contratos.tipos import NOSSOS
from prometheus_fabrica import commands
from prometheus_fabrica.approvals import Decisao
from prometheus_fabrica.backlog import queries
from prometheus_fabrica.backlog.store import Backlog, Doc, item_id
from prometheus_fabrica.cli.output import (
    Json,
    because,
    cell,
    err,
    moment,
    out,
    parse_json,
    plain,
    print_json,
    print_table,
)
from prometheus_fabrica.cli.settings import open_backlog
from prometheus_fabrica.errors import Refused

Id = Annotated[str, typer.Argument(help="The item's id")]
REJECTED = "Why; of a release or deployment the report of its bug, best with an example in a fenced block"
Motivo = Annotated[str | None, typer.Option(help="Why; kept in the event")]
SHOWN = 50
# What `ver` shows elsewhere, or not at all: --json has everything.
INTERNAL = frozenset({
    "_id", "id", "tipo", "status", "saida", "eventos_novos", "erros", "lease", "registro", "esquema", "ordem", "pronto",
    "seq", "mudou_em", "propagado", "conclusao", "spec_recursos",
})  # fmt: skip
ALIKE = 0.85  # from here on a type is one of ours mistyped, not a neighbour's
LISTED = 100  # characters of an error that `listar` shows
LONGEST = 400  # characters of a value that `ver` shows


def _types(incomplete: str) -> list[str]:
    return [tipo for tipo in sorted(NOSSOS) if tipo.startswith(incomplete)]


def _statuses(incomplete: str) -> list[str]:
    return [status.value for status in Status if status.value.lower().startswith(incomplete.lower())]


def register(app: typer.Typer) -> None:
    """Hang the commands up."""
    for command in (enviar, listar, ver, aprovar, rejeitar, concluir, cancelar, repetir):
        app.command()(command)


def enviar(
    context: typer.Context,
    tipo: Annotated[str, typer.Argument(help="Item type, e.g. orcar_spec", autocompletion=_types)],
    contexto: Annotated[
        str | None, typer.Option(help='The contexto as JSON, e.g. \'{"spec_ref": "spec_001"}\'')
    ] = None,
    campo: Annotated[
        list[str] | None, typer.Option("-c", "--campo", help="One field of the contexto: nome=valor")
    ] = None,
    arquivo: Annotated[
        Path | None, typer.Option(help="File with the contexto as JSON", exists=True, dir_okay=False)
    ] = None,
    item: Annotated[str | None, typer.Option("--id", help="Own id; sending it twice is one item")] = None,
    prioridade: Annotated[int | None, typer.Option(help="0 to 100, higher first")] = None,
    depende_de: Annotated[list[str] | None, typer.Option(help="Id of an item that must be Concluido first")] = None,
    produtor: Annotated[str | None, typer.Option(help="Who asks for it")] = None,
    json: Json = False,
) -> None:
    """Insert an item: [bold]fabrica enviar orcar_spec -c spec_ref=spec_001[/]"""
    given: dict[str, Any] = parse_json(arquivo.read_text("utf-8"), "--arquivo") if arquivo else {}
    given |= parse_json(contexto, "--contexto") if contexto else {}
    for each in campo or ():
        name, equals, value = each.partition("=")
        if not equals:
            raise typer.BadParameter(f"expected nome=valor, found {each!r}", param_hint="--campo")
        given[name] = value
    fields: dict[str, Any] = {"contexto": given}
    optional = {"id": item, "prioridade": prioridade, "depende_de": depende_de, "produtor": produtor}
    fields |= {name: value for name, value in optional.items() if value is not None}
    near = difflib.get_close_matches(tipo, NOSSOS, n=1, cutoff=ALIKE)
    if near and tipo not in NOSSOS:
        raise Refused(f"the factory has no type {tipo!r}: did you mean {near[0]}?")
    sent = commands.enviar(open_backlog(context), tipo, fields)
    if tipo not in NOSSOS:
        err.print(f"[yellow]fabrica:[/] {cell(tipo)} is a neighbour's type: the factory will not work on {cell(sent)}")
    if json:
        print_json({"id": sent})
    else:
        out.print(f"{sent} is in the backlog: 'fabrica ver {sent}' shows what becomes of it")


def listar(
    context: typer.Context,
    tipo: Annotated[str | None, typer.Option(help="Only this type", autocompletion=_types)] = None,
    status: Annotated[str | None, typer.Option(help="Only this status", autocompletion=_statuses)] = None,
    limite: Annotated[int, typer.Option(help="At most so many", min=1, max=100_000)] = SHOWN,
    recentes: Annotated[bool, typer.Option("--recentes", help="Newest first")] = False,
    json: Json = False,
) -> None:
    """List items, oldest first."""
    if status is not None and status not in set(Status):
        raise typer.BadParameter(f"expected one of {', '.join(Status)}", param_hint="--status")
    backlog = open_backlog(context)
    docs = queries.listing(backlog, tipo, status, limite, newest=recentes)
    if json:
        print_json(docs)
        return
    print_table(
        ("id", "tipo", "status", "prioridade", "tentativas", "criado em", "por que"),
        (
            (
                item_id(doc),
                doc.get("tipo"),
                doc.get("status"),
                doc.get("prioridade"),
                doc.get("tentativas"),
                doc.get("criado_em"),
                _reason(doc),
            )
            for doc in docs
        ),
    )
    if not docs:
        out.print("no items: 'fabrica enviar orcar_spec -c spec_ref=ID' inserts one")
    elif len(docs) == limite:
        end = "" if recentes else ", --recentes the other end"
        out.print(f"the {'newest' if recentes else 'oldest'} {limite}; --limite shows more{end}")


def _reason(doc: Doc) -> str | None:
    """What a list says of an item that stands still: what it waits for, or its last error."""
    status = doc.get("status")
    if status == Status.BLOQUEADO:
        return (doc.get("bloqueio") or {}).get("id")
    said = queries.last_error(doc) if status == Status.FALHOU or doc.get("livre_em") else None
    return said and _line(said)[:LISTED]


def _line(text: str | None) -> str:
    """The first line: what follows it is a trace."""
    return (text or "").partition("\n")[0]


def ver(context: typer.Context, item: Id, json: Json = False) -> None:
    """Show an item, its timeline and, when it does not move, why."""
    backlog = open_backlog(context)
    doc = commands.found(backlog, item)
    events = queries.timeline(backlog, doc)
    waits = queries.why(backlog, doc) if doc.get("status") == Status.BLOQUEADO else []
    stuck = queries.stuck(backlog, doc)
    if json:
        said = [{name: getattr(each, name) for name in each.__slots__} for each in waits]
        print_json({"item": doc, "eventos": events, "espera": said, "parado": stuck})
        return
    _show(doc)
    out.print("\n[bold]timeline[/]")
    for event in events:
        moved = f"{cell(event['de']) or '·'} → {cell(event['para'])}"
        why = f"  {cell(_line(because(event)))}" if because(event) else ""
        by = f"[dim]{cell(event['por'])}[/]"
        out.print(f"  {moment(event['timestamp'])}  {event['tipo']:<13} {moved}  {by}{why}")
    if waits:
        out.print("\n[bold]it waits for[/]")
        for each in waits:
            error = f"  ({cell(each.ultimo_erro)})" if each.ultimo_erro else ""
            out.print(
                f"  {'  ' * each.nivel}{cell(each.id)} {cell(each.tipo)} {cell(each.status)}{error}: {cell(each.fazer)}"
            )
    label = "now" if doc.get("status") == Status.EM_PROCESSAMENTO else "it does not move because"
    for sentence in stuck:
        out.print(f"[bold]{label}[/] {cell(sentence)}")
    for child in queries.children(backlog, doc):
        out.print(f"[bold]produced[/] {cell(item_id(child))} {cell(child['tipo'])} {cell(child.get('status'))}")
    _next_step(backlog, doc)


def _show(doc: Doc) -> None:
    out.print(f"[bold]{cell(item_id(doc))}[/] {cell(doc.get('tipo'))} {cell(doc.get('status'))}")
    for name, value in doc.items():
        if name not in INTERNAL:
            text = _text(value)
            out.print(f"  {name}: {cell(text if len(text) <= LONGEST else text[:LONGEST] + '…  (--json shows all)')}")
    erros = doc.get("erros") or []
    for error in erros:
        said = error["mensagem"].rstrip() if error is erros[-1] else _line(error["mensagem"])
        out.print(f"  [red]erro[/] (attempt {error.get('tentativa')}): {cell(said)}")


def _text(value: Any) -> str:
    """A value as `ver` shows it; budgets are left to `explicar`."""
    if isinstance(value, Mapping):
        value = {name: each for name, each in value.items() if name not in INTERNAL}
    said = plain(value)
    return said if isinstance(said, str) else json_.dumps(said, ensure_ascii=False)


def _next_step(backlog: Backlog, doc: Doc) -> None:
    item, status = item_id(doc), doc.get("status")
    if status == Status.PENDENTE and doc.get("tipo") in ("aprovar_orcamento", "aprovar_release", "validar_implantacao"):
        if doc.get("tipo") == "aprovar_orcamento":
            out.print(f"[bold]figures[/] 'fabrica explicar {item}'")
        out.print(f"[bold]next[/] 'fabrica aprovar {item}' or 'fabrica rejeitar {item} --motivo ...'")
    elif status == Status.PENDENTE and doc.get("tipo") == "entrevistar_dor":
        there = _capability(backlog, doc)
        when = f"now: {there} is there" if there else "when what it asks for is there"
        out.print(f"[bold]next[/] 'fabrica concluir {item}' {when}")
    elif status == Status.FALHOU and doc.get("tipo") in NOSSOS:
        out.print(f"[bold]next[/] when what the erro names is mended, 'fabrica repetir {item}' tries it again")
    elif status == Status.CANCELADO and doc.get("tipo") in NOSSOS:
        out.print(f"[bold]next[/] 'fabrica repetir {item}' takes it up again")


def _capability(backlog: Backlog, gap: Doc) -> str | None:
    """The capability that closes this gap, if the factory has it by now."""
    from prometheus_fabrica import capacidades

    ident = str(gap.get("chave") or "").removeprefix("gap:")
    return ident if ident in capacidades.disponiveis(backlog.db).ids else None


def aprovar(context: typer.Context, item: Id, motivo: Motivo = None, json: Json = False) -> None:
    """Approve a budget, a release or a deployment."""
    _decide(context, item, aprovado=True, motivo=motivo, as_json=json)


def rejeitar(
    context: typer.Context, item: Id, motivo: Annotated[str, typer.Option(help=REJECTED)], json: Json = False
) -> None:
    """Reject a budget, a release or a deployment, with the reason."""
    if not motivo.strip():
        raise typer.BadParameter("expected a reason", param_hint="--motivo")
    _decide(context, item, aprovado=False, motivo=motivo, as_json=json)


def _decide(context: typer.Context, item: str, *, aprovado: bool, motivo: str | None, as_json: bool) -> None:
    backlog = open_backlog(context)
    novo = commands.decidir(backlog, item, Decisao(aprovado, backlog.ambient.dono, motivo))
    produced = {"id": novo.doc["id"], "tipo": novo.doc["tipo"]}
    if produced["tipo"] == "corrigir_bug":
        _note_unreproducible(str(motivo))
    if as_json:
        print_json({"item": item, "decisao": "aprovado" if aprovado else "rejeitado", "produzido": produced})
    else:
        verb = "approved" if aprovado else "rejected"
        out.print(f"{item} is {verb}; it produced {produced['tipo']} {produced['id']}: 'fabrica ver {produced['id']}'")


def _note_unreproducible(motivo: str) -> None:
    """Say at once what the factory would say later: it corrects only what an example shows."""
    from workers import bug_report

    try:
        bug_report.ler(motivo)
    except Malformed as error:
        err.print(
            f"[yellow]fabrica:[/] no correction will come of this motivo ({cell(str(error))}): "
            "'fabrica enviar corrigir_bug' reports the bug again with an example"
        )


def concluir(
    context: typer.Context,
    item: Id,
    resultado: Annotated[str | None, typer.Option(help="The result as a JSON object")] = None,
    motivo: Motivo = None,
    json: Json = False,
) -> None:
    """Conclude an item whose work was done outside the factory, such as a gap."""
    backlog = open_backlog(context)
    result = parse_json(resultado, "--resultado") if resultado else {}
    commands.concluir(backlog, item, result, Decisao(aprovado=True, por=backlog.ambient.dono, motivo=motivo))
    freed = _freed(backlog, item)
    if json:
        print_json({"item": item, "status": Status.CONCLUIDO, "desbloqueados": freed})
    else:
        out.print(f"{item} is Concluido" + (f"; it unblocked {', '.join(freed)}" if freed else ""))


def _freed(backlog: Backlog, item: str) -> list[str]:
    return [
        item_id(doc) for doc in backlog.items.find({"desbloqueado_por": item, "status": Status.PENDENTE}, {"id": 1})
    ]


def cancelar(
    context: typer.Context,
    item: Id,
    motivo: Annotated[str, typer.Option(help="Why; kept in the event")] = "cancelled by the operator",
    cascata: Annotated[bool, typer.Option("--cascata", help="Also everything that waits for it")] = False,
    json: Json = False,
) -> None:
    """Give an item up. One that is being worked on is stopped by its owner."""
    backlog = open_backlog(context)
    done = commands.cancelar(backlog, item, backlog.ambient.dono, motivo, cascata=cascata)
    if json:
        print_json([{"id": each, "status": status} for each, status in done])
        return
    for each, status in done:
        asked = status is Status.EM_PROCESSAMENTO
        wait = f"its owner was asked to stop, and does so at its next heartbeat: 'fabrica ver {each}'"
        out.print(f"{each}: {wait}" if asked else f"{each} is Cancelado")


def repetir(context: typer.Context, item: Id, motivo: Motivo = None, json: Json = False) -> None:
    """Take a Falhou or Cancelado item up again, with all its attempts."""
    backlog = open_backlog(context)
    status = commands.repetir(backlog, item, backlog.ambient.dono, motivo)
    if json:
        print_json({"id": item, "status": status})
    else:
        out.print(f"{item} is {status} again: 'fabrica ver {item}' shows what becomes of it")
