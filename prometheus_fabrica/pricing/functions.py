"""The functions that functional size counts: data functions and transactions, as IFPUG tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tipo(StrEnum):
    """IFPUG's five kinds, by their names in Portuguese."""

    ALI = "ALI"  # arquivo lógico interno: data that the program keeps (ILF)
    AIE = "AIE"  # arquivo de interface externa: data that another system keeps (EIF)
    EE = "EE"  # entrada externa: changes data (EI)
    SE = "SE"  # saída externa: computes something (EO)
    CE = "CE"  # consulta externa: only reads (EQ)


@dataclass(frozen=True, slots=True)
class Funcao:
    """One counted element.

    `campos`: data element types (DET); `arquivos`: record types or files referenced (RET, FTR).
    """

    tipo: Tipo
    vertente: str
    origem: str  # what it is in the spec: 'classe', 'método', ...
    nome: str
    campos: int
    arquivos: int
