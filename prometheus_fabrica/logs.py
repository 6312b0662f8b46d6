"""Log lines: one event with fields, JSON for machines or coloured for people, and no secret in any of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from prometheus_fabrica.backlog.connection import redact


def _redacted(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Whatever a library put into its error text: the password of a URI goes no further."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = redact(value)
    return line


def setup(formato: Literal["auto", "json", "console"], nivel: str) -> None:
    """Log to stderr. `auto`: for people on a terminal, JSON elsewhere (journald, Docker)."""
    for_people = formato == "console" or (formato == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    exceptions: list[structlog.typing.Processor] = [] if for_people else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="quando"),
            *exceptions,
            _redacted,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, nivel.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
