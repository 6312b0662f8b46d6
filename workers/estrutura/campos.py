"""Attributes and relations of the classes, resolved; and the view of the classes that expressions check against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from contratos import spec_poo
from contratos.spec_base import unknown_name
from contratos.spec_relacao import Relacao as RelacaoSpec
from contratos.spec_tipos import Tipo
from workers import names
from workers.estrutura.falhas import Falhas
from workers.estrutura.modelo import Atributo, Relacao
from workers.estrutura.tabelas import Tabelas, enumeracao_de_estados, limites, ordenados, tipo_declarado
from workers.estrutura.valores import Dado, ValorRecusado, converter
from workers.expressao.avaliador import MembroValor
from workers.expressao.mundo import Assinatura, ClasseVista, Escopo, Mundo

type Campos = tuple[tuple[Atributo, ...], tuple[Relacao, ...]]

AFTER_LISTED = 1_000_000  # place of what stands in a map, after all that is listed


def ler_campos(poo: spec_poo.SpecPoo, tabelas: Tabelas, falhas: Falhas) -> tuple[dict[str, Campos], Mundo]:
    """Own attributes and relations of each class, and the world in which every class has its fields.

    Derived and initial values are not looked at yet: they need that world.
    """
    mundo = tabelas.mundo
    result: dict[str, Campos] = {}
    for classe in tabelas.classes:
        at = f"spec_poo.classes.{classe.nome}"
        attributes = [_attribute(part, classe, tabelas, falhas) for part in classe.atributos.values()]
        own = sorted((a for a in attributes if a), key=lambda a: _place(a, classe))
        state = _state_attribute(classe, tabelas)
        relations = [_relation(part, classe, poo, falhas) for part in ordenados(classe.relacoes)]
        result[classe.nome] = ((*own, *([state] if state else [])), tuple(r for r in relations if r))
        _different_names(classe, result, tabelas.mundo, falhas, at)
    views = {c.nome: _view(c, result, tabelas) for c in tabelas.classes}
    return result, replace(mundo, classes=views)


def herdados(classe: str, campos: Mapping[str, Campos], mundo: Mundo) -> Campos:
    """All attributes and relations of a class, ancestors' first."""
    line = [*reversed(mundo.classes[classe].ancestrais), classe]
    attributes = [a for name in line for a in campos[name][0]]
    return tuple(attributes), tuple(r for name in line for r in campos[name][1])


def juntos(campos: Campos) -> tuple[Atributo | Relacao, ...]:
    """Attributes, then relations."""
    result: tuple[Atributo | Relacao, ...] = (*campos[0], *campos[1])
    return result


def padrao(
    spec: spec_poo.Atributo | spec_poo.Parametro, tipo: Tipo, mundo: Mundo, falhas: Falhas, campo: str
) -> tuple[bool, Dado]:
    """Whether there is a default, and which. What may be absent is absent by default."""
    if not spec.tem_padrao:
        return tipo.opcional, None
    try:
        return True, converter(spec.padrao, tipo, mundo)
    except ValorRecusado as refused:
        falhas.diz(f"{campo}.padrao", str(refused))
        return True, None


def tipo_de(spec: spec_poo.Atributo | spec_poo.Parametro, mundo: Mundo, falhas: Falhas, campo: str) -> Tipo | None:
    """The declared type, opcional[...] when the spec says so beside it."""
    tipo = tipo_declarado(spec.tipo, mundo, falhas, f"{campo}.tipo")
    return Tipo("opcional", tipo) if tipo and spec.opcional and not tipo.opcional else tipo


