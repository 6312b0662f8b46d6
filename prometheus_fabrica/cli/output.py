"""How commands speak: data on stdout as a table or as JSON, one line of error on stderr, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from bson import ObjectId
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contratos.estados import Status
from contratos.problems import Malformed
from prometheus_fabrica.backlog.connection import redact
from prometheus_fabrica.errors import Permanent, Refused

REFUSED = 1
WRONG_USAGE = 2
PIPE_WIDTH = 240  # nobody looks at it line by line, and an id that was cut is none
STYLES: dict[str, str] = {
    Status.CONCLUIDO: "green",
    Status.FALHOU: "red",
    Status.CANCELADO: "dim",
    Status.BLOQUEADO: "yellow",
    Status.EM_PROCESSAMENTO: "cyan",
}

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON, and nothing else, on stdout.")]

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def stop(message: str, code: int = REFUSED) -> NoReturn:
    """One line on stderr that says what and what to do, and the exit code."""
    err.print(f"[red]fabrica:[/] {escape(message)}")
    raise typer.Exit(code)


@contextmanager
def spoken() -> Iterator[None]:
    """Errors that a person can mend end in one line; all others are the factory's own, and show their trace."""
    try:
        yield
    except Malformed as error:
        for problema in error.problemas:
            err.print(f"[red]fabrica:[/] {escape(str(problema))}")
        raise typer.Exit(REFUSED) from error
    except (Refused, Permanent) as error:
        stop(str(error))
    except ConfigurationError as error:
        stop(redact(str(error)))
    except OperationFailure as error:
        details = error.details or {}
        stop(redact(f"MongoDB refused: {details.get('errmsg') or error}"))
    except PyMongoError as error:
        said = redact(str(error)).split(", Timeout:")[0]
        stop(f"MongoDB does not answer ({said}): is it running, and does FABRICA_MONGO_URI name it?")


def plain(value: Any) -> Any:
    """A stored value as JSON can say it: dates in ISO 8601 UTC, ids as text, whole numbers beyond 2^53 as they are."""
    match value:
        case datetime():
            return value.replace(tzinfo=value.tzinfo or UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case ObjectId() | Decimal() | Path():
            return str(value)
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case bytes():
            return f"({len(value)} bytes)"
    return value


def print_json(value: Any) -> None:
    """Data for a program."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    """Data for a person."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        table.add_column(name, no_wrap=place == 0, overflow="fold")
    for row in rows:
        table.add_row(*(cell(each) for each in row))
    out.print(table)


def cell(value: Any) -> str:
    """One value in a table; statuses in their colour."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment(value)
    text = escape(str(value))
    style = STYLES.get(value) if isinstance(value, str) else None
    return f"[{style}]{text}[/]" if style else text


def moment(value: datetime | None) -> str:
    """A date as people read it, always UTC."""
    return "" if value is None else value.replace(tzinfo=value.tzinfo or UTC).strftime("%Y-%m-%d %H:%M:%S")


def because(event: Mapping[str, Any]) -> str | None:
    """Why an event came about, as far as it says."""
    freed_by = event.get("item_que_desbloqueou")
    return event.get("motivo") or (f"{freed_by} is Concluido" if freed_by else None)


def parse_json(text: str, name: str) -> dict[str, Any]:
    """A JSON object from a flag, or Malformed naming the flag."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed.one(name, f"expected JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed.one(name, f'expected a JSON object such as \'{{"spec_ref": "spec_001"}}\'; found {text[:60]}')
    return value
