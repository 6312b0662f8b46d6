"""What a spec says of a call, worked out on plain data before any code exists: the expectations of the suite.

Contracts, limits, errors, life cycles and bodies are evaluated from the resolved model; the generated code has no part
in it. What a body does through ports, new objects or calls of other methods is left out: it has no outcome here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from contratos.spec_tipos import Tipo
from workers.estrutura.comandos import Anexa, Atribui, Comando, Define, Lanca, ParaCada, Retira, Retorna, Se
from workers.estrutura.modelo import Atributo, Classe, Condicao, Metodo, Modelo, Parametro, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.arvore import Antigo, Campo, No, Variavel
from workers.expressao.avaliador import Ambiente, ErroAvaliacao, MembroValor, Registro, Valor, avaliar

MOST_COMMANDS = 5_000  # of one call


class SemDesfecho(Exception):
    """The spec's text does not say, or not in a way that is followed here, what the call does."""


class Recusa(Exception):
    """An error that the code must raise. `contrato`: id of the condition, or the limit and its field."""

    def __init__(self, erro: str, contrato: str, onde: str = "") -> None:
        self.erro = erro
        self.contrato = contrato
        self.onde = onde
        super().__init__(f"{erro} [{contrato}]")


@dataclass(frozen=True, slots=True)
class Desfecho:
    """What comes of a call: a value, and the fields of the object that changed; or a refusal.

    antes: the object's fields before the call. nomes: the object and the arguments, as the simulation has them.
    ramos: (id of a choice of the body, whether its condition held) for each choice that the call came to.
    """

    valor: Valor = None
    mudou: Mapping[str, Valor] = field(default_factory=dict)
    recusa: Recusa | None = None
    antes: Mapping[str, Valor] = field(default_factory=dict)
    nomes: Mapping[str, Valor] = field(default_factory=dict)
    ramos: frozenset[tuple[int, bool]] = frozenset()


class _Fim(Exception):
    """A body came to a return."""

    def __init__(self, valor: Valor) -> None:
        self.valor = valor


