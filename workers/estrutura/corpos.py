"""Bodies as a spec writes them (expression, decision table, steps, lines of Python) -> checked commands."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from contratos import spec_poo
from contratos.spec_base import name_fault
from contratos.spec_tipos import Tipo
from workers.estrutura.comandos import (
    Anexa,
    Atribui,
    Comando,
    Define,
    Executa,
    Lanca,
    ParaCada,
    Retira,
    Retorna,
    Se,
    termina,
    todos_comandos,
)
from workers.estrutura.falhas import Falhas
from workers.estrutura.lugar import Lugar, ler_dados
from workers.expressao.analise import OPERATORS
from workers.expressao.arvore import BOOL, Binaria, Campo, ChamadaMetodo, No, Variavel
from workers.expressao.forma import analisar_bloco
from workers.expressao.narrowing import Caminho, caminho, presentes
from workers.expressao.tipagem import ExpressaoInvalida, aceitar, aritmetica, escrito

type _Inner = Callable[[_Reader], tuple[Comando, ...]]


def ler_corpo(
    corpo: spec_poo.Corpo, lugar: Lugar, falhas: Falhas, campo: str
) -> tuple[tuple[Comando, ...], tuple[No, ...]]:
    """Commands of a body, and the conditions of its decision table where only one of them may hold.

    Problems are noted in `falhas`; what is returned then is not complete.
    """
    try:
        form = corpo.forma()
    except ValueError as error:
        falhas.diz(campo, str(error))
        return (), ()
    reader = _Reader(lugar, falhas)
    if form == "expressao":
        return reader.text(corpo.expressao or "", campo), ()
    if form == "tabela" and corpo.tabela:
        return reader.table(corpo.tabela, f"{campo}.tabela")
    commands = reader.steps(corpo.passos or (), f"{campo}.passos")
    reader.must_end(commands, campo)
    return commands, ()


class _Reader:
    def __init__(self, place: Lugar, faults: Falhas) -> None:
        self.place = place
        self.faults = faults
        self.scope = place.escopo
        self.present = place.presentes

    def inner(self, present: frozenset[Caminho], **more: Tipo) -> _Reader:
        """A reader for what stands inside: what it learns and defines does not come out."""
        reader = _Reader(self.place, self.faults)
        reader.scope, reader.present = self.scope.com(**more), self.present | present
        return reader

    def expr(self, text: str | ast.expr, wanted: Tipo | None, at: str) -> No | None:
        return self.faults.expressao(text, self.scope, wanted, at, self.present)

    def must_end(self, commands: tuple[Comando, ...], at: str) -> None:
        if self.place.retorna and not termina(commands):
            self.faults.diz(at, "not every way through the body returns a value: end it with 'return ...'")

    def text(self, text: str, at: str) -> tuple[Comando, ...]:
        """One expression, or lines of Python."""
        try:
            block = analisar_bloco(text)
        except ExpressaoInvalida as invalid:
            self.faults.diz(at, str(invalid))
            return ()
        single = block[0].value if len(block) == 1 and isinstance(block[0], ast.Expr) else None
        if single is not None and self.place.retorna:
            value = self.expr(single, self.place.retorna, at)
            return (Retorna(value),) if value else ()
        commands = self.block(block, at)
        self.must_end(commands, at)
        return commands

    def table(self, table: spec_poo.Tabela, at: str) -> tuple[tuple[Comando, ...], tuple[No, ...]]:
        """Rows -> a chain of choices; the last row without condition is its end."""
        *rows, last = table.regras
        for place, row in enumerate(rows):
            if row.se is None:
                self.faults.diz(f"{at}.regras[{place}]", "only the last row may stand without 'se'")
        if self.place.retorna and last.se is not None:
            self.faults.diz(
                f"{at}.regras[{len(rows)}]", "the last row needs no 'se' (otherwise), so that there always is a result"
            )
        conditions: list[No] = []
        outcomes: list[tuple[Comando, ...]] = []
        known = self.present
        for place, row in enumerate(table.regras):
            where = f"{at}.regras[{place}]"
            condition = self.faults.expressao(row.se, self.scope, BOOL, f"{where}.se", known) if row.se else None
            facts = presentes(condition, quando=True) if condition else frozenset()
            outcomes.append(self.inner(known | facts).outcome(row, where))
            if condition:
                conditions.append(condition)
                known |= presentes(condition, quando=False)
        commands: tuple[Comando, ...] = outcomes[-1] if len(outcomes) > len(conditions) else ()
        for condition, outcome in reversed(list(zip(conditions, outcomes, strict=False))):
            commands = (Se(condition, outcome, commands),)
        return commands, tuple(conditions) if table.politica == "unica" else ()

    def outcome(self, row: spec_poo.Regra, at: str) -> tuple[Comando, ...]:
        commands: list[Comando] = []
        if row.muda:
            commands.append(self.changes(row.muda, f"{at}.muda"))
        if row.retorna is not None and self.place.retorna is None:
            self.faults.diz(f"{at}.retorna", "the method has no 'retorna'")
        elif row.retorna is not None and (value := self.expr(row.retorna, self.place.retorna, f"{at}.retorna")):
            commands.append(Retorna(value))
        elif row.retorna is None and self.place.retorna:
            self.faults.diz(at, "every row needs 'retorna': the method returns a value")
        return tuple(commands)

    def changes(self, changes: dict[str, str], at: str) -> Atribui:
        parts = []
        for name, text in sorted(changes.items()):
            target = self.expr(f"self.{name.removeprefix('self.')}", None, f"{at}.{name}")
            if isinstance(target, Campo) and self.changeable(target, f"{at}.{name}"):
                value = self.expr(text, self.declared(target), f"{at}.{name}")
                if value:
                    parts.append((target, value))
        return Atribui(tuple(parts))

    def declared(self, target: Campo) -> Tipo:
        """The declared type of an attribute, whatever is known about None here."""
        return self.scope.mundo.base(self.scope.mundo.classes[target.de.tipo.nome].campos[target.nome])

    def changeable(self, target: Campo, at: str) -> bool:
        world = self.scope.mundo
        view = world.classes.get(target.de.tipo.nome)
        owners = {target.de.tipo.nome, *(view.ancestrais if view else ())}
        if any((owner, target.nome) in self.place.fixos for owner in owners):
            self.faults.diz(
                at, f"'{target.nome}' cannot be changed: it is derived, read-only, or its class is immutable"
            )
            return False
        return True

    def steps(self, steps: Sequence[spec_poo.Passo], at: str) -> tuple[Comando, ...]:
        commands: list[Comando] = []
        for place, step in enumerate(steps):
            commands.extend(self.step(step, f"{at}[{place}]"))
        return tuple(commands)

    def step(self, step: spec_poo.Passo, at: str) -> Sequence[Comando]:  # noqa: PLR0911 - one line a kind of step
        try:
            verb = step.verbo()
        except ValueError as error:
            self.faults.diz(at, str(error))
            return ()
        match verb:
            case "faz":
                return self.lines(step.faz or "", f"{at}.faz")
            case "se":
                return self.choice(
                    step.se or "",
                    at,
                    lambda r: r.steps(step.entao, f"{at}.entao"),
                    lambda r: r.steps(step.senao, f"{at}.senao"),
                )
            case "para_cada":
                if step.em is None:
                    self.faults.diz(at, "'para_cada' needs 'em': the collection")
                    return ()
                return self.loop(step.para_cada or "", step.em, at, lambda r: r.steps(step.passos, f"{at}.passos"))
            case "lanca":
                return self.error(step.lanca or "", dict(step.dados), f"{at}.lanca")
        return self.result(step.retorna, at)

    def lines(self, text: str, at: str) -> Sequence[Comando]:
        try:
            return self.block(analisar_bloco(text), at)
        except ExpressaoInvalida as invalid:
            self.faults.diz(at, str(invalid))
            return ()

    def block(self, statements: Sequence[ast.stmt], at: str) -> tuple[Comando, ...]:
        commands: list[Comando] = []
        for statement in statements:
            commands.extend(self.statement(statement, at))
        return tuple(commands)

    def statement(self, statement: ast.stmt, at: str) -> Sequence[Comando]:  # noqa: C901, PLR0911 - one line a kind
        match statement:
            case ast.Assign(targets=[target], value=value):
                return self.assignment(target, value, at)
            case ast.AugAssign(target=target, op=op, value=value):
                return self.augmented(target, OPERATORS[type(op)], value, at)
            case ast.Return(value=value):
                return self.result(value, at)
            case ast.Expr(value=ast.Call() as call):
                return self.call(call, at)
            case ast.If(test=test, body=body, orelse=orelse):
                return self.choice(test, at, lambda r: r.block(body, at), lambda r: r.block(orelse, at))
            case ast.For(target=ast.Name(id=name), iter=source, body=body, orelse=[]):
                return self.loop(name, source, at, lambda r: r.block(body, at))
            case ast.Raise(exc=ast.Name(id=name), cause=None):
                return self.error(name, {}, at)
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[], keywords=keywords), cause=None):
                return self.error(name, {k.arg or "": k.value for k in keywords}, at)
            case ast.Pass():
                return ()
            case ast.Expr():
                self.faults.diz(at, "a step that only computes a value does nothing (with 'retorna': return it)")
                return ()
        self.faults.diz(
            at, f"a step is an assignment, a call, return, raise, if or for; found '{type(statement).__name__}'"
        )
        return ()

    def assignment(self, target: ast.expr, value: ast.expr, at: str) -> Sequence[Comando]:
        if isinstance(target, ast.Name) and target.id not in self.fields():
            return self.definition(target.id, self.expr(value, self.scope.nomes.get(target.id), at), at)
        field = self.target(target, at)
        new = self.expr(value, self.declared(field), at) if field else None
        return self.assigned(field, new) if field and new else ()

    def augmented(self, target: ast.expr, op: str, value: ast.expr, at: str) -> Sequence[Comando]:
        right = self.expr(value, None, at)
        local = isinstance(target, ast.Name) and target.id not in self.fields()
        left = self.expr(target, None, at) if local else self.target(target, at)
        if left is None or right is None:
            return ()
        try:
            new: Binaria = aritmetica(op, left, right)
        except ExpressaoInvalida as invalid:
            self.faults.diz(at, str(invalid))
            return ()
        if isinstance(left, Variavel):
            return self.definition(left.nome, new, at)
        assert isinstance(left, Campo)
        fitted = aceitar(new, self.declared(left), self.scope.mundo)
        if fitted is None:
            self.faults.diz(at, f"expected {escrito(left.tipo)}, found {escrito(new.tipo)}")
            return ()
        return self.assigned(left, fitted)

    def fields(self) -> set[str]:
        """Attributes that may be written without 'self.'."""
        view = self.scope.mundo.classes.get(self.scope.classe or "")
        return set(view.campos) - set(self.scope.nomes) if view else set()

    def target(self, target: ast.expr, at: str) -> Campo | None:
        node = self.faults.expressao(
            target, self.scope, None, at
        )  # without what is known about None: it gets a new value
        if isinstance(node, Campo) and not self.is_relation_list(node):
            return node if self.changeable(node, at) else None
        if node is not None:
            self.faults.diz(
                at, "only attributes and local names get new values (a relation to many has append and remove)"
            )
        return None

    def is_relation_list(self, node: Campo) -> bool:
        return bool(node.tipo.lista and node.tipo.de and node.tipo.de.nome in self.scope.mundo.classes)

    def assigned(self, field: Campo, value: No) -> Sequence[Comando]:
        path = caminho(field)
        self.present = frozenset(p for p in self.present if not path or p[: len(path)] != path)
        if path and not value.tipo.opcional and value.tipo.nome != "nada":
            self.present |= {path}
        return (Atribui(((field, value),)),)

    def definition(self, name: str, value: No | None, at: str) -> Sequence[Comando]:
        if value is None:
            return ()
        if fault := name_fault(name):
            self.faults.diz(at, fault)
            return ()
        new = name not in self.scope.nomes
        self.scope = self.scope.com(**({name: value.tipo} if new else {}))
        return (Define(name, value, nova=new),)

    def result(self, value: str | ast.expr | None, at: str) -> Sequence[Comando]:
        if self.place.retorna is None:
            if value is not None:
                self.faults.diz(at, "the method has no 'retorna', so it returns nothing")
            return (Retorna(None),)
        if value is None:
            self.faults.diz(at, f"return a {escrito(self.place.retorna)}")
            return ()
        node = self.expr(value, self.place.retorna, at)
        return (Retorna(node),) if node else ()

    def call(self, call: ast.Call, at: str) -> Sequence[Comando]:
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"append", "remove"} and len(call.args) == 1:
            return self.list_change(call.func, call.args[0], at)
        node = self.expr(call, None, at)
        if node is None:
            return ()
        if not isinstance(node, ChamadaMetodo):
            self.faults.diz(at, "a step that only computes a value does nothing")
            return ()
        self.present = frozenset(p for p in self.present if len(p) == 1)  # the call may change attributes
        return (Executa(node),)

    def list_change(self, func: ast.Attribute, item: ast.expr, at: str) -> Sequence[Comando]:
        field = self.expr(func.value, None, at)
        if not (isinstance(field, Campo) and field.tipo.lista and field.tipo.de):
            self.faults.diz(at, f"'{func.attr}' works on an attribute that is a list, or on a relation to many")
            return ()
        value = self.expr(item, field.tipo.de, at)
        if value is None or not self.changeable(field, at):
            return ()
        return (Anexa(field, value) if func.attr == "append" else Retira(field, value),)

    def choice(self, test: str | ast.expr, at: str, yes: _Inner, no: _Inner) -> Sequence[Comando]:
        condition = self.expr(test, BOOL, at)
        facts = [presentes(condition, quando=side) if condition else frozenset() for side in (True, False)]
        then, otherwise = yes(self.inner(facts[0])), no(self.inner(facts[1]))
        changed = {
            caminho(f) for c in todos_comandos((*then, *otherwise)) if isinstance(c, Atribui) for f, _ in c.partes
        }
        self.present -= {path for path in self.present if path in changed}
        if termina(then):
            self.present |= facts[1]
        elif termina(otherwise):
            self.present |= facts[0]
        return (Se(condition, then, otherwise),) if condition else ()

    def loop(self, name: str, source: str | ast.expr, at: str, body: _Inner) -> Sequence[Comando]:
        items = self.expr(source, None, at)
        if items is None:
            return ()
        if not (items.tipo.lista and items.tipo.de):
            self.faults.diz(at, f"'for' goes over a list, found {escrito(items.tipo)}")
            return ()
        fault = f"'{name}' is taken: choose another name" if name in self.scope.nomes else name_fault(name)
        if fault:
            self.faults.diz(at, fault)
            return ()
        self.present = frozenset(
            p for p in self.present if len(p) == 1
        )  # what the loop changes is not known at its start
        return (ParaCada(name, items, body(self.inner(frozenset(), **{name: items.tipo.de}))),)

    def error(self, name: str, data: dict[str, str] | dict[str, ast.expr], at: str) -> Sequence[Comando]:
        return (Lanca(name, ler_dados(name, data, self.place, self.scope, self.present, self.faults, at)),)
