"""Every item type of ours: who it is for, its models, and the prefix of the ids that the factory gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from contratos import consumidos, produzidos
from contratos.base import Contrato

PRODUTOR = "PROMETHEUS"


@dataclass(frozen=True, slots=True)
class Tipo:
    """One item type. `contexto` for consumed types, `payload` for produced ones."""

    nome: str
    prefixo: str
    contexto: type[Contrato] | None = None
    resultado: type[Contrato] | None = None
    payload: type[Contrato] | None = None


CONSUMIDOS: dict[str, Tipo] = {
    tipo.nome: tipo
    for tipo in (
        Tipo("orcar_spec", "spec", contexto=consumidos.OrcarSpec, resultado=consumidos.ResultadoOrcar),
        Tipo(
            "desenvolvimento", "des", contexto=consumidos.Desenvolvimento, resultado=consumidos.ResultadoDesenvolvimento
        ),
        Tipo("implantar", "imp", contexto=consumidos.Implantar, resultado=consumidos.ResultadoImplantar),
        Tipo("corrigir_bug", "bug", contexto=consumidos.CorrigirBug, resultado=consumidos.ResultadoCorrigir),
    )
}
PRODUZIDOS: dict[str, Tipo] = {
    tipo.nome: tipo
    for tipo in (
        Tipo("aprovar_orcamento", "orc", payload=produzidos.AprovarOrcamento),
        Tipo("entrevistar_dor", "gap", payload=produzidos.EntrevistarDor),
        Tipo("aprovar_release", "apr", payload=produzidos.AprovarRelease),
        Tipo("validar_implantacao", "val", payload=produzidos.ValidarImplantacao),
    )
}
NOSSOS: dict[str, Tipo] = CONSUMIDOS | PRODUZIDOS

DOCUMENTOS = {"specs_recursos": "rec", "releases": "rel", "implantacoes": "dep", "metricas_build": "met"}


def prefixo(tipo: str) -> str:
    """The prefix of ids of an item type or a collection; for types of neighbours, their first letters."""
    if tipo in NOSSOS:
        return NOSSOS[tipo].prefixo
    return DOCUMENTOS.get(tipo, tipo[:3])


def derived_id(pai: str, tipo: str, lugar: int | str) -> str:
    """The id of what `pai` produces at `lugar`: the same parent and place give the same id, so twice is once.

    64 bits of SHA-256: with a million children of one factory a clash has a chance of about 3e-8.
    """
    digest = hashlib.sha256(f"{pai}\0{tipo}\0{lugar}".encode()).hexdigest()[:16]
    return f"{prefixo(tipo)}-{digest}"
