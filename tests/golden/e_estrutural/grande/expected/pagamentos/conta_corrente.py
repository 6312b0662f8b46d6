"""ContaCorrente."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .cliente import Conta
from .contratos import ativos, cumpre
from .erros import LimiteExcedido, SaldoInsuficiente
from .lancamento import Lancamento
from .tipos import Dinheiro, ValorPositivo, exige_dinheiro, exige_valor_positivo
from .transacao import atomico
from .violacoes import PosCondicaoViolada


@dataclass(slots=True, kw_only=True, eq=False)
class ContaCorrente(Conta):
    """ContaCorrente.

    Atributos:
        cheque_especial: mínimo 0, até 2 casas, BRL.
    """

    cheque_especial: Dinheiro = Decimal(0)

    @atomico
    def sacar(self, valor: ValorPositivo) -> None:
        """Tira dinheiro da conta.

        Permitido em: ativa.

        Parâmetros:
            valor: mínimo 0, maior que 0, até 2 casas, BRL.

        Pós-condições:
            P1: self.saldo == antigo(self.saldo) - valor

        Levanta:
            SaldoInsuficiente: valor > self.disponivel (E-SALDO)
            LimiteExcedido: valor > 1000 and self.cheque_especial == 0 (E-TETO)
        """
        exige_valor_positivo("ContaCorrente.sacar: valor", valor)
        proximo = self._proximo("sacar")
        if valor > self.disponivel:
            raise SaldoInsuficiente(saldo=self.saldo, valor=valor)
        if valor > 1000 and self.cheque_especial == 0:
            raise LimiteExcedido
        saldo_antigo = self.saldo
        antes = self._quadro()
        self._sacar(valor=valor)
        self.estado = proximo
        if ativos():
            cumpre(
                PosCondicaoViolada,
                "ContaCorrente.sacar",
                "P1",
                "self.saldo == antigo(self.saldo) - valor",
                self.saldo == saldo_antigo - valor,
                {"self.saldo": self.saldo, "antigo(self.saldo)": saldo_antigo, "valor": valor},
            )
            self._mudou_so("ContaCorrente.sacar", antes, "saldo", "lancamentos", "estado")

    def _sacar(self, valor: ValorPositivo) -> None:
        self.saldo -= valor
        self.lancamentos.append(
            Lancamento(quando=self.relogio.agora(), valor=-valor, descricao="saque")
        )

    def _verifica(self) -> None:
        Conta._verifica(self)
        exige_dinheiro("ContaCorrente.cheque_especial", self.cheque_especial)
