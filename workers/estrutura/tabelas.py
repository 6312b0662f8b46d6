"""The declared names of a `spec_poo`: types, enumerations, errors, constants, and which classes there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contratos.spec_base import Nomeada, unknown_name
from contratos.spec_poo import Classe, Passo, SpecPoo
from contratos.spec_tipos import PRIMITIVOS, Tipo, analisar_tipo
from contratos.spec_tipos import Limites as LimitesSpec
from workers import names
from workers.estrutura.falhas import Falhas
from workers.estrutura.modelo import (
    BUILTIN_ERRORS,
    CampoBase,
    ClasseErro,
    Constante,
    Enumeracao,
    Membro,
    TipoValor,
)
from workers.estrutura.valores import Restricoes, ValorRecusado, converter, restringir, vazias
from workers.expressao.mundo import ClasseVista, Mundo
from workers.expressao.regex import RegexRecusada, examinar

RUNTIME_NAMES = frozenset(
    "ABC Aleatorio AleatorioDoSistema Associado ChaveRepetida ClassVar Colecao Decimal Enum "  # noqa: SIM905
    "EstadoInvalido Final InvarianteViolada Mapping ModificacaoIndevida Objeto PosCondicaoViolada "
    "PreCondicaoViolada Protocol RelacaoInvalida Relogio RelogioDoSistema Sequence TypeAlias "
    "ValorInvalido ViolacaoDeContrato".split()
)
"""Names that the generated package has of its own."""


def ordenados[T: Nomeada](partes: Mapping[str, T]) -> list[T]:
    """Parts in their order: as listed, or by name where a map was written (a map has no order)."""
    return sorted(partes.values(), key=lambda part: (part.ordem is None, part.ordem or 0, part.nome))


@dataclass(frozen=True, slots=True)
class Tabelas:
    """What the whole spec can refer to."""

    mundo: Mundo  # its classes have names and ancestors, no fields yet
    constantes: tuple[Constante, ...]
    tipos: tuple[TipoValor, ...]
    enumeracoes: tuple[Enumeracao, ...]
    erros: tuple[ClasseErro, ...]
    classes: tuple[Classe, ...]  # ancestors before subclasses
    _por_nome: Mapping[str, Classe] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Classes are looked up, not searched: specs may have thousands of them."""
        object.__setattr__(self, "_por_nome", {classe.nome: classe for classe in self.classes})

    def classe(self, nome: str) -> Classe:
        """What the spec says of the class of that name."""
        return self._por_nome[nome]

    def dados_de_erros(self) -> dict[str, dict[str, Tipo]]:
        """Error -> name and type of the data that it carries, inherited ones first."""
        result: dict[str, dict[str, Tipo]] = {name: {} for name in sorted(BUILTIN_ERRORS)}
        for erro in self.erros:
            result[erro.nome] = {d.nome: d.tipo for d in erro.dados}
        return result

    def restricoes(self, tipo: Tipo) -> Restricoes:
        """The limits of a named value type; none for other types."""
        return next((t.restricoes for t in self.tipos if t.nome == tipo.folha.nome), Restricoes())


def ler_tabelas(poo: SpecPoo, falhas: Falhas) -> Tabelas:
    """Read all declarations but what is inside the classes. Stops with Malformed when a later look would be
    senseless.
    """
    _distinct(poo, falhas)
    classes = _hierarchy(poo.classes, falhas)
    enums = [*_enumerations(poo, falhas), *_state_enumerations(poo, falhas)]
    mundo = Mundo(
        classes={c.nome: ClasseVista(c.nome, {}, tuple(ancestors(c.nome, poo.classes))) for c in classes},
        enumeracoes={e.nome: tuple(m.nome for m in e.membros) for e in enums},
    )
    mundo, types = _value_types(poo, mundo, falhas)
    constants = _constants(poo, mundo, falhas)
    mundo = replace(mundo, constantes={c.nome: c.tipo for c in constants})
    errors = _errors(poo, mundo, falhas)
    return Tabelas(mundo, tuple(constants), tuple(types), tuple(enums), tuple(errors), tuple(classes))


