"""Cliente e Conta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from .constantes import LIMITE_DIARIO
from .contratos import ativos, cumpre
from .enumeracoes import EstadoConta
from .erros import ErroDePagamento, LimiteExcedido, SaldoInsuficiente
from .lancamento import Lancamento
from .portas import Relogio, RelogioDoSistema
from .relacoes import Associado, Colecao
from .tipos import (
    Dinheiro,
    Documento,
    Email,
    ValorPositivo,
    exige_dinheiro,
    exige_documento,
    exige_email,
    exige_valor_positivo,
)
from .transacao import atomico
from .valores import (
    exige_chaves,
    exige_distintos,
    exige_formato,
    exige_quantidade,
    exige_tamanho_max,
    exige_tamanho_min,
    exige_tipo,
    exige_todos,
)
from .violacoes import EstadoInvalido, InvarianteViolada, PosCondicaoViolada, PreCondicaoViolada


@dataclass(slots=True, kw_only=True, eq=False)
class Cliente(Associado):
    r"""Quem tem contas.

    Requisito: R-1.

    Atributos:
        documento: segue \d{11}|\d{14}.
        nome: tamanho mínimo 1, tamanho máximo 80.
        email: tamanho máximo 120, segue [^@\s]+@[^@\s]+\.[^@\s]+.
        telefones: tamanho máximo 3, sem repetição.
        contas: 0 a 3 de Conta.
    """

    _INVERSAS: ClassVar[Mapping[str, str]] = {"contas": "titular"}

    documento: Documento
    nome: str
    email: Email = field(repr=False)
    telefones: tuple[str, ...] = ()
    apelido: str | None = None
    contas: Colecao[Conta] = field(default_factory=Colecao, repr=False)

    @atomico
    def renomear(self, novo_nome: str) -> None:
        """Renomear.

        Chamar duas vezes é o mesmo que chamar uma.

        Parâmetros:
            novo_nome: tamanho mínimo 1, tamanho máximo 80.

        Pós-condições:
            POS1: self.nome == novo_nome
        """
        exige_tipo("Cliente.renomear: novo_nome", novo_nome, str)
        exige_tamanho_min("Cliente.renomear: novo_nome", novo_nome, 1)
        exige_tamanho_max("Cliente.renomear: novo_nome", novo_nome, 80)
        antes = self._quadro()
        self._renomear(novo_nome=novo_nome)
        if ativos():
            cumpre(
                PosCondicaoViolada,
                "Cliente.renomear",
                "POS1",
                "self.nome == novo_nome",
                self.nome == novo_nome,
                {"self.nome": self.nome, "novo_nome": novo_nome},
            )
            self._mudou_so("Cliente.renomear", antes, "nome")

    def _renomear(self, novo_nome: str) -> None:
        self.nome = novo_nome

    def tratamento(self) -> str:
        """Como chamar o cliente."""
        return self.apelido if self.apelido is not None else self.nome

    def _inicia(self) -> None:
        self.telefones = tuple(self.telefones)
        self.contas = Colecao(self.contas, self, "titular")

    def _verifica(self) -> None:
        exige_documento("Cliente.documento", self.documento)
        exige_tipo("Cliente.nome", self.nome, str)
        exige_tamanho_min("Cliente.nome", self.nome, 1)
        exige_tamanho_max("Cliente.nome", self.nome, 80)
        exige_email("Cliente.email", self.email, secreto=True)
        exige_todos("Cliente.telefones", self.telefones, str)
        exige_tamanho_max("Cliente.telefones", self.telefones, 3)
        exige_distintos("Cliente.telefones", self.telefones)
        if self.apelido is not None:
            exige_tipo("Cliente.apelido", self.apelido, str)
        exige_todos("Cliente.contas", self.contas, Conta)
        exige_quantidade("Cliente.contas", self.contas, 0, 3)
        exige_chaves("Cliente.contas", [(item.agencia, item.numero) for item in self.contas])


@dataclass(slots=True, kw_only=True, eq=False)
class Conta(Associado):
    r"""Uma conta de pagamento.

    Requisito: R-2.

    Atributos:
        agencia: segue \d{4}.
        numero: segue \d{6,8}.
        saldo: mínimo 0, até 2 casas, BRL.
        transferido_hoje: mínimo 0, até 2 casas, BRL.
        disponivel: Quanto pode sair.
        estado: Estado no ciclo de vida.
        lancamentos: 0 a muitos de Lancamento.
        titular: 1 de Cliente.

    Invariantes:
        I-LIMITE: Passou do limite diário: self.transferido_hoje <= LIMITE_DIARIO
    """

    _FIXOS: ClassVar[frozenset[str]] = frozenset({"agencia", "numero", "criada_em", "relogio"})
    _INTERNOS: ClassVar[frozenset[str]] = frozenset({"estado"})
    _INVERSAS: ClassVar[Mapping[str, str]] = {"titular": "contas"}
    _TRANSICOES: ClassVar[Mapping[EstadoConta, Mapping[str, EstadoConta]]] = {
        EstadoConta.ATIVA: {
            "bloquear": EstadoConta.BLOQUEADA,
            "depositar": EstadoConta.ATIVA,
            "encerrar": EstadoConta.ENCERRADA,
            "sacar": EstadoConta.ATIVA,
        },
        EstadoConta.BLOQUEADA: {"desbloquear": EstadoConta.ATIVA},
        EstadoConta.ENCERRADA: {},
    }

    agencia: str
    numero: str
    saldo: Dinheiro = Decimal(0)
    transferido_hoje: Dinheiro = Decimal(0)
    criada_em: datetime = field(init=False)
    estado: EstadoConta = EstadoConta.ATIVA
    lancamentos: Colecao[Lancamento] = field(default_factory=Colecao, repr=False)
    titular: Cliente = field(repr=False)
    relogio: Relogio = field(default_factory=RelogioDoSistema, repr=False)

    @property
    def disponivel(self) -> Decimal:
        """Quanto pode sair."""
        return self.saldo

    @atomico
    def bloquear(self) -> None:
        """Impede movimentos.

        Permitido em: ativa.
        """
        proximo = self._proximo("bloquear")
        self.estado = proximo

    @atomico
    def depositar(self, valor: ValorPositivo) -> None:
        """Põe dinheiro na conta.

        Requisito: R-3.

        Permitido em: ativa.

        Parâmetros:
            valor: mínimo 0, maior que 0, até 2 casas, BRL.

        Pós-condições:
            P1: self.saldo == antigo(self.saldo) + valor
            P2: len(self.lancamentos) == antigo(len(self.lancamentos)) + 1
        """
        exige_valor_positivo("Conta.depositar: valor", valor)
        proximo = self._proximo("depositar")
        saldo_antigo = self.saldo
        total_lancamentos_antigo = len(self.lancamentos)
        antes = self._quadro()
        self._depositar(valor=valor)
        self.estado = proximo
        if ativos():
            cumpre(
                PosCondicaoViolada,
                "Conta.depositar",
                "P1",
                "self.saldo == antigo(self.saldo) + valor",
                self.saldo == saldo_antigo + valor,
                {"self.saldo": self.saldo, "antigo(self.saldo)": saldo_antigo, "valor": valor},
            )
            cumpre(
                PosCondicaoViolada,
                "Conta.depositar",
                "P2",
                "len(self.lancamentos) == antigo(len(self.lancamentos)) + 1",
                len(self.lancamentos) == total_lancamentos_antigo + 1,
            )
            self._mudou_so("Conta.depositar", antes, "saldo", "lancamentos", "estado")

    def _depositar(self, valor: ValorPositivo) -> None:
        self.saldo += valor
        self.lancamentos.append(Lancamento(quando=self.relogio.agora(), valor=valor))

    @atomico
    def desbloquear(self) -> None:
        """Libera movimentos.

        Permitido em: bloqueada.
        """
        proximo = self._proximo("desbloquear")
        self.estado = proximo

    @atomico
    def encerrar(self) -> None:
        """Fecha a conta para sempre.

        Permitido em: ativa.

        Levanta:
            ErroDePagamento: self.saldo > 0 (E1)
        """
        proximo = self._proximo("encerrar")
        if self.saldo > 0:
            raise ErroDePagamento("A conta ainda tem saldo.")
        self.estado = proximo

    @atomico
    def sacar(self, valor: ValorPositivo) -> None:
        """Tira dinheiro da conta.

        Requisito: R-4.

        Permitido em: ativa.

        Parâmetros:
            valor: mínimo 0, maior que 0, até 2 casas, BRL.

        Pós-condições:
            P1: self.saldo == antigo(self.saldo) - valor

        Levanta:
            SaldoInsuficiente: valor > self.disponivel (E-SALDO)
        """
        exige_valor_positivo("Conta.sacar: valor", valor)
        proximo = self._proximo("sacar")
        if valor > self.disponivel:
            raise SaldoInsuficiente(saldo=self.saldo, valor=valor)
        saldo_antigo = self.saldo
        antes = self._quadro()
        self._sacar(valor=valor)
        self.estado = proximo
        if ativos():
            cumpre(
                PosCondicaoViolada,
                "Conta.sacar",
                "P1",
                "self.saldo == antigo(self.saldo) - valor",
                self.saldo == saldo_antigo - valor,
                {"self.saldo": self.saldo, "antigo(self.saldo)": saldo_antigo, "valor": valor},
            )
            self._mudou_so("Conta.sacar", antes, "saldo", "lancamentos", "estado")

    def _sacar(self, valor: ValorPositivo) -> None:
        self.saldo -= valor
        self.lancamentos.append(Lancamento(quando=self.relogio.agora(), valor=-valor))

    @atomico
    def transferir(self, destino: Conta, valor: ValorPositivo) -> None:
        """Passa dinheiro a outra conta.

        Requisito: R-5, R-7.

        Parâmetros:
            valor: mínimo 0, maior que 0, até 2 casas, BRL.

        Pré-condições:
            PRE-OUTRA: A conta de destino é outra: destino != self

        Pós-condições:
            POS1: self.transferido_hoje == antigo(self.transferido_hoje) + valor
            POS2: destino.saldo == antigo(destino.saldo) + valor

        Levanta:
            LimiteExcedido: self.transferido_hoje + valor > LIMITE_DIARIO (E1)
        """
        exige_tipo("Conta.transferir: destino", destino, Conta)
        exige_valor_positivo("Conta.transferir: valor", valor)
        if ativos():
            cumpre(
                PreCondicaoViolada,
                "Conta.transferir",
                "PRE-OUTRA",
                "destino != self",
                destino != self,
                {},
                "A conta de destino é outra.",
            )
        if self.transferido_hoje + valor > LIMITE_DIARIO:
            raise LimiteExcedido
        transferido_hoje_antigo = self.transferido_hoje
        saldo_antigo = destino.saldo
        self._transferir(destino=destino, valor=valor)
        if ativos():
            cumpre(
                PosCondicaoViolada,
                "Conta.transferir",
                "POS1",
                "self.transferido_hoje == antigo(self.transferido_hoje) + valor",
                self.transferido_hoje == transferido_hoje_antigo + valor,
                {
                    "self.transferido_hoje": self.transferido_hoje,
                    "antigo(self.transferido_hoje)": transferido_hoje_antigo,
                    "valor": valor,
                },
            )
            cumpre(
                PosCondicaoViolada,
                "Conta.transferir",
                "POS2",
                "destino.saldo == antigo(destino.saldo) + valor",
                destino.saldo == saldo_antigo + valor,
                {
                    "destino.saldo": destino.saldo,
                    "antigo(destino.saldo)": saldo_antigo,
                    "valor": valor,
                },
            )

    def _transferir(self, destino: Conta, valor: ValorPositivo) -> None:
        self.transferido_hoje += valor
        self.sacar(valor=valor)
        destino.depositar(valor=valor)

    def _inicia(self) -> None:
        if type(self) is Conta:
            raise TypeError("Conta é abstrata: crie uma de suas especializações")
        self.criada_em = self.relogio.agora()
        self.lancamentos = Colecao(self.lancamentos, self)

    def _verifica(self) -> None:
        exige_tipo("Conta.agencia", self.agencia, str)
        exige_formato("Conta.agencia", self.agencia, r"\d{4}")
        exige_tipo("Conta.numero", self.numero, str)
        exige_formato("Conta.numero", self.numero, r"\d{6,8}")
        exige_dinheiro("Conta.saldo", self.saldo)
        exige_dinheiro("Conta.transferido_hoje", self.transferido_hoje)
        exige_tipo("Conta.criada_em", self.criada_em, datetime)
        exige_tipo("Conta.estado", self.estado, EstadoConta)
        exige_todos("Conta.lancamentos", self.lancamentos, Lancamento)
        exige_tipo("Conta.titular", self.titular, Cliente)
        if ativos():
            cumpre(
                InvarianteViolada,
                "Conta",
                "I-LIMITE",
                "self.transferido_hoje <= LIMITE_DIARIO",
                self.transferido_hoje <= LIMITE_DIARIO,
                {"self.transferido_hoje": self.transferido_hoje},
                "Passou do limite diário.",
            )

    def _proximo(self, metodo: str) -> EstadoConta:
        """O estado depois do método; EstadoInvalido quando o atual não o permite."""
        proximo = self._TRANSICOES[self.estado].get(metodo)
        if proximo is None:
            onde = f"{type(self).__name__}.{metodo}"
            raise EstadoInvalido(onde, "estados", f"não se permite em {self.estado.value}")
        return proximo
