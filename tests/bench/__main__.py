"""`make bench`: how fast the factory is, and in the same run how fast anything could be on this server.

On the server that FABRICA_TEST_MONGO_URI names, else on the embedded one, with fewer items: it serves a first day.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys

from tests.bench import measures
from tests.bench.measures import Bench, percentile
from tests.harness import server

REAL = bool(os.environ.get(server.GIVEN))
WAITING = (1_000, 100_000) if REAL else (1_000, 3_000)
DEPENDENTS = (1, 100, 10_000) if REAL else (1, 100, 1_000)


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _rates(name: str, ours: float, bare: float) -> None:
    say(f"  {name:<44} {ours:>9.0f} {bare:>9.0f} {ours / bare:>7.2f}")


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--segundos", type=float, default=10.0, help="how long one measurement takes at most")
    parser.add_argument("--amostras", type=int, default=40, help="how many wake-ups are measured")
    options = parser.parse_args()
    with server.serving() as uri, server.client(uri) as client:
        bench = Bench(client, uri, "bench", options.segundos)
        say(f"server   {measures.server_of(client, uri)}")
        say(f"machine  {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
        say(f"writes   w: majority, j: true; {measures.WORKERS} slots a daemon, as many threads in each bare loop")
        if not REAL:
            say(f"fewer items than on a real MongoDB (name one in {server.GIVEN}): {max(WAITING)} waiting at most")
        say("")
        say(f"  {'items per second':<44} {'factory':>9} {'bare':>9} {'ratio':>7}")
        for batch in (1, 100):
            _rates(f"enqueue, {batch} at a time", *measures.enqueue(bench, batch))
        for waiting in WAITING:
            for daemons in (1, 2):
                name = f"claim to conclude, {daemons} daemon{'s' * (daemons > 1)}, {waiting:,} waiting"
                _rates(name, *measures.throughput(bench, waiting, daemons))
        say("")
        say(f"  {'milliseconds':<44} {'p50':>9} {'p99':>9}")
        for ocioso_s in (5.0, 0.2):
            waits = measures.wake_up(bench, options.amostras, ocioso_s)
            p50, p99 = (1000 * percentile(waits, part) for part in (0.5, 0.99))
            say(f"  {f'wake-up, idle pause of at most {ocioso_s:g} s':<44} {p50:>9.1f} {p99:>9.1f}")
        say("")
        say(f"  {'milliseconds':<44} {'conclude':>9} {'follow':>9} {'each':>7}")
        for dependents in DEPENDENTS:
            decide, follow = (1000 * seconds for seconds in measures.conclusion(bench, dependents))
            name = f"concluding with {dependents:,} dependent{'s' * (dependents > 1)}"
            say(f"  {name:<44} {decide:>9.1f} {follow:>9.1f} {follow / dependents:>7.2f}")
        client.drop_database(bench.banco)


if __name__ == "__main__":
    main()
