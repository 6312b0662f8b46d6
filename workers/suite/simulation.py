"""What a spec says of a call, worked out on plain data before any code exists: the expectations of the suite.

Contracts, limits, errors, life cycles and bodies are evaluated from the resolved model; the generated code has no part
in it. What cannot be followed has no outcome here, and tests then check it by the formulas of the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from contratos.spec_tipos import Tipo
from workers.estrutura.modelo import Atributo, Classe, Condicao, Metodo, Modelo, Parametro, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.arvore import Antigo, Campo, No, Variavel
from workers.expressao.avaliador import Ambiente, ErroAvaliacao, MembroValor, Registro, Valor, avaliar
from workers.suite.bodies import Corredor, Fim, LancadoNoCorpo
from workers.suite.effects import Ligacoes, SemDesfecho, fields_of, partners, reachable, same

__all__ = ["NOW", "Desfecho", "Recusa", "SemDesfecho", "Simulador", "sem_antigo"]

NOW = datetime(2024, 6, 15, 12, 0)  # noqa: DTZ001 - what the suite's clock says; the spec's times have no zone
DEEPEST = 16  # calls inside calls that are followed


class Recusa(Exception):
    """An error that the code must raise. `contrato`: id of the condition, or the name of the limit.

    onde: the field, where it is about one. por: the method that raises it, when it is not the one that was called.
    """

    def __init__(self, erro: str, contrato: str, onde: str = "", por: str = "") -> None:
        self.erro = erro
        self.contrato = contrato
        self.onde = onde
        self.por = por
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


class Simulador:
    """Makes objects and calls methods as the spec says.

    portas: clock and chance are those of the suite (a fixed moment, the least number, 'id-1', 'id-2' of each object);
    without them, what asks for one has no outcome.
    """

    def __init__(self, modelo: Modelo, *, portas: bool = False) -> None:
        self.modelo = modelo
        self._ports = portas
        self._ids: dict[int, tuple[Registro, int]] = {}
        self._links = Ligacoes(modelo)
        self._branches: set[tuple[int, bool]] = set()
        self._depth = 0
        self._constants = {constant.nome: constant.valor for constant in modelo.constantes}

    def cria(self, novo: Novo) -> Registro:
        """The object that a constructor makes of complete arguments. Recusa, SemDesfecho."""
        made = self._made(novo.classe, {name: self.valor(value) for name, value in novo.args.items()})
        self._verify(made)
        for record in self._tied_to(made):
            self._verify(record)
        return made

    def _tied_to(self, made: Registro) -> Iterator[Registro]:
        """The objects whose fields have changed because this one was made."""
        for relation in self.modelo.classe(made.classe).todas_relacoes:
            if relation.inversa:
                yield from partners(made.campos[relation.nome])

    def _made(self, nome: str, args: Mapping[str, Valor]) -> Registro:
        classe = self.modelo.classe(nome)
        record = Registro(classe.nome, {}, classe.imutavel)
        values = fields_of(record)
        for relation in classe.todas_relacoes:
            values[relation.nome] = args.get(relation.nome, () if relation.muitos else None)
        for attribute in classe.todos_atributos:
            if attribute.no_construtor:
                given = attribute.nome in args
                values[attribute.nome] = args[attribute.nome] if given else self.valor(attribute.padrao)
        for attribute in classe.todos_atributos:
            if attribute.inicial is not None:
                values[attribute.nome] = self._value(attribute.inicial, {"self": record})
        for relation in classe.todas_relacoes:
            for partner in partners(values[relation.nome]):
                self._links.liga(partner, relation.inversa, record)
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
                fields_of(record).clear()
                fields_of(record).update(values)
            return Desfecho(recusa=refusal, antes=old, nomes=names, ramos=frozenset(self._branches))
        changed = {name: new for name, new in objeto.campos.items() if not same(new, old[name])}
        return Desfecho(value, changed, None, old, names, frozenset(self._branches))

    def _call(self, objeto: Registro, metodo: Metodo, names: dict[str, Valor], *, inner: bool = False) -> Valor:
        """One call; one inside another is part of its transaction, which is verified as a whole at its end."""
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
        # Of each condition apart: antigo(self.saldo) in one and antigo(destino.saldo) in another have the same name.
        olds = [{name: self._value(node, names) for name, node in saved} for _, _, saved in posts]
        value = self._body(metodo, dict(names))
        self._moved(objeto, classe, metodo)
        if metodo.retorna and (broken := metodo.retorna.restricoes.violada(value, self._base(metodo.retorna.tipo))):
            raise Recusa("ValorInvalido", broken, "resultado")
        for (condition, node, _), old in zip(posts, olds, strict=True):
            if not self._value(node, {**names, **old, "resultado": value}):
                raise Recusa("PosCondicaoViolada", condition.id)
        self._frame(objeto, metodo, frame)
        for record in reachable(names.values()) if not inner else ():
            self._verify(record)
        return value

    def _inner_call(self, objeto: Registro, nome: str, args: Mapping[str, Valor]) -> Valor:
        metodo = self.modelo.classe(objeto.classe).metodo(nome)
        names: dict[str, Valor] = {"self": objeto}
        for parameter in metodo.parametros:
            given = parameter.nome in args
            names[parameter.nome] = args[parameter.nome] if given else self.valor(parameter.padrao)
        if self._depth == DEEPEST:
            raise SemDesfecho("calls inside calls without an end in sight")
        self._depth += 1
        try:
            return self._call(objeto, metodo, names, inner=True)
        except Recusa as refusal:
            raise Recusa(refusal.erro, refusal.contrato, refusal.onde, refusal.por or nome) from None
        finally:
            self._depth -= 1

    def _new_inside(self, classe: str, args: Mapping[str, Valor]) -> Valor:
        """An object that a body makes. It gets the clock and the chance of the system, of which nobody knows."""
        if self.modelo.classe(classe).todas_portas:
            raise SemDesfecho(f"a new {classe} with a clock or chance of its own")
        made = self._made(classe, args)
        self._verify(made)
        return made

    def _frame(self, objeto: Registro, metodo: Metodo, before: Mapping[str, Valor]) -> None:
        """Only what the contract lists, and the state of the life cycle, has changed."""
        if not metodo.quadro:
            return
        states = self.modelo.classe(objeto.classe).estados
        allowed = {*(metodo.modifica or ()), states.atributo if states else ""}
        if any(not same(new, before[name]) for name, new in objeto.campos.items() if name not in allowed):
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
            fields_of(objeto)[classe.estados.atributo] = moved

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
        linked = partners(record.campos[relation.nome])
        few = len(linked) < relation.minimo and not relation.da_parte
        if few or (relation.maximo is not None and len(linked) > relation.maximo):
            raise Recusa("RelacaoInvalida", "multiplicidade", relation.nome)
        for key in self.modelo.classe(relation.classe).todas_chaves if relation.muitos else ():
            keys = [tuple(self._field(partner, name) for name in key) for partner in linked]
            if len(set(keys)) < len(keys):
                raise Recusa("ChaveRepetida", "chaves", relation.nome)

    def _field(self, record: Registro, name: str) -> Valor:
        return self._value(Campo(Tipo("nada"), Variavel(Tipo(record.classe), "x"), name), {"x": record})

    def avalia(self, no: No, nomes: Mapping[str, Valor]) -> Valor:
        """The value of an expression. SemDesfecho where it has none."""
        return self._value(no, nomes)

    def _value(self, node: No, names: Mapping[str, Valor]) -> Valor:
        ports = self._ports_of(names.get("self")) if self._ports else {}
        try:
            return avaliar(node, Ambiente(names, self._constants, derivados=self._derived, portas=ports))
        except (ErroAvaliacao, KeyError, AttributeError) as error:  # a node, port or name that only bodies have
            raise SemDesfecho(str(error)) from None

    def _ports_of(self, owner: Valor) -> Mapping[str, Callable[..., Valor]]:
        return {
            "agora": lambda: NOW,
            "hoje": NOW.date,
            "sorteia": lambda least, _most: least,
            "novo_id": lambda: self._next_id(owner),
        }

    def _next_id(self, owner: Valor) -> str:
        if not isinstance(owner, Registro):
            raise SemDesfecho("an id for nobody")
        _, last = self._ids.get(id(owner), (owner, 0))
        self._ids[id(owner)] = owner, last + 1  # the object is kept, so that its number is not given to another one
        return f"id-{last + 1}"

    def _derived(self, record: Registro, name: str, env: Ambiente) -> Valor:
        attribute = self.modelo.classe(record.classe).campo(name)
        assert isinstance(attribute, Atributo)
        assert attribute.deriva is not None
        return avaliar(attribute.deriva, env.com({"self": record}))

    def _body(self, metodo: Metodo, names: dict[str, Valor]) -> Valor:
        if metodo.corpo is None:
            raise SemDesfecho(f"{metodo.nome} has no body yet")
        runner = Corredor(self._value, self._new_inside, self._inner_call, self._links, self._branches)
        try:
            runner.corre(metodo.corpo.comandos, names)
        except Fim as end:
            return end.valor
        except LancadoNoCorpo as raised:
            raise Recusa(raised.erro, "corpo") from None
        return None


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
