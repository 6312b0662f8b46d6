"""O que é levantado quando um contrato não é cumprido."""

from __future__ import annotations

from collections.abc import Mapping


class ViolacaoDeContrato(Exception):
    """Uma condição do contrato não vale: errou quem chamou (pré) ou quem escreveu (o resto)."""

    def __init__(
        self,
        onde: str,
        contrato: str,
        condicao: str,
        valores: Mapping[str, object] | None = None,
        mensagem: str = "",
    ) -> None:
        """Diz onde, o id do contrato na especificação, a condição e os valores que ela olhou."""
        self.onde = onde
        self.contrato = contrato
        self.condicao = condicao
        self.valores = dict(valores or {})
        vistos = ", ".join(f"{nome} = {valor!r}" for nome, valor in self.valores.items())
        razao = f"{mensagem}: {condicao}" if mensagem else condicao
        super().__init__(f"{onde} [{contrato}]: {razao}{f' ({vistos})' if vistos else ''}")


class PreCondicaoViolada(ViolacaoDeContrato):
    """Quem chamou não cumpriu uma pré-condição."""


class PosCondicaoViolada(ViolacaoDeContrato):
    """O método não fez o que a pós-condição promete."""


class InvarianteViolada(ViolacaoDeContrato):
    """O objeto deixaria de ser válido."""


class ModificacaoIndevida(ViolacaoDeContrato):
    """O método mudou o que o contrato não deixa mudar."""


class EstadoInvalido(ViolacaoDeContrato):
    """O ciclo de vida não permite esta chamada agora."""


class RelacaoInvalida(ViolacaoDeContrato):
    """Uma ligação entre objetos falta, sobra ou não pode ser desfeita."""


class ValorInvalido(ViolacaoDeContrato, ValueError):
    """Um valor fora do seu tipo ou dos seus limites."""


class ChaveRepetida(ViolacaoDeContrato):
    """Dois objetos têm a mesma chave."""