def ancestors(nome: str, classes: Mapping[str, Classe]) -> list[str]:
    """The classes that one inherits from, nearest first; a cycle is walked once."""
    chain: list[str] = []
    parent = classes[nome].herda if nome in classes else None
    while parent and parent in classes and parent not in {*chain, nome}:
        chain.append(parent)
        parent = classes[parent].herda
    return chain


def tipo_declarado(texto: str, mundo: Mundo, falhas: Falhas, campo: str) -> Tipo | None:
    """A type whose names all exist, or None after its problem was noted."""
    tipo = analisar_tipo(texto)
    if not mundo.conhece(tipo.folha.nome):
        falhas.falta(campo, unknown_name(tipo.folha.nome, "type", mundo.nomes_de_tipos()))
        return None
    return tipo


def limites(
    spec: LimitesSpec, tipo: Tipo, tabelas: Tabelas | None, mundo: Mundo, falhas: Falhas, campo: str
) -> tuple[Restricoes, Restricoes]:
    """Limits of a value: all together, and its own alone. Problems with them are noted."""
    own, faults = restringir(spec, tipo, mundo)
    for name, message in faults:
        falhas.diz(f"{campo}.{name}", message)
    for pattern in own.regex:
        try:
            examinar(pattern)
        except RegexRecusada as refused:
            falhas.diz(f"{campo}.regex", str(refused))
            own = replace(own, regex=())
    whole = tabelas.restricoes(tipo).com(own) if tabelas else own
    if why := vazias(whole):
        falhas.diz(campo, why)
    return whole, own


def _distinct(poo: SpecPoo, falhas: Falhas) -> None:
    """One name space for all types, and names that are still different in the code."""
    seen: dict[str, str] = dict.fromkeys((*PRIMITIVOS, "lista", "opcional"), "")
    code: dict[str, str] = {}
    for kind in ("tipos", "enumeracoes", "erros", "classes"):
        for name in sorted(getattr(poo, kind)):
            at = f"spec_poo.{kind}.{name}"
            if name in seen:
                falhas.diz(at, f"the name '{name}' is taken by {seen[name] or 'the language'}")
            seen[name] = at
            py = names.pascal(name)
            if py in RUNTIME_NAMES or name in BUILTIN_ERRORS:
                falhas.diz(at, f"the name '{name}' is used by every generated package: choose another")
            elif py in code:
                falhas.diz(at, f"'{name}' and '{code[py]}' would both be called {py} in the code")
            code[py] = name
    for classe in ordenados(poo.classes):
        made = enumeracao_de_estados(classe)
        if made in seen and classe.estados:
            falhas.diz(
                f"spec_poo.classes.{classe.nome}.estados",
                f"its states would be made an enumeration '{made}', but {seen[made]} has this name; to hold the state "
                f"in that one, declare the attribute: '{classe.estados.atributo}: {made}'",
            )


def _hierarchy(classes: Mapping[str, Classe], falhas: Falhas) -> list[Classe]:
    """Classes, ancestors first. A cycle, an unknown parent, and a mix of changing and unchanging kinds are problems."""
    for name, classe in sorted(classes.items()):
        at = f"spec_poo.classes.{name}.herda"
        if classe.herda is None:
            continue
        if classe.herda not in classes:
            falhas.falta(at, unknown_name(classe.herda, "class", [c for c in classes if c != name]))
            continue
        chain = ancestors(name, classes)
        if classes[[name, *chain][-1]].herda in {name, *chain}:
            falhas.falta(
                at,
                f"inheritance goes in a circle: {' -> '.join([name, *chain, str(classes[[name, *chain][-1]].herda)])}",
            )
        elif classes[classe.herda].imutavel != classe.imutavel:
            falhas.diz(at, f"'imutavel' must be the same for {name} and {classe.herda}")
    return sorted(
        classes.values(), key=lambda c: (len(ancestors(c.nome, classes)), c.ordem is None, c.ordem or 0, c.nome)
    )


