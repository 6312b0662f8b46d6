"""Methods, resolved: parameters, contracts with what is inherited, errors, bodies, examples."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from contratos import spec_poo
from contratos.spec_base import unknown_name
from workers import names
from workers.estrutura.campos import Campos, herdados, juntos, padrao, tipo_de
from workers.estrutura.comandos import Anexa, Atribui, Retira, todos_comandos
from workers.estrutura.corpos import ler_corpo
from workers.estrutura.exemplos import ler_exemplo
from workers.estrutura.falhas import Falhas
from workers.estrutura.lugar import Lugar, ler_dados
from workers.estrutura.modelo import CampoBase, Condicao, Corpo, Erro, Estados, Metodo, Parametro
from workers.estrutura.tabelas import Tabelas, limites, ordenados, tipo_declarado
from workers.expressao.arvore import BOOL, Campo, Variavel
from workers.expressao.mundo import Assinatura, Escopo, Mundo
from workers.expressao.narrowing import Caminho, presentes


@dataclass(frozen=True, slots=True)
class Contexto:
    """What methods of one class stand in."""

    classe: spec_poo.Classe
    tabelas: Tabelas
    mundo: Mundo
    campos: Mapping[str, Campos]
    estados: Estados | None
    portas: frozenset[str]
    herdados: Mapping[str, Metodo]  # methods of the parent class
    falhas: Falhas

    @property
    def caminho(self) -> str:
        """Where the class stands in the YAML."""
        return f"spec_poo.classes.{self.classe.nome}"


def assinaturas(poo: spec_poo.SpecPoo, tabelas: Tabelas, mundo: Mundo, falhas: Falhas) -> Mundo:
    """The world in which every class has its methods, so that bodies may call them."""
    views = dict(mundo.classes)
    for classe in tabelas.classes:
        methods = dict(views[classe.herda].metodos) if classe.herda in views else {}
        for spec in ordenados(classe.metodos):
            at = f"spec_poo.classes.{classe.nome}.metodos.{spec.nome}"
            parameters = _parameter_specs(spec, classe, poo)
            types = {p.nome: tipo_de(p, mundo, falhas, f"{at}.parametros.{p.nome}") for p in parameters}
            returns = tipo_declarado(spec.retorna.tipo, mundo, falhas, f"{at}.retorna") if spec.retorna else None
            known = {name: tipo for name, tipo in types.items() if tipo}
            needed = {p.nome for p in parameters if p.nome in known and not p.tem_padrao and not known[p.nome].opcional}
            parent = methods.get(spec.nome)
            methods[spec.nome] = Assinatura(
                known, frozenset(needed), returns or (parent.retorna if parent else None), spec.pura
            )
        views[classe.nome] = replace(views[classe.nome], metodos=methods)
    return replace(mundo, classes=views)


def ler_metodos(context: Contexto) -> list[Metodo]:
    """The methods that the class declares, by name or in the order of their list."""
    return [_method(spec, context) for spec in ordenados(context.classe.metodos)]


def ler_condicoes(
    partes: Sequence[spec_poo.Condicao],
    prefixo: str,
    escopo: Escopo,
    falhas: Falhas,
    campo: str,
    known: frozenset[Caminho] = frozenset(),
) -> list[Condicao]:
    """Conditions with their trees; those without an id are numbered: I1, I2 ..."""
    taken = {part.id for part in partes}
    result = []
    number = 0
    for place, part in enumerate(partes):
        where = f"{campo}[{place}]"
        number += 1
        while not part.id and f"{prefixo}{number}" in taken:
            number += 1
        node = falhas.expressao(part.que, escopo, BOOL, where, known)
        if node:
            name = part.id or f"{prefixo}{number}"
            known |= presentes(node, quando=True)
            result.append(
                Condicao(
                    name, " ".join(part.que.split()), node, part.mensagem, part.requisito, escopo.classe or "", where
                )
            )
    ids = [part.id for part in partes if part.id]
    for name in sorted({i for i in ids if ids.count(i) > 1}):
        falhas.diz(campo, f"the id '{name}' is used twice")
    return result


def _parameter_specs(spec: spec_poo.Metodo, classe: spec_poo.Classe, poo: spec_poo.SpecPoo) -> list[spec_poo.Parametro]:
    """The parameters as declared here, or in the nearest ancestor that declares the method, when a redefinition
    leaves them out.
    """
    if not spec.parametros and classe.herda in poo.classes:
        parent = poo.classes[classe.herda]
        if spec.nome in parent.metodos:
            return _parameter_specs(parent.metodos[spec.nome], parent, poo)
    return sorted(ordenados(spec.parametros), key=lambda p: p.ordem is None and (p.tem_padrao or p.opcional))


def _method(spec: spec_poo.Metodo, context: Contexto) -> Metodo:
    at = f"{context.caminho}.metodos.{spec.nome}"
    faults, parent = context.falhas, context.herdados.get(spec.nome)
    if spec.pura and spec.modifica:
        faults.diz(f"{at}.modifica", "a method that is 'pura' changes nothing")
    if spec.abstrato and not context.classe.abstrata:
        faults.diz(
            f"{at}.abstrato",
            f"only classes with 'abstrata: true' have abstract methods; {context.classe.nome} is not one",
        )
    if spec.abstrato and spec.corpo:
        faults.diz(f"{at}.corpo", "an abstract method has no body")
    parameters = parent.parametros if parent and not spec.parametros else _parameters(spec, context, at)
    returns = _returns(spec, context, at) or (parent.retorna if parent else None)
    scope = Escopo(context.mundo, context.classe.nome, {p.nome: p.tipo for p in parameters})
    before = ler_condicoes(spec.pre, "PRE", scope, faults, f"{at}.pre")
    facts = frozenset().union(*(presentes(c.no, quando=True) for c in before)) if before else frozenset()
    errors, facts_after = _errors(spec, context, scope, facts, at)
    after_scope = replace(scope, antigo=True, resultado=returns.tipo if returns else None)
    after = ler_condicoes(spec.pos, "POS", after_scope, faults, f"{at}.pos")
    frame = _frame(spec, context, at)
    groups = (*(parent.pre if parent else ()), *((tuple(before),) if before else ()))
    method = Metodo(
        nome=spec.nome,
        py=names.snake(spec.nome),
        origem=context.classe.nome,
        descricao=spec.descricao or (parent.descricao if parent else ""),
        requisito=spec.requisito,
        obsoleto=spec.obsoleto,
        parametros=parameters,
        por_posicao=all(p.ordem is not None for p in spec.parametros.values())
        if spec.parametros
        else bool(parent and parent.por_posicao),
        retorna=returns,
        pre=groups,
        pos=(*(parent.pos if parent else ()), *after),
        erros=(*(parent.erros if parent else ()), *errors),
        modifica=frame if frame is not None or parent is None else parent.modifica,
        pura=spec.pura,
        idempotente=spec.idempotente,
        abstrato=spec.abstrato,
        corpo=_body(spec, context, scope, returns, facts_after, at),
        exemplos=(),
        transicoes=_moves(spec.nome, context.estados),
        presentes=facts_after,
        caminho=at,
    )
    if parent:
        _compatible(method, parent, bool(spec.parametros), context)
    _frame_kept(method, context)
    examples = [
        ler_exemplo(e, context.mundo, method, context.classe.nome, faults, f"{at}.exemplos[{n}]")
        for n, e in enumerate(spec.exemplos)
    ]
    return replace(method, exemplos=tuple(e for e in examples if e))


def _parameters(spec: spec_poo.Metodo, context: Contexto, at: str) -> tuple[Parametro, ...]:
    result = []
    for part in sorted(ordenados(spec.parametros), key=lambda p: p.ordem is None and (p.tem_padrao or p.opcional)):
        where = f"{at}.parametros.{part.nome}"
        tipo = tipo_de(part, context.mundo, Falhas(), where)
        if tipo is None:  # noted by the signatures
            continue
        whole, own = limites(part, tipo, context.tabelas, context.mundo, context.falhas, where)
        has_default, default = padrao(part, tipo, context.mundo, context.falhas, where)
        if has_default and (broken := whole.violada(default, context.mundo.base(tipo))):
            context.falhas.diz(f"{where}.padrao", f"the default breaks the limit '{broken}'")
        result.append(
            Parametro(
                part.nome, names.argument(part.nome), tipo, whole, own, part.descricao, where, has_default, default
            )
        )
    for one, two in itertools.pairwise(result):
        if one.tem_padrao and not two.tem_padrao:
            context.falhas.diz(two.caminho, f"has no default, but stands after '{one.nome}', which has one")
    if len({p.py for p in result}) < len(result):
        context.falhas.diz(f"{at}.parametros", "two parameters have the same name in the code")
    return tuple(result)


def _returns(spec: spec_poo.Metodo, context: Contexto, at: str) -> CampoBase | None:
    if spec.retorna is None:
        return None
    where = f"{at}.retorna"
    tipo = tipo_declarado(spec.retorna.tipo, context.mundo, Falhas(), where)
    if tipo is None:  # noted by the signatures
        return None
    whole, own = limites(spec.retorna, tipo, context.tabelas, context.mundo, context.falhas, where)
    return CampoBase("resultado", "resultado", tipo, whole, own, spec.retorna.descricao, where)


def _errors(
    spec: spec_poo.Metodo, context: Contexto, scope: Escopo, facts: frozenset[Caminho], at: str
) -> tuple[list[Erro], frozenset[Caminho]]:
    """The declared errors, and what is known about None after none of them was raised."""
    place = Lugar(scope, None, frozenset(), context.tabelas.dados_de_erros())
    taken = {e.id for e in spec.erros}
    result = []
    number = 0
    for n, part in enumerate(spec.erros):
        where = f"{at}.erros[{n}]"
        number += 1
        while not part.id and f"E{number}" in taken:
            number += 1
        node = context.falhas.expressao(part.se, scope, BOOL, f"{where}.se", facts)
        inside = facts | (presentes(node, quando=True) if node else frozenset())
        data = ler_dados(part.lanca, dict(part.dados), place, scope, inside, context.falhas, where)
        if node:
            facts |= presentes(node, quando=False)
            text = " ".join(part.se.split())
            name = part.id or f"E{number}"
            result.append(
                Erro(name, text, node, part.lanca, part.mensagem, data, part.estado_intacto, part.requisito, where)
            )
    return result, facts


def _frame(spec: spec_poo.Metodo, context: Contexto, at: str) -> tuple[str, ...] | None:
    if spec.modifica is None:
        return () if spec.pura else None
    known = [f.nome for f in juntos(herdados(context.classe.nome, context.campos, context.mundo))]
    listed = [name.removeprefix("self.") for name in spec.modifica]
    for n, name in enumerate(listed):
        if name not in known:
            context.falhas.diz(
                f"{at}.modifica[{n}]", unknown_name(name, f"attribute or relation of {context.classe.nome}", known)
            )
    return tuple(name for name in known if name in listed)


def _body(
    spec: spec_poo.Metodo,
    context: Contexto,
    scope: Escopo,
    returns: CampoBase | None,
    facts: frozenset[Caminho],
    at: str,
) -> Corpo | None:
    if spec.corpo is None:
        return None
    place = Lugar(
        replace(scope, portas=context.portas, corpo=True),
        context.mundo.base(returns.tipo) if returns else None,
        fixos(context),
        context.tabelas.dados_de_erros(),
        facts,
    )
    commands, rules = ler_corpo(spec.corpo, place, context.falhas, f"{at}.corpo")
    form = next((f for f in ("expressao", "tabela", "passos") if getattr(spec.corpo, f) is not None), "")
    return Corpo(commands, form, rules)


def fixos(context: Contexto) -> frozenset[tuple[str, str]]:
    """(class, attribute) that no body may change."""
    result = set()
    for classe in context.tabelas.classes:
        attributes, relations = context.campos[classe.nome]
        for attribute in attributes:
            spec = classe.atributos.get(attribute.nome)
            if classe.imutavel or attribute.somente_leitura or (spec and spec.deriva is not None):
                result.add((classe.nome, attribute.nome))
        result |= {(classe.nome, r.nome) for r in relations if classe.imutavel or r.somente_leitura or r.da_parte}
    return frozenset(result)


def _moves(method: str, estados: Estados | None) -> dict[str, str]:
    if estados is None:
        return {}
    return {state: moves[method] for state, moves in estados.transicoes.items() if method in moves}


def _frame_kept(method: Metodo, context: Contexto) -> None:
    """A body that writes to what 'modifica' does not list contradicts the spec."""
    if method.modifica is None or method.corpo is None:
        return
    allowed = {*method.modifica, context.estados.atributo if context.estados else ""}
    for command in todos_comandos(method.corpo.comandos):
        targets: list[Campo] = []
        if isinstance(command, Atribui):
            targets = [field for field, _ in command.partes]
        elif isinstance(command, Anexa | Retira):
            targets = [command.lista]
        for target in targets:
            if isinstance(target.de, Variavel) and target.de.nome == "self" and target.nome not in allowed:
                listed = ", ".join(method.modifica) or "nothing"
                context.falhas.diz(f"{method.caminho}.corpo", f"changes '{target.nome}', but 'modifica' lists {listed}")


def _compatible(method: Metodo, parent: Metodo, own_parameters: bool, context: Contexto) -> None:
    """A redefinition can be called wherever the parent's method can."""
    if own_parameters:
        old = {p.nome: p for p in parent.parametros}
        new = {p.nome: p for p in method.parametros}
        for name in old.keys() - new.keys():
            context.falhas.diz(f"{method.caminho}.parametros", f"'{name}' of {parent.origem}.{parent.nome} is missing")
        for name, parameter in new.items():
            if name not in old and not parameter.tem_padrao:
                context.falhas.diz(
                    parameter.caminho, f"{parent.origem}.{parent.nome} has no such parameter: give it a default"
                )
            if name in old and not context.mundo.cabe(old[name].tipo, parameter.tipo):
                context.falhas.diz(
                    parameter.caminho, f"must accept {old[name].tipo}, as {parent.origem}.{parent.nome} does"
                )
            if name in old and old[name].restricoes.com(parameter.restricoes) != old[name].restricoes:
                context.falhas.diz(
                    parameter.caminho,
                    f"is narrower than in {parent.origem}.{parent.nome}: a subclass accepts at least the same",
                )
    if bool(method.retorna) != bool(parent.retorna) or (
        method.retorna and parent.retorna and not context.mundo.cabe(method.retorna.tipo, parent.retorna.tipo)
    ):
        context.falhas.diz(
            f"{method.caminho}.retorna",
            f"must be a {parent.retorna.tipo if parent.retorna else 'method without result'}",
        )
