"""A budget made ready for people: formulas with the numbers put in, levers, chances, differences. Pure; no layout."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contratos.recursos import Figura, Fonte, SpecRecursos, Valor
from prometheus_fabrica.pricing.figures import Z90
from prometheus_fabrica.pricing.formulas import calcular, segue_formula

MAIS: Final = 1.25  # levers are told for a quarter more of each input
SENSIVEL: Final = 0.005  # a relative change below this is none
PARTES_HORAS: Final = ("esforco.horas_dev", "esforco.horas_teste", "esforco.horas_deploy")
TOTAL: Final = "esforco.total"

GRUPOS: Final[Mapping[str, str]] = {
    "esforco": "Effort",
    "runtime": "Runtime",
    "teste": "Test",
    "carga": "Load",
    "tamanho": "Size",
}
FONTES: Final[Mapping[Fonte, str]] = {
    Fonte.DECLARADO: "declared in the spec",
    Fonte.ESTIMADO: "estimated by formula",
    Fonte.CALIBRADO: "calibrated to what this factory really took",
}
# What no figure here holds; said with every budget, so that nobody takes silence for zero.
NAO_INCLUIDO: Final = (
    "time of people: writing the spec, interviews about gaps, approvals, acceptance",
    "money: prices of hours, cloud, licences, API calls",
    "data migration, training, operation after the deployment",
)


# Inputs that whoever writes the spec decides; all others are assumptions, to be replaced by measurements.
DA_SPEC: Final = frozenset(
    {
        *(
            "tps",
            "latencia_s",
            "pontos",
            "classes",
            "combinacoes",
            "regras",
            "casos",
            "linhas",
            "caracteres",
            "chamadas",
        ),
        *(
            "containers_",
            "apis",
            "gpus",
            "replicas_",
            "replicas",
            "ao_lado",
            "horas_dev",
            "horas_teste",
            "horas_deploy",
        ),
    }
)
FIXAS: Final = frozenset({"pontos_referencia"})  # where the curve is read off: nothing that could be otherwise


@dataclass(frozen=True, slots=True)
class Alavanca:
    """What a quarter more of one input does to a figure: its new value over the old one."""

    entrada: str
    efeito: float

    @property
    def da_spec(self) -> bool:
        """Whether the spec decides it; else it is an assumption of the model."""
        return self.entrada in DA_SPEC

    def __str__(self) -> str:
        return f"25 % more {self.entrada}: {(self.efeito - 1) * 100:+.0f} %"


@dataclass(frozen=True, slots=True)
class Mudanca:
    """A figure that differs between two budgets."""

    nome: str
    antes: Figura | None
    depois: Figura | None


def alavancas(figura: Figura) -> list[Alavanca]:
    """The inputs that change the figure, strongest first. Empty for what was declared or counted."""
    if not segue_formula(figura):
        return []
    return _ordenadas(_alavanca(figura, entrada) for entrada in figura.entradas if entrada not in FIXAS)


def alavancas_do_total(recursos: SpecRecursos) -> list[Alavanca]:
    """The same for all hours together: an input that several parts share is moved in all of them."""
    partes = [recursos.figura(nome) for nome in PARTES_HORAS]
    antes = math.fsum(float(parte.p50) for parte in partes)
    entradas = dict.fromkeys(entrada for parte in partes for entrada in parte.entradas if entrada not in FIXAS)
    if antes <= 0:
        return []
    return _ordenadas(
        Alavanca(entrada, math.fsum(_movida(parte, entrada) for parte in partes) / antes) for entrada in entradas
    )


def conta(figura: Figura) -> str:
    """The formula with the numbers put in; the formula itself where it has none."""
    if figura.fonte is Fonte.DECLARADO:
        return figura.formula
    numeros = {nome: numero(valor) for nome, valor in figura.entradas.items() if _e_numero(valor)}
    posto = re.sub(r"[A-Za-z_][A-Za-z0-9_]*", lambda palavra: numeros.get(palavra[0], palavra[0]), figura.formula)
    return figura.formula if posto == figura.formula else f"{figura.formula} = {posto}"


def chance(figura: Figura, limite: float) -> float:
    """Probability of needing at most `limite`, 0..1, read off a lognormal through P50 and P90."""
    if limite <= 0 or figura.p50 <= 0:
        return 1.0 if figura.p50 <= limite else 0.0
    if figura.p90 <= figura.p50:
        return 1.0 if figura.p50 <= limite else 0.0
    z = math.log(limite / figura.p50) / math.log(figura.p90 / figura.p50) * Z90
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def diferencas(antes: SpecRecursos, depois: SpecRecursos) -> list[Mudanca]:
    """The figures whose value or P90 differ, in the order of the later budget."""
    velhas = {figura.nome: figura for figura in antes.figuras}
    novas = {figura.nome: figura for figura in depois.figuras}
    pares = [(nome, velhas.get(nome), novas.get(nome)) for nome in dict.fromkeys([*novas, *velhas])]
    return [
        Mudanca(nome, velha, nova)
        for nome, velha, nova in pares
        if velha is None or nova is None or (velha.valor, velha.p90) != (nova.valor, nova.p90)
    ]


def por_grupo(figuras: Sequence[Figura]) -> list[tuple[str, list[Figura]]]:
    """(heading, figures) in the order in which a reader wants them."""
    return [
        (titulo, membros)
        for grupo, titulo in GRUPOS.items()
        if (membros := [figura for figura in figuras if figura.nome.partition(".")[0] == grupo])
    ]


def valor(figura: Figura) -> str:
    """The plain value with its unit."""
    if isinstance(figura.valor, bool):
        return "sim" if figura.valor else "não"
    if isinstance(figura.valor, tuple):
        return ", ".join(figura.valor) or "nenhuma"
    if isinstance(figura.valor, str):
        return figura.valor
    return f"{numero(figura.valor)} {figura.unidade}"


def faixa(figura: Figura) -> str:
    """'P10 to P90' or nothing, when there is no doubt."""
    return "" if figura.p10 == figura.p90 else f"{numero(figura.p10)} to {numero(figura.p90)}"


def numero(quanto: Valor) -> str:
    """Three significant digits, or all digits of a whole number."""
    if isinstance(quanto, bool) or not isinstance(quanto, int | float):
        return str(quanto)
    if float(quanto).is_integer() and abs(quanto) < 1e15:  # noqa: PLR2004 (beyond, a float has no unit digit)
        return f"{int(quanto):,}".replace(",", " ")
    if abs(quanto) >= 1000:  # noqa: PLR2004
        return f"{quanto:,.0f}".replace(",", " ")
    return f"{quanto:.3g}" if abs(quanto) >= 1e-4 else f"{quanto:.2e}"  # noqa: PLR2004


def procedencia(recursos: SpecRecursos) -> str:
    """What priced it, in one sentence."""
    de = recursos.procedencia
    onde = f" at commit {de.spec_commit[:12]}" if de.spec_commit else ""
    como = (
        f"calibration {de.calibracao} ({de.observacoes} own developments)" if de.calibracao else "published sets only"
    )
    return f"spec version {de.spec_versao}{onde}; parameters {de.parametros_versao}, {como}"


def _alavanca(figura: Figura, entrada: str) -> Alavanca:
    antes = float(calcular(figura.nome, figura.entradas))
    return Alavanca(entrada, _movida(figura, entrada) / antes if antes else 1.0)


def _movida(figura: Figura, entrada: str) -> float:
    """The figure with a quarter more of one input; unchanged where it does not have that input."""
    valor_ = figura.entradas.get(entrada)
    if not _e_numero(valor_) or not segue_formula(figura):
        return float(figura.p50)
    assert isinstance(valor_, int | float)
    movidas = {**figura.entradas, entrada: valor_ * MAIS}
    if entrada == "quantil":  # a probability stays one
        movidas[entrada] = 1.0 - (1.0 - float(valor_)) / MAIS
    return float(calcular(figura.nome, movidas))


def _ordenadas(todas: Iterable[Alavanca]) -> list[Alavanca]:
    fortes = [alavanca for alavanca in todas if abs(alavanca.efeito - 1.0) > SENSIVEL]
    return sorted(fortes, key=lambda alavanca: (-abs(math.log(max(alavanca.efeito, 1e-9))), alavanca.entrada))


def _e_numero(valor_: Valor | None) -> bool:
    return isinstance(valor_, int | float) and not isinstance(valor_, bool)
