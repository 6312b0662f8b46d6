"""Calls with the same shape as one test with parameters: what is given, what is expected, what stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.estrutura.modelo import Atributo, Classe, Erro, Metodo, Relacao
from workers.estrutura.valores import Novo
from workers.expressao.avaliador import Registro, Valor
from workers.expressao.impressor import literal
from workers.names import snake
from workers.suite.calls import Chamada
from workers.suite.objects import Objetos
from workers.suite.printing import argumento, chamada, equals, marca, variavel
from workers.suite.simulation import Desfecho, SemDesfecho
from workers.suite.view import Coluna, Modulo


@dataclass(frozen=True, slots=True)
class Caso:
    """A call that a test makes, with what the spec says of it."""

    rotulo: str
    chamada: Chamada
    desfecho: Desfecho


class Linhas:
    """Writes calls of one method as tests with parameters."""

    def __init__(self, modulo: Modulo, objetos: Objetos, classe: Classe, metodo: Metodo) -> None:
        self.modulo = modulo
        self.fontes = modulo.fontes
        self.objetos = objetos
        self.classe = classe
        self.metodo = metodo
        self.eu = variavel(classe)
        self.nome = marca(metodo.py)

    def aceitas(self, casos: Sequence[Caso]) -> None:
        """Calls that succeed: the result and every field afterwards are what the spec's definition gives."""
        for group in _by_shape(casos):
            self._accepted(group)

    def _accepted(self, casos: Sequence[Caso]) -> None:
        columns, sources = self._given([c.chamada for c in casos])
        result = self._result_column(casos)
        changed = {name: None for case in casos for name in case.desfecho.mudou}
        fields = [f for f in self.classe.campos() if f.nome in changed]
        plain = [f for f in fields if all(_plain(self._after(c, f)) for c in casos)]
        linked = {f.nome: self._symbolic(f, casos) for f in fields if f not in plain}
        columns += [Coluna("esperado", result)] if result else []
        columns += [Coluna(f"{f.py}_depois", self.fontes.anotacao(f.tipo)) for f in plain]
        lines = [
            (
                case.rotulo,
                [
                    *given,
                    *([self.fontes.valor(case.desfecho.valor)] if result else []),
                    *(self.fontes.valor(self._after(case, f)) for f in plain),
                ],
            )
            for case, given in zip(casos, sources, strict=True)
        ]
        body = [f"{self.eu} = {self._new()}"]
        body += [f"{name}_antes = {self._reading(self.classe.campo(name))}" for name in self._old(linked)]
        body += self._portrait(fields)
        body += self._called(result, casos)
        body += self._unchanged(plain, linked)
        oracle = (
            "a definição do método" if self.metodo.corpo and self.metodo.corpo.origem != "pos" else "as pós-condições"
        )
        doc = f"O resultado e o estado depois da chamada. Oráculo: {oracle}, pela especificação."
        self.modulo.teste(f"test_{self.nome}_faz_o_que_diz", doc, body, columns, lines)

    def conferidas(self, chamadas: Sequence[tuple[str, Chamada]]) -> None:
        """Calls of which the spec gives no outcome: the contract is checked by its formulas."""
        for shape in dict.fromkeys(call.consigo for _, call in chamadas):
            self._checked([(label, call) for label, call in chamadas if call.consigo == shape])

    def _checked(self, chamadas: Sequence[tuple[str, Chamada]]) -> None:
        columns, sources = self._given([call for _, call in chamadas])
        args = "".join(f", {p.py}={self._argument(p.nome)}" for p in self.metodo.parametros)
        body = [f"{self.eu} = {self._new()}", f"confere_{self.nome}({self.eu}{args})"]
        lines = [(label, given) for (label, _), given in zip(chamadas, sources, strict=True)]
        doc = "Chamadas variadas. Oráculo: erros, pós-condições e quadro, calculados no teste."
        self.modulo.confere.add(self.metodo.nome)
        self.modulo.teste(f"test_{self.nome}_cumpre_o_contrato", doc, body, columns, lines)

    def erros(self, erro: Erro, casos: Sequence[Caso]) -> None:
        """Calls that end in a declared error, with its data, and leave the object as it was."""
        for group in _by_shape(casos):
            self._error(erro, group)

    def _error(self, erro: Erro, casos: Sequence[Caso]) -> None:
        columns, sources = self._given([c.chamada for c in casos])
        data = [(name, values) for name, values in self._data(erro, casos) if values is not None]
        columns += [Coluna(f"dado_{snake(name)}", self._annotation_of(erro, name)) for name, _ in data]
        lines = [
            (case.rotulo, [*given, *(self.fontes.valor(values[place]) for _, values in data)])
            for place, (case, given) in enumerate(zip(casos, sources, strict=True))
        ]
        name = self.fontes.erro(erro.lanca)
        body = [f"{self.eu} = {self._new()}", f"antes = {self.fontes.retrato(self.classe.nome)}({self.eu})"]
        body += [f"with pytest.raises({name}){' as erro' if data else ''}:", f"    {self._call()}"]
        body += [equals(f"erro.value.{snake(name_)}", f"dado_{snake(name_)}") for name_, _ in data]
        body += self._intact() if erro.estado_intacto else []
        self.modulo.usa_pytest = True
        intact = ", e o estado intacto" if erro.estado_intacto else ""
        doc = f"{erro.id}: {erro.texto}. Oráculo: o erro declarado{intact}."
        self.modulo.teste(f"test_{self.nome}_{marca(erro.id)}_lanca_{snake(erro.lanca)}", doc, body, columns, lines)

    def violadas(self, sufixo: str, violacao: str, contrato: str, texto: str, casos: Sequence[Caso]) -> None:
        """Calls that break the contract on the caller's side."""
        for group in _by_shape(casos):
            self._violated(sufixo, violacao, contrato, texto, group)

    def _violated(self, sufixo: str, violacao: str, contrato: str, texto: str, casos: Sequence[Caso]) -> None:
        columns, sources = self._given([c.chamada for c in casos])
        lines = [(case.rotulo, given) for case, given in zip(casos, sources, strict=True)]
        body = [f"{self.eu} = {self._new()}", f"antes = {self.fontes.retrato(self.classe.nome)}({self.eu})"]
        body += [f"with pytest.raises({self.fontes.pacote(violacao)}) as recusa:", f"    {self._call()}"]
        body += [f"assert recusa.value.contrato == {literal(contrato)}", *self._intact()]
        self.modulo.usa_pytest = True
        self.modulo.teste(f"test_{self.nome}_{sufixo}", f"{texto}. Oráculo: o contrato.", body, columns, lines)

    # What is given

    def _given(self, chamadas: Sequence[Chamada]) -> tuple[list[Coluna], list[list[str]]]:
        """Columns for what varies, and their sources in each row."""
        base = self.objetos.base(self.classe.nome).args
        self._varied = [
            f for f in self.classe.construtor() if any(c.eu.args[f.nome] != base.get(f.nome) for c in chamadas)
        ]
        columns = [Coluna(self._own_column(f), self.fontes.anotacao(f.tipo)) for f in self._varied]
        self._myself = chamadas[0].consigo
        given = [p for p in self.metodo.parametros if p.nome not in self._myself]
        columns += [Coluna(self._column(p.nome), self.fontes.anotacao(p.tipo)) for p in given]
        rows = [
            [self.fontes.valor(c.eu.args[f.nome]) for f in self._varied]
            + [self.fontes.valor(c.args[p.nome]) for p in given]
            for c in chamadas
        ]
        return columns, rows

    def _own_column(self, campo: Atributo | Relacao) -> str:
        taken = {p.py for p in self.metodo.parametros} | {self.eu}
        name = argumento(campo)
        return f"{name}_inicial" if name in taken else name

    def _column(self, parametro: str) -> str:
        name = next(p.py for p in self.metodo.parametros if p.nome == parametro)
        return f"{name}_dado" if name in {self.eu, "esperado", "antes", "erro", "recusa"} else name

    def _new(self) -> str:
        given = ", ".join(f"{argumento(f)}={self._own_column(f)}" for f in self._varied)
        return f"{self.fontes.criador(self.classe.nome)}({given})"

    def _call(self) -> str:
        return chamada(self.eu, self.metodo, {p.nome: self._argument(p.nome) for p in self.metodo.parametros})

    def _argument(self, parametro: str) -> str:
        return self.eu if parametro in self._myself else self._column(parametro)

    # What is expected

    def _result_column(self, casos: Sequence[Caso]) -> str | None:
        """The annotation of the expected result; None when there is none that a row can hold."""
        returns = self.metodo.retorna
        if returns is None or not all(_plain(c.desfecho.valor) for c in casos):
            return None
        return self.fontes.anotacao(returns.tipo)

    def _called(self, result: str | None, casos: Sequence[Caso]) -> list[str]:
        if result is None:
            return [self._call()]
        if any(isinstance(c.desfecho.valor, float) for c in casos):
            if self.metodo.retorna and self.metodo.retorna.tipo.opcional:  # isclose does not take None
                self.modulo.usa_pytest = True
                return [f"assert {self._call()} == pytest.approx(esperado)"]
            self.fontes.usa.add("isclose")
            return [f"assert isclose({self._call()}, esperado)"]
        return [f"assert {self._call()} == esperado"]

    def _after(self, case: Caso, campo: Atributo | Relacao) -> Valor:
        return case.desfecho.mudou.get(campo.nome, case.desfecho.antes[campo.nome])

    def _portrait(self, changed: Sequence[Atributo | Relacao]) -> list[str]:
        del changed
        return [f"antes = {self.fontes.retrato(self.classe.nome)}({self.eu})"]

    def _unchanged(self, plain: Sequence[Atributo | Relacao], linked: dict[str, str | None]) -> list[str]:
        """The whole object afterwards: what changed as expected, everything else as before."""
        portrait = f"{self.fontes.retrato(self.classe.nome)}({self.eu})"
        parts = [f'"{f.py}": {f.py}_depois' for f in plain]
        for name, source in linked.items():
            campo = self.classe.campo(name)
            parts.append(f'"{campo.py}": {source or self._reading(campo)}')
        return [f"assert {portrait} == {{**antes, {', '.join(parts)}}}" if parts else f"assert {portrait} == antes"]

    def _intact(self) -> list[str]:
        return [f"assert {self.fontes.retrato(self.classe.nome)}({self.eu}) == antes"]

    def _reading(self, campo: Atributo | Relacao) -> str:
        many = isinstance(campo, Relacao) and campo.muitos
        return f"tuple({self.eu}.{campo.py})" if many else f"{self.eu}.{campo.py}"

    def _old(self, linked: dict[str, str | None]) -> list[str]:
        """Fields whose objects before the call the expectation mentions."""
        return [name for name in linked if any(f"{name}_antes" in (source or "") for source in linked.values())]

    def _symbolic(self, campo: Atributo | Relacao, casos: Sequence[Caso]) -> str | None:
        """The field afterwards in terms of what was there and what was given, when all rows agree on it."""
        found = {self._in_words(campo, case) for case in casos}
        return found.pop() if len(found) == 1 else None

    def _in_words(self, campo: Atributo | Relacao, case: Caso) -> str | None:
        new, old = self._after(case, campo), case.desfecho.antes[campo.nome]
        names = case.desfecho.nomes.items()
        given = {id(v): self._argument(n) for n, v in names if n != "self" and isinstance(v, Registro)}
        if isinstance(new, tuple) and isinstance(old, tuple):
            added = [given.get(id(item)) for item in new[len(old) :]]
            if len(new) > len(old) and _alike(new[: len(old)], old) and all(added):
                return f"(*{campo.nome}_antes, {', '.join(filter(None, added))})"
            left = [item for item in old if not any(item is kept for kept in new)]
            if len(new) < len(old) and len(left) == 1 and id(left[0]) in given:
                taken = given[id(left[0])]
                return f"tuple(item for item in {campo.nome}_antes if item is not {taken})"
            return None
        return "None" if new is None else given.get(id(new))

    def _data(self, erro: Erro, casos: Sequence[Caso]) -> list[tuple[str, list[Any] | None]]:
        """The values that an error carries, row by row; None where they cannot be written into a row."""
        result: list[tuple[str, list[Any] | None]] = []
        for name, node in erro.dados:
            try:
                values = [self.objetos.simulador.avalia(node, case.desfecho.nomes) for case in casos]
            except SemDesfecho:
                values = []
            result.append((name, values if values and all(map(_plain, values)) else None))
        return result

    def _annotation_of(self, erro: Erro, name: str) -> str:
        declared = self.fontes.modelo.erro(erro.lanca)
        field = next((d for d in declared.dados if d.nome == name), None) if declared else None
        return self.fontes.anotacao(field.tipo) if field else "object"


def _by_shape(cases: Sequence[Caso]) -> list[list[Caso]]:
    """The cases apart by which arguments are the object itself: that is no value that a row could hold."""
    shapes = dict.fromkeys(case.chamada.consigo for case in cases)
    return [[case for case in cases if case.chamada.consigo == shape] for shape in shapes]


def _plain(value: Any) -> bool:
    """Whether a row can hold the value: no objects in it."""
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return not isinstance(value, Registro | Novo)


def _alike(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))
