"""Calls that a test makes: an object, a method, arguments; found by what the spec says must come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from workers.estrutura.comandos import nos, todos_comandos
from workers.estrutura.modelo import Atributo, Classe, Metodo, Parametro, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.arvore import Campo, ChamadaMetodo, Comparacao, No, Variavel, todos
from workers.expressao.avaliador import Registro, Valor
from workers.suite.objects import Objetos, SemObjeto, looked_at, mudancas
from workers.suite.samples import passo
from workers.suite.simulation import Desfecho, Recusa, SemDesfecho

MOST_TRIES = 600  # calls tried for one that ends as wanted

type Caminho = tuple[str, ...]
"""What varies: ('self', attribute), (parameter,), or (parameter, attribute of the object that it is)."""

type Argumento = Dado | EuMesmo


@dataclass(frozen=True, slots=True)
class EuMesmo:
    """Stands for the object itself among the arguments of its own method."""


@dataclass(frozen=True, slots=True)
class Chamada:
    """A call with everything that it needs. `mudancas`: what differs from the plainest call."""

    eu: Novo
    args: Mapping[str, Argumento]
    mudancas: Mapping[Caminho, Argumento] = field(default_factory=dict)

    @property
    def consigo(self) -> tuple[str, ...]:
        """The parameters that are the object itself."""
        return tuple(name for name, value in self.args.items() if isinstance(value, EuMesmo))


class Chamadas:
    """Calls of one method; without a method, only the objects that calls start from."""

    def __init__(self, objetos: Objetos, classe: Classe, metodo: Metodo | None = None) -> None:
        self.objetos = objetos
        self.classe = classe
        self.metodo = metodo
        self.parametros = metodo.parametros if metodo else ()
        self._options: dict[Caminho, list[Argumento]] | None = None
        self._happy: Chamada | None = None
        self._sought = False

    def monta(self, mudancas_: Mapping[Caminho, Argumento]) -> Chamada:
        """The plainest call with these changes. SemObjeto when they allow no valid objects."""
        own = {p[1]: value for p, value in mudancas_.items() if p[0] == "self" and not isinstance(value, EuMesmo)}
        me = self.objetos.completo(self.classe.nome, own) if own else self.objetos.base(self.classe.nome)
        args: dict[str, Argumento] = {}
        for parameter in self.parametros:
            inner = {
                path[1]: v
                for path, v in mudancas_.items()
                if path[0] == parameter.nome and len(path) > 1 and not isinstance(v, EuMesmo)
            }
            if (parameter.nome,) in mudancas_:
                whole = mudancas_[parameter.nome,]
                args[parameter.nome] = whole if isinstance(whole, EuMesmo) else self.objetos.completado(whole)
            elif inner:
                args[parameter.nome] = self.objetos.completo(self._class_of(parameter), inner)
            else:
                args[parameter.nome] = self._plain(parameter)
        return Chamada(me, args, dict(mudancas_))

    def desfecho(self, chamada: Chamada) -> Desfecho:
        """What the spec says comes of it. SemDesfecho, SemObjeto."""
        assert self.metodo is not None
        me = self.objetos.cria(chamada.eu)
        return self.objetos.simulador.chama(me, self.metodo, self._values(chamada, me))

    def _values(self, chamada: Chamada, me: Registro) -> dict[str, Valor]:
        try:
            return {
                name: me if isinstance(value, EuMesmo) else self.objetos.simulador.valor(value)
                for name, value in chamada.args.items()
            }
        except Recusa as refused:
            raise SemObjeto(str(refused)) from None

    def feliz(self) -> Chamada | None:
        """The plainest call that is not refused; None when none was found."""
        if not self._sought:
            self._sought = True
            self._happy = self.procura(lambda call, outcome: outcome.recusa is None and not call.consigo)
        return self._happy

    def procura(
        self,
        quer: Callable[[Chamada, Desfecho], bool],
        primeiro: Mapping[Caminho, Sequence[Argumento]] | None = None,
        fixas: Mapping[Caminho, Argumento] | None = None,
    ) -> Chamada | None:
        """The plainest call whose outcome is wanted. `primeiro`: values to look at before the usual ones."""
        first = primeiro or {}
        fixed = fixas or {}
        options = {path: values for path, values in self.opcoes().items() if path not in fixed}
        options = {path: [*first.get(path, ()), *values] for path, values in options.items()}
        # Stable: what decides varies first, then what the contract looks at, then the rest.
        ahead = sorted(options, key=lambda path: (path not in first, path[0] == "self" and path[1] not in self._seen))
        start = dict(self._happy.mudancas) if self._happy else {}
        for changes in mudancas({path: options[path] for path in ahead}, MOST_TRIES):
            call = self.possivel({**start, **fixed, **changes})
            outcome = call and self.possivel_desfecho(call)
            if call and outcome and quer(call, outcome):
                return call
        return None

    @cached_property
    def _seen(self) -> set[str]:
        """Fields of the object that the method's contract and body look at; all where it calls other methods."""
        if self.metodo is None:
            return {campo.nome for campo in self.classe.construtor()}
        return olhados(self.classe, self.metodo)

    def possivel(self, mudancas_: Mapping[Caminho, Argumento]) -> Chamada | None:
        """The call, or None when there are no such objects."""
        try:
            return self.monta(mudancas_)
        except SemObjeto:
            return None

    def possivel_desfecho(self, chamada: Chamada) -> Desfecho | None:
        """The outcome, or None when nobody can say."""
        try:
            return self.desfecho(chamada)
        except (SemDesfecho, SemObjeto):
            return None

    def opcoes(self) -> dict[Caminho, list[Argumento]]:
        """What each part of a call may be, the plainest first."""
        if self._options is None:
            self._options = dict(self._all_options())
        return self._options

    def _all_options(self) -> Iterator[tuple[Caminho, list[Argumento]]]:
        for parameter in self.parametros:
            samples: list[Argumento] = [sample.valor for sample in self._samples(parameter)]
            tipo = self.objetos.modelo.mundo.base(parameter.tipo)
            if not tipo.lista and tipo.folha.nome in {self.classe.nome, *self.classe.ancestrais}:
                samples.insert(1, EuMesmo())
            yield (parameter.nome,), samples
            for campo in self._fields_of(parameter):
                yield (parameter.nome, campo.nome), [sample.valor for sample in self.objetos.valores(campo)]
        for own in self.classe.construtor():
            yield ("self", own.nome), [sample.valor for sample in self.objetos.valores(own)]

    def _samples(self, parameter: Parametro) -> Sequence[Any]:
        try:
            return self.objetos.amostras.validas(parameter)
        except SemObjeto:
            return ()

    def _plain(self, parameter: Parametro) -> Dado:
        return self.objetos.amostras.tipica(parameter)

    def _class_of(self, parameter: Parametro) -> str:
        return self.objetos.modelo.mundo.base(parameter.tipo).folha.nome

    def _fields_of(self, parameter: Parametro) -> Sequence[Atributo]:
        """Attributes of the object that a parameter is."""
        tipo = self.objetos.modelo.mundo.base(parameter.tipo)
        if tipo.lista or tipo.folha.nome not in self.objetos.modelo.mundo.classes:
            return ()
        try:
            fields = self.objetos.concreta(tipo.folha.nome).construtor()
        except SemObjeto:
            return ()
        return [campo for campo in fields if isinstance(campo, Atributo)]

    def resolve(self, no: No, chamada: Chamada) -> dict[Caminho, list[Dado]]:
        """Values at which a comparison inside the condition turns, each with its neighbours on both sides.

        Each number of the call is moved until both sides are equal, as if they depended on it linearly; the caller
        looks whether that is so.
        """
        try:
            me = self.objetos.cria(chamada.eu)
            names: dict[str, Valor] = {"self": me, **self._values(chamada, me)}
        except SemObjeto:
            return {}
        found: dict[Caminho, list[Dado]] = {}
        for part in todos(no):
            if not isinstance(part, Comparacao):
                continue
            for a, b in zip(part.operandos, part.operandos[1:], strict=False):
                for path, campo in self._paths((a, b)):
                    found.setdefault(path, []).extend(self._turning(a, b, path, campo, names))
        return {path: _distinct(values) for path, values in found.items() if values}

    def _paths(self, nodes: Sequence[No]) -> Iterator[tuple[Caminho, Atributo | Parametro]]:
        """The attributes and parameters that the nodes look at, also through derived attributes."""
        parameters = {p.nome: p for p in self.parametros}
        for node in (part for root in nodes for part in todos(root)):
            if isinstance(node, Variavel) and node.nome in parameters:
                yield (node.nome,), parameters[node.nome]
            elif isinstance(node, Campo) and isinstance(node.de, Variavel):
                yield from self._fields_seen(node.de.nome, node, parameters)

    def _fields_seen(
        self, owner: str, node: Campo, parameters: Mapping[str, Parametro]
    ) -> Iterator[tuple[Caminho, Atributo | Parametro]]:
        if owner != "self" and owner not in parameters:
            return
        campo = self.objetos.modelo.classe(node.de.tipo.nome).campo(node.nome)
        if isinstance(campo, Relacao):
            return
        if campo.deriva is not None:
            for part in todos(campo.deriva):  # its formula says 'self'; other names run over other objects
                if isinstance(part, Campo) and isinstance(part.de, Variavel) and part.de.nome == "self":
                    yield from self._fields_seen(owner, part, parameters)
        elif campo.no_construtor:
            yield (owner, campo.nome), campo

    def _turning(
        self, a: No, b: No, path: Caminho, campo: Atributo | Parametro, names: Mapping[str, Valor]
    ) -> list[Dado]:
        tipo = self.objetos.modelo.mundo.base(campo.tipo)
        tipo = tipo.de if tipo.opcional and tipo.de else tipo
        value: Any = _at(names, path)
        if tipo.nome not in {"int", "Decimal", "float", "date", "datetime"} or value is None:
            return self._equal(a, b, path, names) if tipo.nome == "str" else []
        step = passo(tipo, campo.restricoes)
        here, there = (self._difference(a, b, path, v, names) for v in (value, value + step))
        if here is None or there is None or here == there:
            return []
        steps = here / (there - here)
        turn = value - (float(steps) if tipo.nome == "float" else round(steps)) * step
        return [turn, turn + step, turn - step]

    def _equal(self, a: No, b: No, path: Caminho, names: Mapping[str, Valor]) -> list[Dado]:
        """The text on the other side of the comparison."""
        result: list[Dado] = []
        for one, other in ((a, b), (b, a)):
            if _is_path(one, path):
                try:
                    value = self.objetos.simulador.avalia(other, names)
                except SemDesfecho:
                    continue
                result += [value] if isinstance(value, str) else []
        return result

    def _difference(self, a: No, b: No, path: Caminho, value: Dado, names: Mapping[str, Valor]) -> Fraction | None:
        """How far the two sides are apart with this value; None when that is no number."""
        moved = _with(names, path, value)
        try:
            left, right = (self.objetos.simulador.avalia(side, moved) for side in (a, b))
        except SemDesfecho:
            return None
        match left, right:
            case (bool(), _) | (_, bool()):
                return None
            case (int() | Decimal() | float(), int() | Decimal() | float()):
                return Fraction(left) - Fraction(right)
            case (date(), date()) if type(left) is type(right):
                return Fraction((left - right) // timedelta(microseconds=1))
        return None


def _is_path(node: No, path: Caminho) -> bool:
    match node:
        case Variavel(nome=name):
            return path == (name,)
        case Campo(de=Variavel(nome=owner), nome=name):
            return path == (owner, name)
    return False


def _at(names: Mapping[str, Valor], path: Caminho) -> Valor:
    value = names[path[0]]
    if len(path) == 1:
        return value
    return value.campos[path[1]] if isinstance(value, Registro) else None


def _with(names: Mapping[str, Valor], path: Caminho, value: Any) -> dict[str, Valor]:
    """The names with one value changed, objects as copies."""
    if len(path) == 1:
        return {**names, path[0]: value}
    owner = names[path[0]]
    assert isinstance(owner, Registro)
    return {**names, path[0]: replace(owner, campos={**owner.campos, path[1]: value})}


def _distinct(values: Sequence[Dado]) -> list[Dado]:
    result: list[Dado] = []
    for value in values:
        if value not in result:
            result.append(value)
    return result


def olhados(classe: Classe, metodo: Metodo) -> set[str]:
    """Fields of the object that a method looks at: its contract, its body, the life cycle, the invariants."""
    nodes = [c.no for group in metodo.pre for c in group] + [e.no for e in metodo.erros] + [c.no for c in metodo.pos]
    nodes += [c.no for c in classe.todas_invariantes]
    for command in todos_comandos(metodo.corpo.comandos if metodo.corpo else ()):
        nodes += nos(command)
    if any(isinstance(part, ChamadaMetodo) for node in nodes for part in todos(node)):
        return {campo.nome for campo in classe.campos()}
    found = {name for node in nodes for name in looked_at(node, classe)}
    return found | ({classe.estados.atributo} if classe.estados and metodo.transicoes else set())
