"""Spec -> Modelo: every name looked up, every expression checked, every value read. Malformed names all that is
wrong.
"""

from __future__ import annotations

import sys

from contratos import spec_poo
from contratos.problems import Malformed
from contratos.spec import Spec
from contratos.spec_base import unknown_name
from workers import names
from workers.estrutura.alvos import ler_alvos
from workers.estrutura.campos import Campos, computados, herdados, ler_campos
from workers.estrutura.exemplos import ler_exemplo
from workers.estrutura.falhas import Falhas
from workers.estrutura.metodos import Contexto, assinaturas, ler_condicoes, ler_metodos
from workers.estrutura.modelo import Classe, Estados, Modelo
from workers.estrutura.recursao import recusar_sem_fim
from workers.estrutura.tabelas import Tabelas, enumeracao_de_estados, ler_tabelas
from workers.expressao.mundo import Escopo, Mundo

TAKEN = sys.stdlib_module_names | {"tests", "pytest", "hypothesis"}
"""Packages that one of ours would hide."""


def resolver(spec: Spec) -> Modelo:
    """The resolved view of the spec's structural part. Malformed carries every problem, each with its path in the
    YAML.
    """
    poo = spec.spec_poo
    if poo is None:
        raise Malformed.one("spec_poo", "required for vertente E, but missing")
    falhas = Falhas()
    package = poo.pacote or names.snake(spec.id)
    if package in TAKEN and poo.pacote:
        falhas.diz(
            "spec_poo.pacote", f"'{package}' is a package that Python or the suite has already: choose another name"
        )
    tabelas = ler_tabelas(poo, falhas)
    falhas.levanta(se_falta=True)
    campos, mundo = ler_campos(poo, tabelas, falhas)
    mundo = assinaturas(poo, tabelas, mundo, falhas)
    falhas.levanta(se_falta=True)
    classes: dict[str, Classe] = {}
    for classe in tabelas.classes:
        classes[classe.nome] = _class(classe, classes, tabelas, campos, mundo, falhas)
    for resolved in classes.values():
        recusar_sem_fim(resolved, falhas)
    classes = ler_alvos(spec, classes, mundo, falhas)
    falhas.levanta()
    return Modelo(
        spec=spec,
        pacote=names.unique(package, TAKEN),
        descricao=poo.descricao or spec.descricao,
        mundo=mundo,
        constantes=tabelas.constantes,
        tipos=tabelas.tipos,
        enumeracoes=tabelas.enumeracoes,
        erros=tabelas.erros,
        classes=tuple(classes.values()),
        por_nome=classes,
    )


def _class(
    spec: spec_poo.Classe,
    done: dict[str, Classe],
    tabelas: Tabelas,
    campos: dict[str, Campos],
    mundo: Mundo,
    falhas: Falhas,
) -> Classe:
    at = f"spec_poo.classes.{spec.nome}"
    parent = done.get(spec.herda or "")
    ports = tuple(dict.fromkeys((*(parent.todas_portas if parent else ()), *sorted(spec.usa))))
    states = _states(spec, parent, mundo, falhas, at)
    context = Contexto(
        classe=spec,
        tabelas=tabelas,
        mundo=mundo,
        campos=campos,
        estados=states,
        portas=frozenset(ports),
        herdados={m.nome: m for m in parent.todos_metodos} if parent else {},
        falhas=falhas,
    )
    own = tuple(computados(a, tabelas, mundo, frozenset(ports), falhas) for a in campos[spec.nome][0])
    relations = campos[spec.nome][1]
    invariants = tuple(ler_condicoes(spec.invariantes, "I", Escopo(mundo, spec.nome), falhas, f"{at}.invariantes"))
    methods = ler_metodos(context)
    redefined = {m.nome for m in methods}
    inherited = [m for m in parent.todos_metodos if m.nome not in redefined] if parent else []
    if not spec.abstrata:
        for method in inherited:
            if method.abstrato:
                falhas.diz(f"{at}.metodos", f"'{method.nome}' of {method.origem} is abstract and is not defined here")
    examples = [
        ler_exemplo(e, mundo, None, spec.nome, falhas, f"{at}.exemplos[{n}]") for n, e in enumerate(spec.exemplos)
    ]
    return Classe(
        nome=spec.nome,
        py=names.pascal(spec.nome),
        descricao=spec.descricao,
        requisito=spec.requisito,
        obsoleto=spec.obsoleto,
        herda=spec.herda,
        ancestrais=mundo.classes[spec.nome].ancestrais,
        abstrata=spec.abstrata,
        imutavel=spec.imutavel,
        atributos=own,
        relacoes=relations,
        invariantes=invariants,
        metodos=tuple(methods),
        chaves=_keys(spec, campos, mundo, falhas, at),
        estados=states,
        portas=tuple(p for p in ports if parent is None or p not in parent.todas_portas),
        exemplos=tuple(e for e in examples if e),
        caminho=at,
        todos_atributos=(*(parent.todos_atributos if parent else ()), *own),
        todas_relacoes=(*(parent.todas_relacoes if parent else ()), *relations),
        todas_invariantes=(*(parent.todas_invariantes if parent else ()), *invariants),
        todos_metodos=(*inherited, *methods),
        todas_portas=ports,
        todas_chaves=(*(parent.todas_chaves if parent else ()), *_keys(spec, campos, mundo, Falhas(), at)),
    )


