"""Which daemons are there: one document each in `daemons`, for `diagnostico` and the container's health check."""

from __future__ import annotations

from importlib.metadata import version

from prometheus_fabrica.backlog.store import Backlog, Doc

ALIVE_S = 60  # a daemon that has not been seen for so long is taken for dead by those who only look


def announce(backlog: Backlog, vagas: int, ocupadas: int) -> None:
    """Say that this daemon lives, by the server's clock."""
    host, pid, _ = backlog.ambient.dono.rsplit(":", 2)
    seen: Doc = {
        "host": host,
        "pid": int(pid),
        "versao": version("prometheus-fabrica"),
        "vagas": vagas,
        "ocupadas": ocupadas,
    }
    backlog.db["daemons"].update_one(
        {"_id": backlog.ambient.dono}, {"$set": seen, "$currentDate": {"visto_em": True}}, upsert=True
    )


def leave(backlog: Backlog) -> None:
    """Say that this daemon has ended in order."""
    backlog.db["daemons"].update_one({"_id": backlog.ambient.dono}, {"$set": {"encerrado": True}})


def alive(backlog: Backlog, host: str | None = None) -> list[Doc]:
    """Daemons seen within the last minute by the server's clock, on one host or on all."""
    recent = {"$gt": ["$visto_em", {"$subtract": ["$$NOW", ALIVE_S * 1000]}]}
    rule: Doc = {"$expr": recent, "encerrado": {"$ne": True}}
    return list(backlog.db["daemons"].find(rule | ({"host": host} if host else {})))
