"""What `desenvolvimento` and `corrigir_bug` share: from judged code to a release, its approval and its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contratos.metricas import Etapa, MetricaBuild, MetricaVertente, Previsto
from contratos.recursos import SpecRecursos
from contratos.release import Gate, Papel, Release, ResumoTestes
from contratos.tipos import PRODUTOR, derived_id
from prometheus_fabrica import provenance, releases
from prometheus_fabrica.backlog.store import Novo
from prometheus_fabrica.definitions import SpecLida
from prometheus_fabrica.handlers.contract import Trabalho
from prometheus_fabrica.pricing import size
from workers.flow import Estado, ResultadoWorker
from workers.ports import Sandbox

SHOWN_FAILURES = 5
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Construcao:
    """Judged code of one spec: what each vertente's worker left, and what else belongs into the release."""

    lida: SpecLida
    sandbox: Sandbox
    vertentes: Mapping[str, ResultadoWorker]
    etapa: Etapa
    orcamento: SpecRecursos | None = None
    pai: Release | None = None
    extras: Mapping[str, str] = field(default_factory=dict)  # further files: path -> text

    @property
    def verde(self) -> bool:
        """Whether every worker's code passed every gate and test."""
        return all(result.estado is Estado.VERDE for result in self.vertentes.values())

    @property
    def arquivos(self) -> dict[str, bytes]:
        """Every file of the release."""
        texts = {path: text for result in self.vertentes.values() for path, text in result.arquivos.items()}
        return {path: text.encode() for path, text in (texts | dict(self.extras)).items()}


@dataclass(frozen=True, slots=True)
class Pronta:
    """A release ready to be recorded."""

    release: Release
    pacote: releases.Pacote
    saida: tuple[Novo, ...]


def release_of(feita: Construcao, work: Trabalho) -> Pronta:
    """The release with its package, and what follows from it: its document, the build's metrics, `aprovar_release`."""
    arquivos = feita.arquivos
    pacote = releases.empacotar(arquivos)
    listed = releases.artefatos(arquivos, _roles(feita))
    spec = feita.lida.spec
    materials = [provenance.Material(feita.lida.caminho, {"sha256": feita.lida.sha256})]
    if feita.lida.commit:
        materials.append(provenance.Material("specs", {"gitCommit": feita.lida.commit}))
    if feita.pai is not None:
        materials.append(provenance.Material(feita.pai.id, {"sha256": feita.pai.digest}))
    origin = provenance.Origem(
        item=work.item,
        tentativa=work.tentativa,
        parametros={"spec_ref": spec.id, "spec_versao": spec.versao, "vertentes": list(feita.vertentes)},
        materiais=materials,
        ambiente={"sandbox": feita.sandbox.nome},
    )
    release = Release(
        id=derived_id(work.item, "releases", 0),
        spec_ref=spec.id,
        spec_versao=spec.versao,
        spec_commit=feita.lida.commit,
        tipo="normal" if feita.pai is None else "hotfix",
        release_pai=None if feita.pai is None else feita.pai.id,
        artefatos=listed,
        digest=pacote.digest,
        arquivo=releases.arquivo_id(work.item, work.token),
        testes=summary(feita.vertentes.values()),
        gates=tuple(gate for result in feita.vertentes.values() for gate in result.gates),
        tentativas={vertente: result.tentativas for vertente, result in feita.vertentes.items()},
        proveniencia=provenance.declaracao(pacote, listed, origin),
    )
    document = {"_id": release.id, **release.model_dump(mode="json", exclude={"criado_em"})}
    metric = metrics_of(feita, work, release.id)
    saida = (Novo("releases", document), Novo("metricas_build", metric), _approval(release, work))
    return Pronta(release, pacote, saida)


def _approval(release: Release, work: Trabalho) -> Novo:
    identity = derived_id(work.item, "aprovar_release", 0)
    doc: dict[str, Any] = {
        "_id": identity,
        "id": identity,
        "tipo": "aprovar_release",
        "produtor": PRODUTOR,
        "release_ref": release.id,
        "spec_ref": release.spec_ref,
        "artefatos": [artefato.caminho for artefato in release.artefatos],
        "testes_passaram": release.testes.passou,
        "cobertura": release.testes.cobertura_linhas,
        "status": "Pendente",
    }
    return Novo("backlog_items", doc)


def _roles(feita: Construcao) -> Callable[[str], Papel]:
    code = {path for result in feita.vertentes.values() for path in result.codigo}
    tests = {path for result in feita.vertentes.values() for path in result.testes}

    def role(path: str) -> Papel:
        if path in tests:
            return Papel.TESTE
        if path in code:
            return Papel.CODIGO
        return Papel.DOCUMENTO if path.endswith((".md", ".txt", ".rst")) else Papel.CONFIGURACAO

    return role


