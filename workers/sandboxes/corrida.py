"""Runs a pytest suite inside a sandbox and writes down what happened, also for many variants of the code in one go.

This file is sent into the sandbox as it is: it runs on Python 3.11 or newer and imports nothing of ours. `report.py`
writes its plan and reads its report. The suite runs in a forked child, so that the code under test can neither end the
writing of the report nor reach the key that seals it; what the child claims is compared with the plan outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import hmac
import json
import os
import select
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = ".corrida"
MESSAGE_LIMIT = 4_000  # characters of a failure that are kept
REPORT_LIMIT = 16 * 1024 * 1024  # bytes that one variant may report
PR_SET_DUMPABLE = 4


class Reporter:
    """The pytest plugin: one JSON line for each thing that happens, into a pipe."""

    def __init__(self, pipe: int, meter: Any) -> None:
        self._pipe = pipe
        self._meter = meter
        self.failed: set[str] = set()

    def tell(self, **record: Any) -> None:
        """Write one record."""
        data = json.dumps(record).encode() + b"\n"
        while data:
            data = data[os.write(self._pipe, data) :]

    def pytest_collection_finish(self, session: Any) -> None:
        """What will run."""
        self.tell(que="coletados", nomes=[item.nodeid for item in session.items])

    def pytest_collectreport(self, report: Any) -> None:
        """A module that cannot be imported."""
        if not report.passed:
            self.tell(que="coleta", nome=report.nodeid, mensagem=shortened(report.longreprtext))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """From here on, lines are executed on behalf of this test."""
        if self._meter:
            self._meter.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """One phase of one test: setup, call or teardown."""
        if not report.passed:
            self.failed.add(report.nodeid)
        crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
        self.tell(
            que="fase",
            nome=report.nodeid,
            fase=report.when,
            resultado="xfail" if hasattr(report, "wasxfail") else report.outcome,
            duracao_s=report.duration,
            erro=shortened(getattr(crash, "message", "")),
            mensagem="" if report.passed else shortened(report.longreprtext),
        )

    def pytest_internalerror(self, excrepr: Any) -> None:
        """pytest itself stumbled."""
        self.tell(que="interno", mensagem=shortened(str(excrepr)))


def shortened(text: str) -> str:
    """Head and tail of a long text, with the count of what is left out."""
    half = MESSAGE_LIMIT // 2
    left_out = len(text) - MESSAGE_LIMIT
    return text if left_out <= 0 else f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"


def child(pipe: int, root: Path, plan: dict[str, Any], selected: Sequence[str], *, measure: bool) -> int:
    """Run the suite on the code in `root`; returns pytest's exit code."""
    import coverage
    import hypothesis
    import pytest

    os.chdir(root)
    if not measure:  # many variants: what they print helps nobody
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
    sys.path[:0] = [str(root / folder) for folder in plan["caminhos"]]
    meter = None
    if measure:
        sources = [str(root / folder) for folder in plan["pacotes"]]
        meter = coverage.Coverage(data_file=None, branch=True, source=sources, config_file=False, messages=False)
        meter.start()
    reporter = Reporter(pipe, meter)
    options = ["-q", "--tb=short", "--no-header", "--noconftest", "--strict-markers", "-p", "no:cacheprovider"]
    options += ["-c", str(root / FOLDER / "pytest.ini"), "--rootdir", str(root)]
    options += ["-x"] if plan["parar"] else []
    hypothesis.settings.load_profile("suite" if measure else "variante")
    code = int(pytest.main([*options, *selected], plugins=[reporter]))
    if meter:
        meter.stop()
        reporter.tell(que="cobertura", **measured(meter, root, reporter.failed))
    sys.stdout.flush()
    reporter.tell(que="fim", codigo=code)
    return code


def measured(meter: Any, root: Path, failed: set[str]) -> dict[str, Any]:
    """Totals of lines and branches, what was missed, and how many failed and passed tests ran each line."""
    place = root / FOLDER / "cobertura.json"
    try:
        meter.json_report(outfile=str(place))
    except Exception as error:  # noqa: BLE001  (coverage.exceptions moved between versions; no data is a finding too)
        return {"erro": str(error)}
    report = json.loads(place.read_text(encoding="utf-8"))
    data = meter.get_data()
    lines = {
        relative(path, root): {
            str(line): [len(failed.intersection(names)), len(set(names) - failed - {""})]
            for line, names in sorted(data.contexts_by_lineno(path).items())
        }
        for path in sorted(data.measured_files())
    }
    files = {
        relative(path, root): {"linhas": part["missing_lines"], "ramos": part.get("missing_branches", [])}
        for path, part in sorted(report["files"].items())
    }
    return {"totais": report["totals"], "faltam": files, "linhas": lines}


