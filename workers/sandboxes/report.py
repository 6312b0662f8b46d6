"""From a suite to a run in the sandbox, and from what the run brought back to a result that one can believe.

The plan (which tests there are, how often each runs) is read from the suite by the factory; a test that was not
collected, was skipped or vanished is a fault like one that failed, and so is a suite that changed during the run.
"""

from __future__ import annotations

import ast
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import Any, Literal

from contratos.release import ResumoTestes
from workers.ports import Execucao, Limites, Sandbox, Stop, Tarefa, Termino

RUNNER = Path(__file__).with_name("corrida.py")
FOLDER = ".corrida"
SHARE_OF_WALL = 0.8  # of the time limit of a run, in which variants are started; the rest is for its start and its end
REPORT = f"{FOLDER}/relatorio.json"
PYTEST_INI = "[pytest]\nxfail_strict = true\nfilterwarnings =\n    error::pytest.PytestCollectionWarning\n"

Veredito = Literal["passou", "falhou", "erro", "pulado"]


@dataclass(frozen=True, slots=True)
class Caso:
    """One test of the suite. `erro`: the failure in a line or two; `mensagem`: with the traceback, shortened."""

    nome: str  # pytest's node id
    veredito: Veredito
    erro: str = ""
    mensagem: str = ""
    duracao_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Linha:
    """How many failed and passed tests ran one line of the code."""

    arquivo: str
    linha: int
    falharam: int
    passaram: int


@dataclass(frozen=True, slots=True)
class Resultado:
    """What a suite said about the code. Coverage is 0 to 1; `problemas`: why the run is not whole or not believed."""

    testes: tuple[Caso, ...]
    cobertura_linhas: float
    cobertura_ramos: float
    nao_cobertas: tuple[str, ...]  # "file:line" and "file:line->line"
    duracao_s: float
    termino: Termino
    problemas: tuple[str, ...]
    linhas: tuple[Linha, ...] = ()  # where failed tests went, for whoever looks for the fault
    execucao: Execucao | None = None

    @property
    def passou(self) -> bool:
        """Whether there are tests, each of them passed, and nothing speaks against the run."""
        return bool(self.testes) and not self.problemas and all(teste.veredito == "passou" for teste in self.testes)

    @property
    def falhas(self) -> tuple[Caso, ...]:
        """The tests that did not pass."""
        return tuple(teste for teste in self.testes if teste.veredito != "passou")

    @property
    def resumo(self) -> ResumoTestes:
        """The counts, as a release records them."""
        return ResumoTestes(
            passaram=len(self.testes) - len(self.falhas),
            falharam=len(self.falhas),
            total=len(self.testes),
            cobertura_linhas=self.cobertura_linhas,
            cobertura_ramos=self.cobertura_ramos,
            duracao_s=self.duracao_s,
        )


@dataclass(frozen=True, slots=True)
class Suite:
    """Code and tests as they go into the sandbox. Paths are relative, POSIX; `testes`: their helper files too."""

    arquivos: Mapping[str, str]
    codigo: tuple[str, ...]
    testes: tuple[str, ...]

    def com(self, arquivos: Mapping[str, str]) -> Suite:
        """The same suite with other text in some files of the code."""
        return replace(self, arquivos={**self.arquivos, **arquivos})

    @property
    def modulos(self) -> tuple[str, ...]:
        """The files that pytest collects."""
        return tuple(sorted(path for path in self.testes if PurePosixPath(path).match("test_*.py")))


@dataclass(frozen=True, slots=True)
class Ensaio:
    """A variant of the code in a batch: the files that differ, and what the chosen tests said.

    tentado: False when the time of the batch was over before its turn came, or the batch itself was ended.
    """

    arquivos: Mapping[str, str]
    passou: bool
    tentado: bool = True
    testes: tuple[Caso, ...] = ()

    @property
    def falhas(self) -> tuple[Caso, ...]:
        """The tests that did not pass."""
        return tuple(caso for caso in self.testes if caso.veredito != "passou")


def executar_suite(
    suite: Suite,
    sandbox: Sandbox,
    stop: Stop,
    *,
    limites: Limites | None = None,
    rotulos: Mapping[str, str] | None = None,
    token: Callable[[], str] = token_hex,
) -> Resultado:
    """Run the whole suite with coverage. Raises only the sandbox's SandboxIndisponivel; the rest is in the result."""
    key = token()
    variant = {"arquivos": {}, "testes": suite.modulos, "medir": True, "limite_s": None}
    execucao = sandbox.executar(_task(suite, [variant], key, limites or Limites(), rotulos or {}), stop)
    answers, problems = _unsealed(execucao, key)
    problems += _changed(suite, execucao)
    answer = answers[0] if answers else {"registros": [], "fim": ""}
    return _judged(suite, answer, execucao, problems)