def _enumerations(poo: SpecPoo, falhas: Falhas) -> Iterable[Enumeracao]:
    for enum in ordenados(poo.enumeracoes):
        at = f"spec_poo.enumeracoes.{enum.nome}"
        members = [
            Membro(m.nome, names.constant(m.nome), m.valor if m.valor is not None else m.nome.lower(), m.descricao)
            for m in ordenados(enum.valores)
        ]
        for what, values in (("value", [str(m.valor) for m in members]), ("name in the code", [m.py for m in members])):
            twice = {v for v in values if values.count(v) > 1}
            if twice:
                falhas.diz(at, f"two members have the same {what}: {', '.join(sorted(twice))}")
        yield Enumeracao(enum.nome, names.pascal(enum.nome), tuple(members), enum.descricao, enum.requisito)


def enumeracao_de_estados(classe: Classe) -> str | None:
    """Name of the enumeration that is made for a life cycle; None where a declared attribute holds the state."""
    if classe.estados is None or classe.estados.atributo in classe.atributos:
        return None
    return f"{classe.estados.atributo[0].upper()}{classe.estados.atributo[1:]}{classe.nome}"


def _state_enumerations(poo: SpecPoo, falhas: Falhas) -> Iterable[Enumeracao]:
    for classe in ordenados(poo.classes):
        name = enumeracao_de_estados(classe)
        if name and classe.estados:
            states = [classe.estados.inicial, *(s for s in classe.estados.nomes() if s != classe.estados.inicial)]
            members = tuple(Membro(s, names.constant(s), s.lower(), "") for s in states)
            if len({m.py for m in members}) < len(members):
                falhas.diz(f"spec_poo.classes.{classe.nome}.estados", "two states have the same name in the code")
            yield Enumeracao(name, names.pascal(name), members, f"Estados de {classe.nome}.", ())


def _value_types(poo: SpecPoo, mundo: Mundo, falhas: Falhas) -> tuple[Mundo, list[TipoValor]]:
    """Named value types, bases before those made of them."""
    bases = {t.nome: analisar_tipo(t.base) for t in poo.tipos.values()}
    done: dict[str, TipoValor] = {}
    primitives: dict[str, Tipo] = {}
    waiting = [t.nome for t in ordenados(poo.tipos)]
    while waiting:
        ready = [n for n in waiting if bases[n].nome in done or bases[n].nome in PRIMITIVOS]
        if not ready:
            for name in waiting:
                what = unknown_name(str(bases[name].nome), "base", [*PRIMITIVOS, *bases])
                falhas.falta(f"spec_poo.tipos.{name}.base", "is made of itself" if bases[name].nome in bases else what)
            break
        for name in ready:
            spec, base = poo.tipos[name], bases[name]
            at = f"spec_poo.tipos.{name}"
            inherited = done[base.nome].restricoes if base.nome in done else Restricoes()
            primitives[name] = primitives.get(base.nome, base)
            _, own = limites(spec, primitives[name], None, mundo, falhas, at)
            whole = inherited.com(own)
            if why := vazias(whole):
                falhas.diz(at, why)
            done[name] = TipoValor(name, names.pascal(name), base, whole, own, spec.descricao, spec.requisito)
        waiting = [n for n in waiting if n not in ready]
    return replace(mundo, valores_tipos=primitives), list(done.values())


def _constants(poo: SpecPoo, mundo: Mundo, falhas: Falhas) -> list[Constante]:
    result = []
    for spec in ordenados(poo.constantes):
        at = f"spec_poo.constantes.{spec.nome}"
        tipo = tipo_declarado(spec.tipo, mundo, falhas, f"{at}.tipo") if spec.tipo else _guessed(spec.valor)
        if tipo is None:
            falhas.falta(at, "say the 'tipo' of the value")
            continue
        try:
            value: Any = converter(spec.valor, tipo, mundo)
        except ValorRecusado as refused:
            falhas.falta(f"{at}.valor", str(refused))
            continue
        result.append(Constante(spec.nome, names.constant(spec.nome), tipo, value, spec.descricao))
    return result


