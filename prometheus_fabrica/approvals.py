"""What a decision about a budget, a release or a deployment amounts to (the part of MS_Produto). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contratos.envelope import payload_of
from contratos.tipos import derived_id
from prometheus_fabrica.backlog.store import Novo
from prometheus_fabrica.errors import Refused

APROVADO = "aprovado"
REJEITADO = "rejeitado"


@dataclass(frozen=True, slots=True)
class Decisao:
    """Who decided what, and why."""

    aprovado: bool
    por: str
    motivo: str | None

    @property
    def resultado(self) -> dict[str, Any]:
        """The item's `resultado`."""
        said = {"decisao": APROVADO if self.aprovado else REJEITADO, "por": self.por}
        return said | ({"motivo": self.motivo} if self.motivo else {})


def follows(doc: Mapping[str, Any], decisao: Decisao) -> Novo:
    """The item that an approved or rejected item produces; Refused for types that nobody approves."""
    tipo = doc["tipo"]
    match tipo, decisao.aprovado:
        case "aprovar_orcamento", True:
            return _item(doc, "desenvolvimento", _fields(doc, "spec_ref", "spec_recursos"))
        case "aprovar_orcamento", False:
            return _item(doc, "ajustar_spec", _fields(doc, "spec_ref") | {"motivo": decisao.motivo})
        case "aprovar_release", True:
            return _item(doc, "implantar", _fields(doc, "release_ref"))
        case "aprovar_release", False:
            return _item(
                doc, "corrigir_bug", {"feature_ref": _fields(doc, "release_ref")["release_ref"], "erro": decisao.motivo}
            )
        case "validar_implantacao", True:
            return _item(doc, "avaliar_efetividade", _fields(doc, "release_ref", "implantacao_ref", "ambiente"))
        case "validar_implantacao", False:
            return _item(
                doc, "corrigir_bug", {"feature_ref": _fields(doc, "release_ref")["release_ref"], "erro": decisao.motivo}
            )
    raise Refused(
        f"{doc.get('id')} is of type {tipo}: only aprovar_orcamento, aprovar_release and validar_implantacao are "
        f"approved or rejected; 'fabrica ver {doc.get('id')}' says what can be done"
    )


def _fields(doc: Mapping[str, Any], *names: str) -> dict[str, Any]:
    found = payload_of(doc, frozenset(names))
    missing = [name for name in names if found.get(name) is None]
    if missing:
        raise Refused(
            f"{doc.get('id')} lacks {', '.join(missing)}: it cannot be decided; 'fabrica cancelar' gives it up"
        )
    return {name: found[name] for name in names}


def _item(doc: Mapping[str, Any], tipo: str, contexto: Mapping[str, Any]) -> Novo:
    identity = derived_id(str(doc["id"]), tipo, 0)
    item: dict[str, Any] = {
        "_id": identity,
        "id": identity,
        "tipo": tipo,
        "contexto": dict(contexto),
        "produtor": "MS_Produto",
    }
    if doc.get("prioridade") is not None:
        item["prioridade"] = doc["prioridade"]
    return Novo("backlog_items", item)
