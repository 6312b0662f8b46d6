"""Tests that contracts are really checked: a body that breaks one promise, and only that one, is found out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from contratos.spec_tipos import Tipo
from workers.estrutura.comandos import Atribui, Comando, Retorna
from workers.estrutura.modelo import Atributo, Classe, Corpo, Metodo
from workers.estrutura.valores import Novo
from workers.expressao.arvore import Campo, Itens, Literal, Membro, No, Variavel
from workers.expressao.avaliador import MembroValor, Registro, Valor
from workers.expressao.impressor import literal
from workers.suite.calls import Chamada, Chamadas
from workers.suite.objects import SemObjeto, mudancas
from workers.suite.printing import chamada, marca, variavel
from workers.suite.simulation import Recusa, SemDesfecho
from workers.suite.view import Modulo

MOST_BODIES = 800  # broken bodies tried for one promise
RESULT = ""  # the place of the result among what a broken body decides


@dataclass(frozen=True, slots=True)
class Errado:
    """A broken body: the values that it gives to attributes, and what it returns.

    alem: it meddles with these attributes, and then does what the right body does.
    """

    atributos: Mapping[str, Valor]
    resultado: Valor = None
    alem: bool = False


class TestesContratos:
    """Writes, for each promise of one method, the test that somebody keeps watch over it."""

    def __init__(self, modulo: Modulo, classe: Classe, metodo: Metodo, calls: Chamadas) -> None:
        self.modulo = modulo
        self.fontes = modulo.fontes
        self.classe = classe
        self.metodo = metodo
        self.calls = calls
        self.eu = variavel(classe)
        self.nome = marca(metodo.py)

    def escreve(self) -> None:
        """Postconditions, frame and limits of the result."""
        happy = self.calls.feliz()
        if happy is None or not self.metodo.corpo_separado:
            return
        for condition in self.metodo.pos:
            self._promise(happy, condition.id, "PosCondicaoViolada", condition.id, condition.texto)
        if self.metodo.quadro:
            allowed = ", ".join(self.metodo.modifica or ()) or "nada"
            self._promise(happy, "modifica", "ModificacaoIndevida", "modifica", f"só muda: {allowed}")
        if self.metodo.retorna and self.metodo.retorna.restricoes:
            broken = {sample.viola: sample for sample in self.calls.objetos.amostras.invalidas(self.metodo.retorna)}
            for sample in broken.values():
                errado = Errado({}, sample.valor)  # type: ignore[arg-type]
                self._write(happy, errado, "resultado", "ValorInvalido", sample.viola, "os limites do resultado")

    def _promise(self, happy: Chamada, label: str, violation: str, contract: str, text: str) -> None:
        for errado in self._broken(happy):
            refusal = self._judged(happy, errado)
            if refusal is not None and (refusal.erro, refusal.contrato) == (violation, contract):
                self._write(happy, errado, label, violation, contract, text)
                return

    def _broken(self, happy: Chamada) -> Iterator[Errado]:
        """Bodies that do something else than the good one; what differs least comes first."""
        good = self.calls.desfecho(happy)
        options: dict[str, list[Valor]] = {}
        start: dict[str, Valor] = {}
        for attribute in self.classe.todos_atributos:
            if attribute.nome in self.classe.fixos() or attribute.de_estados or not attribute.guardado:
                continue
            old = good.antes[attribute.nome]
            if _has_object(old) or _has_object(good.mudou.get(attribute.nome)):
                continue
            if attribute.nome in good.mudou:
                start[attribute.nome] = good.mudou[attribute.nome]
            options[attribute.nome] = [old, *self._samples(attribute)]
        returns = self.metodo.retorna
        if returns is not None:
            start[RESULT] = good.valor
            try:
                samples = self.calls.objetos.amostras.validas(returns)
            except SemObjeto:
                samples = []
            options[RESULT] = [s.valor for s in samples if not _has_object(s.valor)]  # type: ignore[misc]
        for changes in mudancas(options, MOST_BODIES):
            chosen = {**start, **changes}
            result = chosen.pop(RESULT, None)
            yield Errado(chosen, result)
        options.pop(RESULT, None)
        yield from (Errado(changes, alem=True) for changes in mudancas(options, MOST_BODIES) if changes)

    def _samples(self, attribute: Atributo) -> list[Valor]:
        try:
            samples = self.calls.objetos.valores(attribute)
        except SemObjeto:
            return []
        return [s.valor for s in samples if not _has_object(s.valor)]  # type: ignore[misc]

    def _judged(self, happy: Chamada, errado: Errado) -> Recusa | None:
        body = Corpo(tuple(self._commands(errado)), "passos")
        calls = Chamadas(self.calls.objetos, self.classe, replace(self.metodo, corpo=body))
        try:
            return calls.desfecho(happy).recusa
        except (SemDesfecho, SemObjeto):
            return None

    def _commands(self, errado: Errado) -> Iterator[Comando]:
        me = Variavel(Tipo(self.classe.nome), "self")
        for name, value in errado.atributos.items():
            node = _node(value, self.classe.campo(name).tipo)
            yield Atribui(((Campo(self.classe.campo(name).tipo, me, name), node),))
        if errado.alem and self.metodo.corpo is not None:
            yield from self.metodo.corpo.comandos
        elif self.metodo.retorna is not None and not _has_object(errado.resultado):
            yield Retorna(_node(errado.resultado, self.metodo.retorna.tipo))

    def _write(self, happy: Chamada, errado: Errado, label: str, violation: str, contract: str, text: str) -> None:
        body_lines = [
            f"    {self.eu}.{self.classe.campo(name).py} = {self.fontes.valor(value)}"
            for name, value in errado.atributos.items()
        ]
        if errado.alem:
            right = chamada("", self.metodo, {p.nome: p.py for p in self.metodo.parametros}).partition("(")[2]
            passed = f"{self.eu}, {right}" if self.metodo.parametros else f"{self.eu})"
            body_lines.append(f"    {'return ' if self.metodo.retorna is not None else ''}certo({passed}")
        elif self.metodo.retorna is not None:
            body_lines.append(f"    return {self.fontes.valor(errado.resultado)}")
        parameters = "".join(f", {p.py}: {self.fontes.anotacao(p.tipo)}" for p in self.metodo.parametros)
        returns = self.fontes.anotacao(self.metodo.retorna.tipo) if self.metodo.retorna else "None"
        cls = self.fontes.pacote(self.classe.py)
        call = chamada(self.eu, self.metodo, {n: self.fontes.valor(v) for n, v in happy.args.items()})
        used = self.eu if body_lines and errado.atributos else f"_{self.eu}"
        lines = [
            *([f"certo = {cls}._{self.metodo.py}"] if errado.alem else []),
            "",
            f"def errado({used}: {cls}{parameters}) -> {returns}:",
            *(body_lines or ["    pass"]),
            "",
            f'monkeypatch.setattr({cls}, "_{self.metodo.py}", errado)',
            f"{self.eu} = {self.fontes.objeto(happy.eu)}",
            f"with pytest.raises({self.fontes.pacote(violation)}) as recusa:",
            f"    {call}",
            f"assert recusa.value.contrato == {literal(contract)}",
        ]
        self.modulo.usa_pytest = True
        self.modulo.funcao(
            self.modulo.livre(f"test_{self.nome}_{marca(label)}_e_vigiada"),
            "monkeypatch: pytest.MonkeyPatch",
            "None",
            f"{label}: {text}. Oráculo: um corpo que não cumpre isso, e só isso, é recusado.",
            lines,
        )


def _node(value: Valor, tipo: Tipo) -> No:
    """A value that is no object, as the tree of an expression."""
    if isinstance(value, MembroValor):
        return Membro(Tipo(value.enumeracao), value.nome)
    if isinstance(value, tuple):
        return Itens(tipo, tuple(_node(item, tipo.de or tipo) for item in value))
    assert not isinstance(value, Registro)
    return Literal(Tipo("nada"), value)


def _has_object(value: object) -> bool:
    """Whether an object is in it: one that a body of a test would have to be given."""
    return any(map(_has_object, value)) if isinstance(value, tuple) else isinstance(value, Registro | Novo)
