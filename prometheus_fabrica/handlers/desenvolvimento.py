"""`desenvolvimento`: an approved budget becomes a release: code and tests of every vertente, judged in the sandbox."""

from __future__ import annotations

from pydantic import ValidationError

from contratos.consumidos import Desenvolvimento, ResultadoDesenvolvimento
from contratos.metricas import Etapa
from contratos.problems import Malformed, problems
from contratos.recursos import SpecRecursos
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.handlers import building
from prometheus_fabrica.handlers.building import Construcao
from prometheus_fabrica.handlers.contract import Outcome, Tools, Trabalho
from workers import flow
from workers.flow import ResultadoWorker
from workers.repair import CorretorPorMudancas
from workers.vertentes import VERTENTES


def desenvolvimento(contexto: Desenvolvimento, work: Trabalho, tools: Tools) -> Outcome:
    """Build what was approved: the spec at the commit that the budget priced. Red code is Permanent, with reasons."""
    budget = _budget(contexto)
    commit = budget.procedencia.spec_commit if budget else None
    lida = tools.definitions().spec(contexto.spec_ref, commit)
    lacking = [vertente for vertente in lida.spec.vertentes if vertente not in VERTENTES]
    if lacking:
        there = ", ".join(VERTENTES)
        raise Permanent(f"{lida.spec.id}: vertentes {', '.join(lacking)} have no worker: this factory builds {there}")
    sandbox = tools.sandbox()
    made: dict[str, ResultadoWorker] = {
        vertente: flow.executar(
            VERTENTES[vertente],
            lida.spec,
            sandbox,
            work.stop,
            CorretorPorMudancas(),
            rotulos={"item": work.item, "tentativa": str(work.tentativa)},
            cache=tools.cache,
        )
        for vertente in lida.spec.vertentes
    }
    feita = Construcao(lida, sandbox, made, Etapa.DESENVOLVIMENTO, orcamento=budget)
    if not feita.verde:
        record = ("metricas_build", building.metrics_of(feita, work, None))
        raise Permanent(building.complaint(feita), registros=[record])
    pronta = building.release_of(feita, work)
    paths = [artefato.caminho for artefato in pronta.release.artefatos]
    resultado = ResultadoDesenvolvimento(release_ref=pronta.release.id, artefatos=paths)
    return Outcome(resultado, saida=pronta.saida, pacote=pronta.pacote)


def _budget(contexto: Desenvolvimento) -> SpecRecursos | None:
    """The approved budget, if the item carries one of ours; it must then be whole, and of this spec.

    One that somebody wrote by hand says nothing of its origin (`procedencia`): then the spec is built as it is at HEAD.
    """
    if contexto.spec_recursos is None or "procedencia" not in contexto.spec_recursos:
        return None
    try:
        budget = SpecRecursos.from_dict(contexto.spec_recursos)
    except ValidationError as error:
        raise Malformed(problems(error, root="contexto.spec_recursos")) from error
    if budget.spec_ref != contexto.spec_ref:
        raise Malformed.one(
            "contexto.spec_recursos.spec_ref", f"expected {contexto.spec_ref!r}; found {budget.spec_ref!r}"
        )
    return budget
