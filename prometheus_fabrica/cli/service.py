"""Commands that run or prepare the service: daemon, demo, preparar, esquema."""

from __future__ import annotations

import difflib
import json as json_
from pathlib import Path
from typing import Annotated

import typer

from contratos import schema
from prometheus_fabrica.cli.output import Json, cell, out, print_json
from prometheus_fabrica.cli.settings import load, open_backlog
from prometheus_fabrica.errors import Refused


def register(app: typer.Typer) -> None:
    """Hang the commands up."""
    for command in (daemon, demo, preparar, esquema):
        app.command()(command)


def daemon(
    context: typer.Context,
    vagas: Annotated[int | None, typer.Option(help="Items worked on at once")] = None,
    sandbox: Annotated[str | None, typer.Option(help="auto, docker or local")] = None,
    drenagem_s: Annotated[float | None, typer.Option(help="Seconds to finish running work after SIGTERM")] = None,
    log_formato: Annotated[str | None, typer.Option(help="auto, json or console")] = None,
) -> None:
    """Run the factory: claim items and work on them until SIGTERM or SIGINT."""
    from prometheus_fabrica import assembly, logs

    settings = load(context, vagas=vagas, sandbox=sandbox, drenagem_s=drenagem_s, log_formato=log_formato)
    logs.setup(settings.log_formato, settings.log_nivel)
    service = assembly.daemon(settings)
    service.install_signals()
    service.run()


def demo(
    context: typer.Context,
    pasta: Annotated[Path, typer.Option(help="Where the demo keeps its data")] = Path(".fabrica/demo"),
) -> None:
    """Take the example specs through the whole cycle, on a server and with a daemon of its own."""
    from prometheus_fabrica import demo as demo_

    demo_.run(load(context), pasta)


def preparar(context: typer.Context, json: Json = False) -> None:
    """Create or update indexes and validators. Safe to repeat."""
    from prometheus_fabrica.backlog import indexes

    done = indexes.preparar(open_backlog(context).db)
    if json:
        print_json({name: getattr(done, name) for name in done.__slots__})
        return
    out.print(f"{len(done.indices)} indexes and {len(done.validadores)} validators are in place")
    for refused in done.recusados:
        out.print(f"[yellow]this server refused:[/] {cell(refused)}")
    out.print("users with the roles of daemon, operator and auditor: packaging/mongo, described in docs/operacao.md")


def esquema(
    nome: Annotated[
        str, typer.Argument(help=f"One of {', '.join(schema.NAMES)}", autocompletion=lambda: list(schema.NAMES))
    ],
) -> None:
    """Print the JSON Schema of an item type, of the spec, or of a document that the factory writes."""
    if nome not in schema.NAMES:
        near = difflib.get_close_matches(nome, schema.NAMES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(schema.NAMES)}"
        raise Refused(f"there is no schema {nome!r}: {hint}")
    typer.echo(json_.dumps(schema.esquema(nome), ensure_ascii=False, indent=2))