def relative(path: str, root: Path) -> str:
    """A path as the factory names it."""
    return Path(os.path.relpath(path, root)).as_posix()


def fork(root: Path, plan: dict[str, Any], variant: dict[str, Any], key: bytearray) -> tuple[int, int]:
    """Start the suite on one variant; gives the child's pid and the end of its pipe."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    code = 1
    try:
        for index in range(len(key)):
            key[index] = 0
        os.close(ours)
        os.setpgid(0, 0)
        code = child(theirs, root, plan, variant["testes"], measure=variant["medir"])
    except BaseException:  # noqa: BLE001  (whatever it was, it ends here, and standard error is brought back)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def listen(pid: int, pipe: int, seconds: float | None) -> tuple[list[dict[str, Any]], str]:
    """All records of a child, and how it ended: "fim", "tempo" or "corte". Nothing of its group is left running."""
    end = None if seconds is None else time.monotonic() + seconds
    data, ending = bytearray(), "fim"
    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        if not select.select([pipe], [], [], left)[0]:
            ending = "tempo"
            break
        part = os.read(pipe, 1 << 16)
        data += part
        if not part:
            break
        if len(data) > REPORT_LIMIT:
            ending = "corte"
            break
        if data.endswith(b"\n") and b'"que": "fim"' in data.rsplit(b"\n", 2)[-2]:
            break  # whoever else holds the pipe open has nothing to say after the end
    os.close(pipe)
    for who in (-pid, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(who, signal.SIGKILL)
    os.waitpid(pid, 0)
    return list(records(bytes(data))), ending


def records(data: bytes) -> Iterator[dict[str, Any]]:
    """The lines that are records; anything else was not written by the plugin."""
    for line in data.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        yield record if isinstance(record, dict) and "que" in record else {"que": "estranho"}


def lay_out(base: Path, index: int, variant: dict[str, Any]) -> Path:
    """A folder with the variant's code; the first folder itself when the variant changes nothing."""
    if not variant["arquivos"]:
        return base
    root = base / FOLDER / f"v{index}"
    shutil.copytree(base, root, ignore=shutil.ignore_patterns(FOLDER))
    (root / FOLDER).mkdir()
    shutil.copy(base / FOLDER / "pytest.ini", root / FOLDER)
    for path, text in variant["arquivos"].items():
        (root / path).write_text(text, encoding="utf-8")
    return root


def secret(place: Path) -> bytearray:
    """The key of the seal; its file is gone before any foreign code runs, and our memory is closed to our children."""
    key = bytearray(place.read_bytes())
    place.unlink()
    with contextlib.suppress(OSError, AttributeError):  # no such call outside Linux; the seal is then a weaker one
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return key


def prepare() -> None:
    """Import what every child needs, once, and settle what would make two runs differ."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.dont_write_bytecode = True
    import coverage  # noqa: F401
    import hypothesis
    import pytest  # noqa: F401

    same = hypothesis.settings(derandomize=True, database=None, deadline=None)
    hypothesis.settings.register_profile("suite", same)
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)  # of a variant only the verdict counts
    hypothesis.settings.register_profile("variante", same, phases=phases)


def main() -> int:
    """Run every variant of the plan and seal the report."""
    base = Path.cwd()
    folder = base / FOLDER
    key = secret(folder / "chave")
    plan = json.loads((folder / "plano.json").read_text(encoding="utf-8"))
    prepare()
    answers = []
    start = time.monotonic()
    for index, variant in enumerate(plan["variantes"]):
        if index and time.monotonic() - start > plan["prazo_s"]:
            break
        root = lay_out(base, index, variant)
        sys.stdout.flush()
        pid, pipe = fork(root, plan, variant, key)
        found, ending = listen(pid, pipe, variant["limite_s"])
        answers.append({"registros": found, "fim": ending})
        if root != base:
            shutil.rmtree(root)
    body = json.dumps(answers)
    seal = hmac.new(bytes(key), body.encode(), "sha256").hexdigest()
    (folder / "relatorio.json").write_text(json.dumps({"corpo": body, "selo": seal}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