def _guessed(value: object) -> Tipo | None:
    kinds = (
        (bool, "bool"),
        (int, "int"),
        (float, "Decimal"),
        (Decimal, "Decimal"),
        (str, "str"),
        (datetime, "datetime"),
        (date, "date"),
    )
    return next((Tipo(name) for kind, name in kinds if isinstance(value, kind)), None)


def _errors(poo: SpecPoo, mundo: Mundo, falhas: Falhas) -> list[ClasseErro]:
    """Declared errors, bases first; then those that methods only name, when the name is no misspelling of another."""
    result: dict[str, ClasseErro] = {}
    waiting = [e.nome for e in ordenados(poo.erros)]
    while waiting:
        ready = [n for n in waiting if poo.erros[n].herda not in waiting]
        if not ready:
            falhas.falta(f"spec_poo.erros.{waiting[0]}.herda", "errors inherit in a circle")
            break
        for name in ready:
            result[name] = _error(poo, name, result, mundo, falhas)
        waiting = [n for n in waiting if n not in ready]
    for name, at in _named_errors(poo):
        if name not in result and name not in BUILTIN_ERRORS:
            message = unknown_name(name, "error", [*poo.erros, *sorted(BUILTIN_ERRORS)])
            if "did you mean" in message or not name.isidentifier() or names.pascal(name) in RUNTIME_NAMES:
                falhas.diz(at, message)
            result[name] = ClasseErro(name, names.pascal(name), "", (), None, "", ())
    return list(result.values())


def _error(poo: SpecPoo, name: str, done: Mapping[str, ClasseErro], mundo: Mundo, falhas: Falhas) -> ClasseErro:
    spec = poo.erros[name]
    at = f"spec_poo.erros.{name}"
    if spec.herda is not None and spec.herda not in done and spec.herda not in BUILTIN_ERRORS:
        falhas.diz(f"{at}.herda", unknown_name(spec.herda, "error", [*poo.erros, *sorted(BUILTIN_ERRORS)]))
    data = list(done[spec.herda].dados) if spec.herda and spec.herda in done else []
    for part in ordenados(spec.dados):
        where = f"{at}.dados.{part.nome}"
        tipo = tipo_declarado(part.tipo, mundo, falhas, where)
        if tipo:
            data.append(
                CampoBase(part.nome, names.argument(part.nome), tipo, Restricoes(), Restricoes(), part.descricao, where)
            )
    for name_in_text in re.findall(r"\{([^{}]*)\}", spec.mensagem):
        if name_in_text not in {d.nome for d in data}:
            falhas.diz(f"{at}.mensagem", unknown_name(name_in_text, "value in {...}", [d.nome for d in data]))
    if set("{}") & set(re.sub(r"\{\w+\}", "", spec.mensagem)):
        falhas.diz(f"{at}.mensagem", "braces only stand round the name of one of 'dados'")
    return ClasseErro(name, names.pascal(name), spec.mensagem, tuple(data), spec.herda, spec.descricao, spec.requisito)


def _named_errors(poo: SpecPoo) -> Iterable[tuple[str, str]]:
    for classe in ordenados(poo.classes):
        for metodo in ordenados(classe.metodos):
            at = f"spec_poo.classes.{classe.nome}.metodos.{metodo.nome}"
            for place, erro in enumerate(metodo.erros):
                yield erro.lanca, f"{at}.erros[{place}].lanca"
            for step in _all_steps(metodo.corpo.passos or () if metodo.corpo else ()):
                if step.lanca:
                    yield step.lanca, f"{at}.corpo"


def _all_steps(steps: Iterable[Passo]) -> Iterable[Passo]:
    for step in steps:
        yield step
        yield from _all_steps((*step.entao, *step.senao, *step.passos))
