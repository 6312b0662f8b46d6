"""The least that any correct queue writes: one update to own an item, one to end it. By bare PyMongo, no factory.

Each is conditional, as it must be; the ids to try are read a batch at a time. No events, no leases, no dependencies,
no recovery. As a program: `python -m tests.bench.limit URI DATABASE WORKERS SECONDS` prints items per second.
"""

from __future__ import annotations

import random
import sys
import threading
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import connection

COLLECTION = "limite"
IDS = 100  # read at once
BATCH = 100  # inserted at once
LEASE_S = 30.0  # only sets the client's timeouts, as the daemon's does

type Items = Collection[dict[str, Any]]


def prepare(items: Items, count: int) -> None:
    """So many waiting items, and the index that finds the next ones."""
    items.drop()
    waiting = {"status": "Pendente"}
    items.create_index([("ordem", 1)], partialFilterExpression=waiting)
    for start in range(0, count, BATCH):
        items.insert_many([{"_id": n, "ordem": n, **waiting} for n in range(start, min(start + BATCH, count))])


def serve(items: Items, token: str, until: float) -> int:
    """Own and end items until the moment `until`, or until none waits. Returns how many."""
    monotonic = Ambient().monotonic
    done = 0
    while monotonic() < until:
        keys = [doc["_id"] for doc in items.find({"status": "Pendente"}, {"_id": 1}).sort("ordem", 1).limit(IDS)]
        if not keys:
            break
        random.shuffle(keys)  # others do the same
        for key in keys:
            claim = {"$set": {"status": "EmProcessamento", "token": token}}
            if items.update_one({"_id": key, "status": "Pendente"}, claim).matched_count:
                done += items.update_one({"_id": key, "token": token}, {"$set": {"status": "Concluido"}}).matched_count
            if monotonic() >= until:
                break
    return done


def main() -> None:
    """Measure, with WORKERS threads of this process."""
    uri, database, workers, seconds = sys.argv[1:]
    client: MongoClient[dict[str, Any]] = connection.connect(uri, lease_seconds=LEASE_S)
    items = client[database][COLLECTION]
    monotonic = Ambient().monotonic
    start = monotonic()
    counts: list[int] = []

    def work(number: int) -> None:
        counts.append(serve(items, f"{id(client)}-{number}", start + float(seconds)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(int(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{sum(counts) / (monotonic() - start)}\n")


if __name__ == "__main__":
    main()