def _keys(
    spec: spec_poo.Classe, campos: dict[str, Campos], mundo: Mundo, falhas: Falhas, at: str
) -> tuple[tuple[str, ...], ...]:
    """Compound keys and unique attributes."""
    attributes, _ = herdados(spec.nome, campos, mundo)
    known = [a.nome for a in attributes]
    for place, key in enumerate(spec.chaves):
        for name in key:
            if name not in known:
                falhas.diz(f"{at}.chaves[{place}]", unknown_name(name, f"attribute of {spec.nome}", known))
    single = [(a.nome,) for a in campos[spec.nome][0] if a.unico]
    return tuple(dict.fromkeys((*(tuple(key) for key in spec.chaves), *single)))


def _states(spec: spec_poo.Classe, parent: Classe | None, mundo: Mundo, falhas: Falhas, at: str) -> Estados | None:
    cycle = spec.estados
    if cycle is None:
        return parent.estados if parent else None
    where = f"{at}.estados"
    if parent and parent.estados:
        falhas.diz(where, f"{parent.nome} has a life cycle already; a subclass keeps it")
    enum = enumeracao_de_estados(spec)
    if enum is None:
        enum = spec.atributos[cycle.atributo].tipo
        if enum not in mundo.enumeracoes:
            falhas.diz(
                f"{where}.atributo",
                f"'{cycle.atributo}' holds the state: its type must be an enumeration, found {enum}",
            )
            return None
    states = mundo.enumeracoes[enum]
    for state in cycle.nomes():
        if state not in states:
            falhas.diz(where, unknown_name(state, f"state (member of {enum})", list(states)))
    own = set(spec.metodos) | ({m.nome for m in parent.todos_metodos} if parent else set())
    for state, steps in sorted(cycle.transicoes.items()):
        for method in sorted(steps.keys() - own):
            falhas.diz(
                f"{where}.transicoes.{state}.{method}", unknown_name(method, f"method of {spec.nome}", sorted(own))
            )
    moves = {state: dict(sorted(cycle.transicoes.get(state, {}).items())) for state in states}
    _reachable(cycle, states, falhas, where)
    return Estados(cycle.atributo, enum, cycle.inicial, tuple(states), moves)


def _reachable(cycle: spec_poo.Estados, states: tuple[str, ...], falhas: Falhas, where: str) -> None:
    reached, todo = {cycle.inicial}, [cycle.inicial]
    while todo:
        for state in cycle.transicoes.get(todo.pop(), {}).values():
            if state not in reached:
                reached.add(state)
                todo.append(state)
    for state in sorted(set(cycle.nomes()) & set(states) - reached):
        falhas.diz(where, f"the state '{state}' cannot be reached from '{cycle.inicial}'")
