"""`fabrica explicar` and `precificar`: a budget as a person presents it: for the terminal, as Markdown, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contratos.gap import Gap
from contratos.recursos import Contado, Figura, SpecRecursos
from prometheus_fabrica.pricing.explain_html import html
from prometheus_fabrica.pricing.explanation import (
    FONTES,
    NAO_INCLUIDO,
    TOTAL,
    alavancas,
    alavancas_do_total,
    conta,
    diferencas,
    faixa,
    numero,
    por_grupo,
    procedencia,
    valor,
)

__all__ = ["comparacao", "html", "imprimir", "markdown"]

MAIORES = 3  # levers that are named


def imprimir(console: Console, recursos: SpecRecursos, gaps: Sequence[Gap] = ()) -> None:
    """Print the budget: first what blocks or limits it, then hours, what would change them, and every figure."""
    console.print(f"[bold]Budget {escape(recursos.id)}[/] of spec [bold]{escape(recursos.spec_ref)}[/]")
    console.print(f"[dim]{escape(procedencia(recursos))}[/]\n")
    for gap in gaps:
        outras = f" [dim](instead: {escape('; '.join(gap.alternativas))})[/]" if gap.alternativas else ""
        console.print(f"[red]gap[/] {escape(gap.descricao)}: {escape(gap.criterio)}{outras}")
    if not gaps and recursos.dependencias.gaps_infra:
        console.print(f"[red]gaps[/] {escape(', '.join(recursos.dependencias.gaps_infra))}")
    for aviso in recursos.avisos:
        console.print(f"[yellow]note[/] {escape(aviso)}")
    console.print(f"\n{_manchete(recursos)}")
    for grupo, figuras in por_grupo(recursos.figuras):
        console.print(_tabela(grupo, figuras))
    console.print("[bold]How each figure came about[/]")
    for figura in recursos.figuras:
        console.print(f"  {escape(figura.nome)}: [dim]{escape(conta(figura))}[/]", highlight=False)
        for linha in _alavancas(figura):
            console.print(f"    [dim]{escape(linha)}[/]", highlight=False)
    console.print("\n[bold]What was counted[/]")
    for contado in recursos.contagem:
        console.print(f"  {escape(_contado(contado))}", highlight=False)
    console.print("\n[bold]Not in these figures[/]")
    for nada in NAO_INCLUIDO:
        console.print(f"  {nada}", highlight=False)


def markdown(recursos: SpecRecursos, gaps: Sequence[Gap] = ()) -> str:
    """The same as Markdown."""
    linhas = [f"# Budget of {recursos.spec_ref}", "", f"`{recursos.id}`: {procedencia(recursos)}.", ""]
    linhas += [f"- **gap** {gap.descricao}: {gap.criterio}" for gap in gaps]
    if not gaps:
        linhas += [f"- **gap** `{ident}`" for ident in recursos.dependencias.gaps_infra]
    linhas += [f"- **note** {aviso}" for aviso in recursos.avisos]
    linhas += ["", _manchete(recursos), ""]
    for grupo, figuras in por_grupo(recursos.figuras):
        linhas += [f"## {grupo}", "", "| figure | value | P10 to P90 | source |", "| --- | --- | --- | --- |"]
        linhas += [
            f"| {figura.nome} | {_celula(valor(figura))} | {faixa(figura)} | {figura.fonte} |" for figura in figuras
        ]
        linhas.append("")
        linhas += [f"- `{figura.nome}` = {conta(figura)}{_detalhe(figura)}" for figura in figuras]
        linhas.append("")
    linhas += ["## What was counted", "", *(f"- {_contado(contado)}" for contado in recursos.contagem), ""]
    linhas += ["## Not in these figures", "", *(f"- {nada}" for nada in NAO_INCLUIDO), ""]
    return "\n".join(linhas)


def comparacao(antes: SpecRecursos, depois: SpecRecursos) -> str:
    """What changed between two budgets, as Markdown: the figures that differ, and what priced each."""
    linhas = [f"{antes.id} ({procedencia(antes)}) → {depois.id} ({procedencia(depois)})", ""]
    linhas += ["| figure | before | after | P90 before | P90 after |", "| --- | --- | --- | --- | --- |"]
    for mudanca in diferencas(antes, depois):
        velha, nova = mudanca.antes, mudanca.depois
        celulas = [_celula(valor(figura)) if figura else "" for figura in (velha, nova)]
        celulas += [numero(figura.p90) if figura else "" for figura in (velha, nova)]
        linhas.append(f"| {mudanca.nome} | {' | '.join(celulas)} |")
    return "\n".join(linhas)


def _manchete(recursos: SpecRecursos) -> str:
    """Hours, their range, and the levers, in plain sentences."""
    total = recursos.figura(TOTAL)
    frase = (
        f"{numero(recursos.esforco.total)} h of work in all ({FONTES[total.fonte]}). One case in ten takes less than "
        f"{numero(total.p10)} h, one in ten more than {numero(total.p90)} h: who wants to stay within the budget nine "
        f"times in ten approves {numero(total.p90)} h."
    )
    todas = alavancas_do_total(recursos)
    da_spec = "; ".join(str(alavanca) for alavanca in todas if alavanca.da_spec)
    hipoteses = "; ".join([str(alavanca) for alavanca in todas if not alavanca.da_spec][:MAIORES])
    if not todas:
        return frase
    return f"{frase}\nOf the spec it changes most with: {da_spec}.\nOf the assumptions: {hipoteses}."


def _tabela(titulo: str, figuras: Iterable[Figura]) -> Table:
    tabela = Table(title=titulo, title_justify="left", box=box.SIMPLE_HEAD)
    for coluna in ("figure", "value", "P10 to P90", "source"):
        tabela.add_column(coluna)
    for figura in figuras:
        tabela.add_row(figura.nome.partition(".")[2], escape(valor(figura)), faixa(figura), figura.fonte.value)
    return tabela


def _alavancas(figura: Figura) -> list[str]:
    linhas = [str(alavanca) for alavanca in alavancas(figura)[:MAIORES]]
    return [*linhas, f"source: {figura.referencia}"] if figura.referencia else linhas


def _detalhe(figura: Figura) -> str:
    linhas = _alavancas(figura)
    return f" ({'; '.join(linhas)})" if linhas else ""


def _contado(contado: Contado) -> str:
    nomes = ", ".join(contado.elementos)
    mais = contado.quantidade - len(contado.elementos)
    resto = f" and {mais} more" if mais else ""
    return f"{contado.quantidade} × {contado.origem} ({contado.tipo}), {numero(contado.pontos)} points: {nomes}{resto}"


def _celula(texto: str) -> str:
    return texto.replace("|", "\\|")
