"""`orcar_spec`: a spec becomes a budget; what the factory lacks for it becomes pains that block the budget."""

from __future__ import annotations

from typing import Any

from contratos.consumidos import OrcarSpec, ResultadoOrcar
from contratos.gap import Gap
from contratos.problems import Malformed
from contratos.recursos import SpecRecursos
from contratos.spec import Spec
from contratos.tipos import PRODUTOR, derived_id
from prometheus_fabrica.backlog.store import Novo
from prometheus_fabrica.definitions import Definitions, SpecLida
from prometheus_fabrica.handlers.contract import Outcome, Tools, Trabalho
from prometheus_fabrica.pricing.precificar import precificar


def orcar_spec(contexto: OrcarSpec, work: Trabalho, tools: Tools) -> Outcome:
    """Price the spec at HEAD. Without gaps the budget is Pendente; with gaps it is Bloqueado on one item each."""
    definitions = tools.definitions()
    lida = definitions.spec(contexto.spec_ref)
    refuse_cycle(lida, definitions)
    recursos, gaps = precificar(
        lida.spec,
        tools.capacidades(),
        tools.parametros(),
        commit=lida.commit,
        prontas={ref for ref in lida.spec.depende_de if tools.ultima_release(ref) is not None},
        identidade=derived_id(work.item, "specs_recursos", 0),
    )
    orcamento = derived_id(work.item, "aprovar_orcamento", 0)
    dores = [_dor(gap, derived_id(work.item, "entrevistar_dor", gap.id), lida.spec, orcamento) for gap in gaps]
    aprovar = _aprovar(recursos, orcamento, [str(dor.doc["_id"]) for dor in dores])
    resultado = ResultadoOrcar(spec_recursos_id=recursos.id, spec_recursos=recursos.model_dump(mode="json"))
    return Outcome(resultado, saida=[Novo("specs_recursos", recursos.to_dict()), *dores, aprovar])


def _dor(gap: Gap, identity: str, spec: Spec, orcamento: str) -> Novo:
    """The gap as a pain. Whoever lacks the same thing shares one item: `chave` is the gap's own identity."""
    doc: dict[str, Any] = {
        "_id": identity,
        "id": identity,
        "tipo": "entrevistar_dor",
        "produtor": PRODUTOR,
        "contexto": gap.to_contexto_dor(spec.id),
        "spec_origem_ref": spec.id,
        "bloqueando": [orcamento],
        "status": "Pendente",
    }
    return Novo("backlog_items", doc, chave=gap.id)


def _aprovar(recursos: SpecRecursos, identity: str, depende_de: list[str]) -> Novo:
    doc: dict[str, Any] = {
        "_id": identity,
        "id": identity,
        "tipo": "aprovar_orcamento",
        "produtor": PRODUTOR,
        "spec_ref": recursos.spec_ref,
        "spec_recursos": recursos.model_dump(mode="json"),
        "depende_de": depende_de,
        "status": "Bloqueado" if depende_de else "Pendente",
    }
    return Novo("backlog_items", doc)


def refuse_cycle(lida: SpecLida, definitions: Definitions) -> None:
    """Malformed when the specs that this one builds on lead back to it; one that is not there yet may come."""
    paths = [[lida.spec.id, ref] for ref in lida.spec.depende_de]
    seen: set[str] = set()
    while paths:
        path = paths.pop()
        if path[-1] == lida.spec.id:
            raise Malformed.one("depende_de", f"a cycle of specs: {' -> '.join(path)}")
        if path[-1] in seen:
            continue
        seen.add(path[-1])
        try:
            further = definitions.spec(path[-1], lida.commit).spec.depende_de
        except Malformed:
            continue
        paths += [[*path, ref] for ref in further]