def summary(results: Sequence[ResultadoWorker] | Any) -> ResumoTestes:
    """All vertentes' test results added up; coverage weighted by the number of tests."""
    parts = [result.resultado.resumo for result in results if result.resultado is not None]
    total = sum(part.total for part in parts)
    weight = [part.total / total if total else 0.0 for part in parts]
    return ResumoTestes(
        passaram=sum(part.passaram for part in parts),
        falharam=sum(part.falharam for part in parts),
        total=total,
        cobertura_linhas=min(1.0, sum(part.cobertura_linhas * w for part, w in zip(parts, weight, strict=True))),
        cobertura_ramos=min(1.0, sum(part.cobertura_ramos * w for part, w in zip(parts, weight, strict=True))),
        duracao_s=sum(part.duracao_s for part in parts),
    )


def metrics_of(feita: Construcao, work: Trabalho, release_ref: str | None) -> dict[str, Any]:
    """The build's record. One that ended badly gets an id of its own attempt, so that the good one can still come."""
    points = size.contar(feita.lida.spec)
    parts = tuple(
        _metric(vertente, result, points.pontos.get(vertente, 0)) for vertente, result in feita.vertentes.items()
    )
    metric = MetricaBuild(
        id=derived_id(work.item, "metricas_build", 0 if release_ref else work.token),
        item=work.item,
        etapa=feita.etapa,
        spec_ref=feita.lida.spec.id,
        spec_recursos_ref=feita.orcamento.id if feita.orcamento else None,
        release_ref=release_ref,
        pontos=points.total,
        horas_dev=sum(part.geracao_s for part in parts) / HOUR_S,
        horas_teste=sum(part.testes_s for part in parts) / HOUR_S,
        verde=feita.verde,
        vertentes=parts,
        previsto=_predicted(feita.orcamento),
    )
    return metric.to_dict()


def _metric(vertente: str, result: ResultadoWorker, points: float) -> MetricaVertente:
    last = result.resultado
    first = result.historico[0].resultado if result.historico else None
    run = last.execucao if last else None
    return MetricaVertente(
        vertente=vertente,
        pontos=points,
        geracao_s=result.geracao_s,
        testes_s=result.testes_s,
        execucao_s=last.duracao_s if last else 0.0,
        casos=len(last.testes) if last else 0,
        casos_na_primeira=len(first.testes) - len(first.falhas) if first else 0,
        tentativas=result.tentativas,
        verde=result.estado is Estado.VERDE,
        memoria_pico_bytes=run.memoria_pico_bytes if run else None,
        cpu_s=run.cpu_s if run else None,
    )


def _predicted(budget: SpecRecursos | None) -> Previsto | None:
    if budget is None:
        return None
    return Previsto(
        horas_dev=budget.esforco.horas_dev,
        horas_dev_p90=float(budget.figura("esforco.horas_dev").p90),
        horas_teste=budget.esforco.horas_teste,
        horas_deploy=budget.esforco.horas_deploy,
        total=budget.esforco.total,
        total_p90=float(budget.figura("esforco.total").p90),
        parametros_versao=budget.procedencia.parametros_versao,
        calibracao=budget.procedencia.calibracao,
    )


def complaint(feita: Construcao) -> str:
    """Why the code is not good enough, for the operator: what failed first, with its message."""
    lines: list[str] = []
    for vertente, result in feita.vertentes.items():
        if result.estado is Estado.SPEC_CONTRADITORIA:
            lines += [f"vertente {vertente}: the spec contradicts itself: {problema}" for problema in result.problemas]
        elif result.estado is Estado.VERMELHO:
            lines.append(f"vertente {vertente}: not good after {result.tentativas} corrections")
            lines += _findings(result)
    return "\n".join(lines)


def _findings(result: ResultadoWorker) -> list[str]:
    said: list[str] = [f"{gate.nome}: {problem}" for gate in _failed(result.gates) for problem in gate.problemas]
    if result.resultado is not None:
        said += [f"the run: {problem}" for problem in result.resultado.problemas]
        said += [f"{case.nome}: {case.erro or case.veredito}" for case in result.resultado.falhas]
    more = [f"and {len(said) - SHOWN_FAILURES} more"] if len(said) > SHOWN_FAILURES else []
    return said[:SHOWN_FAILURES] + more


def _failed(gates: Sequence[Gate]) -> list[Gate]:
    return [gate for gate in gates if not gate.passou]
