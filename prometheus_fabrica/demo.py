"""`fabrica demo`: the whole cycle on the example specs, with a daemon and a server of its own.

The demo plays the neighbours (MS_Produto, GENESIS) with the public commands that an operator has, each a process of its
own, and shows from the store what becomes of every item. Its folder starts afresh at each run and is left to look at.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from contratos.estados import Status
from prometheus_fabrica import opening
from prometheus_fabrica.backlog import embedded
from prometheus_fabrica.backlog.store import Backlog, Doc, item_id
from prometheus_fabrica.cli.output import STYLES
from prometheus_fabrica.config import Config
from prometheus_fabrica.errors import Refused

PATIENCE_S = 300.0  # for one step; then something is wrong, and the daemon's log says what
LOOK_S = 0.1
DRAIN_S = 30.0

CONTAS = "contas-pagamento"
TRANSCRICAO = "transcricao-chamadas"
BUG = """\
Uma TED de exatamente R$ 100,00 do perfil básico cobrou tarifa; até esse valor ela é isenta.
```yaml
classe: Tarifador
metodo: tarifa
args: {canal: TED, perfil: BASICO, valor: "100.00"}
da: "0.00"
```
"""


def run(config: Config, pasta: Path) -> None:
    """Play the demo in `pasta`. Raises Refused when a step does not come about; leaves nothing running either way."""
    with _world(config, pasta) as world:
        world.say("two specs are priced: one has everything it needs, the other lacks an API and a GPU")
        world.fabrica("enviar", "orcar_spec", "-c", f"spec_ref={CONTAS}", "--id", "demo-contas")
        world.fabrica("enviar", "orcar_spec", "-c", f"spec_ref={TRANSCRICAO}", "--id", "demo-transcricao")
        budget = world.await_item("aprovar_orcamento", Status.PENDENTE, spec_ref=CONTAS)
        blocked = world.await_item("aprovar_orcamento", Status.BLOQUEADO, spec_ref=TRANSCRICAO)
        _close_gaps(world, blocked)
        world.say("MS_Produto approves both budgets: the workers generate code and tests, and run them in the sandbox")
        for orcamento in (budget, blocked):
            world.fabrica("aprovar", item_id(orcamento))
        _release(world, spec_ref=CONTAS)
        _release(world, spec_ref=TRANSCRICAO)
        world.say("a customer reports a bug: it is reproduced, corrected, and released as a hotfix")
        feature = world.await_item("aprovar_release", Status.CONCLUIDO, spec_ref=CONTAS)["release_ref"]
        bug = json.dumps({"feature_ref": feature, "erro": BUG})
        world.fabrica("enviar", "corrigir_bug", "--contexto", bug, "--id", "demo-bug")
        _release(world, pai="demo-bug")
        world.finish()


def _close_gaps(world: World, blocked: Doc) -> None:
    first, second = blocked["depende_de"]
    world.say("GENESIS closes the two gaps; the budget is unblocked by the second, not by the first")
    world.fabrica("capacidades", "adicionar", "api", "whisper")
    world.fabrica("concluir", first, "--resultado", '{"resolvido": true}')
    world.await_item("aprovar_orcamento", Status.BLOQUEADO, spec_ref=TRANSCRICAO)
    world.fabrica("capacidades", "adicionar", "hardware", "gpu")
    world.fabrica("concluir", second, "--resultado", '{"resolvido": true}')
    world.await_item("aprovar_orcamento", Status.PENDENTE, spec_ref=TRANSCRICAO)


def _release(world: World, **which: str) -> None:
    """Approve the release that comes, then what its deployment asks."""
    release = world.await_item("aprovar_release", Status.PENDENTE, **which)
    world.say(f"MS_Produto approves release {release['release_ref']}: it is deployed")
    world.fabrica("aprovar", item_id(release))
    deployed = world.await_item("validar_implantacao", Status.PENDENTE, release_ref=release["release_ref"])
    world.fabrica("aprovar", item_id(deployed))


@dataclass
class World:
    """The demo's folder, its daemon, and what is shown of it."""

    backlog: Backlog
    environment: Mapping[str, str]
    pasta: Path
    daemon: subprocess.Popen[bytes]
    live: Live
    said: list[str]

    def say(self, text: str) -> None:
        """One more line of the story."""
        self.said.append(text)
        self._show()

    def fabrica(self, *arguments: str) -> Any:
        """A public command, as an operator gives it; its data. Refused with what the command said."""
        command = [sys.executable, "-m", "prometheus_fabrica.cli.app", *arguments, "--json"]
        done = subprocess.run(
            command, env=dict(self.environment), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise Refused(f"'fabrica {' '.join(arguments)}' failed: {done.stderr.strip()}")
        self._show()
        return json.loads(done.stdout)

    def await_item(self, tipo: str, status: Status, **fields: str) -> Doc:
        """The item of this type, status and content, as soon as it is there. Refused when it cannot come any more."""
        pause, waited = threading.Event(), 0.0
        while waited < PATIENCE_S:
            found = self.backlog.items.find_one({"tipo": tipo, "status": status, **fields}, sort=[("criado_em", -1)])
            if found is not None:
                return found
            failed = self.backlog.items.find_one({"status": Status.FALHOU})
            if failed is not None:
                reason = failed["erros"][-1]["mensagem"]
                raise Refused(f"{item_id(failed)} ({failed['tipo']}) is Falhou: {reason}\nthe log: {self.log}")
            if self.daemon.poll() is not None:
                raise Refused(f"the daemon ended with exit code {self.daemon.returncode}; its log: {self.log}")
            self._show()
            pause.wait(LOOK_S)
            waited += LOOK_S
        raise Refused(f"no {tipo} became {status} within {PATIENCE_S:.0f} s; the daemon's log: {self.log}")

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.pasta / "daemon.log"

    def finish(self) -> None:
        """The end: every item, where things lie, what to try next."""
        self._show()
        self.live.stop()
        say = partial(self.live.console.print, soft_wrap=True)  # a command that is broken into two lines is none
        versions = sorted(self.pasta.glob("implantacoes/*/*/atual"))
        say("\n[bold]Generated, tested, deployed:[/]")
        for version in versions:
            say(f"  {escape(str(version))}")
        say("\n[bold]The data are still there. Try:[/]")
        home = f"FABRICA_DADOS={self.pasta} FABRICA_SPECS={self.pasta / 'specs'}"
        orcamento = self.backlog.items.find_one({"tipo": "aprovar_orcamento"}) or {"_id": ""}
        if shutil.which("fabrica") is None:  # run by make: the environment is not active
            say(f"  export PATH={escape(str(Path(sys.executable).parent))}:$PATH")
        say(f"  export {escape(home)}")
        for command in (
            "fabrica listar",
            f"fabrica ver {item_id(orcamento)}",
            f"fabrica explicar {orcamento.get('spec_recursos', {}).get('id', '')}",
            "fabrica eventos --tipo desbloqueio",
            "fabrica metricas",
            "fabrica verificar",
            *(f"python3 {version / 'run.py'}" for version in versions[:1]),
        ):
            say(f"  {escape(command)}")

    def _show(self) -> None:
        self.live.update(Group(*(Text(f"• {line}") for line in self.said), Text(""), self._table()), refresh=True)

    def _table(self) -> Table:
        table = Table("item", "tipo", "status", "spec, release", box=None, pad_edge=False, header_style="bold")
        for doc in self.backlog.items.find({}, {"saida": 0, "resultado": 0}).sort([("criado_em", 1), ("_id", 1)]):
            contexto = doc.get("contexto") or {}
            about = (
                doc.get("spec_ref") or contexto.get("spec_ref") or doc.get("release_ref") or contexto.get("release_ref")
            )
            status = str(doc.get("status") or "")
            style = STYLES.get(status, "")
            table.add_row(
                item_id(doc), doc["tipo"], Text(status, style=style), str(about or contexto.get("sintoma") or "")
            )
        return table


@contextmanager
def _world(config: Config, pasta: Path) -> Iterator[World]:
    """A fresh folder, a repository of the example specs, a server and a daemon; nothing runs any more afterwards."""
    pasta = pasta.resolve()
    embedded.stop(pasta)
    shutil.rmtree(pasta, ignore_errors=True)
    _repository(pasta / "specs")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FABRICA_MONGO_URI")}
    environment |= {"FABRICA_DADOS": str(pasta), "FABRICA_SPECS": str(pasta / "specs"), "FABRICA_LOG_FORMATO": "json"}
    settings = config.model_copy(update={"dados": pasta, "mongo_uri": None, "mongo_uri_file": None})
    console = Console(highlight=False)
    console.print(f"[bold]PROMETHEUS Fábrica[/]: everything of this demo lies in {escape(str(pasta))}\n")
    try:
        store = opening.backlog(settings)
        with (pasta / "daemon.log").open("wb") as log:
            command = [sys.executable, "-m", "prometheus_fabrica.cli.app", "daemon"]
            daemon = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
                yield World(store, environment, pasta, daemon, live, [])
        finally:
            _end(daemon)
            store.db.client.close()
    finally:
        embedded.stop(pasta)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    """Drain the daemon; a second signal gives back what it still works on."""
    for patience in (DRAIN_S, DRAIN_S):
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(patience)
            except subprocess.TimeoutExpired:
                continue
    if daemon.poll() is None:
        daemon.kill()
        daemon.wait()


def _repository(folder: Path) -> None:
    """A Git repository of the example specs, as a team would have one."""
    folder.mkdir(parents=True)
    for name, text in _examples().items():
        (folder / name).write_text(text, encoding="utf-8")
    author = ["-c", "user.name=demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "Specs of the demo"]):
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(f"git {arguments[0]}: {done.stderr.strip()}")


def _examples() -> dict[str, str]:
    """The example specs: beside the package in a checkout, inside it when installed."""
    checkout = Path(__file__).parent.parent / "examples"
    place = checkout if checkout.is_dir() else resources.files("prometheus_fabrica") / "examples"
    return {entry.name: entry.read_text("utf-8") for entry in place.iterdir() if entry.name.endswith(".yaml")}
