"""Golden cases: a folder is a case. It holds `spec.yaml`, and either `expected/` (the code) or `problems.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from contratos.problems import Malformed
from contratos.spec import Spec
from workers import e_estrutural
from workers.rendering import formatar

ROOT = Path(__file__).parent


def cases() -> Iterator[Path]:
    """Every case, in one order."""
    return (path.parent for path in sorted(ROOT.glob("*/*/spec.yaml")))


def outcome(case: Path) -> dict[str, str]:
    """What the worker makes of the case: path below the case -> text; of the suite nothing, it is run instead."""
    try:
        spec = Spec.ler(yaml.safe_load((case / "spec.yaml").read_text(encoding="utf-8")))
        code = formatar(e_estrutural.codigo(e_estrutural.compreender(spec)))
    except Malformed as error:
        return {"problems.txt": "".join(f"{problem}\n" for problem in error.problemas)}
    return {f"expected/{path}": text for path, text in code.items()}


def recorded(case: Path) -> dict[str, str]:
    """What the case says that it should be."""
    files = [path for path in case.rglob("*") if path.is_file() and path.name != "spec.yaml"]
    return {path.relative_to(case).as_posix(): path.read_text(encoding="utf-8") for path in files}
