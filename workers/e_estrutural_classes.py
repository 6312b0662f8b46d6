"""Classes of the generated code: which module each stands in, its fields, checks and methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contratos.spec_tipos import Tipo
from workers import names
from workers.e_estrutural_condicoes import EscritorCondicoes
from workers.e_estrutural_metodos import EscritorMetodo, VisaoMetodo, slot
from workers.e_estrutural_textos import da_classe, do_campo
from workers.e_estrutural_valores import INDENT, Verificador
from workers.estrutura.comandos import nos, todos_comandos
from workers.estrutura.modelo import Atributo, Classe, Modelo, Relacao
from workers.estrutura.nomes import MODULOS, NomesDoModelo
from workers.estrutura.valores import Restricoes
from workers.expressao.arvore import Cria, No, todos
from workers.expressao.impressor import Impressor, texto
from workers.grafos import components
from workers.rendering import Fonte

PORTS = {"relogio": ("Relogio", "RelogioDoSistema"), "aleatorio": ("Aleatorio", "AleatorioDoSistema")}


@dataclass(frozen=True, slots=True)
class VisaoClasse:
    """One class as the template lays it out."""

    nome: str
    decorador: Fonte
    bases: Fonte
    doc: Fonte
    constantes: tuple[Fonte, ...]
    campos: tuple[Fonte, ...]
    metodos: tuple[VisaoMetodo, ...]


def modulos(modelo: Modelo) -> dict[str, tuple[Classe, ...]]:
    """Module -> its classes: those that need one another stand together, so that modules never import in a circle."""
    arcs = {c.nome: sorted(_needs(c, modelo) - {c.nome}) for c in modelo.classes}
    order = {c.nome: place for place, c in enumerate(modelo.classes)}
    result: dict[str, tuple[Classe, ...]] = {}
    for component in components(arcs):
        members = sorted((modelo.classe(name) for name in component), key=lambda c: order[c.nome])
        owned = {r.classe for c in members for r in c.relacoes if r.dono}
        head = next((c for c in members if c.nome not in owned), members[0])
        result[names.unique(names.snake(head.nome), {*MODULOS, *result})] = tuple(members)
    return result


def _needs(classe: Classe, modelo: Modelo) -> set[str]:
    """The other classes that the code of a class mentions."""
    types = [a.tipo for a in classe.atributos] + [r.tipo for r in classe.relacoes]
    found = {classe.herda} if classe.herda else set()
    for method in classe.metodos:
        types += [p.tipo for p in method.parametros] + ([method.retorna.tipo] if method.retorna else [])
    for no in _nodes(classe):
        found |= {part.classe for part in todos(no) if isinstance(part, Cria)}
    return found | {t.folha.nome for t in types if t.folha.nome in modelo.mundo.classes}


def _nodes(classe: Classe) -> Iterator[No]:
    for attribute in classe.atributos:
        yield from (no for no in (attribute.deriva, attribute.inicial) if no)
    for method in classe.metodos:
        for command in todos_comandos(method.corpo.comandos if method.corpo else ()):
            yield from nos(command)


class EscritorClasse:
    """Writes one class; the names that it needs to import gather in `usa`."""

    def __init__(self, classe: Classe, nomes: NomesDoModelo, usa: set[str]) -> None:
        self.owner = classe
        self.names = nomes
        self.model = nomes.modelo
        self.usa = usa
        self.printer = Impressor(nomes, usa)
        self.checks = Verificador(nomes, usa)
        self.parent = nomes.modelo.classe(classe.herda) if classe.herda else None

    def visao(self) -> VisaoClasse:
        """The whole class."""
        options = (
            "frozen=True, slots=True, kw_only=True" if self.owner.imutavel else "slots=True, kw_only=True, eq=False"
        )
        self.usa.add("dataclass")
        methods = [*self._properties(), *self._methods(), *self._inner()]
        return VisaoClasse(
            nome=self.owner.py,
            decorador=Fonte(f"@dataclass({options})"),
            bases=Fonte(self._bases()),
            doc=da_classe(self.owner),
            constantes=tuple(map(Fonte, self._constants())),
            campos=tuple(map(Fonte, self._fields())),
            metodos=tuple(methods),
        )

    def _bases(self) -> str:
        bases = []
        if self.parent:
            bases.append(self.parent.py)
        elif not self.owner.imutavel:
            bases.append("Associado" if self._linked() else "Objeto")
        if any(m.abstrato for m in self.owner.metodos) and not any(
            m.abstrato for m in (self.parent.todos_metodos if self.parent else ())
        ):
            bases.append("ABC")
        self.usa.update(bases)
        return f"({', '.join(bases)})" if bases else ""

    def _linked(self) -> bool:
        """Whether the class or one below it has relations."""
        return any(c.relacoes for c in self._family())

    def _family(self) -> list[Classe]:
        """The class and all that inherit from it."""
        return [c for c in self.model.classes if self.owner.nome in {c.nome, *c.ancestrais}]

    def _constants(self) -> list[str]:
        """What holds for all objects of the class: fixed fields, inner fields, inverse ends, moves of the life
        cycle.
        """
        owner = self.owner
        fixed = [a.py for a in owner.atributos if a.somente_leitura and a.guardado]
        fixed += [slot(r) for r in owner.relacoes if r.somente_leitura] + list(owner.portas)
        inner = [a.py for a in owner.atributos if a.de_estados]
        lines = []
        if not owner.imutavel:
            lines += self._names_constant("_FIXOS", fixed) + self._names_constant("_INTERNOS", inner)
        pairs = [(slot(r), slot(self._other_end(r))) for r in owner.relacoes if r.inversa]
        if pairs:
            self.usa.update({"ClassVar", "Mapping"})
            inherited = f"**{self.parent.py}._INVERSAS, " if self.parent else ""
            body = ", ".join(f"{texto(here)}: {texto(there)}" for here, there in pairs)
            lines.append(f"_INVERSAS: ClassVar[Mapping[str, str]] = {{{inherited}{body}}}")
        if owner.estados and (self.parent is None or self.parent.estados is None):
            lines.append(self._moves())
        return lines

    def _names_constant(self, name: str, values: Sequence[str]) -> list[str]:
        if not values:
            return []
        self.usa.add("ClassVar")
        inherited = f"{self.parent.py}.{name} | " if self.parent else ""
        listed = "{" + ", ".join(texto(value) for value in values) + "}"
        return [f"{name}: ClassVar[frozenset[str]] = {inherited or 'frozenset('}{listed}{'' if inherited else ')'}"]

    def _other_end(self, relation: Relacao) -> Relacao:
        other = self.model.classe(relation.classe).campo(relation.inversa or "")
        assert isinstance(other, Relacao)
        return other

    def _moves(self) -> str:
        states = self.owner.estados
        assert states is not None
        enum = self.names.tipo(states.enumeracao)
        self.usa.update({"ClassVar", "Mapping", enum})

        def member(state: str) -> str:
            return f"{enum}.{self.names.membro(states.enumeracao, state)}"

        rows = []
        for state in states.nomes:
            moves = ", ".join(f"{texto(method)}: {member(to)}" for method, to in states.transicoes[state].items())
            rows.append(f"{member(state)}: {{{moves}}},")
        return f"_TRANSICOES: ClassVar[Mapping[{enum}, Mapping[str, {enum}]]] = {{\n" + "\n".join(rows) + "\n}"

    def _fields(self) -> Iterator[str]:
        for attribute in self.owner.atributos:
            if attribute.guardado:
                yield self._attribute(attribute)
        for relation in self.owner.relacoes:
            yield self._relation(relation)
        for port in self.owner.portas:
            protocol, system = PORTS[port]
            self.usa.update({protocol, system, "field"})
            yield f"{port}: {protocol} = field(default_factory={system}, repr=False)"

    def _attribute(self, attribute: Atributo) -> str:
        text = f"{attribute.py}: {self.names.anotacao(attribute.tipo, self.usa)}"
        default = self.names.valor(attribute.padrao, self.usa) if attribute.tem_padrao else ""
        fresh = "(" in default and not default.startswith(("Decimal(", "date", "timedelta(", "("))
        options = []
        if attribute.inicial is not None:
            options.append("init=False")
        elif default and (attribute.secreto or fresh):
            options.append(f"default_factory=lambda: {default}" if fresh else f"default={default}")
        if attribute.secreto:
            options.append("repr=False")
        if options:
            self.usa.add("field")
            return f"{text} = field({', '.join(options)})"
        return f"{text} = {default}" if attribute.tem_padrao else text

    def _relation(self, relation: Relacao) -> str:
        target = self.names.tipo(relation.classe)
        self.usa.update({target, "field"} if relation.inversa or relation.muitos else {target})
        hidden = ", repr=False" if relation.inversa else ""
        if relation.muitos and self.owner.imutavel:
            return f"{relation.py}: tuple[{target}, ...]" + (" = ()" if relation.tem_padrao else "")
        if relation.muitos:
            self.usa.add("Colecao")
            default = "default_factory=Colecao, " if relation.tem_padrao else ""
            return f"{relation.py}: Colecao[{target}] = field({default}repr=False)"
        if relation.da_parte:
            return f"{slot(relation)}: {target} | None = field(default=None, init=False, repr=False)"
        if relation.tem_padrao:
            return f"{relation.py}: {target} | None = " + (f"field(default=None{hidden})" if hidden else "None")
        return f"{relation.py}: {target}" + (" = field(repr=False)" if hidden else "")

    def _properties(self) -> Iterator[VisaoMetodo]:
        for attribute in self.owner.atributos:
            if attribute.deriva is not None:
                lines = [f"return {self.printer.fonte(attribute.deriva)}"]
                yield self._property(attribute, self.names.anotacao(attribute.tipo, self.usa), lines)
        for relation in self.owner.relacoes:
            if slot(relation) != relation.py:
                self.usa.add("ligado")
                where = texto(f"{self.owner.nome}.{relation.nome}")
                yield self._property(
                    relation, self.names.tipo(relation.classe), [f"return ligado({where}, self.{slot(relation)})"]
                )

    def _property(self, campo: Atributo | Relacao, tipo: str, lines: list[str]) -> VisaoMetodo:
        return VisaoMetodo(
            (Fonte("@property"),), campo.py, Fonte("self"), Fonte(tipo), do_campo(campo), tuple(map(Fonte, lines))
        )

    def _methods(self) -> Iterator[VisaoMetodo]:
        for method in self.owner.metodos:
            yield from EscritorMetodo(method, self.owner, self.names, self.usa).visoes()

    def _inner(self) -> Iterator[VisaoMetodo]:
        """What the object does for itself: complete what it was given, check itself, step through its life cycle."""
        if self.owner.imutavel and self.parent is None:
            lines = [*(["self._inicia()"] if any(map(_completes, self._family())) else []), "self._verifica()"]
            yield self._own("__post_init__", lines, "Completa e confere o que o construtor recebeu.")
        if start := self._start():
            yield self._own("_inicia", self._chained("_inicia", start), "")
        checks = self._values() + self._links() + self._invariants()
        if checks or (self.owner.imutavel and self.parent is None):
            yield self._own("_verifica", self._chained("_verifica", checks) or ["pass"], "")
        if self.owner.estados and (self.parent is None or self.parent.estados is None):
            yield self._next()

    def _own(self, name: str, lines: Sequence[str], doc: str) -> VisaoMetodo:
        words = Fonte(f'"""{doc}"""') if doc else None
        return VisaoMetodo((), name, Fonte("self"), Fonte("None"), words, tuple(map(Fonte, lines)))

    def _chained(self, name: str, lines: list[str]) -> list[str]:
        """What the parent does comes first; by name, since a class with slots is made twice and super() sees the
        first.
        """
        return [f"{self.parent.py}.{name}(self)", *lines] if self.parent and self._parent_has(name) else lines

    def _parent_has(self, name: str) -> bool:
        """Immutable classes have no common base; all others inherit both methods at least empty."""
        above = (self.model.classe(name) for name in self.owner.ancestrais)
        return not self.owner.imutavel or name == "_verifica" or any(map(_completes, above))

    def _start(self) -> list[str]:
        owner, lines = self.owner, []
        if _bare(owner):
            message = texto(f"{owner.nome} é abstrata: crie uma de suas especializações")
            lines += [f"if type(self) is {owner.py}:", f"{INDENT}raise TypeError({message})"]
        for attribute in owner.atributos:
            if attribute.no_construtor and _is_list(attribute.tipo):
                guard = f" if self.{attribute.py} is not None else None" if attribute.tipo.opcional else ""
                lines.append(self._set(attribute.py, f"tuple(self.{attribute.py}){guard}"))
            if attribute.inicial is not None:
                lines.append(self._set(attribute.py, self.printer.fonte(attribute.inicial)))
        for relation in owner.relacoes:
            if relation.muitos and owner.imutavel:
                lines.append(self._set(relation.py, f"tuple(self.{relation.py})"))
            elif relation.muitos:
                self.usa.add("Colecao")
                inverse = f", {texto(slot(self._other_end(relation)))}" if relation.inversa else ""
                lines.append(f"self.{relation.py} = Colecao(self.{relation.py}, self{inverse})")
        return lines

    def _set(self, name: str, value: str) -> str:
        if self.owner.imutavel:
            return f"object.__setattr__(self, {texto(name)}, {value})"
        return f"self.{name} = {value}"

    def _values(self) -> list[str]:
        lines = []
        for attribute in self.owner.atributos:
            if attribute.guardado:
                where = f"{self.owner.nome}.{attribute.nome}"
                lines += self.checks.declarado(where, f"self.{attribute.py}", attribute, secreto=attribute.secreto)
        return lines

    def _links(self) -> list[str]:
        lines = []
        for relation in self.owner.relacoes:
            where, expr = f"{self.owner.nome}.{relation.nome}", f"self.{relation.py}"
            if relation.da_parte:
                continue
            if not relation.muitos:
                lines += self.checks.linhas(where, expr, relation.tipo, Restricoes())
                continue
            self.usa.add("exige_todos")
            lines.append(f"exige_todos({texto(where)}, {expr}, {self.names.tipo(relation.classe)})")
            if relation.minimo or relation.maximo is not None:
                self.usa.add("exige_quantidade")
                lines.append(f"exige_quantidade({texto(where)}, {expr}, {relation.minimo}, {relation.maximo})")
            for key in self.model.classe(relation.classe).todas_chaves:
                self.usa.add("exige_chaves")
                parts = ", ".join(f"item.{self.names.campo(relation.classe, name)}" for name in key)
                value = f"({parts})" if len(key) > 1 else parts
                lines.append(f"exige_chaves({texto(where)}, [{value} for item in {expr}])")
        return lines

    def _invariants(self) -> list[str]:
        if not self.owner.invariantes:
            return []
        self.usa.add("ativos")
        writer = EscritorCondicoes(self.names, self.printer)
        checks = [INDENT + writer.cumpre("InvarianteViolada", self.owner.nome, c) for c in self.owner.invariantes]
        return ["if ativos():", *checks]

    def _next(self) -> VisaoMetodo:
        states = self.owner.estados
        assert states is not None
        enum = self.names.tipo(states.enumeracao)
        field = f"self.{self.names.campo(self.owner.nome, states.atributo)}"
        self.usa.add("EstadoInvalido")
        lines = [
            f"proximo = self._TRANSICOES[{field}].get(metodo)",
            "if proximo is None:",
            f'{INDENT}onde = f"{{type(self).__name__}}.{{metodo}}"',
            f'{INDENT}raise EstadoInvalido(onde, "estados", f"não se permite em {{{field}.value}}")',
            "return proximo",
        ]
        doc = Fonte('"""O estado depois do método; EstadoInvalido quando o atual não o permite."""')
        return VisaoMetodo((), "_proximo", Fonte("self, metodo: str"), Fonte(enum), doc, tuple(map(Fonte, lines)))


def _bare(classe: Classe) -> bool:
    """Whether Python would make objects of an abstract class, since it has no abstract method."""
    return classe.abstrata and not any(m.abstrato for m in classe.todos_metodos)


def _completes(classe: Classe) -> bool:
    """Whether the class has something to complete after its constructor."""
    own = any(a.inicial is not None or (a.no_construtor and _is_list(a.tipo)) for a in classe.atributos)
    return own or any(r.muitos for r in classe.relacoes) or _bare(classe)


def _is_list(tipo: Tipo) -> bool:
    return tipo.lista or (tipo.opcional and tipo.de is not None and _is_list(tipo.de))
