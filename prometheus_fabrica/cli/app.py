"""`fabrica`: the command line. Here the settings are read and the commands hung up; what they do stands elsewhere."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from prometheus_fabrica.cli import audit, budgets, items, output, service

# Click's, which newer versions of Typer bring along under a name of their own.
USAGE_ERROR: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="fabrica",
    help="PROMETHEUS Fábrica: a software factory that works through a backlog in MongoDB.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fabrica {version('prometheus-fabrica')}")
        raise typer.Exit


@app.callback()
def settings(
    context: typer.Context,
    mongo_uri: Annotated[
        str | None, typer.Option(help="MongoDB URI; prefer FABRICA_MONGO_URI, which `ps` does not show")
    ] = None,
    banco: Annotated[str | None, typer.Option(help="Database name")] = None,
    specs: Annotated[str | None, typer.Option(help="Folder or Git URL of the specs")] = None,
    dados: Annotated[Path | None, typer.Option(help="Folder for everything the factory keeps on disk")] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave")
    ] = False,
) -> None:
    """Settings that every command shares; they win over FABRICA_* variables, and those over fabrica.yaml."""
    context.obj = {"mongo_uri": mongo_uri, "banco": banco, "specs": specs, "dados": dados}


def main() -> None:
    """The entry point: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    for module in (service, items, audit, budgets):
        module.register(app)
    try:
        with output.spoken():
            code = app(standalone_mode=False)  # a command's own typer.Exit comes back as its code
        sys.exit(code if isinstance(code, int) else 0)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except USAGE_ERROR as error:
        where = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        if said := error.format_message():  # nothing is said of a command without arguments: it has shown its help
            output.err.print(f"[red]fabrica:[/] {escape(said)}{where}")
        sys.exit(output.WRONG_USAGE)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)  # whoever read us has seen enough


if __name__ == "__main__":
    main()
