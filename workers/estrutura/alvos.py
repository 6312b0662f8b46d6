"""The targets of schema_tdd: what they name exists, their valid classes are valid, their examples join the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contratos.problems import found
from contratos.schema_tdd import Alvo
from contratos.spec import Spec
from contratos.spec_base import unknown_name
from workers.estrutura.exemplos import ler_exemplo
from workers.estrutura.falhas import Falhas
from workers.estrutura.modelo import CampoBase, Classe, Exemplo, Metodo, Relacao
from workers.estrutura.valores import Restricoes, ValorRecusado, converter
from workers.expressao.mundo import Mundo


def ler_alvos(spec: Spec, classes: dict[str, Classe], mundo: Mundo, falhas: Falhas) -> dict[str, Classe]:
    """The classes, with the examples of their targets."""
    result = dict(classes)
    for target in sorted(spec.schema_tdd.alvos):
        at = f"schema_tdd.alvos.{target}"
        name, _, method = target.partition(".")
        if name not in classes:
            if "E" in spec.vertentes and len(spec.vertentes) == 1:  # targets of other vertentes are theirs to know
                falhas.diz(at, unknown_name(name, "class", list(classes)))
            continue
        methods = {m.nome: m for m in classes[name].todos_metodos}
        if method and method not in methods:
            falhas.diz(at, unknown_name(method, f"method of {name}", list(methods)))
            continue
        alvo, metodo = spec.schema_tdd.alvos[target], methods.get(method)
        _factors(alvo, classes[name], metodo, mundo, falhas, at)
        result[name] = _with_examples(result[name], metodo, tuple(_examples(alvo, name, metodo, mundo, falhas, at)))
    return result


def _examples(
    alvo: Alvo, classe: str, metodo: Metodo | None, mundo: Mundo, falhas: Falhas, at: str
) -> Iterator[Exemplo]:
    for place, spec in enumerate(alvo.exemplos):
        if example := ler_exemplo(spec, mundo, metodo, classe, falhas, f"{at}.exemplos[{place}]"):
            yield example


def _with_examples(classe: Classe, metodo: Metodo | None, exemplos: tuple[Exemplo, ...]) -> Classe:
    if metodo is None:
        return replace(classe, exemplos=(*classe.exemplos, *exemplos))

    def more(other: Metodo) -> Metodo:
        return replace(other, exemplos=(*other.exemplos, *exemplos)) if other.nome == metodo.nome else other

    own, whole = (tuple(map(more, methods)) for methods in (classe.metodos, classe.todos_metodos))
    return replace(classe, metodos=own, todos_metodos=whole)


def _factors(alvo: Alvo, classe: Classe, metodo: Metodo | None, mundo: Mundo, falhas: Falhas, at: str) -> None:
    """Each factor is a parameter or a field, and the values of its valid classes keep their limits."""
    fields = {campo.nome: campo for campo in classe.construtor()}
    known: dict[str, CampoBase | Relacao] = {f"self.{name}": campo for name, campo in fields.items()}
    known |= {p.nome: p for p in metodo.parametros} if metodo else fields
    for name, factor in sorted(alvo.classes.items()):
        if name not in known:
            shown = [other for other in known if metodo or not other.startswith("self.")]
            falhas.diz(f"{at}.classes.{name}", unknown_name(name, "factor", shown))
            continue
        campo = known[name]
        limits = Restricoes() if isinstance(campo, Relacao) else campo.restricoes
        for label, part in factor.validas.items():
            for raw in part.representantes():
                if fault := _fault(raw, campo, limits, mundo):
                    falhas.diz(f"{at}.classes.{name}.validas.{label}", fault)


def _fault(raw: object, campo: CampoBase | Relacao, limites: Restricoes, mundo: Mundo) -> str | None:
    """Why this is no valid value."""
    try:
        value = converter(raw, campo.tipo, mundo, parcial=True)
    except ValorRecusado as refused:
        return str(refused)
    broken = limites.violada(value, mundo.base(campo.tipo))
    return broken and f"{found(raw)} is not valid: it breaks the limit '{broken}' of {campo.caminho}"
