"""Commands for auditors and for those who look after the factory: events, consistency, metrics, diagnosis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from contratos.estados import Transicao
from contratos.problems import Malformed
from prometheus_fabrica.backlog import queries
from prometheus_fabrica.backlog.store import Doc
from prometheus_fabrica.cli.output import Json, because, cell, moment, out, print_json, print_table, stop
from prometheus_fabrica.cli.settings import load, open_backlog

Desde = Annotated[str | None, typer.Option(help="From this moment on, ISO 8601, UTC")]
Ate = Annotated[str | None, typer.Option(help="Before this moment, ISO 8601, UTC")]


def register(app: typer.Typer) -> None:
    """Hang the commands up."""
    for command in (eventos, verificar, metricas, diagnostico):
        app.command()(command)


def when(text: str | None, name: str) -> datetime | None:
    """A moment from a flag, in UTC."""
    if text is None:
        return None
    try:
        moment_ = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed.one(
            name, f"expected a date such as 2026-11-24 or 2026-11-24T14:00:00; found {text!r}"
        ) from error
    return moment_.astimezone(UTC) if moment_.tzinfo else moment_.replace(tzinfo=UTC)


def eventos(
    context: typer.Context,
    item: Annotated[str | None, typer.Argument(help="Only events of this item")] = None,
    tipo: Annotated[str | None, typer.Option(help="Only this transition, e.g. desbloqueio")] = None,
    desde: Desde = None,
    ate: Ate = None,
    limite: Annotated[int, typer.Option(help="At most so many, the newest", min=1, max=1_000_000)] = 100,
    json: Json = False,
) -> None:
    """Show what happened, oldest first."""
    if tipo is not None and tipo not in set(Transicao):
        raise typer.BadParameter(f"expected one of {', '.join(Transicao)}", param_hint="--tipo")
    rule: Doc = {name: value for name, value in (("item", item), ("tipo", tipo)) if value}
    period = {op: at for op, at in (("$gte", when(desde, "--desde")), ("$lt", when(ate, "--ate"))) if at}
    if period:
        rule["timestamp"] = period
    found = queries.events(open_backlog(context), rule, limite)
    if json:
        print_json(found)
        return
    print_table(
        ("quando (UTC)", "item", "tipo do item", "evento", "de", "para", "por", "motivo"),
        (
            (
                moment(event["timestamp"]), event["item"], event.get("item_tipo"), event["tipo"], event.get("de"),
                event["para"], event["por"], (because(event) or "").split("\n")[0][:80],
            )
            for event in found
        ),
    )  # fmt: skip
    if not found:
        out.print("no events fit")


def verificar(
    context: typer.Context,
    parado: Annotated[
        bool, typer.Option("--parado", help="No daemon works: also check that nothing is left to do")
    ] = False,
    json: Json = False,
) -> None:
    """Rebuild every item's state from the events and check the store's invariants. Exit code 1 when one is broken."""
    from prometheus_fabrica.backlog import audit

    backlog = open_backlog(context)
    broken = list(audit.verificar(backlog, idle=parado))
    if json:
        print_json([{name: getattr(each, name) for name in each.__dataclass_fields__} for each in broken])
    else:
        for each in broken:
            out.print(cell(str(each)))
        items, events = backlog.items.estimated_document_count(), backlog.eventos.estimated_document_count()
        if not broken:
            out.print(f"{items} items, {events} events: every state follows from its events, every invariant holds")
    if broken:
        stop(f"{len(broken)} violation(s) found")


def metricas(context: typer.Context, desde: Desde = None, ate: Ate = None, json: Json = False) -> None:
    """The factory's and the workers' metrics over a period."""
    from prometheus_fabrica.cli import metrics_view

    metrics_view.show(open_backlog(context), when(desde, "--desde"), when(ate, "--ate"), as_json=json)


def diagnostico(
    context: typer.Context,
    saude: Annotated[
        bool, typer.Option("--saude", help="Only whether a daemon of this host lives: for health checks")
    ] = False,
    json: Json = False,
) -> None:
    """Say what is missing and how to mend it. Exit code 1 when something that is needed is missing."""
    from prometheus_fabrica import diagnosis

    settings = load(context)
    found = diagnosis.health(settings) if saude else diagnosis.full(settings)
    if json:
        print_json([{name: getattr(each, name) for name in each.__dataclass_fields__} for each in found])
    else:
        marks = {"bom": "[green]✓[/]", "aviso": "[yellow]![/]", "falta": "[red]✗[/]"}
        for each in found:
            mend = f"\n    [dim]{cell(each.remedio)}[/]" if each.remedio else ""
            out.print(f"{marks[each.estado]} {cell(each.nome)}: {cell(each.achado)}{mend}")
    if any(each.estado == "falta" for each in found):
        raise typer.Exit(1)
