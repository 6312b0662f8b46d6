"""A method of the generated code: signature, checks, body, promises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contratos.spec_tipos import Tipo
from workers import names
from workers.e_estrutural_condicoes import EscritorCondicoes
from workers.e_estrutural_textos import do_metodo
from workers.e_estrutural_valores import INDENT, Verificador
from workers.estrutura.comandos import nos, todos_comandos
from workers.estrutura.escritor import Escritor
from workers.estrutura.modelo import Atributo, Classe, Condicao, Erro, Metodo, Relacao
from workers.estrutura.nomes import NomesDoModelo
from workers.expressao.arvore import Logica, No, todos
from workers.expressao.impressor import Impressor, texto
from workers.expressao.narrowing import Caminho, caminho, presentes
from workers.rendering import Fonte


@dataclass(frozen=True, slots=True)
class VisaoMetodo:
    """One function as the template lays it out."""

    decoradores: tuple[Fonte, ...]
    nome: str
    assinatura: Fonte
    retorna: Fonte
    doc: Fonte | None
    corpo: tuple[Fonte, ...]


class EscritorMetodo:
    """Writes the function, or the two functions (contract and body), of one method of one class."""

    def __init__(self, metodo: Metodo, classe: Classe, nomes: NomesDoModelo, usa: set[str]) -> None:
        self.method = metodo
        self.owner = classe
        self.names = nomes
        self.usa = usa
        self.printer = Impressor(nomes, usa)
        self.checks = Verificador(nomes, usa)
        self.conditions = EscritorCondicoes(nomes, self.printer, (p.nome for p in metodo.parametros))
        self.where = f"{classe.nome}.{metodo.nome}"

    def visoes(self) -> list[VisaoMetodo]:
        """The method, and its body where that stands apart."""
        method = self.method
        decorators = ["abstractmethod"] if method.abstrato else [] if method.consulta else ["atomico"]
        self.usa.update(decorators)
        lines = self._abstract() if method.abstrato else self._contract()
        views = [self._view(method.py, [Fonte(f"@{d}") for d in decorators], lines, doc=do_metodo(method))]
        if method.corpo_separado:
            body = self._asserts(self._needed(method.presentes)) + self._body()
            views.append(self._view(self._body_name(), [], body, doc=None))
        return views

    def _view(self, name: str, decorators: Sequence[Fonte], lines: Sequence[str], doc: Fonte | None) -> VisaoMetodo:
        returns = self.names.anotacao(self.method.retorna.tipo, self.usa) if self.method.retorna else "None"
        empty = [] if doc else ["pass"]
        return VisaoMetodo(
            tuple(decorators), name, Fonte(self._signature()), Fonte(returns), doc, tuple(map(Fonte, lines or empty))
        )

    def _signature(self) -> str:
        parts = ["self"]
        if len(self.method.parametros) > 1 and not self.method.por_posicao:
            parts.append("*")  # a map of parameters has no order: they are given by name
        for parameter in self.method.parametros:
            text = f"{parameter.py}: {self._parameter_type(parameter.tipo)}"
            if parameter.tem_padrao:
                text += f" = {self.names.valor(parameter.padrao, self.usa)}"
            parts.append(text)
        return ", ".join(parts)

    def _parameter_type(self, tipo: Tipo) -> str:
        return self.names.anotacao(tipo, self.usa)

    def _abstract(self) -> list[str]:
        return []

    def _contract(self) -> list[str]:
        """Checks, then the body; where the body stands apart, its call and what it promised."""
        method = self.method
        lines = self._parameters() + self._preconditions()
        proximo = self._local("proximo")
        if method.transicoes:
            lines.append(f"{proximo} = self._proximo({texto(method.nome)})")
        facts = self._needed(frozenset().union(*(self._facts_of_pre())), [e.no for e in method.erros])
        lines += self._asserts(facts)
        for error in method.erros:
            lines += self._error(error)
        if not method.corpo_separado:
            step = [f"self.{self._state().py} = {proximo}"] if method.transicoes else []
            narrowed = self._asserts(self._needed(method.presentes) - facts, bare=bool(method.erros))
            return [*lines, *narrowed, *self._body(), *step]
        return lines + self._promised(proximo)

    def _facts_of_pre(self) -> Iterable[frozenset[Caminho]]:
        if len(self.method.pre) == 1:
            yield from (presentes(condition.no, quando=True) for condition in self.method.pre[0])

    def _parameters(self) -> list[str]:
        lines: list[str] = []
        for parameter in self.method.parametros:
            if _list(parameter.tipo):
                guard = f" if {parameter.py} is not None else None" if parameter.tipo.opcional else ""
                lines.append(f"{parameter.py} = tuple({parameter.py}){guard}")
            lines += self.checks.declarado(f"{self.where}: {parameter.nome}", parameter.py, parameter)
        return lines

    def _preconditions(self) -> list[str]:
        groups = self.method.pre
        if not groups:
            return []
        self.usa.add("ativos")
        if len(groups) == 1:
            return [
                "if ativos():",
                *(INDENT + self.conditions.cumpre("PreCondicaoViolada", self.where, c) for c in groups[0]),
            ]
        whole = Condicao(
            id="|".join(c.id for group in groups for c in group),
            texto=" ou ".join(" e ".join(c.texto for c in group) for group in groups),
            no=_any([_all([c.no for c in group]) for group in groups]),
            mensagem="",
            requisito=(),
            origem=self.owner.nome,
            caminho=self.method.caminho,
        )
        return ["if ativos():", INDENT + self.conditions.cumpre("PreCondicaoViolada", self.where, whole)]

    def _error(self, error: Erro) -> list[str]:
        writer = Escritor(self.printer, self.names)
        builtin = self.names.modelo.erro(error.lanca) is None
        message = error.mensagem or (f"{self.where}: {error.texto}" if builtin else "")
        return [f"if {self.printer.fonte(error.no)}:", INDENT + writer.lanca(error.lanca, error.dados, message)]

    def _needed(self, facts: frozenset[Caminho], nodes: Sequence[No] | None = None) -> frozenset[Caminho]:
        """The facts about None that the body (or the given expressions) rests on."""
        used = nodes if nodes is not None else list(self._body_nodes())
        paths = {caminho(part) for no in used for part in todos(no) if not part.tipo.opcional}
        return frozenset(fact for fact in facts if fact in paths)

    def _body_nodes(self) -> Iterable[No]:
        for command in todos_comandos(self.method.corpo.comandos if self.method.corpo else ()):
            yield from nos(command)

    def _asserts(self, facts: frozenset[Caminho], *, bare: bool = False) -> list[str]:
        if bare:  # the checks right above have said it to type checkers already
            return []
        return [f"assert {self._path(fact)} is not None" for fact in sorted(facts)]

    def _path(self, path: Caminho) -> str:
        first, *rest = path
        text, tipo = (first if first == "self" else names.argument(first)), self._type_of(first)
        for name in rest:
            field = self.names.modelo.classe(tipo).campo(name)
            text, tipo = f"{text}.{field.py}", field.tipo.folha.nome
        return text

    def _type_of(self, name: str) -> str:
        if name == "self":
            return self.owner.nome
        return next(p.tipo.folha.nome for p in self.method.parametros if p.nome == name)

    def _body(self) -> list[str]:
        commands = self.method.corpo.comandos if self.method.corpo else ()
        return Escritor(self.printer, self.names).linhas(commands)

    def _body_name(self) -> str:
        return f"_{self.method.py}"

    def _local(self, name: str) -> str:
        return names.unique(name, {p.py for p in self.method.parametros})

    def _promised(self, proximo: str) -> list[str]:
        """The call of the body, the step in the life cycle, and the checks of what was promised."""
        method, printer = self.method, Impressor(self.names, self.usa, alias={"resultado": self._local("resultado")})
        result = self._local("resultado")
        self.printer = printer
        conditions = EscritorCondicoes(self.names, printer, (p.nome for p in method.parametros))
        checks = [conditions.cumpre("PosCondicaoViolada", self.where, c) for c in method.pos]
        checks = [*self._limits_of_result(result), *checks]
        before = [f"{name} = {printer.fonte(old)}" for old, name in printer.antigos.items()]
        if method.quadro:
            frame = self._local("antes")
            before.append(f"{frame} = self._quadro()")
            allowed = [self._slot(name) for name in self._may_change()]
            checks.append(f"self._mudou_so({', '.join([texto(self.where), frame, *map(texto, allowed)])})")
        call = f"self.{self._body_name()}({', '.join(f'{p.py}={p.py}' for p in method.parametros)})"
        step = [f"self.{self._state().py} = {proximo}"] if method.transicoes else []
        if checks:
            self.usa.add("ativos")
            checks = ["if ativos():", *(INDENT + line for line in checks)]
        if not method.retorna:
            return [*before, call, *step, *checks]
        if not (step or checks):
            return [*before, f"return {call}"]
        return [*before, f"{result} = {call}", *step, *checks, f"return {result}"]

    def _limits_of_result(self, result: str) -> list[str]:
        returns = self.method.retorna
        if returns is None or not returns.restricoes:
            return []
        return self.checks.declarado(f"{self.where}: resultado", result, returns)

    def _may_change(self) -> list[str]:
        state = [self._state().nome] if self.method.transicoes else []
        return list(dict.fromkeys((*(self.method.modifica or ()), *state)))

    def _slot(self, name: str) -> str:
        """The name under which the object stores an attribute or relation."""
        return slot(self.owner.campo(name))

    def _state(self) -> Atributo:
        assert self.owner.estados is not None
        field = self.owner.campo(self.owner.estados.atributo)
        assert isinstance(field, Atributo)
        return field


def slot(campo: Atributo | Relacao) -> str:
    """The name of the field in the generated class: the one end of an owned relation stands behind a property."""
    hidden = isinstance(campo, Relacao) and campo.da_parte and campo.minimo > 0
    return f"_{campo.py}" if hidden else campo.py


def _list(tipo: Tipo) -> bool:
    return tipo.lista or (tipo.opcional and tipo.de is not None and tipo.de.lista)


def _all(nodes: list[No]) -> No:
    return nodes[0] if len(nodes) == 1 else Logica(nodes[0].tipo, "and", tuple(nodes))


def _any(nodes: list[No]) -> No:
    return Logica(nodes[0].tipo, "or", tuple(nodes))
