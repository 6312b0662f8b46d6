"""Docstrings of the generated code, in the spec's words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from workers.estrutura.modelo import Atributo, CampoBase, Classe, Condicao, Metodo, Parametro, Relacao
from workers.estrutura.valores import Restricoes
from workers.expressao.impressor import literal
from workers.rendering import Fonte, docstring

WIDTH = 88  # characters of a docstring's line, its indent not counted


def da_classe(classe: Classe) -> Fonte:
    """What the class is, its attributes, and what always holds."""
    fields = [(a.py, _field(a)) for a in classe.atributos if a.descricao or a.restricoes or a.obsoleto]
    links = [(r.py, _link(r)) for r in classe.relacoes]
    return _docstring(
        _summary(classe.descricao, f"{classe.nome}."),
        [_requirements(classe.requisito), _deprecated(classe.obsoleto)],
        [("Atributos", [*fields, *links]), ("Invariantes", _conditions(classe.invariantes))],
    )


def do_metodo(metodo: Metodo) -> Fonte:
    """What the method does, what it needs, promises and raises."""
    parameters = [(p.py, _value(p)) for p in metodo.parametros if p.descricao or p.restricoes]
    groups = [_conditions(group) for group in metodo.pre]
    before = [line for group in groups for line in group]
    errors = [(e.lanca, f"{e.texto} ({e.id})") for e in metodo.erros]
    states = sorted(metodo.transicoes)
    return _docstring(
        _summary(metodo.descricao, f"{metodo.nome.replace('_', ' ').capitalize()}."),
        [
            f"Devolve: {metodo.retorna.descricao}" if metodo.retorna and metodo.retorna.descricao else "",
            _requirements(metodo.requisito),
            f"Permitido em: {', '.join(states)}." if states else "",
            "Chamar duas vezes é o mesmo que chamar uma." if metodo.idempotente else "",
            _deprecated(metodo.obsoleto),
        ],
        [
            ("Parâmetros", parameters),
            ("Pré-condições (basta um grupo)" if len(groups) > 1 else "Pré-condições", before),
            ("Pós-condições", _conditions(metodo.pos)),
            ("Levanta", errors),
        ],
    )


def do_campo(campo: Atributo | Relacao | CampoBase, falta: str = "") -> Fonte:
    """What an attribute is."""
    return _docstring(_summary(campo.descricao, falta or f"{campo.nome.replace('_', ' ').capitalize()}."), [], [])


def simples(texto: str, falta: str, requisito: Sequence[str] = ()) -> Fonte:
    """A description and the requirements that it comes from."""
    return _docstring(_summary(texto, falta), [_requirements(requisito)], [])


def limites(restricoes: Restricoes) -> str:
    """Limits in words: 'mínimo 0, casas 2'."""
    words = {
        "min": "mínimo {}",
        "max": "máximo {}",
        "min_excl": "maior que {}",
        "max_excl": "menor que {}",
        "multiplo_de": "múltiplo de {}",
        "casas": "até {} casas",
        "tamanho_min": "tamanho mínimo {}",
        "tamanho_max": "tamanho máximo {}",
    }
    found = [
        text.format(getattr(restricoes, name)) for name, text in words.items() if getattr(restricoes, name) is not None
    ]
    found += [f"segue {pattern}" for pattern in restricoes.regex]
    if restricoes.valores is not None:
        found.append(f"um de {', '.join(_plain(value) for value in restricoes.valores)}")
    if restricoes.itens_unicos:
        found.append("sem repetição")
    return ", ".join([*found, *([restricoes.unidade] if restricoes.unidade else [])])


def _plain(value: object) -> str:
    return getattr(value, "nome", "") or literal(value)


def _summary(text: str, fallback: str) -> str:
    """The first words of a docstring begin with a capital."""
    words = " ".join(text.split()) or fallback
    return words[0].upper() + words[1:]


def _requirements(ids: Sequence[str]) -> str:
    return f"Requisito: {', '.join(ids)}." if ids else ""


def _deprecated(why: str) -> str:
    return f"Obsoleto: {why}" if why else ""


def _field(attribute: Atributo) -> str:
    return _joined([attribute.descricao, limites(attribute.restricoes), _deprecated(attribute.obsoleto)])


def _value(parameter: Parametro) -> str:
    return _joined([parameter.descricao, limites(parameter.restricoes)])


def _link(relation: Relacao) -> str:
    most = "muitos" if relation.maximo is None else str(relation.maximo)
    number = f"{relation.minimo}" if str(relation.minimo) == most else f"{relation.minimo} a {most}"
    return _joined([relation.descricao, f"{number} de {relation.classe}"])


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(part.rstrip(".") for part in parts if part) + "."


def _conditions(conditions: Sequence[Condicao]) -> list[tuple[str, str]]:
    return [(c.id, f"{c.mensagem.rstrip('.')}: {c.texto}" if c.mensagem else c.texto) for c in conditions]


def _docstring(
    summary: str, sentences: Sequence[str], sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]
) -> Fonte:
    blocks = [_wrapped(summary, "", "")]
    blocks += [_wrapped(sentence, "", "") for sentence in sentences if sentence]
    for title, entries in sections:
        if entries:
            blocks.append(
                "\n".join([f"{title}:", *(_wrapped(f"{name}: {text}", "    ", "        ") for name, text in entries)])
            )
    return docstring("\n\n".join(blocks))


def _wrapped(text: str, first: str, rest: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, initial_indent=first, subsequent_indent=rest)