def ensaiar(
    suite: Suite,
    variantes: Sequence[Mapping[str, str]],
    testes: Sequence[str],
    sandbox: Sandbox,
    stop: Stop,
    *,
    limite_s: float = 10.0,
    parar: bool = True,
    limites: Limites | None = None,
    rotulos: Mapping[str, str] | None = None,
    token: Callable[[], str] = token_hex,
) -> list[Ensaio]:
    """Run only `testes` (node ids, or files) on each variant of the code, all in one run.

    limite_s: seconds for one variant. parar: each variant ends with its first failure.
    """
    key = token()
    plan = [{"arquivos": dict(v), "testes": list(testes), "medir": False, "limite_s": limite_s} for v in variantes]
    execucao = sandbox.executar(_task(suite, plan, key, limites or Limites(), rotulos or {}, parar=parar), stop)
    answers, problems = _unsealed(execucao, key)
    if problems or _changed(suite, execucao):
        answers = []
    tried = [_tried(v, answer, testes) for v, answer in zip(variantes, answers, strict=False)]
    return [*tried, *(Ensaio(variant, passou=False, tentado=False) for variant in variantes[len(tried) :])]


def _task(
    suite: Suite,
    variants: Sequence[Mapping[str, Any]],
    key: str,
    limites: Limites,
    rotulos: Mapping[str, str],
    *,
    parar: bool = False,
) -> Tarefa:
    tops = sorted({PurePosixPath(path).parts[0] for path in suite.codigo if path.endswith(".py")})
    plan = {
        "variantes": list(variants),
        "parar": parar,
        "prazo_s": limites.parede_s * SHARE_OF_WALL - max((v["limite_s"] or 0.0 for v in variants), default=0.0),
        "caminhos": ["", "src"] if "src" in tops else [""],
        "pacotes": [top for top in tops if not top.endswith(".py")] or [""],
    }
    files = {path: text.encode() for path, text in suite.arquivos.items()}
    files[f"{FOLDER}/corrida.py"] = RUNNER.read_bytes()
    files[f"{FOLDER}/plano.json"] = json.dumps(plan).encode()
    files[f"{FOLDER}/pytest.ini"] = PYTEST_INI.encode()
    files[f"{FOLDER}/chave"] = key.encode()
    return Tarefa(
        arquivos=files,
        comando=("python3", "-I", "-B", f"{FOLDER}/corrida.py"),
        coletar=(REPORT, *suite.testes),
        limites=limites,
        rotulos=rotulos,
    )


