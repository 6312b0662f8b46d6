"""Fixtures of the sandbox tests: every place where foreign code may run, one after the other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.harness import caixas
from tests.harness.caixas import Caixa
from workers.sandboxes.docker import DockerSandbox
from workers.sandboxes.local import Nivel

PLACES = (pytest.param("docker", marks=pytest.mark.docker), str(Nivel.ESPACOS), str(Nivel.PROCESSO))


@pytest.fixture(scope="session", params=PLACES)
def caixa(request: pytest.FixtureRequest) -> Caixa:
    """Each place in turn; skipped, with the reason, where this machine does not have it."""
    return caixas.ready(request.param)


@pytest.fixture(scope="session")
def engine() -> DockerSandbox:
    """The Docker sandbox alone."""
    sandbox = caixas.ready("docker")
    assert isinstance(sandbox, DockerSandbox)
    return sandbox


@pytest.fixture
def token() -> Iterator[str]:
    """A word that only this test's programs have on their command line; none of them may be left."""
    word = f"ficha-{secrets.token_hex(8)}"
    yield word
    assert caixas.processes_with(word) == []
