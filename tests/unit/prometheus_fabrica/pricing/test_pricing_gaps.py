"""Gaps: what is missing, how one sees that it is there, and what would do instead."""

from __future__ import annotations

from typing import Any

import pytest

from contratos.capacidade import Capacidades
from contratos.problems import Malformed
from contratos.spec import Spec
from prometheus_fabrica.pricing import parametros
from prometheus_fabrica.pricing.precificar import precificar
from tests.harness.specs import conta

PADRAO = parametros.padrao()


def test_spec_without_anything_has_a_gap_for_each_resource() -> None:
    """Seed 5.2: API, GPU, container, with the seed's words; the budget is blocked on their ids."""
    recursos, faltas = precificar(Spec.ler(conta()), Capacidades(), PADRAO)

    assert [(falta.tipo.value, falta.recurso, falta.descricao, falta.criterio) for falta in faltas] == [
        ("api_externa", "whisper", "API whisper não configurada", "whisper funcional com credenciais válidas"),
        ("hardware", "gpu", "GPU não disponível", "GPU CUDA funcional"),
        ("container", "postgres", "Container postgres não disponível", "Container postgres rodando"),
    ]
    assert recursos.dependencias.gaps_infra == ("gap:api:whisper", "gap:hardware:gpu", "gap:container:postgres")
    assert recursos.dependencias.status == "bloqueado"


def test_spec_with_everything_is_free() -> None:
    """Capabilities are matched without regard to case; an image without a tag by any tag."""
    recursos, faltas = precificar(
        Spec.ler(conta()), Capacidades.of(["api:whisper", "hardware:gpu", "container:postgres:16"]), PADRAO
    )

    assert faltas == []
    assert recursos.dependencias.status == "liberado"


@pytest.mark.parametrize(
    ("needed", "there", "missing"),
    [
        ({"containers_necessarios": ["postgres:15"]}, ["container:postgres:16"], ["gap:container:postgres:15"]),
        ({"containers_necessarios": {"db": "registry:5000/pg:16"}}, ["container:registry:5000/pg:16"], []),
        ({"containers_necessarios": ["registry:5000/pg"]}, ["container:registry:5000/pg:16"], []),
        ({"containers_necessarios": {"a": "redis:7", "b": "redis:7"}}, [], ["gap:container:redis:7"]),
        ({"apis_externas": ["Whisper"]}, ["api:whisper"], []),
        ({"gpu": {"necessaria": False}}, [], []),
    ],
)
def test_gap_is_what_no_capability_satisfies(needed: dict[str, Any], there: list[str], missing: list[str]) -> None:
    """Tags, registries, case and doubles."""
    recursos, _ = precificar(Spec.ler(conta(runtime=needed)), Capacidades.of(there), PADRAO)

    assert list(recursos.dependencias.gaps_infra) == missing


def test_gpu_that_is_too_small_is_a_gap_that_says_so() -> None:
    """A capability's memory counts, where it is known."""
    spec = Spec.ler(conta(runtime={"gpu": {"memoria_gb": 24}}))
    (small,) = precificar(spec, Capacidades({"hardware:gpu": {"memoria_gb": 15.0}}), PADRAO)[1]

    assert small.descricao == "GPU disponível tem 15 GB; a spec precisa de 24 GB"
    assert precificar(spec, Capacidades({"hardware:gpu": {"memoria_gb": 24}}), PADRAO)[1] == []
    assert precificar(spec, Capacidades({"hardware:gpu": {}}), PADRAO)[1] == []


def test_alternatives_come_from_the_spec_then_the_catalogue_then_what_people_added() -> None:
    """The shipped catalogue can be extended; an image's tag does not hide its alternatives."""
    runtime = {
        "apis_externas": {"whisper": {"alternativas": ["Vosk local"]}, "nossa": ""},
        "containers_necessarios": ["postgres:16"],
    }
    nossos = parametros.padrao(parametros.ler_alternativas("api:nossa: [arquivo CSV]"))
    faltas = {falta.recurso: falta for falta in precificar(Spec.ler(conta(runtime=runtime)), Capacidades(), nossos)[1]}

    assert faltas["whisper"].alternativas[0] == "Vosk local"
    assert len(faltas["whisper"].alternativas) == len(set(faltas["whisper"].alternativas)) > 1
    assert faltas["nossa"].alternativas == ("arquivo CSV",)
    assert faltas["postgres:16"].alternativas


def test_catalogue_with_a_wrong_entry_is_refused_by_name() -> None:
    """The entry's key stands in the message."""
    with pytest.raises(Malformed, match=r"alternativas.yaml: api:x"):
        parametros.ler_alternativas("api:x: 3")


def test_gap_becomes_the_pain_of_the_seed() -> None:
    """Section 1.2: the six fields; the same gap of two specs has the same id."""
    (first, *_), (again, *_) = (precificar(Spec.ler(conta(id=ident)), Capacidades(), PADRAO)[1] for ident in ("a", "b"))

    assert first.id == again.id
    assert first.capacidade == "api:whisper"
    assert first.to_contexto_dor("a", "b") == {
        "sintoma": "API whisper não configurada",
        "frequencia": "Sempre que spec usa whisper",
        "afetados": ["a", "b"],
        "impacto": "Spec bloqueada",
        "tentativas": list(first.alternativas),
        "criterio_sucesso": "whisper funcional com credenciais válidas",
    }
