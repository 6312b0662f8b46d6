"""`corrigir_bug`: the bug is reproduced on the release that has it, corrected in the spec, and released as a hotfix.

Code is made from specs, so that is where a bug is corrected: either the spec has been corrected since, or its
definition of the method is changed in one place, likeliest first, until the reproduction and the whole suite pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from contratos.consumidos import CorrigirBug, ResultadoCorrigir
from contratos.metricas import Etapa
from contratos.problems import Malformed
from contratos.release import Papel, Release
from contratos.spec import Spec
from prometheus_fabrica import marked_yaml
from prometheus_fabrica.definitions import SpecLida
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.handlers import building
from prometheus_fabrica.handlers.building import Construcao
from prometheus_fabrica.handlers.contract import Outcome, Tools, Trabalho
from workers import bug_report, e_estrutural, flow, spec_repair, stack_trace
from workers.bug_report import FIELD, Relato
from workers.e_estrutural import Gerado
from workers.flow import Estado, ResultadoWorker
from workers.ports import Sandbox
from workers.sandboxes.report import Suite, executar_suite, planejados
from workers.spec_repair import Correcao

REPRODUCTION = "test_reproducao_{}.py"
NOTE = "CORRECAO.md"
FINALISTS = 8  # corrections that the whole suite judges


@dataclass(frozen=True, slots=True)
class Bug:
    """A report, the release that has the bug, and the spec that it is made from."""

    relato: Relato
    marca: str  # tells this report's tests from all others
    pai: Release
    codigo: Mapping[str, str]  # of the parent release
    lida: SpecLida
    documento: Mapping[str, Any]  # the spec, with the reported example among the method's


def corrigir_bug(contexto: CorrigirBug, work: Trabalho, tools: Tools) -> Outcome:
    """Reproduce, correct, run everything, and release. Permanent: not reproducible, or nothing that was tried helps."""
    bug = _read(contexto, work, tools)
    sandbox = tools.sandbox()
    tests: list[str] = []
    for correction, made in islice(_candidates(bug), FINALISTS):
        if not tests:  # the report's tests are the same whatever corrects the bug
            tests = _reproduction(bug, made)
            _demand_failure(bug, made, tests, sandbox, work)
        result = _judged(bug, correction, sandbox, work, tools)
        if result.estado is Estado.VERDE:
            extras = {NOTE: _note(bug, contexto, correction, tests)}
            feita = Construcao(bug.lida, sandbox, {"E": result}, Etapa.CORRECAO, pai=bug.pai, extras=extras)
            pronta = building.release_of(feita, work)
            return Outcome(ResultadoCorrigir(release_ref=pronta.release.id), pronta.saida, pronta.pacote)
    raise Permanent(
        f"no single change of {bug.relato.classe or 'the spec'}.{bug.relato.metodo or ''} makes the report hold and "
        f"keeps the whole suite green{_refusal(bug)}: correct the spec {bug.lida.spec.id} in Git, or the example in "
        f"{FIELD}, then repeat the item"
    )


def _read(contexto: CorrigirBug, work: Trabalho, tools: Tools) -> Bug:
    """Everything that the report refers to; Malformed or Permanent for what is not there."""
    shown = None if contexto.stack_trace else bug_report.ler(contexto.erro)  # before anything is looked up
    pai = _parent(contexto.feature_ref, tools)
    lida = tools.definitions().spec(pai.spec_ref)
    if "E" not in lida.spec.vertentes:
        raise Permanent(f"{lida.spec.id} has no vertente E: bugs of other vertentes cannot be corrected yet")
    relato = shown or _report(contexto, lida.spec)
    marca = f"bug {hashlib.sha256(work.item.encode()).hexdigest()[:8]}"
    files = tools.arquivos(pai)
    code = {each.caminho for each in pai.artefatos if each.papel is Papel.CODIGO}
    texts = {path: content.decode() for path, content in files.items() if path in code}
    documento = marked_yaml.ler(lida.texto, lida.caminho).valor
    return Bug(relato, marca, pai, texts, lida, _with_example(documento, relato, marca))


def _report(contexto: CorrigirBug, spec: Spec) -> Relato:
    """What `erro` shows; else the call that the traceback tells of."""
    try:
        return bug_report.ler(contexto.erro)
    except Malformed:
        return stack_trace.ler(contexto.stack_trace or "", e_estrutural.compreender(spec))


def _parent(ref: str, tools: Tools) -> Release:
    """The release that has the bug: named by the feature, by itself, or the newest of the spec."""
    feature = tools.feature(ref) or {}
    named = str(feature.get("release_ref") or ref)
    release = tools.release(named) or tools.ultima_release(str(feature.get("spec_ref") or ref))
    if release is None:
        raise Permanent(
            f"contexto.feature_ref: {ref!r} is no feature that names a release or a spec, no release, and no spec "
            "that has been released"
        )
    return release


def _with_example(documento: Any, relato: Relato, marca: str) -> dict[str, Any]:
    """The spec's document with the reported example at its method; as it is when the report is a test in Python."""
    if relato.classe is None or relato.metodo is None:
        return dict(documento)
    owner = spec_repair.owner(documento, relato.classe, relato.metodo)
    if owner is None:
        raise Malformed.one(FIELD, f"the spec has no method {relato.classe}.{relato.metodo}")
    return spec_repair.with_example(documento, owner, relato.metodo, {"nome": marca, **relato.exemplo})


