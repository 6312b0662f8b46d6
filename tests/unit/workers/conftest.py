"""What tests of generated code share: a package made once, importable while the tests of a module run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest
import yaml

from contratos.spec import Spec
from tests.golden.cases import ROOT
from workers import e_estrutural


@pytest.fixture(scope="module")
def pagamentos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package of the large golden case, imported."""
    spec = Spec.ler(yaml.safe_load((ROOT / "e_estrutural" / "grande" / "spec.yaml").read_text(encoding="utf-8")))
    folder = tmp_path_factory.mktemp("gerado")
    modelo = e_estrutural.compreender(spec)
    for name, text in e_estrutural.codigo(modelo).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield import_module(modelo.pacote)
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in sys.modules if n == modelo.pacote or n.startswith(f"{modelo.pacote}.")]:
            del sys.modules[name]
