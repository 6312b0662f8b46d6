"""The plainest sandbox, a folder and a process: for tests of what stands above the sandboxes, on any Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workers.ports import Execucao, Stop, Tarefa, Termino


@dataclass
class FolderSandbox:
    """Protects nothing. `meddle` gets the folder before the files are collected: it plays a hostile program."""

    python: str = sys.executable
    meddle: Callable[[Path], None] = lambda _: None
    nome: str = "folder"
    runs: list[Tarefa] = field(default_factory=list)

    def executar(self, tarefa: Tarefa, stop: Stop) -> Execucao:
        """Run the task to its end."""
        self.runs.append(tarefa)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for path, data in tarefa.arquivos.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            command = [self.python if word == "python3" else word for word in tarefa.comando]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
            self.meddle(folder)
            files = {path: (folder / path).read_bytes() for path in tarefa.coletar if (folder / path).is_file()}
        return Execucao(
            termino=Termino.PARADO if stop.is_set() else Termino.NORMAL,
            codigo=done.returncode,
            saida=done.stdout,
            erro=done.stderr,
            saida_bytes=len(done.stdout) + len(done.stderr),
            duracao_s=0.0,
            cpu_s=0.0,
            memoria_pico_bytes=0,
            arquivos=files,
            descartados=(),
            sandbox=self.nome,
        )