def _candidates(bug: Bug) -> Iterator[tuple[Correcao | None, Gerado]]:
    """The spec as it is, then each correction of it, likeliest first: those that agree with the report.

    A generator refuses a spec that contradicts one of its examples, so most corrections never reach the sandbox.
    """
    corrections: list[Correcao | None] = [None]
    if bug.relato.classe is not None and bug.relato.metodo is not None:
        corrections += spec_repair.correcoes(bug.documento, bug.relato.classe, bug.relato.metodo)
    for correction in corrections:
        try:
            yield correction, _generated(bug, correction)
        except Malformed:
            continue  # it contradicts the report, or is no spec at all


def _refusal(bug: Bug) -> str:
    """What speaks against the report in the spec as it is; nothing when that can be generated."""
    try:
        _generated(bug, None)
    except Malformed as error:
        return f" (as the spec is: {error})"
    return ""


def _generated(bug: Bug, correction: Correcao | None) -> Gerado:
    """Code and suite of the spec with this correction, the report's own test included."""
    return _with_test(e_estrutural.gerar(Spec.ler(_documento(bug, correction))), bug)


def _documento(bug: Bug, correction: Correcao | None) -> dict[str, Any]:
    return dict(bug.documento) if correction is None else correction.aplicada(bug.documento)


def _with_test(made: Gerado, bug: Bug) -> Gerado:
    """A report's own test in Python joins the suite."""
    if bug.relato.teste is None:
        return made
    folder = next((path.rpartition("/")[0] for path in made.testes if "/test_" in path), "tests")
    path = f"{folder}/{REPRODUCTION.format(bug.marca.split()[-1])}"
    files = {**made.arquivos, path: bug.relato.teste}
    return replace(made, arquivos=files, testes=tuple(sorted({*made.testes, path})))


def _reproduction(bug: Bug, made: Gerado) -> list[str]:
    """The tests of the suite that are the report's."""
    slug = bug.marca.replace(" ", "_")
    suite = _suite(made)
    names = planejados({path: suite.arquivos[path] for path in suite.modulos})
    found = [name for name in names if slug in name or REPRODUCTION.format(slug.removeprefix("bug_")) in name]
    if not found:
        raise Permanent(f"no test came of the example in {FIELD}: the spec's suite has none named after it")
    return found


def _suite(made: Gerado) -> Suite:
    return Suite(made.arquivos, made.codigo, made.testes)


def _demand_failure(bug: Bug, made: Gerado, tests: Sequence[str], sandbox: Sandbox, work: Trabalho) -> None:
    """Permanent unless a test of the report fails on the code of the release that is said to have the bug."""
    theirs = {path: text for path, text in made.arquivos.items() if path not in made.codigo} | dict(bug.codigo)
    result = executar_suite(Suite(theirs, tuple(sorted(bug.codigo)), made.testes), sandbox, work.stop)
    if not any(case.nome.startswith(tuple(tests)) for case in result.falhas):
        raise Permanent(
            f"not reproduced: what the report asks for holds in release {bug.pai.id} ({', '.join(tests)} passed); "
            f"the example in {FIELD} must show what is wrong"
        )


def _judged(bug: Bug, correction: Correcao | None, sandbox: Sandbox, work: Trabalho, tools: Tools) -> ResultadoWorker:
    """The whole flow, without corrections of the code: the spec is what is being corrected."""

    class ComReproducao:
        """The worker, whose suite holds the report's own test."""

        def gerar(self, spec: Spec) -> Gerado:
            return _with_test(e_estrutural.gerar(spec), bug)

    labels = {"item": work.item, "tentativa": str(work.tentativa)}
    spec = Spec.ler(_documento(bug, correction))
    return flow.executar(ComReproducao(), spec, sandbox, work.stop, rotulos=labels, cache=tools.cache)


def _note(bug: Bug, contexto: CorrigirBug, correction: Correcao | None, tests: Sequence[str]) -> str:
    """What was corrected, for whoever approves the hotfix and for the spec's owner."""
    spec = bug.lida.spec
    lines = [
        f"# Correção de {spec.nome}",
        "",
        f"Release corrigida: `{bug.pai.id}`. Reprodução: {', '.join(f'`{name}`' for name in tests)}.",
        "",
    ]
    if correction is None:
        lines += [f"A spec `{spec.id}` já estava corrigida: o código foi gerado de novo a partir dela.", ""]
    else:
        lines += [
            f"A spec `{spec.id}` ({bug.lida.caminho}) deve mudar também no Git; senão a próxima geração traz o erro:",
            "",
            f"    {'.'.join(map(str, correction.caminho))}",
            f"    - {correction.de}",
            f"    + {correction.para}",
            "",
        ]
    return "\n".join([*lines, "## Relato", "", contexto.erro.rstrip(), ""])
