"""Tests of what methods do: examples, combinations, limits, errors, preconditions, life cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from workers.estrutura.comandos import Se, nos, todos_comandos
from workers.estrutura.modelo import Atributo, Classe, Exemplo, Metodo, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.arvore import No
from workers.expressao.avaliador import MembroValor
from workers.names import slug
from workers.suite.calls import Argumento, Caminho, Chamada, Chamadas, olhados
from workers.suite.contracts import TestesContratos
from workers.suite.designs import Plano, Planos
from workers.suite.expected import afirma, afirmacoes
from workers.suite.objects import Objetos, SemObjeto
from workers.suite.printing import Fontes, chamada, marca, variavel
from workers.suite.refusals import TestesRecusas
from workers.suite.rows import Caso, Linhas
from workers.suite.samples import Amostra
from workers.suite.simulation import Desfecho, Recusa
from workers.suite.view import Modulo

MOST_TURNS = 24  # calls at the turning points of one condition
MOST_REFUSED = 8  # calls that show one refusal
MOST_STARTS = 4  # calls from which expressions of a body are looked at, besides the plainest good one
DEFINED = frozenset({"expressao", "tabela", "passos", "pos", "estados"})
"""Bodies that the spec itself gives; one found from examples is a guess, and no oracle."""


class TestesMetodo:
    """Writes the tests of one method of one class."""

    def __init__(self, modulo: Modulo, planos: Planos, classe: Classe, metodo: Metodo) -> None:
        self.modulo = modulo
        self.fontes: Fontes = modulo.fontes
        self.objetos: Objetos = planos.objetos
        self.classe = classe
        self.metodo = metodo
        self.eu = variavel(classe)
        self.nome = marca(metodo.py)
        self.plano: Plano = planos.plano(classe, metodo)
        self.do_construtor: Plano = planos.plano(classe, None)
        self.calls = Chamadas(self.objetos, classe, metodo)
        self.rows = Linhas(modulo, self.objetos, classe, metodo)
        self.happy = self.calls.feliz() or self.calls.possivel({})
        self.defined = metodo.corpo is not None and metodo.corpo.origem in DEFINED

    def escreve(self) -> None:
        """All of them."""
        for place, example in enumerate(self.metodo.exemplos, 1):
            self._example(example, place)
        if self.happy is None:
            return
        plain = ("tipico", self.happy)
        calls = list(self._distinct([plain, *self._combinations(), *self._limits(), *self._in_each_state()]))
        calls = list(self._distinct([*calls, *self._turns(calls), *self._branches(calls)]))
        outcomes = [(label, call, self.calls.possivel_desfecho(call)) for label, call in calls]
        known = [Caso(label, call, outcome) for label, call, outcome in outcomes if outcome]
        accepted = [case for case in known if case.desfecho.recusa is None]
        refused = [case for case in known if case.desfecho.recusa is not None]
        checked = [(label, call) for label, call, outcome in outcomes if outcome is None]
        if not self.defined:
            checked += [(case.rotulo, case.chamada) for case in accepted]
            accepted = []
        self.rows.aceitas(accepted)
        self.rows.conferidas(checked)
        for error in self.metodo.erros:
            self.rows.erros(error, self._refused_by(refused, error.lanca, error.id, error.no))
        for group in self.metodo.pre:
            for condition in group:
                ident = condition.id if len(self.metodo.pre) == 1 else self._any_of_the_groups()
                cases = self._refused_by(refused, "PreCondicaoViolada", ident, condition.no)
                self.rows.violadas(f"{marca(condition.id)}_recusa", "PreCondicaoViolada", ident, condition.texto, cases)
        states = [case for case in refused if case.desfecho.recusa and case.desfecho.recusa.erro == "EstadoInvalido"]
        self.rows.violadas("recusa_no_estado", "EstadoInvalido", "estados", "o ciclo de vida", states)
        self._twice()
        TestesRecusas(self.modulo, self.classe, self.metodo, self.plano, self.calls, self.happy).escreve()
        TestesContratos(self.modulo, self.classe, self.metodo, self.calls).escreve()

    # Examples

    def _example(self, example: Exemplo, place: int) -> None:
        """A call that the spec shows."""
        me, args = self._of_example(example)
        lines = [f"{self.eu} = {self._made(me, example)}"]
        objects = {p.nome for p in self.metodo.parametros if isinstance(args.get(p.nome), Novo)}
        lines += [f"{p.py} = {self.fontes.valor(args[p.nome])}" for p in self.metodo.parametros if p.nome in objects]
        sources = {
            p.nome: p.py if p.nome in objects else self.fontes.valor(args[p.nome])
            for p in self.metodo.parametros
            if p.nome in args
        }
        call = chamada(self.eu, self.metodo, sources)
        name = f"test_{self.nome}_exemplo_{slug(example.nome) if example.nome else place}"
        doc = f"{example.nome or f'Exemplo {place}'}. Oráculo: o exemplo da especificação."
        if example.lanca:
            self.modulo.usa_pytest = True
            portrait = self.fontes.retrato(me.classe)
            lines += [f"antes = {portrait}({self.eu})", f"with pytest.raises({self.fontes.erro(example.lanca)}):"]
            lines += [f"    {call}", f"assert {portrait}({self.eu}) == antes"]
        else:
            says = example.diz_retorno and self.metodo.retorna is not None
            lines.append(f"resultado = {call}" if says else call)
            lines += self._result(example.da) if says else []
            printed = {p.nome: sources[p.nome] for p in self.metodo.parametros if p.nome in sources}
            lines += afirmacoes(self.fontes, example.depois, self.eu, printed)
        self.modulo.teste(name, doc, lines)

    def _of_example(self, example: Exemplo) -> tuple[Novo, Mapping[str, Dado]]:
        """Object and arguments, completed; as they stand where nothing valid completes them."""
        try:
            me = self.objetos.completo(self.classe.nome, example.antes)
        except SemObjeto:
            base = self.objetos.base(self.classe.nome)
            me = Novo(base.classe, {**base.args, **example.antes})
        args = {}
        for name, value in example.args.items():
            try:
                args[name] = self.objetos.completado(value)
            except SemObjeto:
                args[name] = value
        return me, args

    def _made(self, me: Novo, example: Exemplo) -> str:
        """The object, with the clock and the chance that the example gives it."""
        extra = []
        if example.agora is not None and "relogio" in self.classe.todas_portas:
            self.fontes.ajuda("objetos", "RelogioParado")
            extra.append(f"relogio=RelogioParado({self.fontes.valor(example.agora)})")
        if example.sorteios and "aleatorio" in self.classe.todas_portas:
            self.fontes.ajuda("objetos", "AleatorioPrevisto")
            numbers = tuple(n for n in example.sorteios if isinstance(n, int))
            texts = tuple(t for t in example.sorteios if isinstance(t, str))
            extra.append(f"aleatorio=AleatorioPrevisto({self.fontes.valor(numbers)}, {self.fontes.valor(texts)})")
        inner = ", ".join(part for part in (self.fontes.argumentos(me), *extra) if part)
        return f"{self.fontes.criador(me.classe)}({inner})"

    def _result(self, value: Dado) -> Iterator[str]:
        yield from afirma(self.fontes, self.fontes.impressor(self.eu), "resultado", value)

    # Calls to make

    def _combinations(self) -> Iterator[tuple[str, Chamada]]:
        """The rows of the design, with what the plainest good call needs beside them."""
        for label, values in self.plano.linhas:
            yield from self._call(label, values)

    def _limits(self) -> Iterator[tuple[str, Chamada]]:
        """One value at a time, at its limits."""
        for fator in self.plano.fatores:
            for sample in (*fator.validas, *fator.outras):
                yield from self._call(f"{fator.caminho[-1]}-{sample.rotulo}", {fator.caminho: sample.valor})
        seen = olhados(self.classe, self.metodo)
        for campo in self.classe.construtor():
            path: Caminho = ("self", campo.nome)
            if campo.nome in seen and path not in self.plano.por_caminho:
                for sample in self._samples_of(campo):
                    yield from self._call(f"{campo.nome}-{sample.rotulo}", {path: sample.valor})

    def _samples_of(self, campo: Atributo | Relacao) -> Iterator[Amostra]:
        """What the spec gives for the field of a new object, and what its limits say."""
        declared = self.do_construtor.por_caminho.get(("self", campo.nome))
        if declared and declared.declarado:
            yield from (*declared.validas, *declared.outras)
        yield from self.objetos.valores(campo)

    def _in_each_state(self) -> Iterator[tuple[str, Chamada]]:
        """A good call in each state that allows it, and the plainest one in each that does not."""
        states = self.classe.estados
        if not self.metodo.transicoes or states is None:
            return
        path: Caminho = ("self", states.atributo)
        for name in states.nomes:
            fixed: dict[Caminho, Dado] = {path: MembroValor(states.enumeracao, name)}
            allowed = name in self.metodo.transicoes
            good = self.calls.procura(lambda _, outcome: outcome.recusa is None, fixas=fixed) if allowed else None
            if good:
                yield f"estado-{name.lower()}", good
            else:
                yield from self._call(f"estado-{name.lower()}", fixed)

    def _turns(self, calls: Sequence[tuple[str, Chamada]]) -> Iterator[tuple[str, Chamada]]:
        """Calls at which a condition of the contract, or an expression of the body that the spec gives, turns."""
        assert self.happy is not None
        starts = [self.happy, *(call for _, call in calls[:MOST_STARTS])]
        for name, node, everywhere in self._conditions():
            for start in starts if everywhere else starts[:1]:
                yield from self._turning(name, node, start)

    def _turning(self, name: str, node: No, start: Chamada) -> Iterator[tuple[str, Chamada]]:
        left = MOST_TURNS
        for path, values in self.calls.resolve(node, start).items():
            for value in values[: max(0, left)]:
                left -= 1
                yield from self._call(f"{name}-{path[-1]}", {path: value}, start)

    def _conditions(self) -> Iterator[tuple[str, No, bool]]:
        """(name, condition, whether it is to be looked at from several calls)."""
        for error in self.metodo.erros:
            yield error.id, error.no, False
        for condition in (condition for group in self.metodo.pre for condition in group):
            yield condition.id, condition.no, False
        if self.defined and self.metodo.corpo:
            for command in todos_comandos(self.metodo.corpo.comandos):
                if not isinstance(command, Se):
                    yield from (("corpo", node, True) for node in nos(command))
        for condition in self.classe.todas_invariantes:
            yield condition.id, condition.no, False

    def _branches(self, calls: Sequence[tuple[str, Chamada]]) -> Iterator[tuple[str, Chamada]]:
        """For each choice of the body: calls that go either way, and calls at which it turns."""
        if not self.defined or self.metodo.corpo is None:
            return
        known = [(call, outcome) for _, call in calls if (outcome := self.calls.possivel_desfecho(call))]
        for place, choice in enumerate(c for c in todos_comandos(self.metodo.corpo.comandos) if isinstance(c, Se)):
            reached = next((call for call, o in known if any(mark == id(choice) for mark, _ in o.ramos)), None)
            for holds in (True, False):
                mark = (id(choice), holds)
                if any(mark in outcome.ramos for _, outcome in known):
                    continue
                near = self.calls.resolve(choice.se, reached) if reached else {}
                found = self.calls.procura(partial(_took, mark), near)
                if found and (outcome := self.calls.possivel_desfecho(found)):
                    known.append((found, outcome))
                    reached = reached or found
                    yield f"escolha_{place + 1}", found
            if reached:
                yield from self._turning(f"escolha_{place + 1}", choice.se, reached)

    def _call(
        self, label: str, values: Mapping[Caminho, Dado], start: Chamada | None = None
    ) -> Iterator[tuple[str, Chamada]]:
        """A call that differs from another one, the plainest good one, in these values."""
        whole = {path[0] for path in values if len(path) == 1}
        before = start or self.happy
        assert before is not None
        kept = {path: value for path, value in before.mudancas.items() if path[0] not in whole}
        call = self.calls.possivel({**kept, **values})
        if call:
            yield label, call

    def _distinct(self, calls: Sequence[tuple[str, Chamada]]) -> Iterator[tuple[str, Chamada]]:
        seen: list[tuple[Novo, Mapping[str, Argumento]]] = []
        for label, call in calls:
            if (call.eu, call.args) not in seen:
                seen.append((call.eu, call.args))
                yield label, call

    def _refused_by(self, refused: Sequence[Caso], erro: str, contrato: str, no: No) -> list[Caso]:
        """The calls that end in this refusal; one that is sought for, when chance has brought none."""
        found = [c for c in refused if c.desfecho.recusa and _is(c.desfecho.recusa, erro, contrato)]
        if not found and self.happy:
            call = self.calls.procura(
                lambda _, outcome: outcome.recusa is not None and _is(outcome.recusa, erro, contrato),
                self.calls.resolve(no, self.happy),
            )
            outcome = call and self.calls.possivel_desfecho(call)
            found = [Caso("encontrado", call, outcome)] if call and outcome else []
        return found[:MOST_REFUSED]

    def _any_of_the_groups(self) -> str:
        return "|".join(condition.id for group in self.metodo.pre for condition in group)

    def _twice(self) -> None:
        """Doing it twice is doing it once."""
        if not self.metodo.idempotente or self.happy is None:
            return
        first = self.calls.possivel_desfecho(self.happy)
        if first is None or first.recusa is not None:
            return
        portrait = self.fontes.retrato(self.happy.eu.classe)
        call = chamada(self.eu, self.metodo, {n: self.fontes.valor(v) for n, v in self.happy.args.items()})
        body = [
            f"{self.eu} = {self.fontes.objeto(self.happy.eu)}",
            call,
            f"depois = {portrait}({self.eu})",
            call,
            f"assert {portrait}({self.eu}) == depois",
        ]
        doc = "Chamar duas vezes é o mesmo que chamar uma. Oráculo: a primeira chamada."
        self.modulo.teste(f"test_{self.nome}_e_idempotente", doc, body)


def _took(mark: tuple[int, bool], _call: Chamada, outcome: Desfecho) -> bool:
    return mark in outcome.ramos


def _is(recusa: Recusa, erro: str, contrato: str) -> bool:
    return (recusa.erro, recusa.contrato, recusa.por) == (erro, contrato, "")
