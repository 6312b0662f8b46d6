"""`run.py` of a deployed version: says which release this is, and checks that it is whole and can be imported.

    python3 run.py          for people
    python3 run.py --json   one JSON document: release, spec, digest, modulos, problemas, ok

Exit code 0 when nothing is wrong, else 1. It stands beside `release.json` (what the release is) and `app/` (its files).
Standard library alone, Python 3.11 and newer: it runs where the version runs, without the factory.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent  # the version's own folder, also when called through the link `atual`


def digest(sums: dict[str, str]) -> str:
    """The SHA-256 over the listing that `sha256sum` prints, paths sorted."""
    listing = "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))
    return hashlib.sha256(listing.encode()).hexdigest()


def file_faults(manifest: dict[str, Any]) -> list[str]:
    """What differs between the files here and the release's list."""
    listed = {file["caminho"]: file["sha256"] for file in manifest["arquivos"]}
    here = {}
    for path in sorted((HERE / "app").rglob("*")):
        name = path.relative_to(HERE / "app").as_posix()
        if path.is_symlink():
            here[name] = "a link"
        elif path.is_file() and "__pycache__" not in path.parts:
            here[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    faults = [f"{name}: missing" for name in sorted(listed.keys() - here.keys())]
    faults += [f"{name}: not part of the release" for name in sorted(here.keys() - listed.keys())]
    faults += [f"{name}: changed" for name in sorted(listed.keys() & here.keys()) if listed[name] != here[name]]
    return faults or ([] if digest(here) == manifest["digest"] else ["the digest of the files is not the release's"])


def import_faults(manifest: dict[str, Any]) -> list[str]:
    """What keeps the modules from being imported."""
    sys.dont_write_bytecode = True  # the version stays as it was unpacked
    sys.path[:0] = [str(HERE / "app" / root) for root in manifest["raizes"]]
    faults = []
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the answer
        for module in manifest["modulos"]:
            try:
                importlib.import_module(module)
            except Exception as error:  # noqa: BLE001 - whatever a module does when imported is a finding
                faults.append(f"{module}: {type(error).__name__}: {error}")
    return faults


def answer() -> dict[str, Any]:
    """What this version says of itself."""
    manifest = json.loads((HERE / "release.json").read_text(encoding="utf-8"))
    faults = file_faults(manifest)
    faults += [] if faults else import_faults(manifest)  # files that were changed are not run
    identity = {
        name: manifest[name] for name in ("release", "spec_ref", "spec_versao", "spec_commit", "tipo", "digest")
    }
    return {**identity, "modulos": manifest["modulos"], "problemas": faults, "ok": not faults}


def for_people(said: dict[str, Any]) -> str:
    """The answer as lines."""
    spec = f"{said['spec_ref']} {said['spec_versao']}"
    commit = f", commit {said['spec_commit'][:12]}" if said["spec_commit"] else ""
    lines = [
        f"release  {said['release']} ({said['tipo']})",
        f"spec     {spec}{commit}",
        f"digest   {said['digest']}",
        f"modules  {', '.join(said['modulos']) or 'none'}",
    ]
    lines += [f"problem  {fault}" for fault in said["problemas"]]
    return "\n".join([*lines, f"check    {'ok' if said['ok'] else 'failed'}"])


def main(arguments: list[str]) -> int:
    """Print the answer; the exit code."""
    if arguments not in ([], ["--json"]):
        sys.stderr.write("usage: run.py [--json]\n")
        return 2
    said = answer()
    sys.stdout.write((json.dumps(said, ensure_ascii=False) if arguments else for_people(said)) + "\n")
    return 0 if said["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