def _unsealed(execucao: Execucao, key: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What the runner wrote, when it was the runner who wrote it."""
    data = execucao.arquivos.get(REPORT)
    if data is None:
        tail = execucao.erro.strip().splitlines()[-1:] or ["no word on standard error"]
        return [], [f"the run ended ({execucao.termino}, exit code {execucao.codigo}) without a report: {tail[0]}"]
    try:
        outer = json.loads(data)
        body, seal = str(outer["corpo"]), str(outer["selo"])
    except (ValueError, KeyError, TypeError):
        return [], ["the report is not one that the runner writes"]
    if not hmac.compare_digest(seal, hmac.new(key.encode(), body.encode(), "sha256").hexdigest()):
        return [], ["the report was written or changed by somebody else than the runner"]
    return json.loads(body), []


def _changed(suite: Suite, execucao: Execucao) -> list[str]:
    changed = [path for path in suite.testes if execucao.arquivos.get(path) != suite.arquivos[path].encode()]
    return [f"{path} was changed or removed during the run" for path in changed]


def _judged(suite: Suite, answer: Mapping[str, Any], execucao: Execucao, problems: list[str]) -> Resultado:
    """Everything that speaks for or against the code, from the records of its run."""
    records = answer["registros"]
    tests = _tests(records)
    problems = [*problems, *(_faults(records, answer["fim"]) if not problems else [])]
    if not problems:
        problems += _missing(planejados({path: suite.arquivos[path] for path in suite.modulos}), tests)
    lines, branches, missed, run = _coverage(records)
    return Resultado(
        testes=tuple(tests),
        cobertura_linhas=lines,
        cobertura_ramos=branches,
        nao_cobertas=missed,
        duracao_s=execucao.duracao_s,
        termino=execucao.termino,
        problemas=tuple(problems),
        linhas=run,
        execucao=execucao,
    )


def _tried(variant: Mapping[str, str], answer: Mapping[str, Any], wanted: Sequence[str]) -> Ensaio:
    tests = _tests(answer["registros"])
    found = all(any(teste.nome.startswith(name) for teste in tests) for name in wanted)
    passed = bool(tests) and all(teste.veredito == "passou" for teste in tests)
    whole = not _faults(answer["registros"], answer["fim"])
    return Ensaio(variant, passou=found and passed and whole, testes=tuple(tests))


def _tests(records: Sequence[Mapping[str, Any]]) -> list[Caso]:
    """One verdict a collected test: it passed when its call passed and neither setup nor teardown says otherwise."""
    names = [name for record in records if record["que"] == "coletados" for name in record["nomes"]]
    phases: dict[str, list[Mapping[str, Any]]] = {name: [] for name in names}
    for record in records:
        if record["que"] == "fase" and record["nome"] in phases:
            phases[record["nome"]].append(record)
    return [_verdict(name, found) for name, found in phases.items()]


def _verdict(name: str, phases: Sequence[Mapping[str, Any]]) -> Caso:
    seconds = sum(float(phase["duracao_s"]) for phase in phases)
    for phase in phases:
        if phase["resultado"] == "failed":
            verdict: Veredito = "falhou" if phase["fase"] == "call" else "erro"
            return Caso(name, verdict, phase["erro"], phase["mensagem"], seconds)
        if phase["resultado"] != "passed":
            return Caso(name, "pulado", "skipped, or expected to fail", phase["mensagem"], seconds)
    if {phase["fase"] for phase in phases} != {"setup", "call", "teardown"}:
        return Caso(name, "erro", "did not run to its end", "", seconds)
    return Caso(name, "passou", duracao_s=seconds)


def _faults(records: Sequence[Mapping[str, Any]], ending: str) -> list[str]:
    """What speaks against a run as a whole."""
    faults = [f"{r['nome']} cannot be collected: {_last_line(r['mensagem'])}" for r in records if r["que"] == "coleta"]
    faults += [f"pytest failed: {_last_line(record['mensagem'])}" for record in records if record["que"] == "interno"]
    if any(record["que"] == "estranho" for record in records):
        faults.append("something other than the runner wrote into its report")
    if ending == "tempo":
        faults.append("the suite did not end in its time")
    elif not faults and [record["que"] for record in records].count("fim") != 1:
        faults.append("the suite did not come to its end: the code under test ended it, or it was killed")
    return faults


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")


def planejados(modulos: Mapping[str, str]) -> dict[str, int | None]:
    """Tests that the files hold: node id without parameters -> how many times it runs (None: only a run can tell).

    modulos: path -> text. SyntaxError for a file that is not Python.
    """
    plan: dict[str, int | None] = {}
    for path, text in modulos.items():
        for node in ast.parse(text, path).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                plan[f"{path}::{node.name}"] = _runs(node)
            elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                methods = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test")]
                plan |= {f"{path}::{node.name}::{method.name}": _runs(method) for method in methods}
            elif isinstance(node, ast.Assign) and ast.unparse(node.value).endswith(".TestCase"):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                plan |= {f"{path}::{name}::runTest": 1 for name in names}
    return plan


def _runs(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int | None:
    """How often a test runs: the product of the lengths of its parameter lists."""
    counts: list[int | None] = []
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("mark.parametrize"):
            continue
        values = decorator.args[1] if len(decorator.args) > 1 else None
        counts.append(len(values.elts) if isinstance(values, ast.List | ast.Tuple) else None)
    known = [count for count in counts if count is not None]
    return prod(known) if len(known) == len(counts) else None


def _missing(plan: Mapping[str, int | None], tests: Sequence[Caso]) -> list[str]:
    """Tests that the suite holds and that did not run as often as they should."""
    ran = Counter(teste.nome.partition("[")[0] for teste in tests)
    faults = [
        f"{name} ran {ran[name]} times instead of {'at least once' if expected is None else expected}"
        for name, expected in plan.items()
        if ran[name] != expected and not (expected is None and ran[name])
    ]
    return faults if plan else ["the suite holds no test"]


def _coverage(records: Sequence[Mapping[str, Any]]) -> tuple[float, float, tuple[str, ...], tuple[Linha, ...]]:
    """Line and branch coverage, what was missed, and the lines that failed tests ran."""
    found = next((record for record in records if record["que"] == "cobertura" and "totais" in record), None)
    if found is None:
        return 0.0, 0.0, (), ()
    totals = found["totais"]
    missed = [f"{path}:{line}" for path, part in found["faltam"].items() for line in part["linhas"]]
    missed += [f"{path}:{start}->{end}" for path, part in found["faltam"].items() for start, end in part["ramos"]]
    lines = tuple(
        Linha(path, int(line), failed, passed)
        for path, part in found["linhas"].items()
        for line, (failed, passed) in part.items()
        if failed
    )
    return (
        _share(totals["covered_lines"], totals["num_statements"]),
        _share(totals["covered_branches"], totals["num_branches"]),
        tuple(missed),
        lines,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
