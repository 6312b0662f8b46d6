"""The one Jinja environment: templates hold shape, and no value enters one unless it was quoted or printed as code."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from workers.expressao.impressor import literal
from workers.gates import RUFF_CONFIG

SECONDS = 120.0  # for one run of the formatter


class Fonte(str):
    """Source code, made by a printer or a quoting filter of ours: the only thing that templates put out."""

    __slots__ = ()


class SaidaInvalida(RuntimeError):
    """A template made something that is not what it should be: a fault of the factory, not of the spec."""


def modelos() -> Path:
    """The folder of the templates: beside `workers` in the checkout, inside it when installed."""
    here = Path(__file__).resolve().parent
    return next(folder for folder in (here / "templates", here.parent / "templates") if folder.is_dir())


@lru_cache(maxsize=1)
def ambiente() -> jinja2.Environment:
    """The environment: unknown names and values that no filter has quoted are errors."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(modelos()),
        undefined=jinja2.StrictUndefined,
        finalize=_only_source,
        autoescape=False,  # noqa: S701 - it is Python that is written; `finalize` lets no raw text through
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(ident=ident, literal=fonte_literal, docstring=docstring, md=md, toml=toml)
    return environment


def renderizar(modelo: str, **visao: object) -> str:
    """One file: a template with its view."""
    return ambiente().get_template(modelo).render(**visao)


def ident(nome: str) -> Fonte:
    """A name as it stands in code. SaidaInvalida when it is none (views make names, so it must be one)."""
    if not all(part.isidentifier() for part in nome.split(".")):
        raise SaidaInvalida(f"{nome!r} is not a name")
    return Fonte(nome)


def fonte_literal(valor: object) -> Fonte:
    """A plain value as a Python literal."""
    return Fonte(literal(valor))


def docstring(texto: str) -> Fonte:
    """Words of the spec as a whole docstring: they can neither end it nor start an escape."""
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in texto).replace('"""', "'''")
    text = "\n".join(line.rstrip() for line in printable.strip().splitlines())
    prefix = "r" if "\\" in text else ""
    if text.endswith(("\\", '"')):  # either would swallow or lengthen the closing quotes
        text += "."
    return Fonte(f'{prefix}"""{text}\n"""' if "\n" in text else f'{prefix}"""{text}"""')


def md(texto: str) -> Fonte:
    """Words of the spec inside Markdown, on one line, without markup of their own."""
    return Fonte("".join(f"\\{c}" if c in r"\`*_{}[]<>#|" else c for c in " ".join(texto.split())))


def toml(texto: str) -> Fonte:
    """A text as a TOML string (a JSON string is one)."""
    return Fonte(json.dumps(texto, ensure_ascii=False))


def formatar(arquivos: Mapping[str, str]) -> dict[str, str]:
    """The files with imports sorted and code formatted as the gates want it; what does not parse is a SaidaInvalida."""
    with tempfile.TemporaryDirectory(prefix="fabrica-formato-") as folder:
        root, config = Path(folder) / "codigo", Path(folder) / "ruff.toml"
        config.write_text(RUFF_CONFIG, encoding="utf-8")
        python = [name for name in arquivos if name.endswith(".py")]
        for name in python:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(arquivos[name], encoding="utf-8", newline="\n")
        _ruff(root, config, "check", "--select", "I", "--fix")
        _ruff(root, config, "format")
        formatted = {name: (root / name).read_text(encoding="utf-8") for name in python}
    return {name: formatted.get(name, text) for name, text in arquivos.items()}


def _ruff(root: Path, config: Path, command: str, *options: str) -> None:
    line = [sys.executable, "-m", "ruff", "--config", str(config), command, *options, "--no-cache", "--quiet", "."]
    done = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode != 0:
        raise SaidaInvalida(f"ruff {command}: {done.stdout}{done.stderr}")


def _only_source(value: Any) -> Any:
    if not isinstance(value, Fonte):
        raise SaidaInvalida(f"a template puts out {value!r} without a filter that makes it source")
    return value