class Simulador:
    """Makes objects and calls methods as the spec says."""

    def __init__(self, modelo: Modelo) -> None:
        self.modelo = modelo
        self._branches: set[tuple[int, bool]] = set()
        self._constants = {constant.nome: constant.valor for constant in modelo.constantes}

    def cria(self, novo: Novo) -> Registro:
        """The object that a constructor makes of complete arguments. Recusa, SemDesfecho."""
        made = self._made(novo)
        self._verify(made)
        return made

    def _made(self, novo: Novo) -> Registro:
        classe = self.modelo.classe(novo.classe)
        record = Registro(classe.nome, {}, classe.imutavel)
        values = self._fields(record)
        for relation in classe.todas_relacoes:
            empty: Valor = () if relation.muitos else None
            values[relation.nome] = self.valor(novo.args[relation.nome]) if relation.nome in novo.args else empty
        for attribute in classe.todos_atributos:
            if attribute.no_construtor:
                values[attribute.nome] = self.valor(novo.args.get(attribute.nome, attribute.padrao))
        for attribute in classe.todos_atributos:
            if attribute.inicial is not None:
                values[attribute.nome] = self._value(attribute.inicial, {"self": record})
        for relation in classe.todas_relacoes:
            for partner in _partners(values[relation.nome]):
                self._tie(partner, relation.inversa, record)
        return record

    def valor(self, dado: Dado) -> Valor:
        """A value of the spec as the evaluation has it: objects made, lists as tuples."""
        if isinstance(dado, Novo):
            return self.cria(dado)
        return tuple(self.valor(item) for item in dado) if isinstance(dado, tuple) else dado

    def chama(self, objeto: Registro, metodo: Metodo, args: Mapping[str, Valor]) -> Desfecho:
        """Call a method. A refusal leaves everything as it was. SemDesfecho: nobody can say."""
        names = {"self": objeto, **{p.nome: args.get(p.nome, self.valor(p.padrao)) for p in metodo.parametros}}
        touched = list(reachable(names.values()))
        before = [(record, dict(record.campos)) for record in touched]
        old = dict(objeto.campos)
        self._branches = set()
        try:
            value = self._call(objeto, metodo, names)
        except Recusa as refusal:
            for record, values in before:
                self._fields(record).clear()
                self._fields(record).update(values)
            return Desfecho(recusa=refusal, antes=old, nomes=names, ramos=frozenset(self._branches))
        changed = {name: new for name, new in objeto.campos.items() if not _same(new, old[name])}
        return Desfecho(value, changed, None, old, names, frozenset(self._branches))

    def _call(self, objeto: Registro, metodo: Metodo, names: dict[str, Valor]) -> Valor:
        classe = self.modelo.classe(objeto.classe)
        for parameter in metodo.parametros:
            self._within(parameter, names[parameter.nome])
        self._preconditions(metodo, names)
        self._admits(objeto, classe, metodo)
        for error in metodo.erros:
            if self._value(error.no, names):
                raise Recusa(error.lanca, error.id)
        frame = dict(objeto.campos)
        posts = [(condition, *sem_antigo(condition.no)) for condition in metodo.pos]
        olds = {name: self._value(node, names) for _, _, saved in posts for name, node in saved}
        value = self._body(metodo, dict(names))
        self._moved(objeto, classe, metodo)
        if metodo.retorna and (broken := metodo.retorna.restricoes.violada(value, self._base(metodo.retorna.tipo))):
            raise Recusa("ValorInvalido", broken, "resultado")
        for condition, node, _ in posts:
            if not self._value(node, {**names, **olds, "resultado": value}):
                raise Recusa("PosCondicaoViolada", condition.id)
        self._frame(objeto, metodo, frame)
        for record in reachable(names.values()):
            self._verify(record)
        return value

    def _frame(self, objeto: Registro, metodo: Metodo, before: Mapping[str, Valor]) -> None:
        """Only what the contract lists, and the state of the life cycle, has changed."""
        if not metodo.quadro:
            return
        states = self.modelo.classe(objeto.classe).estados
        allowed = {*(metodo.modifica or ()), states.atributo if states else ""}
        if any(not _same(new, before[name]) for name, new in objeto.campos.items() if name not in allowed):
            raise Recusa("ModificacaoIndevida", "modifica")

    def _admits(self, objeto: Registro, classe: Classe, metodo: Metodo) -> None:
        if metodo.transicoes and classe.estados:
            state = objeto.campos[classe.estados.atributo]
            if not isinstance(state, MembroValor) or state.nome not in metodo.transicoes:
                raise Recusa("EstadoInvalido", "estados")

    def _moved(self, objeto: Registro, classe: Classe, metodo: Metodo) -> None:
        if metodo.transicoes and classe.estados:
            state = objeto.campos[classe.estados.atributo]
            assert isinstance(state, MembroValor)
            moved = MembroValor(state.enumeracao, metodo.transicoes[state.nome])
            self._fields(objeto)[classe.estados.atributo] = moved

    def _preconditions(self, metodo: Metodo, names: Mapping[str, Valor]) -> None:
        """One group must hold whole. When none does, a single group is blamed by its condition, several together."""
        broken: Condicao | None = None
        for group in metodo.pre:
            broken = next((condition for condition in group if not self._value(condition.no, names)), None)
            if broken is None:
                return
        if broken:
            several = len(metodo.pre) > 1
            ids = [condition.id for group in metodo.pre for condition in group]
            raise Recusa("PreCondicaoViolada", "|".join(ids) if several else broken.id)

    def _verify(self, record: Registro) -> None:
        """Limits, multiplicities, keys and invariants of one object."""
        classe = self.modelo.classe(record.classe)
        for attribute in classe.todos_atributos:
            if attribute.guardado:
                self._within(attribute, record.campos[attribute.nome])
        for relation in classe.todas_relacoes:
            self._multiplicity(relation, record)
        for condition in classe.todas_invariantes:
            if not self._value(condition.no, {"self": record}):
                raise Recusa("InvarianteViolada", condition.id)

    def _within(self, campo: Atributo | Parametro, value: Valor) -> None:
        if broken := campo.restricoes.violada(value, self._base(campo.tipo)):
            raise Recusa("ValorInvalido", broken, campo.nome)

    def _base(self, tipo: Tipo) -> Tipo:
        return self.modelo.mundo.base(tipo)

    def _multiplicity(self, relation: Relacao, record: Registro) -> None:
        partners = list(_partners(record.campos[relation.nome]))
        few = len(partners) < relation.minimo and not relation.da_parte
        if few or (relation.maximo is not None and len(partners) > relation.maximo):
            raise Recusa("RelacaoInvalida", relation.nome)
        for key in self.modelo.classe(relation.classe).todas_chaves if relation.muitos else ():
            keys = [tuple(self._field(partner, name) for name in key) for partner in partners]
            if len(set(keys)) < len(keys):
                raise Recusa("ChaveRepetida", relation.nome)

    def _field(self, record: Registro, name: str) -> Valor:
        return self._value(Campo(Tipo("nada"), Variavel(Tipo(record.classe), "x"), name), {"x": record})

    def avalia(self, no: No, nomes: Mapping[str, Valor]) -> Valor:
        """The value of an expression. SemDesfecho where it has none."""
        return self._value(no, nomes)

    def _value(self, node: No, names: Mapping[str, Valor]) -> Valor:
        try:
            return avaliar(node, Ambiente(names, self._constants, derivados=self._derived))
        except (ErroAvaliacao, KeyError, AttributeError) as error:  # a node, port or name that only bodies have
            raise SemDesfecho(str(error)) from None

    def _derived(self, record: Registro, name: str, env: Ambiente) -> Valor:
        attribute = self.modelo.classe(record.classe).campo(name)
        assert isinstance(attribute, Atributo)
        assert attribute.deriva is not None
        return avaliar(attribute.deriva, env.com({"self": record}))

    def _body(self, metodo: Metodo, names: dict[str, Valor]) -> Valor:
        if metodo.corpo is None:
            raise SemDesfecho(f"{metodo.nome} has no body yet")
        try:
            self._run(metodo.corpo.comandos, names, [MOST_COMMANDS])
        except _Fim as end:
            return end.valor
        return None

    def _run(self, commands: Sequence[Comando], names: dict[str, Valor], left: list[int]) -> None:  # noqa: C901
        for command in commands:
            left[0] -= 1
            if left[0] < 0:
                raise SemDesfecho("the body takes too long")
            match command:
                case Retorna(valor=node):
                    raise _Fim(None if node is None else self._value(node, names))
                case Define(nome=name, valor=node):
                    names[name] = self._value(node, names)
                case Atribui(partes=parts):
                    done = [(self._value(f.de, names), f.nome, self._value(value, names)) for f, value in parts]
                    for record, name, new in done:
                        assert isinstance(record, Registro)
                        self._assign(record, name, new)
                case Anexa(lista=target, item=item) | Retira(lista=target, item=item):
                    owner, element = self._value(target.de, names), self._value(item, names)
                    assert isinstance(owner, Registro)
                    self._in_list(owner, target.nome, element, joins=isinstance(command, Anexa))
                case Se(se=test, entao=then, senao=otherwise):
                    holds = bool(self._value(test, names))
                    self._branches.add((id(command), holds))
                    self._run(then if holds else otherwise, names, left)
                case ParaCada(nome=name, em=items, passos=steps):
                    for each in _partners(self._value(items, names)):
                        names[name] = each
                        self._run(steps, names, left)
                case Lanca(erro=erro):
                    raise Recusa(erro, "corpo")
                case _:
                    raise SemDesfecho(f"{type(command).__name__} is not followed here")

    def _assign(self, record: Registro, name: str, value: Valor) -> None:
        """Put a value into a field; of a relation, both ends agree afterwards."""
        field_ = self.modelo.classe(record.classe).campo(name)
        if isinstance(field_, Relacao) and field_.inversa:
            for partner in _partners(record.campos[name]):
                self._untie(partner, field_.inversa, record)
            self._fields(record)[name] = value
            for partner in _partners(value):
                self._tie(partner, field_.inversa, record)
        else:
            self._fields(record)[name] = value

    def _in_list(self, record: Registro, name: str, value: Valor, *, joins: bool) -> None:
        field_ = self.modelo.classe(record.classe).campo(name)
        items = tuple(_partners(record.campos[name]))
        if joins:
            self._fields(record)[name] = (*items, value)
        else:
            place = next((n for n, item in enumerate(items) if _same(item, value)), None)
            if place is None:
                raise SemDesfecho("an element that is not there")
            self._fields(record)[name] = items[:place] + items[place + 1 :]
        if isinstance(field_, Relacao) and isinstance(value, Registro):
            (self._tie if joins else self._untie)(value, field_.inversa, record)

    def _tie(self, partner: Valor, inverse: str | None, record: Registro) -> None:
        """The other end learns of `record`; whoever held its only place is let go."""
        if inverse is None or not isinstance(partner, Registro):
            return
        relation = self.modelo.classe(partner.classe).campo(inverse)
        assert isinstance(relation, Relacao)
        held = partner.campos.get(inverse)
        if relation.muitos:
            items = tuple(_partners(held))
            if not any(item is record for item in items):
                self._fields(partner)[inverse] = (*items, record)
        elif held is not record:
            self._fields(partner)[inverse] = record
            if isinstance(held, Registro) and relation.inversa:
                self._untie(held, relation.inversa, partner)

    def _untie(self, partner: Valor, inverse: str | None, record: Registro) -> None:
        if inverse is None or not isinstance(partner, Registro):
            return
        held = partner.campos.get(inverse)
        if isinstance(held, tuple):
            self._fields(partner)[inverse] = tuple(item for item in held if item is not record)
        elif held is record:
            self._fields(partner)[inverse] = None

    @staticmethod
    def _fields(record: Registro) -> dict[str, Valor]:
        """The fields of a record that the simulation made, which it may change."""
        assert isinstance(record.campos, dict)
        return record.campos


