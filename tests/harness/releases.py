"""Releases for tests: a small package with a suite, and what a store needs to say of it."""

from __future__ import annotations

from collections.abc import Mapping

from contratos.release import Papel, Release, ResumoTestes
from prometheus_fabrica import releases

CODE = {
    "conta/__init__.py": b'"""Accounts."""\n',
    "conta/saldo.py": b'"""Balances."""\n\n\ndef soma(a: int, b: int) -> int:\n    """The sum."""\n    return a + b\n',
}
SUITE = {
    "tests/test_saldo.py": b"from conta.saldo import soma\n\n\ndef test_soma() -> None:\n    assert soma(2, 2) == 4\n",
}
RESUMO = ResumoTestes(passaram=1, falharam=0, total=1, cobertura_linhas=1, cobertura_ramos=1, duracao_s=0.1)


def papel(caminho: str) -> Papel:
    """What a file of these releases is for."""
    return Papel.TESTE if caminho.startswith("tests/") else Papel.CODIGO


def files(mark: str = "") -> dict[str, bytes]:
    """The files of a release; those of different marks differ."""
    return {**CODE, **SUITE, "conta/marca.py": f'MARCA = "{mark}"\n'.encode()}


def release(identity: str, arquivos: Mapping[str, bytes], arquivo: str = "des-1@token") -> Release:
    """The document of a release with these files."""
    return Release(
        id=identity,
        spec_ref="conta",
        spec_versao="1.0.0",
        spec_commit="c" * 40,
        artefatos=releases.artefatos(arquivos, papel),
        digest=releases.empacotar(arquivos).digest,
        arquivo=arquivo,
        testes=RESUMO,
    )
