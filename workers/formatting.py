"""Python text as the formatter leaves it, with the configuration of the gates."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from workers.gates import RUFF_CONFIG

SECONDS = 30.0


def formatar(texto: str) -> str:
    """The text, formatted; as it is when it is not Python."""
    with tempfile.TemporaryDirectory(prefix="fabrica-formato-") as name:
        config = Path(name) / "ruff.toml"
        config.write_text(RUFF_CONFIG, encoding="utf-8")
        command = [sys.executable, "-m", "ruff", "--config", str(config), "format", "--no-cache", "-"]
        done = subprocess.run(
            command, input=texto, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False
        )
    return done.stdout if done.returncode == 0 else texto
