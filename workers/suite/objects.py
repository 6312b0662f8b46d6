"""Valid objects for tests: one of each class to start from, and others that differ from it in what a test asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from typing import Any

from workers.estrutura.modelo import Atributo, Classe, Modelo, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.arvore import Campo, No, Variavel, todos
from workers.expressao.avaliador import Registro
from workers.suite.samples import Amostra, Amostras, passo
from workers.suite.simulation import Recusa, SemDesfecho, Simulador

MOST_TRIES = 2_000  # objects tried for one that is valid
DEEPEST = 6  # objects inside objects
ORDERED = frozenset({"int", "Decimal", "float", "date", "datetime"})
VARIANTS = 6  # values of a field that are looked at when objects vary


class SemObjeto(Exception):
    """No valid object of a class was found. The tests that would need one are not written."""


class Objetos:
    """Complete constructor arguments of valid objects, the plainest ones; the same spec gives the same."""

    def __init__(self, modelo: Modelo, *, portas: bool = False) -> None:
        """portas: whether the suite's clock and chance stand for those that the spec asks for."""
        self.modelo = modelo
        self.simulador = Simulador(modelo, portas=portas)
        self.amostras = Amostras(modelo.mundo, self.base)
        self._bases: dict[str, Novo] = {}
        self._values: dict[str, list[Amostra]] = {}
        self._found: dict[str, Novo | None] = {}
        self._making: list[str] = []

    def concreta(self, classe: str) -> Classe:
        """The class itself, or the first of its subclasses that has objects."""
        found = next(iter(self.modelo.subclasses(classe)), None)
        if found is None:
            raise SemObjeto(f"{classe} is abstract, and nothing specialises it")
        return found

    def base(self, classe: str) -> Novo:
        """The object that tests start from, with every argument that its constructor needs. SemObjeto."""
        if classe not in self._bases:
            if classe in self._making or len(self._making) > DEEPEST:
                raise SemObjeto(f"{classe} needs another {classe} to exist")
            self._making.append(classe)
            try:
                self._bases[classe] = self._search(self.concreta(classe), {})
            finally:
                self._making.pop()
        return self._bases[classe]

    def completo(self, classe: str, fixos: Mapping[str, Dado]) -> Novo:
        """A valid object with these arguments; the others as in the base, or changed where that does not fit.

        Objects among the arguments are completed too. SemObjeto when nothing was found.
        """
        fixed = {name: self.completado(value) for name, value in fixos.items()}
        return self._search(self.concreta(classe), fixed)

    def completado(self, valor: Dado) -> Dado:
        """A value in which every object has all its arguments."""
        if isinstance(valor, Novo):
            return self.completo(valor.classe, valor.args)
        return tuple(self.completado(item) for item in valor) if isinstance(valor, tuple) else valor

    def cria(self, novo: Novo) -> Registro:
        """The object in the simulation. SemObjeto when it is not valid, or when nobody can say."""
        try:
            return self.simulador.cria(novo)
        except (Recusa, SemDesfecho) as refused:
            raise SemObjeto(f"{novo.classe}: {refused}") from None

    def valido(self, novo: Novo) -> bool:
        """Whether the constructor takes these arguments."""
        try:
            self.cria(novo)
        except SemObjeto:
            return False
        return True

    def valores(self, campo: Atributo | Relacao) -> list[Amostra]:
        """Values that a constructor's argument may take, the plainest first."""
        if self._making:  # partners that are being made themselves are not among them: nothing to remember
            return self._all_values(campo)
        if campo.caminho not in self._values:
            self._values[campo.caminho] = self._all_values(campo)
        return self._values[campo.caminho]

    def _all_values(self, campo: Atributo | Relacao) -> list[Amostra]:
        if isinstance(campo, Relacao):
            return list(self._partners(campo))
        samples = self.amostras.validas(campo)
        if campo.tem_padrao:
            samples = [Amostra("padrao", campo.padrao), *(s for s in samples if s.valor != campo.padrao)]
        return samples

    def _partners(self, relation: Relacao) -> Iterator[Amostra]:
        """As few as are needed; then one, two, the most; and variants of the one."""
        if relation.minimo == 0:
            yield Amostra("nenhum", () if relation.muitos else None)
        try:
            one = self.base(relation.classe)
        except SemObjeto:
            if relation.minimo:
                raise
            return
        if not relation.muitos:
            yield Amostra("um", one)
            yield from (Amostra(f"um_{n}", other) for n, other in enumerate(self.variantes(relation.classe), 1))
            return
        others = self.distintos(relation.classe)
        for size in dict.fromkeys((max(1, relation.minimo), max(2, relation.minimo))):
            if size <= len(others) and (relation.maximo is None or size <= relation.maximo):
                yield Amostra(f"{size}_objetos", tuple(others[:size]))
        if relation.minimo <= 1:
            yield from (Amostra(f"variante_{n}", (o,)) for n, o in enumerate(self.variantes(relation.classe), 1))

    def variantes(self, classe: str) -> list[Novo]:
        """Valid objects that differ from the base in one argument."""
        base = self.base(classe)
        found = []
        for campo in self.concreta(classe).construtor():
            if isinstance(campo, Relacao) or campo.de_estados:
                continue
            for sample in self.valores(campo)[:VARIANTS]:
                other = Novo(base.classe, {**base.args, campo.nome: sample.valor})
                if sample.valor != base.args.get(campo.nome) and self.valido(other):
                    found.append(other)
        return found

    def distintos(self, classe: str) -> list[Novo]:
        """Objects that may stand together in one collection: no two have the same keys."""
        keys = {name for key in self.concreta(classe).todas_chaves for name in key}
        base = self.base(classe)
        if not keys:
            return [base, base, base]
        found = [base]
        for other in self.variantes(classe):
            if all(any(other.args.get(k) != known.args.get(k) for k in keys) for known in found):
                found.append(other)
        return found

    def _search(self, classe: Classe, fixed: Mapping[str, Dado]) -> Novo:
        """The plainest valid object: all fields as plain as they go, then one less plain, then two."""
        key = f"{classe.nome} {sorted(fixed.items(), key=lambda item: item[0])!r}"
        if key in self._found and not self._making:
            found = self._found[key]
        else:
            found = self._found[key] = self._sought(classe, fixed)
        if found is None:
            said = f" with {', '.join(sorted(fixed))} as given" if fixed else ""
            raise SemObjeto(f"no valid {classe.nome} was found{said}")
        return found

    def _sought(self, classe: Classe, fixed: Mapping[str, Dado]) -> Novo | None:
        free = [campo for campo in classe.construtor() if campo.nome not in fixed]
        known = self._bases.get(classe.nome)
        plain = {campo.nome: self._plain(campo, known) for campo in free}
        first = Novo(classe.nome, _ordered(classe, {**plain, **fixed}))
        try:
            self.simulador.cria(first)
        except Recusa as refusal:
            blamed = _fields_behind(classe, refusal)
        except SemDesfecho:
            blamed = None
        else:
            return first
        free = [campo for campo in free if blamed is None or campo.nome in blamed]
        options = {
            campo.nome: [*(sample.valor for sample in self.valores(campo)), *self._near(campo, classe, fixed)]
            for campo in free
        }
        for changes in mudancas(options) if options else ():
            novo = Novo(classe.nome, _ordered(classe, {**plain, **fixed, **changes}))
            if self.valido(novo):
                return novo
        return self._shown(classe, plain, fixed)

    def _shown(self, classe: Classe, plain: Mapping[str, Dado], fixed: Mapping[str, Dado]) -> Novo | None:
        """An object that the spec itself shows as created."""
        for example in classe.exemplos:
            if example.lanca is None:
                given = {name: self.completado(value) for name, value in example.args.items()}
                novo = Novo(classe.nome, _ordered(classe, {**plain, **given, **fixed}))
                if self.valido(novo):
                    return novo
        return None

    def _near(self, campo: Atributo | Relacao, classe: Classe, fixed: Mapping[str, Dado]) -> list[Dado]:
        """Values right beside the given ones of the same type: what must come after a given day, or exceed a sum."""
        tipo = self.modelo.mundo.base(campo.tipo)
        if isinstance(campo, Relacao) or tipo.nome not in ORDERED:
            return []
        step = passo(tipo, campo.restricoes)
        same: list[Any] = [
            fixed[other.nome]
            for other in classe.construtor()
            if fixed.get(other.nome) is not None and self.modelo.mundo.base(other.tipo) == tipo
        ]
        near = [moved for value in same for moved in (value + step, value - step, value)]
        return [value for value in near if campo.restricoes.violada(value, tipo) is None]

    def _plain(self, campo: Atributo | Relacao, known: Novo | None) -> Dado:
        if known is not None and campo.nome in known.args:
            return known.args[campo.nome]
        return self.valores(campo)[0].valor