def _attribute(spec: spec_poo.Atributo, classe: spec_poo.Classe, tabelas: Tabelas, falhas: Falhas) -> Atributo | None:
    at = f"spec_poo.classes.{classe.nome}.atributos.{spec.nome}"
    tipo = tipo_de(spec, tabelas.mundo, falhas, at)
    if tipo is None:
        return None
    if sum((spec.tem_padrao, spec.inicial is not None, spec.deriva is not None)) > 1:
        falhas.diz(at, "at most one of padrao, inicial and deriva")
    if isinstance(spec.padrao, str) and spec.padrao.startswith("^") and spec.regex is None:
        falhas.diz(f"{at}.padrao", "is the default value; a regular expression is given as 'regex'")
    whole, own = limites(spec, tipo, tabelas, tabelas.mundo, falhas, at)
    has_default, default = padrao(spec, tipo, tabelas.mundo, falhas, at)
    of_states = classe.estados is not None and classe.estados.atributo == spec.nome
    if of_states and classe.estados:
        has_default, default = True, MembroValor(tipo.nome, classe.estados.inicial)
    elif has_default and (broken := whole.violada(default, tabelas.mundo.base(tipo))):
        falhas.diz(f"{at}.padrao", f"the default breaks the limit '{broken}'")
    return Atributo(
        nome=spec.nome,
        py=names.snake(spec.nome),
        tipo=tipo,
        restricoes=whole,
        proprias=own,
        descricao=spec.descricao,
        caminho=at,
        origem=classe.nome,
        tem_padrao=has_default,
        padrao=default,
        somente_leitura=spec.somente_leitura,
        secreto=spec.secreto,
        unico=spec.unico,
        requisito=spec.requisito,
        obsoleto=spec.obsoleto,
        de_estados=of_states,
    )


def _state_attribute(classe: spec_poo.Classe, tabelas: Tabelas) -> Atributo | None:
    """The attribute that is made for a life cycle, where none is declared."""
    enum = enumeracao_de_estados(classe)
    if enum is None or classe.estados is None:
        return None
    name = classe.estados.atributo
    return Atributo(
        nome=name,
        py=names.snake(name),
        tipo=Tipo(enum),
        restricoes=tabelas.restricoes(Tipo(enum)),
        proprias=tabelas.restricoes(Tipo(enum)),
        descricao="Estado no ciclo de vida.",
        caminho=f"spec_poo.classes.{classe.nome}.estados",
        origem=classe.nome,
        tem_padrao=True,
        padrao=MembroValor(enum, classe.estados.inicial),
        de_estados=True,
    )


def _place(attribute: Atributo, classe: spec_poo.Classe) -> tuple[int, int, str]:
    """As listed; in a map: keys, then what is required, then the rest, each by name."""
    spec = classe.atributos[attribute.nome]
    keys = {name for key in classe.chaves for name in key}
    rank = 0 if attribute.nome in keys or spec.unico else 1 if not attribute.tem_padrao else 2
    rank = 4 if spec.deriva is not None else 3 if spec.inicial is not None else rank
    return (AFTER_LISTED if spec.ordem is None else spec.ordem, rank, attribute.nome)


def _relation(spec: RelacaoSpec, classe: spec_poo.Classe, poo: spec_poo.SpecPoo, falhas: Falhas) -> Relacao | None:
    at = f"spec_poo.classes.{classe.nome}.relacoes.{spec.nome}"
    if spec.classe not in poo.classes:
        falhas.falta(f"{at}.classe", unknown_name(spec.classe, "class", list(poo.classes)))
        return None
    inverse = None
    if spec.inversa is not None:
        inverse = poo.classes[spec.classe].relacoes.get(spec.inversa)
        if inverse is None:
            falhas.diz(
                f"{at}.inversa",
                unknown_name(spec.inversa, f"relation of {spec.classe}", list(poo.classes[spec.classe].relacoes)),
            )
        elif inverse.classe != classe.nome or inverse.inversa != spec.nome:
            falhas.diz(
                f"{at}.inversa",
                f"{spec.classe}.{spec.inversa} must say 'classe: {classe.nome}, inversa: {spec.nome}' in turn",
            )
            inverse = None
    least, most = spec.limites
    if inverse and classe.imutavel:
        falhas.diz(at, "a relation with 'inversa' changes when the other end does: the class cannot be 'imutavel'")
    if inverse and spec.dono and inverse.dono:
        falhas.diz(f"{at}.dono", "only one end owns the other")
    if inverse and spec.dono and inverse.muitos:
        falhas.diz(
            f"{at}.dono", f"what is owned has one owner: {spec.classe}.{spec.inversa} is of multiplicity 1 or 0..1"
        )
    if inverse and least and inverse.limites[0] and not (spec.dono or inverse.dono):
        falhas.diz(
            at, "both ends need the other to exist first: make one optional (0..1, *), or one the owner ('dono: true')"
        )
    return Relacao(
        nome=spec.nome,
        py=names.snake(spec.nome),
        classe=spec.classe,
        minimo=least,
        maximo=most,
        inversa=inverse.nome if inverse else None,
        dono=spec.dono,
        da_parte=bool(inverse and inverse.dono),
        somente_leitura=spec.somente_leitura,
        descricao=spec.descricao,
        requisito=spec.requisito,
        origem=classe.nome,
        caminho=at,
    )