def sem_antigo(no: No) -> tuple[No, list[tuple[str, No]]]:
    """An expression in which each antigo(e) is a name of its own, and the (name, e) to be looked at before the call."""
    saved: list[tuple[str, No]] = []

    def changed(part: Any) -> Any:
        if isinstance(part, Antigo):
            name = f"antigo {len(saved)}"
            saved.append((name, part.de))
            return Variavel(part.tipo, name)
        if isinstance(part, tuple):
            return tuple(changed(item) for item in part)
        if is_dataclass(part) and not isinstance(part, type | Tipo):
            return replace(part, **{f.name: changed(getattr(part, f.name)) for f in fields(part)})
        return part

    result = changed(no)
    assert isinstance(result, No)
    return result, saved


def reachable(values: Any) -> Iterator[Registro]:
    """The objects among the values and all that they lead to, each once."""
    seen: set[int] = set()
    todo = list(values)
    while todo:
        value = todo.pop()
        if isinstance(value, tuple):
            todo.extend(value)
        elif isinstance(value, Registro) and id(value) not in seen:
            seen.add(id(value))
            yield value
            todo.extend(value.campos.values())


def _partners(value: Valor) -> Sequence[Any]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _same(a: Any, b: Any) -> bool:
    """Whether a field still holds what it held: the same objects, equal plain values of the same type."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b