def _fields_behind(classe: Classe, refusal: Recusa) -> set[str] | None:
    """The fields that can have to do with a refusal; None when any can."""
    names = {campo.nome for campo in classe.campos()}
    if refusal.erro != "InvarianteViolada":
        return {refusal.onde} if refusal.onde in names else None
    fields = {c.id: set(looked_at(c.no, classe)) for c in classe.todas_invariantes}
    if refusal.contrato not in fields:
        return None
    found = fields.pop(refusal.contrato)
    while near := [ident for ident, seen in fields.items() if seen & found]:
        for ident in near:
            found |= fields.pop(ident)
    return found


def looked_at(no: No, classe: Classe) -> Iterator[str]:
    """Fields of self that an expression looks at, also through derived attributes."""
    for part in todos(no):
        if isinstance(part, Campo) and isinstance(part.de, Variavel) and part.de.nome == "self":
            yield part.nome
            campo = classe.campo(part.nome)
            if isinstance(campo, Atributo) and campo.deriva is not None:
                yield from looked_at(campo.deriva, classe)


def _ordered(classe: Classe, args: Mapping[str, Dado]) -> dict[str, Dado]:
    return {campo.nome: args[campo.nome] for campo in classe.construtor() if campo.nome in args}


def mudancas[K, V](opcoes: Mapping[K, Sequence[V]], mais: int = MOST_TRIES) -> Iterator[dict[K, V]]:
    """No change, each single one, each pair, each triple: what differs least from the start comes first.

    opcoes: name -> values that it may take instead. mais: how many are given at most.
    """
    names = list(opcoes)
    chosen = (group for size in range(4) for group in combinations(names, size))
    every = (
        dict(zip(group, values, strict=True)) for group in chosen for values in product(*(opcoes[n] for n in group))
    )
    yield from islice(every, mais)
