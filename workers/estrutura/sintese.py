"""placeholder"""

from __future__ import annotations

from workers.estrutura.comandos import Comando
from workers.estrutura.modelo import Classe, Metodo, Modelo


class SemPrograma(Exception):
    """Why."""


def corpo_dos_exemplos(metodo: Metodo, classe: Classe, modelo: Modelo) -> tuple[Comando, ...]:
    raise SemPrograma("there are none")
