"""Property tests of one class: any valid object, any arguments, any order of calls."""

from __future__ import annotations

from collections.abc import Sequence

from workers.estrutura.modelo import Atributo, Classe, Metodo
from workers.suite.checks import invariantes, talvez_ausente
from workers.suite.objects import SemObjeto
from workers.suite.printing import argumento, marca, variavel
from workers.suite.strategies import Estrategias
from workers.suite.view import STRATEGIES, Coluna, Modulo

SETTINGS = "settings(derandomize=True, database=None, deadline=None, max_examples=60)"
OF_MACHINE = "settings(derandomize=True, database=None, deadline=None, max_examples=15, stateful_step_count=12)"


class TestesPropriedades:
    """Writes the property tests and the state machine of one class."""

    def __init__(self, modulo: Modulo, classe: Classe) -> None:
        self.modulo = modulo
        self.fontes = modulo.fontes
        self.classe = classe
        self.eu = variavel(classe)
        self.strategies = Estrategias(modulo.fontes)

    def escreve(self) -> None:
        """All of them, and the checking functions that they need."""
        methods = [m for m in self.classe.todos_metodos if not m.abstrato and self._drawable(m)]
        changing = [m for m in methods if not m.consulta]
        self._constructor()
        if self.classe.todas_invariantes:
            self._invariants()
        for metodo in methods:
            if metodo.consulta or not changing:
                self._any_call(metodo)
        if changing:
            self._machine(changing)

    def _drawable(self, metodo: Metodo) -> bool:
        try:
            for parameter in metodo.parametros:
                self.strategies.de(parameter)
        except SemObjeto:
            return False
        return True

    def _constructor(self) -> None:
        """Any values within the limits: the object holds them, or an invariant refuses it."""
        fields = [c for c in self.classe.construtor() if isinstance(c, Atributo) and self._simple(c)]
        if not fields:
            return
        make = self.fontes.criador(self.classe.nome)
        given = ", ".join(f"{argumento(f)}={argumento(f)}" for f in fields)
        body = [f"{self.eu} = {make}({given})"]
        if self.classe.todas_invariantes:
            broken = self.fontes.pacote("InvarianteViolada")
            body = ["try:", f"    {body[0]}", f"except {broken}:", "    return  # juntos, estes valores não servem"]
        body += [f"assert {self.eu}.{f.py} == {argumento(f)}" for f in fields]
        columns = [Coluna(argumento(f), self.fontes.anotacao(f.tipo)) for f in fields]
        kinds = ", ".join(f"{argumento(f)}={self.strategies.de(f)}" for f in fields)
        self._hypothesis("given", "settings")
        self.modulo.teste(
            "test_construtor_guarda_qualquer_valor_dentro_dos_limites",
            "Valores sorteados dentro dos limites. Oráculo: o que foi dado.",
            body,
            columns,
            decoradores=[f"@{SETTINGS}", f"@given({kinds})"],
        )

    def _simple(self, campo: Atributo) -> bool:
        mundo = self.fontes.modelo.mundo
        return mundo.base(campo.tipo).folha.nome not in mundo.classes

    def _invariants(self) -> None:
        conditions = self.classe.todas_invariantes
        loose = talvez_ausente(self.fontes, [c.no for c in conditions])
        body = [f"assert {source}  # {ident}" for ident, source in invariantes(self.fontes, conditions, self.eu)]
        ids = "_".join(marca(c.id) for c in conditions)
        self._hypothesis("given", "settings")
        self.modulo.teste(
            f"test_{ids}_valem_em_todo_objeto",
            "As invariantes valem em todo objeto que o construtor aceita. Oráculo: as fórmulas da especificação.",
            body,
            [Coluna(self.eu, self._annotation(loose=loose))],
            decoradores=[f"@{SETTINGS}", f"@given({self.eu}={self.strategies.objeto(self.classe.nome)})"],
        )

    def _annotation(self, *, loose: bool) -> str:
        if loose:
            self.fontes.usa.add("Any")
        return "Any" if loose else self.fontes.pacote(self.classe.py)

    def _any_call(self, metodo: Metodo) -> None:
        self.modulo.confere.add(metodo.nome)
        columns = [Coluna(self.eu, self.fontes.pacote(self.classe.py))]
        named = {p.nome: p.py if p.py != self.eu else f"{p.py}_dado" for p in metodo.parametros}
        columns += [Coluna(named[p.nome], self.fontes.anotacao(p.tipo)) for p in metodo.parametros]
        kinds = [f"{self.eu}={self.strategies.objeto(self.classe.nome)}"]
        kinds += [f"{named[p.nome]}={self.strategies.de(p)}" for p in metodo.parametros]
        args = "".join(f", {named[p.nome]}" for p in metodo.parametros)
        self._hypothesis("given", "settings")
        self.modulo.teste(
            f"test_{marca(metodo.py)}_com_quaisquer_argumentos",
            "Objeto e argumentos sorteados. Oráculo: as fórmulas do contrato.",
            [f"confere_{marca(metodo.py)}({self.eu}{args})"],
            columns,
            decoradores=[f"@{SETTINGS}", f"@given({', '.join(kinds)})"],
        )

    def _machine(self, methods: Sequence[Metodo]) -> None:
        """One object, calls in any order; after each, its contract and all invariants hold."""
        self.modulo.confere |= {metodo.nome for metodo in methods}
        self._hypothesis("settings")
        words = ["RuleBasedStateMachine", "initialize", "rule", *(["invariant"] if self._watched() else [])]
        self.modulo.hypothesis.add(f"from hypothesis.stateful import {', '.join(sorted(words))}")
        conditions = self.classe.todas_invariantes
        loose = talvez_ausente(self.fontes, [c.no for c in conditions])
        lines = [
            "",
            f"@initialize({self.eu}={self.strategies.objeto(self.classe.nome)})",
            f"def comeca(self, {self.eu}: {self.fontes.pacote(self.classe.py)}) -> None:",
            '    """O objeto com que se conversa."""',
            f"    self.objeto: {self._annotation(loose=loose)} = {self.eu}",
        ]
        for metodo in methods:
            kinds = ", ".join(f"{p.py}={self.strategies.de(p)}" for p in metodo.parametros)
            parameters = "".join(f", {p.py}: {self.fontes.anotacao(p.tipo)}" for p in metodo.parametros)
            args = "".join(f", {p.py}" for p in metodo.parametros)
            lines += ["", f"@rule({kinds})", f"def chama_{marca(metodo.py)}(self{parameters}) -> None:"]
            lines += [f'    """{metodo.nome}, conferido pelo contrato."""']
            lines += [f"    confere_{marca(metodo.py)}(self.objeto{args})"]
        for ident, source in invariantes(self.fontes, conditions, "self.objeto"):
            lines += ["", "@invariant()", f"def invariante_{marca(ident)}(self) -> None:"]
            lines += [f'    """{ident} vale sempre."""', f"    assert {source}"]
        name = f"ConversaCom{self.classe.py}"
        doc = f"Chamadas a um {self.classe.nome} em qualquer ordem. Oráculo: contratos, ciclo de vida e invariantes."
        self.modulo.classe(f"class {name}(RuleBasedStateMachine):", doc, lines)
        self.modulo.fecho += [f"Test{name} = {name}.TestCase", f"Test{name}.settings = {OF_MACHINE}"]

    def _watched(self) -> bool:
        return bool(self.classe.todas_invariantes)

    def _hypothesis(self, *words: str) -> None:
        self.modulo.hypothesis.add(f"from hypothesis import {', '.join(words)}")
        self.modulo.hypothesis.add(STRATEGIES)