def _different_names(
    classe: spec_poo.Classe, campos: Mapping[str, Campos], mundo: Mundo, falhas: Falhas, at: str
) -> None:
    seen: dict[str, str] = {port: f"usa: [{port}]" for port in classe.usa}
    for field in juntos(herdados(classe.nome, campos, mundo)):
        if field.py in seen:
            falhas.diz(at, f"'{field.nome}' and '{seen[field.py]}' would both be called {field.py} in the code")
        seen[field.py] = field.nome
    for metodo in ordenados(classe.metodos):
        if names.snake(metodo.nome) in seen:
            falhas.diz(
                f"{at}.metodos.{metodo.nome}",
                f"there is an attribute or relation '{seen[names.snake(metodo.nome)]}' too",
            )


def _view(classe: spec_poo.Classe, campos: Mapping[str, Campos], tabelas: Tabelas) -> ClasseVista:
    view = tabelas.mundo.classes[classe.nome]
    attributes, relations = herdados(classe.nome, campos, tabelas.mundo)
    derived = {a.nome for a in attributes if _spec_of(a, tabelas).deriva is not None}
    computed = {a.nome for a in attributes if _spec_of(a, tabelas).inicial is not None}
    given = {a.nome: a.tipo for a in attributes if a.nome not in derived | computed} | {
        r.nome: r.tipo for r in relations if r.no_construtor
    }
    needed = {a.nome for a in attributes if a.nome in given and not a.tem_padrao} | {
        r.nome for r in relations if r.nome in given and not r.tem_padrao
    }
    return replace(
        view,
        campos={f.nome: f.tipo for f in juntos((attributes, relations))},
        construtor=None if classe.abstrata else Assinatura(given, frozenset(needed), Tipo(classe.nome)),
        imutavel=classe.imutavel,
    )


def _spec_of(attribute: Atributo, tabelas: Tabelas) -> spec_poo.Atributo:
    """What the spec says of an attribute; of one that is made for a life cycle, nothing."""
    declared = tabelas.classe(attribute.origem).atributos
    return declared.get(attribute.nome) or spec_poo.Atributo(tipo="str")


def computados(attribute: Atributo, tabelas: Tabelas, mundo: Mundo, portas: frozenset[str], falhas: Falhas) -> Atributo:
    """The attribute with the trees of its derived or initial value."""
    spec = _spec_of(attribute, tabelas)
    scope = Escopo(mundo, attribute.origem)
    derived = initial = None
    if spec.deriva is not None:
        derived = falhas.expressao(spec.deriva, scope, attribute.tipo, f"{attribute.caminho}.deriva")
    if spec.inicial is not None:
        initial = falhas.expressao(
            spec.inicial, replace(scope, portas=portas, corpo=True), attribute.tipo, f"{attribute.caminho}.inicial"
        )
    return replace(attribute, deriva=derived, inicial=initial)
