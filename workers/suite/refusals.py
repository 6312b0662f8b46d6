"""Tests of the invalid classes of a method: one value is invalid in each row, so that no error hides another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contratos.problems import Problema
from workers.contradiction import SpecContraditoria
from workers.estrutura.modelo import BUILTIN_ERRORS, Classe, Metodo, Parametro
from workers.estrutura.valores import Dado, Novo
from workers.suite.calls import Argumento, Chamada, Chamadas
from workers.suite.designs import Invalida, Plano
from workers.suite.printing import chamada, marca, variavel
from workers.suite.samples import Amostra, holds_list
from workers.suite.simulation import Recusa, SemDesfecho
from workers.suite.view import Coluna, Modulo


@dataclass(frozen=True, slots=True)
class Recusada:
    """A value that must be refused, with how."""

    rotulo: str
    fonte: str
    erro: str
    contrato: str


class TestesRecusas:
    """Writes the refusals of one method."""

    def __init__(
        self, modulo: Modulo, classe: Classe, metodo: Metodo, plano: Plano, calls: Chamadas, happy: Chamada
    ) -> None:
        self.modulo = modulo
        self.fontes = modulo.fontes
        self.classe = classe
        self.metodo = metodo
        self.plano = plano
        self.calls = calls
        self.happy = happy
        self.eu = variavel(classe)
        self.violations = {"ValorInvalido", "PreCondicaoViolada", "InvarianteViolada", "EstadoInvalido"}

    def escreve(self) -> None:
        """Parameters, then the object's own factors."""
        for parameter in self.metodo.parametros:
            self._parameter(parameter)
        for fator in self.plano.fatores:
            if fator.caminho[0] == "self":
                for bad in fator.invalidas:
                    self._own(fator.caminho[1], bad)

    def _parameter(self, parameter: Parametro) -> None:
        fator = self.plano.por_caminho.get((parameter.nome,))
        declared = fator.invalidas if fator else ()
        found = [refused for bad in declared if (refused := self._declared(parameter, bad))]
        seen = [bad.valor for bad in declared]
        samples = self.calls.objetos.amostras.invalidas(parameter)
        found += [self._by_limit(sample) for sample in samples if sample.valor not in seen]
        if not holds_list(parameter.tipo):
            self.fontes.ajuda("objetos", "qualquer")
            found.append(Recusada("outro_tipo", "qualquer(object())", "ValorInvalido", "tipo"))
        by_contract = [refused for refused in found if self._is_violation(refused.erro)]
        by_error = [refused for refused in found if not self._is_violation(refused.erro)]
        self._write(parameter, by_contract, "")
        self._write(parameter, by_error, "_com_erro_declarado")

    def _is_violation(self, erro: str) -> bool:
        return self.fontes.modelo.erro(erro) is None and erro not in BUILTIN_ERRORS

    def _by_limit(self, sample: Amostra) -> Recusada:
        return Recusada(sample.rotulo, self.fontes.valor(sample.valor), "ValorInvalido", sample.viola)

    def _declared(self, parameter: Parametro, bad: Invalida) -> Recusada | None:
        """An invalid class of the spec; None where the spec does not say how it is refused."""
        if not bad.do_tipo:
            self.fontes.ajuda("objetos", "qualquer")
            plain = isinstance(bad.valor, str | int | float | bool | None)
            source = f"qualquer({bad.valor!r})" if plain else "qualquer(object())"
            return Recusada(bad.rotulo, source, "ValorInvalido", "tipo")
        value: Dado = bad.valor  # type: ignore[assignment]
        outcome = self._outcome({**self.happy.args, parameter.nome: value}, self.happy.eu)
        if outcome == "aceita" and self._beside(parameter, bad, value):
            return None
        refusal = self._checked(bad, outcome, parameter.caminho)
        if refusal is None:
            return None
        return Recusada(bad.rotulo, self.fontes.valor(value), refusal.erro, refusal.contrato)

    def _beside(self, parameter: Parametro, bad: Invalida, value: Dado) -> bool:
        """Whether the value is refused beside other valid classes than the plainest ones: then that is its test."""
        for _, values in self.plano.linhas:
            call = self.calls.possivel({path: v for path, v in values.items() if path != (parameter.nome,)})
            refusal = call and self._outcome({**call.args, parameter.nome: value}, call.eu)
            if not (call and isinstance(refusal, Recusa)):
                continue
            if bad.lanca in {None, refusal.erro} and (not bad.viola or bad.viola in refusal.contrato.split("|")):
                args = {**call.args, parameter.nome: value}
                source = chamada(self.eu, self.metodo, {n: self.fontes.valor(v) for n, v in args.items()})
                self.modulo.usa_pytest = True
                self.modulo.teste(
                    f"test_{marca(self.metodo.py)}_recusa_{marca(parameter.nome)}_{marca(bad.rotulo)}",
                    f"{bad.rotulo}: classe inválida de {parameter.nome} entre válidas. Oráculo: o que a quebra.",
                    [f"{self.eu} = {self.fontes.objeto(call.eu)}", *self._raises(refusal, [source])],
                )
                return True
        return False

    def _outcome(self, args: Mapping[str, Argumento], eu: Novo) -> Recusa | str:
        """How the call is refused; 'aceita' when it is not, 'obscura' when nobody can say."""
        try:
            outcome = self.calls.desfecho(Chamada(eu, args))
        except SemDesfecho:
            return "obscura"
        return outcome.recusa or "aceita"

    def _checked(self, bad: Invalida, outcome: Recusa | str, at: str) -> Recusa | None:
        """The refusal, when the class and the rest of the spec agree on it."""
        if outcome == "obscura":
            return Recusa(bad.lanca, "") if bad.lanca else None
        if not isinstance(outcome, Recusa):
            message = "the class is said to be invalid, but no limit, precondition or error refuses it"
            raise SpecContraditoria([Problema(bad.caminho, message), Problema(at, "takes the value")])
        if bad.lanca and bad.lanca != outcome.erro:
            message = f"the class says {bad.lanca}, but the spec refuses it by {outcome.erro} ({outcome.contrato})"
            raise SpecContraditoria([Problema(bad.caminho, message), Problema(at, f"by {outcome.contrato}")])
        if bad.viola and bad.viola not in outcome.contrato.split("|"):
            message = f"the class says that it breaks {bad.viola}, but it breaks {outcome.contrato}"
            raise SpecContraditoria([Problema(bad.caminho, message), Problema(at, f"by {outcome.contrato}")])
        return outcome

    def _write(self, parameter: Parametro, rows: Sequence[Recusada], suffix: str) -> None:
        if not rows:
            return
        loose = any(row.fonte.startswith("qualquer(") for row in rows)
        if loose:
            self.fontes.usa.add("Any")
        exact = not suffix and all(row.contrato for row in rows)
        errors = {row.erro for row in rows}
        columns = [Coluna("valor", "Any" if loose else self.fontes.anotacao(parameter.tipo))]
        if len(errors) > 1 or not exact:
            columns.append(
                Coluna("erro", f"type[{'Exception' if suffix else self.fontes.pacote('ViolacaoDeContrato')}]")
            )
        columns += [Coluna("contrato", "str")] if exact else []
        lines = [
            (
                row.rotulo,
                [
                    row.fonte,
                    *([self.fontes.erro(row.erro)] if len(errors) > 1 or not exact else []),
                    *([f'"{row.contrato}"'] if exact else []),
                ],
            )
            for row in rows
        ]
        error = "erro" if len(errors) > 1 or not exact else self.fontes.erro(errors.pop())
        sources = {n: "valor" if n == parameter.nome else self.fontes.valor(v) for n, v in self.happy.args.items()}
        portrait = f"{self.fontes.retrato(self.happy.eu.classe)}({self.eu})"
        body = [
            f"{self.eu} = {self.fontes.objeto(self.happy.eu)}",
            f"antes = {portrait}",
            f"with pytest.raises({error}){' as recusa' if exact else ''}:",
            f"    {chamada(self.eu, self.metodo, sources)}",
            *(["assert recusa.value.contrato == contrato"] if exact else []),
            f"assert {portrait} == antes",
        ]
        self.modulo.usa_pytest = True
        oracle = "o erro declarado" if suffix else "o limite ou a condição que ela quebra"
        self.modulo.teste(
            f"test_{marca(self.metodo.py)}_recusa_{marca(parameter.nome)}{suffix}",
            f"Cada classe inválida de {parameter.nome}, sozinha. Oráculo: {oracle}, e o estado intacto.",
            body,
            columns,
            lines,
        )

    def _own(self, field: str, bad: Invalida) -> None:
        """A state before the call that must be refused: by the constructor, or else by the method."""
        name = f"test_{marca(self.metodo.py)}_recusa_self_{marca(field)}_{marca(bad.rotulo)}"
        doc = f"{bad.rotulo}: classe inválida de self.{field}, sozinha. Oráculo: o que a especificação recusa."
        self.modulo.usa_pytest = True
        if not bad.do_tipo:
            made = Recusa("ValorInvalido", "tipo")
            self.fontes.ajuda("objetos", "qualquer")
            source = f"{self.fontes.criador(self.classe.nome)}({field}=qualquer({bad.valor!r}))"
            self.modulo.teste(name, doc, self._raises(made, [source]))
            return
        value: Dado = bad.valor  # type: ignore[assignment]
        changed = Novo(self.happy.eu.classe, {**self.happy.eu.args, field: value})
        try:
            self.calls.objetos.simulador.cria(changed)
        except Recusa as refusal:
            refused = self._checked(bad, refusal, self.classe.campo(field).caminho)
            if refused:
                self.modulo.teste(name, doc, self._raises(refused, [self.fontes.objeto(changed)]))
            return
        except SemDesfecho:
            return
        refused = self._checked(bad, self._outcome(self.happy.args, changed), self.metodo.caminho)
        if refused is None:
            return
        call = chamada(self.eu, self.metodo, {n: self.fontes.valor(v) for n, v in self.happy.args.items()})
        body = [f"{self.eu} = {self.fontes.objeto(changed)}", *self._raises(refused, [call])]
        self.modulo.teste(name, doc, body)

    def _raises(self, refusal: Recusa, lines: Sequence[str]) -> list[str]:
        exact = bool(refusal.contrato) and self._is_violation(refusal.erro)
        body = [f"with pytest.raises({self.fontes.erro(refusal.erro)}){' as recusa' if exact else ''}:"]
        body += [f"    {line}" for line in lines]
        return [*body, *([f'assert recusa.value.contrato == "{refusal.contrato}"'] if exact else [])]
