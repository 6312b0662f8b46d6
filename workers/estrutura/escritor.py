"""Commands -> lines of Python, as a careful person would write them (and as linters want them)."""

from __future__ import annotations

from collections.abc import Sequence

from contratos.spec_tipos import Tipo
from workers import names
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
from workers.estrutura.nomes import NomesDoModelo
from workers.expressao.arvore import (
    BOOL,
    Agregado,
    Binaria,
    Campo,
    Clausula,
    Compreensao,
    Condicional,
    Literal,
    No,
    Variavel,
    todos,
)
from workers.expressao.impressor import Impressor, negada

INDENT = "    "


class Escritor:
    """Writes the body of one method; what it needs to import gathers in the printer's `usa`."""

    def __init__(self, impressor: Impressor, nomes: NomesDoModelo) -> None:
        self.printer = impressor
        self.names = nomes

    def linhas(self, comandos: Sequence[Comando]) -> list[str]:
        """The lines of a whole body; 'pass' is the caller's matter."""
        commands = list(comandos)
        if commands and commands[-1] == Retorna(None):
            commands.pop()
        return self._block(commands, 0)

    def _block(self, commands: Sequence[Comando], level: int) -> list[str]:
        lines: list[str] = []
        commands = simplificado(commands)
        for place, command in enumerate(commands):
            if isinstance(command, Se):
                lines += self._choice(command, level, word="if")
            else:
                lines += [INDENT * level + line for line in self._command(command)]
                if isinstance(command, ParaCada):
                    lines += self._block(command.passos, level + 1) or [f"{INDENT * (level + 1)}pass"]
            if termina((command,)) and place < len(commands) - 1:
                break
        return lines

    def _choice(self, command: Se, level: int, word: str) -> list[str]:
        """After a branch that ends, what follows needs no 'else'."""
        condition = self.printer.fonte(command.se)
        lines = [f"{INDENT * level}{word} {condition}:"]
        lines += self._block(command.entao, level + 1) or [f"{INDENT * (level + 1)}pass"]
        otherwise = command.senao
        if not otherwise:
            return lines
        if termina(command.entao):
            return lines + self._block(otherwise, level)
        if len(otherwise) == 1 and isinstance(otherwise[0], Se):
            return lines + self._choice(otherwise[0], level, word="elif")
        return [*lines, f"{INDENT * level}else:", *self._block(otherwise, level + 1)]

    def _command(self, command: Comando) -> list[str]:  # noqa: C901, PLR0911 - one line a kind of command
        match command:
            case Retorna(valor=None):
                return ["return"]
            case Retorna(valor=No() as value):
                return [f"return {self.printer.fonte(value)}"]
            case Atribui(partes=parts):
                return self._assignment(parts)
            case Define(nome=name, valor=value, nova=new):
                return [self._definition(name, value, new=new)]
            case Anexa(lista=target, item=item):
                field, added = self.printer.alvo(target), self.printer.fonte(item)
                return [f"{field}.append({added})" if self._linked(target) else f"{field} = (*{field}, {added})"]
            case Retira(lista=target, item=item):
                field, taken = self.printer.alvo(target), self.printer.fonte(item)
                if self._linked(target):
                    return [f"{field}.remove({taken})"]
                self.printer.usa.add("sem")
                return [f"{field} = sem({field}, {taken})"]
            case Executa(chamada=call):
                return [self.printer.fonte(call)]
            case ParaCada(nome=name, em=source, passos=steps):
                changes = any(isinstance(step, Anexa | Retira | Executa) for step in todos_comandos(steps))
                text = self.printer.fonte(source) if changes else self.printer.percorrido(source)
                return [f"for {names.argument(name)} in {text}:"]
            case Lanca(erro=error, dados=data, mensagem=message):
                return [self.lanca(error, data, message)]
        raise AssertionError(command)

    def lanca(self, error: str, data: Sequence[tuple[str, No]], message: str) -> str:
        """The line that raises an error."""
        name = self.names.erro(error)
        self.printer.usa.add(name)
        args = [self.printer.texto(message)] if message else []
        args += [f"{names.argument(key)}={self.printer.fonte(value)}" for key, value in data]
        return f"raise {name}({', '.join(args)})" if args else f"raise {name}"

    def _linked(self, target: Campo) -> bool:
        return self.names.colecao(target.de.tipo.nome, target.nome)

    def _definition(self, name: str, value: No, *, new: bool) -> str:
        local, text = names.argument(name), self.printer.fonte(value)
        vague = value.tipo.nome in {"lista", "opcional", "nada"}
        if new and vague and value.tipo.folha.nome not in {"nada", "vazio"}:
            return f"{local}: {self.names.anotacao(value.tipo, self.printer.usa)} = {text}"
        return f"{local} = {text}"

    def _assignment(self, parts: Sequence[tuple[Campo, No]]) -> list[str]:
        """One line each, or all at once where a later value looks at an attribute that changes before it."""
        for place, (_, value) in enumerate(parts):
            before = {(target.de, target.nome) for target, _ in parts[:place]}
            if any(isinstance(inner, Campo) and (inner.de, inner.nome) in before for inner in todos(value)):
                targets = ", ".join(self.printer.alvo(target) for target, _ in parts)
                return [f"{targets} = {', '.join(self.printer.fonte(value) for _, value in parts)}"]
        return [self._one(target, value) for target, value in parts]

    def _one(self, target: Campo, value: No) -> str:
        text = self.printer.alvo(target)
        if isinstance(value, Binaria) and value.a == target and not value.tipo.lista and value.op != "**":
            return f"{text} {value.op}= {self.printer.fonte(value.b)}"
        return f"{text} = {self.printer.fonte(value)}"


