"""The command as an operator types it: a process of its own, against a test's database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: exit code, data, words."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Fabrica:
    """Runs `fabrica` with these settings."""

    uri: str
    banco: str
    dados: Path
    extra: Mapping[str, str]

    def __call__(self, *arguments: str, **environment: str) -> Said:
        """Run it to its end, without a terminal."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FABRICA_")}
        settings = {
            "FABRICA_MONGO_URI": self.uri,
            "FABRICA_BANCO": self.banco,
            "FABRICA_DADOS": str(self.dados),
            **self.extra,
            **environment,
        }
        done = subprocess.run(
            [sys.executable, "-m", "prometheus_fabrica.cli.app", *arguments],
            env=inherited | settings,
            cwd=self.dados,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Said(done.returncode, done.stdout, done.stderr)
