"""Tests of constructors, fields and equality of one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contratos.problems import Problema
from workers.contradiction import SpecContraditoria
from workers.estrutura.modelo import Atributo, Classe, Condicao, Exemplo, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.avaliador import Registro
from workers.expressao.impressor import literal
from workers.names import slug
from workers.suite.calls import Caminho, Chamada, Chamadas
from workers.suite.designs import Invalida, Plano, Planos
from workers.suite.expected import afirmacoes
from workers.suite.objects import Objetos, SemObjeto, mudancas
from workers.suite.printing import argumento, equals, marca, variavel
from workers.suite.samples import holds_list
from workers.suite.simulation import Recusa, SemDesfecho
from workers.suite.support import PORTS
from workers.suite.view import Coluna, Modulo

MOST_TRIES = 1_500  # objects tried for one that breaks an invariant
MOST_BREACHES = 3  # of one invariant


class TestesConstrucao:
    """Writes the tests of how objects of one class come to be."""

    def __init__(self, modulo: Modulo, planos: Planos, classe: Classe) -> None:
        self.modulo = modulo
        self.fontes = modulo.fontes
        self.objetos: Objetos = planos.objetos
        self.classe = classe
        self.plano: Plano = planos.plano(classe, None)
        self.eu = variavel(classe)
        self.criar = self.fontes.criador(classe.nome)

    def escreve(self) -> None:
        """All of them."""
        self._valid()
        self._edges()
        self._defaults()
        for campo in self.classe.construtor():
            self._refused(campo)
        for relation in self.classe.todas_relacoes:
            self._multiplicity(relation)
        for condition in self.classe.todas_invariantes:
            self._invariant(condition)
        for place, example in enumerate(self.classe.exemplos, 1):
            self._example(example, place)

    # What the constructor takes

    def _valid(self) -> None:
        """Combinations of valid classes, in few rows."""
        rows = [(label, self._novo(values)) for label, values in self.plano.linhas]
        found = [(label, novo) for label, novo in rows if novo is not None]
        proven = self.plano.certificado
        how = f"força {proven.forca}, {proven.exigidas} combinações em {proven.linhas} linhas" if proven else ""
        self._accepted("test_construtor_combina_classes", f"Combinações de classes válidas ({how}).", found)

    def _edges(self) -> None:
        """Values at the limits, one at a time."""
        base = self.objetos.base(self.classe.nome)
        rows = []
        for fator in self.plano.fatores:
            name = fator.caminho[1]
            for sample in (*fator.validas, *fator.outras):
                novo = self._novo({fator.caminho: sample.valor})
                if novo is not None and novo.args[name] != base.args.get(name):
                    rows.append((f"{name}-{sample.rotulo}", novo))
        self._accepted("test_construtor_nos_limites", "Valores nos limites, um de cada vez.", rows)

    def _novo(self, values: Mapping[Caminho, Dado]) -> Novo | None:
        try:
            return self.objetos.completo(self.classe.nome, {path[1]: value for path, value in values.items()})
        except SemObjeto:
            return None

    def _accepted(self, name: str, what: str, rows: Sequence[tuple[str, Novo]]) -> None:
        """The object holds what it was given, and its derived attributes are what their formulas say."""
        base = self.objetos.base(self.classe.nome).args
        varied = [c for c in self.classe.construtor() if any(novo.args[c.nome] != base.get(c.nome) for _, novo in rows)]
        derived = [a for a in self.classe.todos_atributos if a.deriva is not None]
        expected = [(label, novo, self._derived(novo, derived)) for label, novo in rows]
        sure = [a for a in derived if all(a.nome in values for _, _, values in expected)]
        if not varied:
            return
        columns = [Coluna(argumento(c), self._annotation(c)) for c in varied]
        columns += [Coluna(f"{a.py}_esperado", self.fontes.anotacao(a.tipo)) for a in sure]
        lines = [
            (
                label,
                [self.fontes.valor(novo.args[c.nome]) for c in varied] + [self.fontes.valor(v[a.nome]) for a in sure],
            )
            for label, novo, v in expected
        ]
        given = ", ".join(f"{argumento(c)}={argumento(c)}" for c in varied)
        body = [f"{self.eu} = {self.criar}({given})"]
        body += [f"assert {self._reading(c)} == {argumento(c)}" for c in varied]
        body += [f"assert {self.eu}.{a.py} == {a.py}_esperado" for a in sure]
        oracle = "o que foi dado" + (", e as fórmulas dos atributos derivados" if sure else "")
        self.modulo.teste(name, f"{what} Oráculo: {oracle}.", body, columns, lines)

    def _derived(self, novo: Novo, derived: Sequence[Atributo]) -> dict[str, Any]:
        record = self.objetos.cria(novo)
        found = {}
        for attribute in derived:
            assert attribute.deriva is not None
            try:
                value = self.objetos.simulador.avalia(attribute.deriva, {"self": record})
            except SemDesfecho:
                continue
            if not isinstance(value, Registro | tuple):
                found[attribute.nome] = value
        return found

    def _annotation(self, campo: Atributo | Relacao) -> str:
        return self.fontes.anotacao(campo.tipo)

    def _reading(self, campo: Atributo | Relacao) -> str:
        many = isinstance(campo, Relacao) and campo.muitos
        return f"tuple({self.eu}.{campo.py})" if many else f"{self.eu}.{campo.py}"

    # What it refuses

    def _refused(self, campo: Atributo | Relacao) -> None:
        """Invalid classes of one argument, each alone; the others are valid."""
        rows: list[tuple[str, str, str, str]] = []
        fator = self.plano.por_caminho.get(("self", campo.nome))
        for bad in fator.invalidas if fator else ():
            refusal = self._refusal(campo, bad)
            if refusal is None:
                self._refused_beside(campo, bad)
                continue
            rows.append((bad.rotulo, self._source(bad.valor, bad.do_tipo), refusal.erro, refusal.contrato))
        if isinstance(campo, Atributo) and not campo.de_estados:
            seen = [bad.valor for bad in fator.invalidas] if fator else []
            samples = [s for s in self.objetos.amostras.invalidas(campo) if s.valor not in seen]
            rows += [(s.rotulo, self.fontes.valor(s.valor), "ValorInvalido", s.viola) for s in samples]
            if not holds_list(campo.tipo):
                rows.append(("outro_tipo", self._source(object, do_tipo=False), "ValorInvalido", "tipo"))
        if isinstance(campo, Relacao) and not campo.muitos:
            rows.append(("outro_tipo", self._source(object, do_tipo=False), "ValorInvalido", "tipo"))
        if not rows:
            return
        columns = [
            Coluna("valor", self._looser(campo, rows)),
            Coluna("erro", f"type[{self.fontes.pacote('ViolacaoDeContrato')}]"),
            Coluna("contrato", "str"),
        ]
        lines = [(label, [src, self.fontes.erro(erro), f'"{contract}"']) for label, src, erro, contract in rows]
        body = [
            "with pytest.raises(erro) as recusa:",
            f"    {self.criar}({argumento(campo)}=valor)",
            "assert recusa.value.contrato == contrato",
        ]
        self.modulo.usa_pytest = True
        self.modulo.teste(
            f"test_construtor_recusa_{marca(campo.nome)}",
            f"Cada classe inválida de {campo.nome}, sozinha. Oráculo: o limite que ela quebra.",
            body,
            columns,
            lines,
        )

    def _looser(self, campo: Atributo | Relacao, rows: Sequence[tuple[str, str, str, str]]) -> str:
        if any("qualquer(" in source for _, source, _, _ in rows):
            self.fontes.usa.add("Any")
            return "Any"
        return self.fontes.anotacao(campo.tipo)

    def _source(self, value: object, do_tipo: bool) -> str:
        if do_tipo:
            return self.fontes.valor(value)
        self.fontes.ajuda("objetos", "qualquer")
        plain = isinstance(value, str | int | float | bool | None)
        return f"qualquer({value!r})" if plain else "qualquer(object())"

    def _refusal(self, campo: Atributo | Relacao, bad: Invalida) -> Recusa | None:
        """How the spec refuses the value, or None. SpecContraditoria when it does so otherwise than the class says."""
        if not bad.do_tipo:
            return Recusa("ValorInvalido", "tipo")
        base = self.objetos.base(self.classe.nome)
        novo = Novo(base.classe, {**base.args, campo.nome: bad.valor})  # type: ignore[dict-item]
        try:
            self.objetos.simulador.cria(novo)
        except Recusa as refusal:
            if bad.lanca and bad.lanca != refusal.erro:
                message = f"the class says {bad.lanca}, but the spec refuses it by {refusal.erro} ({refusal.contrato})"
                raise SpecContraditoria([Problema(bad.caminho, message), Problema(campo.caminho, "this")]) from None
            return refusal
        except SemDesfecho:
            return Recusa(bad.lanca or "ViolacaoDeContrato", "")
        return None

    def _refused_beside(self, campo: Atributo | Relacao, bad: Invalida) -> None:
        """A value that is refused beside other valid classes, not beside the values that objects start from."""
        for _, values in self.plano.linhas:
            valid = self._novo(values)
            if valid is None:
                continue
            made = Novo(valid.classe, {**valid.args, campo.nome: bad.valor})  # type: ignore[dict-item]
            try:
                self.objetos.simulador.cria(made)
            except Recusa as refusal:
                if bad.lanca in {None, refusal.erro} and bad.viola in {"", refusal.contrato}:
                    self._one_refused(campo, bad, made, refusal)
                    return
            except SemDesfecho:
                continue
        message = "the class is said to be invalid, but neither limits nor invariants refuse it"
        raise SpecContraditoria([Problema(bad.caminho, message), Problema(campo.caminho, "takes the value")])

    def _one_refused(self, campo: Atributo | Relacao, bad: Invalida, made: Novo, refusal: Recusa) -> None:
        self.modulo.usa_pytest = True
        self.modulo.teste(
            f"test_construtor_recusa_{marca(campo.nome)}_{marca(bad.rotulo)}",
            f"{bad.rotulo}: classe inválida de {campo.nome} entre classes válidas. Oráculo: o que a quebra.",
            [
                f"with pytest.raises({self.fontes.erro(refusal.erro)}) as recusa:",
                f"    {self.fontes.objeto(made)}",
                f"assert recusa.value.contrato == {literal(refusal.contrato)}",
            ],
        )

    def _multiplicity(self, relation: Relacao) -> None:
        """Too few, too many, or two with the same key."""
        if not relation.muitos or not relation.no_construtor:
            return
        try:
            others = self.objetos.distintos(relation.classe)
        except SemObjeto:
            return
        few, many = relation.minimo - 1, (relation.maximo or 0) + 1
        rows = []
        if relation.minimo and few <= len(others):
            rows.append(("de_menos", tuple(others[:few]), "RelacaoInvalida", "multiplicidade"))
        if relation.maximo and many <= len(others):
            rows.append(("de_mais", tuple(others[:many]), "RelacaoInvalida", "multiplicidade"))
        keys = self.objetos.concreta(relation.classe).todas_chaves
        if keys and (relation.maximo is None or relation.maximo > 1):
            rows.append(("mesma_chave", (others[0], others[0]), "ChaveRepetida", "chaves"))
        for label, partners, error, contract in rows:
            body = [
                f"with pytest.raises({self.fontes.pacote(error)}) as recusa:",
                f"    {self.criar}({argumento(relation)}={self.fontes.valor(partners)})",
                f'assert recusa.value.contrato == "{contract}"',
            ]
            self.modulo.usa_pytest = True
            doc = f"A relação {relation.nome} com objetos {label.replace('_', ' ')}. Oráculo: multiplicidade e chaves."
            self.modulo.teste(f"test_construtor_{marca(relation.nome)}_{label}", doc, body)

    def _invariant(self, condition: Condicao) -> None:
        """Objects that break this invariant and nothing else, as near to what is allowed as possible."""
        base = self.objetos.base(self.classe.nome)
        start = Chamada(base, {})
        turning = Chamadas(self.objetos, self.classe).resolve(condition.no, start)
        near = ({path[1]: value} for path, values in turning.items() for value in values)
        options = {
            c.nome: [s.valor for s in self.objetos.valores(c)] for c in self.classe.construtor() if self._settable(c)
        }
        found: list[Novo] = []
        for changes in (*near, *mudancas(options, MOST_TRIES)):
            novo = Novo(base.classe, {**base.args, **changes})
            if self._breaks(novo, condition) and novo not in found:
                found.append(novo)
            if len(found) == MOST_BREACHES or (found and not changes.keys() & {path[1] for path in turning}):
                break
        if not found:
            return
        varied = [c for c in self.classe.construtor() if any(n.args[c.nome] != base.args.get(c.nome) for n in found)]
        columns = [Coluna(argumento(c), self._annotation(c)) for c in varied]
        lines = [(f"{place}", [self.fontes.valor(n.args[c.nome]) for c in varied]) for place, n in enumerate(found, 1)]
        given = ", ".join(f"{argumento(c)}={argumento(c)}" for c in varied)
        body = [
            f"with pytest.raises({self.fontes.pacote('InvarianteViolada')}) as recusa:",
            f"    {self.criar}({given})",
            f"assert recusa.value.contrato == {literal(condition.id)}",
        ]
        self.modulo.usa_pytest = True
        doc = f"{condition.id}: {condition.mensagem or condition.texto}. Oráculo: a invariante, pela especificação."
        self.modulo.teste(f"test_{marca(condition.id)}_invariante_recusa_o_objeto", doc, body, columns, lines)

    def _settable(self, campo: Atributo | Relacao) -> bool:
        return not (isinstance(campo, Atributo) and campo.de_estados)

    def _breaks(self, novo: Novo, condition: Condicao) -> bool:
        try:
            self.objetos.simulador.cria(novo)
        except Recusa as refusal:
            return refusal.erro == "InvarianteViolada" and refusal.contrato == condition.id
        except SemDesfecho:
            return False
        return False

    def _example(self, example: Exemplo, place: int) -> None:
        """A creation that the spec shows."""
        base = self.objetos.base(self.classe.nome)
        given = Novo(base.classe, {**base.args, **{n: self.objetos.completado(v) for n, v in example.args.items()}})
        name = f"test_construtor_exemplo_{slug(example.nome) if example.nome else place}"
        call = self.fontes.objeto(given)
        doc = f"{example.nome or f'Exemplo {place}'}. Oráculo: o exemplo da especificação."
        if example.lanca:
            self.modulo.usa_pytest = True
            self.modulo.teste(name, doc, [f"with pytest.raises({self.fontes.erro(example.lanca)}):", f"    {call}"])
        else:
            self.modulo.teste(name, doc, [f"{self.eu} = {call}", *afirmacoes(self.fontes, example.depois, self.eu)])

    def _defaults(self) -> None:
        """What may be left out has the value that the spec says."""
        base = self.objetos.base(self.classe.nome)
        needed = [c for c in self.classe.construtor() if not c.tem_padrao]
        known = [a for a in self.classe.todos_atributos if a.guardado and (a.tem_padrao or a.inicial is not None)]
        bare = Novo(base.classe, {c.nome: base.args[c.nome] for c in needed})
        try:
            made = self.objetos.simulador.cria(bare)
        except (Recusa, SemDesfecho):
            return
        checked = [a for a in known if not isinstance(made.campos[a.nome], Registro | tuple)]
        if not checked:
            return
        args = [f"{c.py}={self._raw(c, base.args[c.nome])}" for c in needed]
        args += [f"{port}={self.fontes.ajuda('objetos', PORTS[port][1])}()" for port in self.classe.todas_portas]
        body = [f"{self.eu} = {self.fontes.pacote(self.classe.py)}({', '.join(args)})"]
        body += [equals(f"{self.eu}.{a.py}", self.fontes.valor(made.campos[a.nome])) for a in checked]
        self.modulo.teste(
            "test_construtor_completa_o_que_falta", "Valores padrão e iniciais. Oráculo: a especificação.", body
        )

    def _raw(self, campo: Atributo | Relacao, value: Dado) -> str:
        """A value as the constructor itself takes it."""
        source = self.fontes.valor(value)
        many = isinstance(campo, Relacao) and campo.muitos and not self.classe.imutavel
        return f"{self.fontes.pacote('Colecao')}({source})" if many else source