def simplificado(commands: Sequence[Comando]) -> list[Comando]:
    """The same in the usual words: no name for what is returned at once, no 'if' that only chooses a value."""
    result = [_chosen(command) for command in commands]
    for place in range(len(result) - 1):
        match result[place], result[place + 1]:
            case Define(nome=name, valor=value, nova=True), Retorna(valor=Variavel(nome=other)) if name == other:
                return [*result[:place], Retorna(value)]
            case Se(se=test, entao=(Retorna(valor=No() as yes),), senao=()), Retorna(valor=No() as no) if _truths(
                yes, no
            ):
                return [*result[:place], Retorna(test if _true(yes) else negada(test))]
            case ParaCada() as loop, Retorna(valor=No() as last) if quantified := _quantified(loop, last):
                return [*result[:place], Retorna(quantified)]
    return result


def _chosen(command: Comando) -> Comando:
    match command:
        case Se(se=test, entao=(Retorna(valor=No() as yes),), senao=(Retorna(valor=No() as no),)) if _truths(yes, no):
            return Retorna(test if _true(yes) else negada(test))
        case Se(se=test, entao=(Atribui(partes=((one, yes),)),), senao=(Atribui(partes=((other, no),)),)) if (
            one == other
        ):
            return Atribui(((one, Condicional(_wider(yes, no), test, yes, no)),))
        case Se(se=test, entao=(Define(nome=one, valor=yes, nova=new),), senao=(Define(nome=other, valor=no),)) if (
            one == other
        ):
            return Define(one, Condicional(_wider(yes, no), test, yes, no), nova=new)
    return command


def _wider(yes: No, no: No) -> Tipo:
    return yes.tipo if yes.tipo.opcional else no.tipo if no.tipo.opcional else yes.tipo


def _true(no: No) -> bool:
    return isinstance(no, Literal) and no.valor is True


def _truths(yes: No, no: No) -> bool:
    values = {no.valor for no in (yes, no) if isinstance(no, Literal) and isinstance(no.valor, bool)}
    return values == {True, False}


def _quantified(loop: ParaCada, last: No) -> No | None:
    """'for x in xs: if c: return True' and then 'return False' is any(c for x in xs)."""
    match loop.passos:
        case (Se(se=test, entao=(Retorna(valor=No() as yes),), senao=()),) if _truths(yes, last):
            kind = "any" if _true(yes) else "all"
            element = test if kind == "any" else negada(test)
            source = Compreensao(Tipo("lista", BOOL), element, (Clausula(loop.nome, loop.em, ()),))
            return Agregado(BOOL, kind, source)
    return None
