"""ContaPoupanca."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .cliente import Conta
from .contratos import ativos, cumpre
from .tipos import Dinheiro, exige_dinheiro
from .transacao import atomico
from .valores import arredonda, exige_maximo, exige_minimo, exige_tipo
from .violacoes import PosCondicaoViolada


@dataclass(slots=True, kw_only=True, eq=False)
class ContaPoupanca(Conta):
    """ContaPoupanca.

    Atributos:
        taxa: mínimo 0, máximo 0.02.
    """

    taxa: Decimal = Decimal("0.005")

    @atomico
    def render(self) -> Dinheiro:
        """Credita o rendimento do mês.

        Devolve: O rendimento.

        Pós-condições:
            POS1: resultado == arredonda(antigo(self.saldo) * self.taxa, 2)
            POS2: self.saldo == antigo(self.saldo) + arredonda(antigo(self.saldo) * self.taxa,
                2)
        """
        saldo_antigo = self.saldo
        antes = self._quadro()
        resultado = self._render()
        if ativos():
            exige_dinheiro("ContaPoupanca.render: resultado", resultado)
            cumpre(
                PosCondicaoViolada,
                "ContaPoupanca.render",
                "POS1",
                "resultado == arredonda(antigo(self.saldo) * self.taxa, 2)",
                resultado == arredonda(saldo_antigo * self.taxa, 2),
                {
                    "resultado": resultado,
                    "antigo(self.saldo)": saldo_antigo,
                    "self.taxa": self.taxa,
                },
            )
            cumpre(
                PosCondicaoViolada,
                "ContaPoupanca.render",
                "POS2",
                ("self.saldo == antigo(self.saldo) + arredonda(antigo(self.saldo) * self.taxa, 2)"),
                self.saldo == saldo_antigo + arredonda(saldo_antigo * self.taxa, 2),
                {
                    "self.saldo": self.saldo,
                    "antigo(self.saldo)": saldo_antigo,
                    "self.taxa": self.taxa,
                },
            )
            self._mudou_so("ContaPoupanca.render", antes, "saldo")
        return resultado

    def _render(self) -> Dinheiro:
        saldo_antigo = self.saldo
        self.saldo += arredonda(self.saldo * self.taxa, 2)
        return arredonda(saldo_antigo * self.taxa, 2)

    def _verifica(self) -> None:
        Conta._verifica(self)
        exige_tipo("ContaPoupanca.taxa", self.taxa, Decimal)
        exige_minimo("ContaPoupanca.taxa", self.taxa, Decimal(0))
        exige_maximo("ContaPoupanca.taxa", self.taxa, Decimal("0.02"))
