"""Tests of what may be changed from outside, of both ends of relations, of equality and of secrets."""

from __future__ import annotations

from workers.estrutura.modelo import Atributo, Classe, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.avaliador import Registro
from workers.suite.objects import Objetos, SemObjeto
from workers.suite.printing import argumento, equals, marca, variavel
from workers.suite.simulation import Recusa, SemDesfecho
from workers.suite.view import Coluna, Modulo


class TestesCampos:
    """Writes the tests of the fields of one class."""

    def __init__(self, modulo: Modulo, objetos: Objetos, classe: Classe) -> None:
        self.modulo = modulo
        self.fontes = modulo.fontes
        self.objetos = objetos
        self.classe = classe
        self.eu = variavel(classe)
        self.criar = self.fontes.criador(classe.nome)

    def escreve(self) -> None:
        """All of them."""
        if self.classe.imutavel:
            self._value()
        else:
            self._identity()
            for attribute in self.classe.todos_atributos:
                self._assignment(attribute)
        self._fixed()
        for relation in self.classe.todas_relacoes:
            self._both_ends(relation)
        self._secrets()

    def _base(self) -> Novo:
        return self.objetos.base(self.classe.nome)

    def _value(self) -> None:
        """Two objects with equal values are equal and interchangeable; one different value makes them different."""
        others = self.objetos.variantes(self.classe.nome)
        body = [
            f"um, outro = {self.criar}(), {self.criar}()",
            "assert um == outro",
            "assert hash(um) == hash(outro)",
        ]
        body += [f"assert um != {self.fontes.objeto(other)}" for other in others[:1]]
        self.modulo.teste("test_igualdade_e_por_valor", "Objetos imutáveis com os mesmos valores são iguais.", body)

    def _identity(self) -> None:
        body = [f"um, outro = {self.criar}(), {self.criar}()", "mesmo = um", "assert um == mesmo", "assert um != outro"]
        self.modulo.teste("test_igualdade_e_por_identidade", "Dois objetos que mudam nunca são o mesmo.", body)

    def _assignment(self, attribute: Atributo) -> None:
        """A field that may be changed takes what is valid and refuses what is not, and then nothing has changed."""
        if attribute.deriva is not None or attribute.somente_leitura or attribute.de_estados:
            return
        base = self._base()
        current = base.args.get(attribute.nome)
        samples = self.objetos.amostras.validas(attribute)
        good = [s.valor for s in samples if s.valor != current and self._fits(attribute.nome, s.valor)]
        target = f"{self.eu}.{attribute.py}"
        if good and attribute.no_construtor:
            source = self.fontes.valor(good[0])
            body = [f"{self.eu} = {self.criar}()", f"{target} = {source}", equals(target, source)]
            doc = f"{attribute.nome} aceita outro valor válido. Oráculo: o valor atribuído."
            self.modulo.teste(f"test_atribuir_{marca(attribute.nome)}", doc, body)
        bad = self.objetos.amostras.invalidas(attribute)
        if not bad:
            return
        portrait = self.fontes.retrato(self.classe.nome)
        lines = [(s.rotulo, [self.fontes.valor(s.valor), f'"{s.viola}"']) for s in bad]
        body = [
            f"{self.eu} = {self.criar}()",
            f"antes = {portrait}({self.eu})",
            f"with pytest.raises({self.fontes.pacote('ValorInvalido')}) as recusa:",
            f"    {target} = valor",
            "assert recusa.value.contrato == contrato",
            f"assert {portrait}({self.eu}) == antes",
        ]
        self.modulo.usa_pytest = True
        self.modulo.teste(
            f"test_atribuir_{marca(attribute.nome)}_invalido_nao_muda_nada",
            f"Cada valor inválido de {attribute.nome}. Oráculo: o limite, e o estado de antes.",
            body,
            [Coluna("valor", self.fontes.anotacao(attribute.tipo)), Coluna("contrato", "str")],
            lines,
        )

    def _fits(self, name: str, value: Dado) -> bool:
        base = self._base()
        return self.objetos.valido(Novo(base.classe, {**base.args, name: value}))

    def _fixed(self) -> None:
        """Fields that nobody may assign to."""
        # Of a frozen class with slots, Python before 3.14 answers TypeError for what is no field (a derived attribute).
        immutable = [f for f in self.classe.campos() if not (isinstance(f, Atributo) and f.deriva is not None)]
        fields = immutable if self.classe.imutavel else [f for f in self.classe.campos() if self._is_fixed(f)]
        names = [f.py for f in fields if not (isinstance(f, Relacao) and f.da_parte and f.minimo)]
        if not names:
            return
        body = [
            f"{self.eu} = {self.criar}()",
            f"valor = getattr({self.eu}, nome)",
            "with pytest.raises(AttributeError):",
            f"    setattr({self.eu}, nome, valor)",
        ]
        self.modulo.usa_pytest = True
        self.modulo.teste(
            "test_campo_fixo_nao_se_atribui",
            "O que só se lê não se atribui, nem com o mesmo valor.",
            body,
            [Coluna("nome", "str")],
            [(name, [f'"{name}"']) for name in names],
        )

    @staticmethod
    def _is_fixed(campo: Atributo | Relacao) -> bool:
        if isinstance(campo, Relacao):
            return campo.somente_leitura
        return campo.deriva is not None or campo.somente_leitura or campo.de_estados

    def _both_ends(self, relation: Relacao) -> None:
        """What is linked on one side is linked on the other."""
        if relation.inversa is None or not relation.no_construtor:
            return
        try:
            partner = self.objetos.base(relation.classe)
        except SemObjeto:
            return
        base = self._base()
        linked: Dado = (partner,) if relation.muitos else partner
        novo = Novo(base.classe, {**base.args, relation.nome: linked})
        try:
            made = self.objetos.simulador.cria(novo)
        except (Recusa, SemDesfecho):
            return
        inverse = self.fontes.modelo.classe(relation.classe).campo(relation.inversa)
        assert isinstance(inverse, Relacao)
        other = self.fontes.objeto(partner)
        given = "(parceiro,)" if relation.muitos else "parceiro"
        end = f"parceiro.{inverse.py}"
        body = [
            f"parceiro = {other}",
            f"{self.eu} = {self.criar}({argumento(relation)}={given})",
            f"assert {self.eu} in {end}" if inverse.muitos else f"assert {end} is {self.eu}",
        ]
        assert isinstance(made, Registro)
        body += self._let_go(relation, inverse, end)
        doc = f"{relation.nome} e {inverse.nome} dizem sempre o mesmo. Oráculo: a relação inversa da especificação."
        self.modulo.teste(f"test_relacao_{marca(relation.nome)}_liga_os_dois_lados", doc, body)

    def _let_go(self, relation: Relacao, inverse: Relacao, end: str) -> list[str]:
        """The link undone from this side; refused where the other end cannot be without it."""
        if relation.minimo or (relation.somente_leitura and not relation.muitos):
            return []
        field = f"{self.eu}.{relation.py}"
        undo = f"{field}.remove(parceiro)" if relation.muitos else f"{field} = None"
        if inverse.minimo and not inverse.da_parte:
            if inverse.muitos:
                return []
            self.modulo.usa_pytest = True
            refused = self.fontes.pacote("ViolacaoDeContrato")
            return [f"with pytest.raises({refused}):", f"    {undo}", f"assert {end} is {self.eu}"]
        gone = f"assert len({field}) == 0" if relation.muitos else f"assert {field} is None"
        if inverse.muitos:
            return [undo, gone, f"assert {self.eu} not in {end}"]
        return [undo, gone] if inverse.minimo else [undo, gone, f"assert {end} is None"]

    def _secrets(self) -> None:
        """A secret value is in no text about the object."""
        secrets = [a for a in self.classe.todos_atributos if a.secreto and a.no_construtor]
        base = self._base().args
        known = [a for a in secrets if isinstance(base.get(a.nome), str) and len(str(base[a.nome])) > 1]
        for attribute in known:
            body = [f"assert {self.fontes.valor(base[attribute.nome])} not in repr({self.criar}())"]
            doc = f"{attribute.nome} é secreto: não aparece em repr."
            self.modulo.teste(f"test_{marca(attribute.nome)}_nao_aparece_em_repr", doc, body)
