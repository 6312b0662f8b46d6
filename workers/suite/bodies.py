"""Bodies of methods, run on simulated objects: commands, and expressions that make objects or call methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from contratos.spec_tipos import Tipo
from workers.estrutura.comandos import Anexa, Atribui, Comando, Define, Executa, Lanca, ParaCada, Retira, Retorna, Se
from workers.expressao.arvore import ChamadaMetodo, Compreensao, Condicional, Cria, Logica, No, Variavel, todos
from workers.expressao.avaliador import Registro, Valor
from workers.suite.effects import Ligacoes, SemDesfecho, partners

MOST_COMMANDS = 5_000  # of one call, those of the calls inside it included
SOMETIMES = (Condicional, Logica, Compreensao)
"""What may leave a part of itself undone, or do it many times: an effect in there is not followed."""


class Fim(Exception):
    """A body came to a return."""

    def __init__(self, valor: Valor) -> None:
        self.valor = valor


class LancadoNoCorpo(Exception):
    """A body raised an error itself."""

    def __init__(self, erro: str) -> None:
        self.erro = erro


class Corredor:
    """Runs one body. What it cannot do itself it asks for: the value of an expression, a new object, a call."""

    def __init__(
        self,
        valor: Callable[[No, Mapping[str, Valor]], Valor],
        cria: Callable[[str, Mapping[str, Valor]], Valor],
        chama: Callable[[Registro, str, Mapping[str, Valor]], Valor],
        ligacoes: Ligacoes,
        ramos: set[tuple[int, bool]],
    ) -> None:
        self._pure = valor
        self._make = cria
        self._call = chama
        self._links = ligacoes
        self._branches = ramos
        self._left = MOST_COMMANDS

    def corre(self, comandos: Sequence[Comando], nomes: dict[str, Valor]) -> None:  # noqa: C901, PLR0912
        """Run commands; Fim when they come to a return, LancadoNoCorpo when they raise."""
        for command in comandos:
            self._left -= 1
            if self._left < 0:
                raise SemDesfecho("the body takes too long")
            match command:
                case Retorna(valor=node):
                    raise Fim(None if node is None else self._value(node, nomes))
                case Define(nome=name, valor=node):
                    nomes[name] = self._value(node, nomes)
                case Atribui(partes=parts):
                    done = [(self._value(f.de, nomes), f.nome, self._value(value, nomes)) for f, value in parts]
                    for record, name, new in done:
                        assert isinstance(record, Registro)
                        self._links.atribui(record, name, new)
                case Anexa(lista=target, item=item) | Retira(lista=target, item=item):
                    owner, element = self._value(target.de, nomes), self._value(item, nomes)
                    assert isinstance(owner, Registro)
                    self._links.na_lista(owner, target.nome, element, joins=isinstance(command, Anexa))
                case Executa(chamada=call):
                    self._value(call, nomes)
                case Se(se=test, entao=then, senao=otherwise):
                    holds = bool(self._value(test, nomes))
                    self._branches.add((id(command), holds))
                    self.corre(then if holds else otherwise, nomes)
                case ParaCada(nome=name, em=items, passos=steps):
                    for each in partners(self._value(items, nomes)):
                        nomes[name] = each
                        self.corre(steps, nomes)
                case Lanca(erro=erro):
                    raise LancadoNoCorpo(erro)
                case _:
                    raise SemDesfecho(f"{type(command).__name__} is not followed here")

    def _value(self, node: No, names: Mapping[str, Valor]) -> Valor:
        """The value of an expression; what has effects in it is done first, from left to right."""
        if not any(isinstance(part, Cria | ChamadaMetodo) for part in todos(node)):
            return self._pure(node, names)
        known = dict(names)
        return self._pure(self._settled(node, known), known)

    def _settled(self, part: Any, known: dict[str, Valor]) -> Any:
        """The expression with each effect done and a name in its place, which `known` then knows."""
        if isinstance(part, SOMETIMES) and any(isinstance(inner, Cria | ChamadaMetodo) for inner in todos(part)):
            raise SemDesfecho("an effect that may or may not take place")
        if isinstance(part, tuple):
            return tuple(self._settled(item, known) for item in part)
        if not is_dataclass(part) or isinstance(part, type | Tipo):
            return part
        inner = {f.name: self._settled(getattr(part, f.name), known) for f in fields(part)}
        settled = replace(part, **inner)
        if not isinstance(settled, Cria | ChamadaMetodo):
            return settled
        args = {name: self._pure(node, known) for name, node in settled.args}
        if isinstance(settled, Cria):
            value = self._make(settled.classe, args)
        else:
            owner = self._pure(settled.de, known)
            if not isinstance(owner, Registro):
                raise SemDesfecho("a call of nobody's method")
            value = self._call(owner, settled.metodo, args)
        name = f"efeito {len(known)}"
        known[name] = value
        return Variavel(settled.tipo, name)
