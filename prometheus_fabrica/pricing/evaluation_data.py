"""Published effort data: a folder of CSV files and `sets.yaml`, which says what each column means to an evaluation."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from contratos.base import Contrato
from contratos.problems import Malformed, Problema, problems

type Vetor = NDArray[np.float64]

SETS: Final = "sets.yaml"
NOTAS: Final = {"vl": 0.0, "l": 1.0, "n": 2.0, "h": 3.0, "vh": 4.0, "xh": 5.0}  # ratings are ordered
# Columns that are known only after the work, or were computed from its effort, by the names that data sets give them.
VAZAMENTO: Final = re.compile(
    r"duration|elapsed|length_months|effort|actual|estimate|productivity|^prod$|ln_?eff|defects|completed|finished"
    r"|year_end|donor|cost",
    re.IGNORECASE,
)
DETERMINA: Final = 0.9999  # a column whose logarithm correlates like this with that of the effort was computed from it
MINIMO: Final = 10  # rows: without one of them 9 are left, as many as the jackknife needs for a P90


class Conjunto(Contrato):
    """One entry of `sets.yaml`."""

    name: str = Field(description="Name of the set.")
    file: str = Field(description="CSV file beside sets.yaml.")
    effort: str = Field(description="Column of the actual effort: the target.")
    unit: str = Field(default="unknown", description="Its unit.")
    hours: float | None = Field(default=None, gt=0, description="Person-hours that one unit is, where known.")
    size: str | None = Field(default=None, description="Size column; null: none.")
    numeric: list[str] = Field(default_factory=list, description="Numeric columns known before the work starts.")
    categories: list[str] = Field(default_factory=list, description="Categories known before the work starts.")
    estimate: str | None = Field(default=None, description="The people's own estimate: a rival, never a predictor.")
    keep: dict[str, str] = Field(default_factory=dict, description="Only rows with this value in this column.")
    complete: bool = Field(default=False, description="Drop rows with a missing value.")


@dataclass(frozen=True, slots=True)
class Dados:
    """A set, read. `numeros`: one column each, NaN where missing; the size comes first where there is one."""

    conjunto: Conjunto
    esforco: Vetor
    numeros: Vetor
    categorias: tuple[tuple[str, ...], ...]
    estimativa: Vetor | None
    linhas: tuple[dict[str, str], ...]

    def __len__(self) -> int:
        return len(self.esforco)


def conjuntos(pasta: Path) -> list[Conjunto]:
    """The entries of `sets.yaml`; Malformed with every wrong one."""
    arquivo = pasta / SETS
    try:
        texto = arquivo.read_text(encoding="utf-8")
    except OSError as error:
        raise Malformed([Problema(SETS, f"cannot be read: {error.strerror}", str(pasta))]) from error
    try:
        return TypeAdapter(list[Conjunto]).validate_python(yaml.safe_load(texto))
    except ValidationError as error:
        raise Malformed([Problema(p.campo, p.mensagem, str(arquivo)) for p in problems(error)]) from error
    except yaml.YAMLError as error:
        raise Malformed([Problema("(document)", str(error), str(arquivo))]) from error


def ler(pasta: Path, conjunto: Conjunto) -> Dados:
    """The set's rows with a positive effort. Malformed: missing columns, leaked predictors, text for numbers."""
    arquivo = pasta / conjunto.file
    try:
        with arquivo.open(encoding="utf-8", newline="") as aberto:
            leitor = csv.DictReader(aberto)
            linhas, colunas = list(leitor), list(leitor.fieldnames or ())
    except OSError as error:
        raise Malformed([Problema(conjunto.file, f"cannot be read: {error.strerror}", str(pasta))]) from error
    _conferir(conjunto, colunas, arquivo)
    linhas = _escolhidas(conjunto, linhas)
    nomes = _numericas(conjunto)
    esforco = _coluna(linhas, conjunto.effort, arquivo)
    numeros = np.array([_coluna(linhas, nome, arquivo) for nome in nomes]).reshape(len(nomes), len(linhas)).T
    _recusar_calculadas(nomes, numeros, esforco, arquivo)
    return Dados(
        conjunto,
        esforco,
        numeros,
        tuple(tuple(linha[nome] for nome in conjunto.categories) for linha in linhas),
        _coluna(linhas, conjunto.estimate, arquivo) if conjunto.estimate else None,
        tuple(linhas),
    )


def _numericas(conjunto: Conjunto) -> list[str]:
    return [*([conjunto.size] if conjunto.size else []), *conjunto.numeric]


def _conferir(conjunto: Conjunto, colunas: Sequence[str], arquivo: Path) -> None:
    """Every named column is there, and no predictor is a leak by its name."""
    previsores = [*_numericas(conjunto), *conjunto.categories]
    todas = [conjunto.effort, *previsores, *([conjunto.estimate] if conjunto.estimate else []), *conjunto.keep]
    faltas = [
        Problema(f"{conjunto.name}.{nome}", "no such column", str(arquivo)) for nome in todas if nome not in colunas
    ]
    vazadas = [
        Problema(
            f"{conjunto.name}.{nome}",
            "known only after the work, or computed from its effort: it cannot be a predictor",
            str(arquivo),
        )
        for nome in previsores
        if VAZAMENTO.search(nome) or nome == conjunto.estimate
    ]
    if faltas or vazadas:
        raise Malformed([*faltas, *vazadas])


def _escolhidas(conjunto: Conjunto, linhas: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Rows that the entry keeps: with effort and size, and complete where it asks for that."""
    precisas = [conjunto.effort, *([conjunto.size] if conjunto.size else [])]
    if conjunto.complete:
        precisas += [*conjunto.numeric, *conjunto.categories]
    escolhidas = [
        linha
        for linha in linhas
        if all(linha[coluna] == valor for coluna, valor in conjunto.keep.items())
        and all(linha[coluna] for coluna in precisas)
        and float(linha[conjunto.effort]) > 0
    ]
    if len(escolhidas) < MINIMO:
        raise Malformed.one(conjunto.name, f"expected at least {MINIMO} rows; found {len(escolhidas)}")
    return escolhidas


def _coluna(linhas: Sequence[dict[str, str]], nome: str, arquivo: Path) -> Vetor:
    valores: list[float] = []
    for lugar, linha in enumerate(linhas):
        try:
            valores.append(float(linha[nome]) if linha[nome] else float("nan"))
        except ValueError as error:
            raise Malformed(
                [Problema(nome, f"row {lugar + 1}: expected a number; found {linha[nome]!r}", str(arquivo))]
            ) from error
    return np.array(valores)


def _recusar_calculadas(nomes: Sequence[str], numeros: Vetor, esforco: Vetor, arquivo: Path) -> None:
    """A column that is the effort in other clothes is a leak, whatever its name."""
    for lugar, nome in enumerate(nomes):
        coluna: Any = numeros[:, lugar]
        inteiras = ~np.isnan(coluna)
        valores, alvo = coluna[inteiras], np.log(esforco[inteiras])
        if len(valores) < MINIMO or valores.min() <= 0 or valores.std() == 0 or alvo.std() == 0:
            continue
        if abs(float(np.corrcoef(np.log(valores), alvo)[0, 1])) > DETERMINA:
            raise Malformed([Problema(nome, "follows from the effort: it cannot be a predictor", str(arquivo))])
