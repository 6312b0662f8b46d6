"""What lies in a version's folder: the release's files in `app/`, what it is in `release.json`, and its `run.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from contratos.release import Papel, Release

APP = "app"
ENTRY = "run.py"
MANIFEST = "release.json"


def arquivos_da_versao(release: Release, arquivos: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path -> content of everything in the version's folder. The same release gives the same bytes."""
    manifest = json.dumps(manifesto(release), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    entry = resources.files("prometheus_fabrica.deploy").joinpath("entrada.py").read_bytes()
    return {f"{APP}/{nome}": content for nome, content in arquivos.items()} | {
        MANIFEST: manifest.encode(),
        ENTRY: entry,
    }


def manifesto(release: Release) -> dict[str, Any]:
    """`release.json`: identity, files with their sums, and how the code is imported."""
    code = [artefato.caminho for artefato in release.artefatos if artefato.papel is Papel.CODIGO]
    roots = importaveis(code)
    return {
        "release": release.id,
        "spec_ref": release.spec_ref,
        "spec_versao": release.spec_versao,
        "spec_commit": release.spec_commit,
        "tipo": release.tipo,
        "digest": release.digest,
        "arquivos": [
            {"caminho": artefato.caminho, "sha256": artefato.sha256, "papel": artefato.papel.value}
            for artefato in release.artefatos
        ],
        "raizes": sorted({root for root, _ in roots}),
        "modulos": [module for _, module in roots],
    }


def importaveis(caminhos: Collection[str]) -> list[tuple[str, str]]:
    """(folder to put on sys.path, module) for each Python file whose path can be imported, in the order of the paths.

    The folder is the nearest one above that is no package itself, so both `pacote/` and `src/pacote/` are found.
    """
    files = {PurePosixPath(caminho) for caminho in caminhos if caminho.endswith(".py")}
    modules = []
    for path in sorted(files):
        root = path.parent
        while root.name and root / "__init__.py" in files:
            root = root.parent
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] in {"__init__", "__main__"}:  # importing __main__ would run the program
            parts = parts[:-1] if parts[-1] == "__init__" else ()
        if parts and all(part.isidentifier() for part in parts):
            modules.append((root.as_posix(), ".".join(parts)))
    return modules
