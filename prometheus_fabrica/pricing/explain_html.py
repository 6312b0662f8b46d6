"""A budget as one HTML page: no scripts, nothing loaded from elsewhere, a picture of the ranges as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from contratos.recursos import Contado, Figura, SpecRecursos
from prometheus_fabrica.pricing.explanation import (
    FONTES,
    NAO_INCLUIDO,
    PARTES_HORAS,
    TOTAL,
    Alavanca,
    alavancas,
    alavancas_do_total,
    conta,
    faixa,
    numero,
    por_grupo,
    procedencia,
    valor,
)

MOSTRADAS: Final = 6  # levers
LARGURA, ROTULO, LINHA, MARGEM = 760, 190, 34, 28  # of the picture, in its own units

ESTILO: Final = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b7a; --line: #d8dee6; --bar: #3b7dd8; --dot: #0f3d7a;
  --warn: #8a5a00; --stop: #a3262c; --paper: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #9aa7b5; --line: #36414d; --bar: #5b9bf0;
  --dot: #cfe2ff; --warn: #f0b64d; --stop: #ff8a8f; --paper: #12181f; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2rem; }
small, .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; } td.n { white-space: nowrap; }
.gap { color: var(--stop); } .note { color: var(--warn); }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg line { stroke: var(--line); } svg rect { fill: var(--bar); }
svg circle { fill: var(--dot); } code { font-size: .85rem; overflow-wrap: anywhere; }
"""


def html(recursos: SpecRecursos) -> str:
    """The page, as text."""
    horas = [recursos.figura(nome) for nome in (*PARTES_HORAS, TOTAL)]
    corpo = [
        f"<h1>Budget of {escape(recursos.spec_ref)}</h1>",
        f"<small>{escape(recursos.id)}: {escape(procedencia(recursos))}</small>",
        _lista("gap", recursos.dependencias.gaps_infra),
        _lista("note", recursos.avisos),
        _manchete(recursos),
        figura_das_faixas(horas, "hours"),
        "<h2>What would change it most</h2>",
        _lista("lever", [_texto(alavanca) for alavanca in alavancas_do_total(recursos)[:MOSTRADAS]]),
        *(_tabela(titulo, figuras) for titulo, figuras in por_grupo(recursos.figuras)),
        "<h2>What was counted</h2>",
        _lista("count", [_contado(contado) for contado in recursos.contagem]),
        "<h2>Not in these figures</h2>",
        _lista("none", NAO_INCLUIDO),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Budget of {escape(recursos.spec_ref)}</title>\n<style>{ESTILO}</style>\n</head>\n<body>\n"
        + "\n".join(parte for parte in corpo if parte)
        + "\n</body>\n</html>\n"
    )


def figura_das_faixas(figuras: Sequence[Figura], unidade: str) -> str:
    """P10 to P90 of each figure as a bar on one logarithmic axis, P50 as a dot."""
    visiveis = [figura for figura in figuras if figura.p10 > 0]
    if not visiveis:
        return ""
    menor = math.floor(math.log10(min(figura.p10 for figura in visiveis)))
    maior = math.ceil(math.log10(max(figura.p90 for figura in visiveis)))
    maior = max(maior, menor + 1)

    def x(quanto: float) -> float:
        livre = LARGURA - ROTULO - MARGEM
        return round(ROTULO + (math.log10(quanto) - menor) / (maior - menor) * livre, 1)

    altura = LINHA * (len(visiveis) + 1) + MARGEM
    partes = [
        f'<svg viewBox="0 0 {LARGURA} {altura}" role="img" aria-label="Ranges of {escape(unidade)}, P10 to P90">',
        f"<title>Ranges of {escape(unidade)}: bar from P10 to P90, dot at P50</title>",
    ]
    for decada in range(menor, maior + 1):
        onde = x(10.0**decada)
        partes.append(f'<line x1="{onde}" y1="{MARGEM}" x2="{onde}" y2="{altura - LINHA}"/>')
        partes.append(
            f'<text class="soft" x="{onde}" y="{altura - LINHA // 3}" text-anchor="middle">{_potencia(decada)}</text>'
        )
    for lugar, figura in enumerate(visiveis):
        y = MARGEM + LINHA * lugar + LINHA // 2
        p10, p50, p90 = x(figura.p10), x(figura.p50), x(figura.p90)
        nome = escape(figura.nome.partition(".")[2])
        dica = f"<title>{nome}: {numero(figura.p10)} to {numero(figura.p90)}, median {numero(figura.p50)}</title>"
        largura = max(round(p90 - p10, 1), 1)
        partes.append(f'<text x="0" y="{y + 4}">{nome}: {numero(figura.p50)}</text>')
        partes.append(f'<rect x="{p10}" y="{y - 6}" width="{largura}" height="12" rx="6">{dica}</rect>')
        partes.append(f'<circle cx="{p50}" cy="{y}" r="5"/>')
    partes.append("</svg>")
    return "\n".join(partes)


def _manchete(recursos: SpecRecursos) -> str:
    total = recursos.figura(TOTAL)
    fonte = escape(FONTES[total.fonte])
    medio, alto = numero(recursos.esforco.total), numero(total.p90)
    return (
        f"<p><strong>{medio} h</strong> of work, {fonte}; nine cases in ten stay within <strong>{alto} h</strong>.</p>"
    )


def _texto(alavanca: Alavanca) -> str:
    return f"{alavanca} ({'the spec decides it' if alavanca.da_spec else 'an assumption'})"


def _contado(contado: Contado) -> str:
    nomes = ", ".join(contado.elementos) + (" …" if contado.quantidade > len(contado.elementos) else "")
    return f"{contado.quantidade} × {contado.origem} ({contado.tipo}), {numero(contado.pontos)} points: {nomes}"


def _tabela(titulo: str, figuras: Sequence[Figura]) -> str:
    linhas = "\n".join(map(_linha, figuras))
    cabeca = "<tr><th>figure</th><th>value</th><th>P10 to P90</th><th>source</th><th>how it came about</th></tr>"
    return f"<h2>{escape(titulo)}</h2>\n<table>\n{cabeca}\n{linhas}\n</table>"


def _linha(figura: Figura) -> str:
    colunas = (
        f"<td>{escape(figura.nome.partition('.')[2])}</td>",
        f'<td class="n"><strong>{escape(valor(figura))}</strong></td>',
        f'<td class="n">{escape(faixa(figura))}</td>',
        f"<td>{escape(figura.fonte.value)}</td>",
        f"<td><code>{escape(conta(figura))}</code>{_resto(figura)}</td>",
    )
    return f"<tr>{''.join(colunas)}</tr>"


def _resto(figura: Figura) -> str:
    maiores = alavancas(figura)[:1]
    textos = [*map(str, maiores), *([figura.referencia] if figura.referencia else [])]
    return "".join(f"<br><small>{escape(texto)}</small>" for texto in textos)


def _lista(classe: str, textos: Sequence[str]) -> str:
    itens = "".join(f'<li class="{classe}">{escape(texto)}</li>' for texto in textos)
    return f"<ul>{itens}</ul>" if itens else ""


def _potencia(decada: int) -> str:
    return numero(10**decada) if decada >= 0 else f"{10.0**decada:.{-decada}f}"
