"""Write down anew what the golden cases give: `python -m tests.golden.rebuild`. Read the diff before you commit it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.golden.cases import ROOT, cases, outcome


def rebuild(case: Path) -> int:
    """Replace what a case records; the number of files."""
    shutil.rmtree(case / "expected", ignore_errors=True)
    (case / "problems.txt").unlink(missing_ok=True)
    files = outcome(case)
    for name, text in files.items():
        path = case / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return len(files)


if __name__ == "__main__":
    for case in cases():
        sys.stdout.write(f"{case.relative_to(ROOT)}: {rebuild(case)} files\n")
