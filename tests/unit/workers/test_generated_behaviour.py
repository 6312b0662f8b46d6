"""What generated code does when it runs: contracts, transactions, relations, life cycles, ports."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

NOW = datetime(2024, 5, 6, 7, 8)  # noqa: DTZ001 - the clock of the generated code has no zone


class Parado:
    """A clock that stands still."""

    def agora(self) -> datetime:
        return NOW

    def hoje(self) -> date:
        return date(2024, 5, 6)


def cliente(p: ModuleType, **changes: Any) -> Any:
    """A valid customer."""
    return p.Cliente(**{"documento": "12345678901", "nome": "Ana", "email": "ana@exemplo.com", **changes})


def conta(p: ModuleType, titular: Any, numero: str = "000001", saldo: int = 100) -> Any:
    """A valid account with a clock that stands still."""
    return p.ContaCorrente(agencia="0001", numero=numero, saldo=Decimal(saldo), titular=titular, relogio=Parado())


def test_transfer_changes_both_accounts(pagamentos: ModuleType) -> None:
    """Steps call methods of other objects; each records its movement, with the time of the injected clock."""
    ana = cliente(pagamentos)
    origem, destino = conta(pagamentos, ana), conta(pagamentos, ana, "000002", 5)

    origem.transferir(destino, Decimal(40))

    assert (origem.saldo, destino.saldo, origem.transferido_hoje) == (60, 45, 40)
    assert [m.valor for m in origem.lancamentos] == [-40]
    assert destino.lancamentos[0].quando == NOW


def test_failed_transfer_leaves_every_object_as_it_was(pagamentos: ModuleType) -> None:
    """The error of the inner call undoes what the outer one had done already."""
    ana = cliente(pagamentos)
    origem, destino = conta(pagamentos, ana), conta(pagamentos, ana, "000002", 5)

    with pytest.raises(pagamentos.SaldoInsuficiente) as raised:
        origem.transferir(destino, Decimal(101))

    assert (raised.value.saldo, raised.value.valor) == (100, 101)
    assert str(raised.value) == "Saldo 100 não cobre 101."
    assert (origem.saldo, destino.saldo, origem.transferido_hoje) == (100, 5, 0)
    assert not origem.lancamentos


def test_error_is_caught_as_its_parent(pagamentos: ModuleType) -> None:
    """Errors of the spec form a family."""
    origem = conta(pagamentos, cliente(pagamentos), saldo=1)
    with pytest.raises(pagamentos.ErroDePagamento):
        origem.sacar(Decimal(2))


def test_violated_precondition_shows_its_text(pagamentos: ModuleType) -> None:
    """The message holds place, id, the spec's words and the condition as it was written."""
    origem = conta(pagamentos, cliente(pagamentos))
    with pytest.raises(pagamentos.PreCondicaoViolada, match=r"A conta de destino é outra.*destino != self") as raised:
        origem.transferir(origem, Decimal(1))
    assert (raised.value.onde, raised.value.contrato) == ("Conta.transferir", "PRE-OUTRA")


def test_violated_invariant_shows_the_values_and_is_undone(pagamentos: ModuleType) -> None:
    """Assignment from outside is checked like a method."""
    origem = conta(pagamentos, cliente(pagamentos))
    with pytest.raises(pagamentos.InvarianteViolada, match=r"I-LIMITE.*self.transferido_hoje = Decimal\('5001'\)"):
        origem.transferido_hoje = Decimal(5001)
    assert origem.transferido_hoje == 0


def test_contracts_can_be_switched_off_in_a_block(pagamentos: ModuleType) -> None:
    """Without contracts the precondition is not looked at; limits still hold."""
    origem = conta(pagamentos, cliente(pagamentos))
    with pagamentos.contratos(ativos=False):
        origem.transferido_hoje = Decimal(5001)
        with pytest.raises(pagamentos.ValorInvalido):
            origem.saldo = Decimal(-1)
    assert origem.transferido_hoje == 5001


def test_broken_body_is_caught_by_its_postcondition(pagamentos: ModuleType) -> None:
    """Contract and body stand apart: a body that does nothing is found out, and a wrong change is undone."""

    class Quebrada(pagamentos.ContaCorrente):  # type: ignore[name-defined, misc] # a class made at run time
        def _sacar(self, valor: Decimal) -> None:
            del valor

    quebrada = Quebrada(agencia="0001", numero="000001", saldo=Decimal(9), titular=cliente(pagamentos))
    with pytest.raises(pagamentos.PosCondicaoViolada, match=r"P1.*antigo\(self.saldo\) = Decimal\('9'\), valor"):
        quebrada.sacar(Decimal(1))


def test_body_that_changes_more_than_the_frame_is_caught(pagamentos: ModuleType) -> None:
    """'modifica' is checked at run time, too."""

    class Abusada(pagamentos.ContaCorrente):  # type: ignore[name-defined, misc] # a class made at run time
        def _sacar(self, valor: Decimal) -> None:
            self.saldo -= valor
            self.cheque_especial = Decimal(1)

    abusada = Abusada(agencia="0001", numero="000001", saldo=Decimal(9), titular=cliente(pagamentos))
    with pytest.raises(pagamentos.ViolacaoDeContrato, match="só muda: saldo, lancamentos"):
        abusada.sacar(Decimal(1))
    assert (int(abusada.saldo), int(abusada.cheque_especial)) == (9, 0)


def test_both_ends_of_a_relation_agree(pagamentos: ModuleType) -> None:
    """Whichever end is changed, the other follows; the former partner is let go."""
    ana, bia = cliente(pagamentos), cliente(pagamentos, documento="10987654321")
    uma = conta(pagamentos, ana)
    assert list(ana.contas) == [uma]

    uma.titular = bia
    assert (list(ana.contas), list(bia.contas)) == ([], [uma])

    ana.contas.append(uma)
    assert (uma.titular, list(bia.contas)) == (ana, [])


def test_multiplicity_is_kept_on_both_ends(pagamentos: ModuleType) -> None:
    """A fourth account is refused, and nobody remembers it."""
    ana = cliente(pagamentos)
    for number in range(3):
        conta(pagamentos, ana, f"00000{number}")
    with pytest.raises(pagamentos.ViolacaoDeContrato, match="liga de 0 a 3"):
        conta(pagamentos, ana, "000009")
    assert len(ana.contas) == 3


def test_removing_what_the_other_end_needs_is_refused(pagamentos: ModuleType) -> None:
    """An account has an owner: taking it from the customer would leave it without."""
    ana = cliente(pagamentos)
    uma = conta(pagamentos, ana)
    with pytest.raises(pagamentos.ValorInvalido):
        ana.contas.remove(uma)
    assert (list(ana.contas), uma.titular) == ([uma], ana)


def test_keys_are_distinct_within_a_relation(pagamentos: ModuleType) -> None:
    """Two accounts of a customer differ in branch or number."""
    ana = cliente(pagamentos)
    conta(pagamentos, ana)
    with pytest.raises(pagamentos.ViolacaoDeContrato, match="as chaves são distintas"):
        conta(pagamentos, ana)


def test_part_belongs_to_the_owner_that_it_is_given_to(pagamentos: ModuleType) -> None:
    """The part's end is set by the owner; before that there is none."""
    parcela = pagamentos.Parcela(numero=1, valor=Decimal(10))
    with pytest.raises(pagamentos.ViolacaoDeContrato, match="está ligado a um objeto"):
        _ = parcela.cobranca
    cobranca = pagamentos.Cobranca(codigo="c", vencimento=date(2024, 1, 10), parcelas=[parcela])
    assert parcela.cobranca is cobranca
    with pytest.raises(pagamentos.ViolacaoDeContrato, match="liga de 1 a muitos"):
        cobranca.parcelas.remove(parcela)
    assert parcela.cobranca is cobranca


def test_life_cycle_admits_its_moves_only(pagamentos: ModuleType) -> None:
    """A paid bill cannot be cancelled; the state is nobody's to set."""
    cobranca = pagamentos.Cobranca(
        codigo="c", vencimento=date(2024, 1, 10), parcelas=[pagamentos.Parcela(numero=1, valor=Decimal(10))]
    )
    cobranca.pagar()
    with pytest.raises(pagamentos.EstadoInvalido, match="não se permite em paga"):
        cobranca.cancelar()
    with pytest.raises(AttributeError, match="só muda pelos métodos"):
        cobranca.situacao = pagamentos.Situacao.ABERTA
    assert cobranca.situacao is pagamentos.Situacao.PAGA


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("documento", 12345678901, "é str"),
        ("documento", "123", r"segue \\d"),
        ("nome", "", "tem no mínimo 1"),
        ("nome", "x" * 81, "tem no máximo 80"),
        ("telefones", ("1", "1"), "não repete"),
        ("telefones", ("1", "2", "3", "4"), "tem no máximo 3"),
        ("telefones", (1,), "é str"),
    ],
)
def test_value_outside_its_limits_is_refused_with_the_limit(
    pagamentos: ModuleType, field: str, value: object, message: str
) -> None:
    """Constructor and assignment check alike; ValueError is what callers may catch."""
    with pytest.raises(ValueError, match=message):
        cliente(pagamentos, **{field: value})
    ana = cliente(pagamentos)
    before = getattr(ana, field)
    with pytest.raises(pagamentos.ValorInvalido, match=message):
        setattr(ana, field, value)
    assert getattr(ana, field) == before


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 1.5, True, "1", None])
def test_number_that_is_none_is_refused(pagamentos: ModuleType, value: object) -> None:
    """A Decimal is a finite Decimal: no float, no bool, no text, not infinite."""
    origem = conta(pagamentos, cliente(pagamentos))
    with pytest.raises(pagamentos.ValorInvalido):
        origem.saldo = value


def test_secret_is_never_shown(pagamentos: ModuleType) -> None:
    """Neither in repr nor in the message that refuses it."""
    assert "exemplo.com" not in repr(cliente(pagamentos))
    with pytest.raises(pagamentos.ValorInvalido) as raised:
        cliente(pagamentos, email="segredo")
    assert "segredo" not in str(raised.value)


def test_read_only_attribute_is_fixed(pagamentos: ModuleType) -> None:
    """Set at creation, never afterwards."""
    origem = conta(pagamentos, cliente(pagamentos))
    with pytest.raises(AttributeError, match="não muda depois da criação"):
        origem.agencia = "0002"


def test_abstract_class_has_no_objects(pagamentos: ModuleType) -> None:
    """Only its subclasses do."""
    with pytest.raises(TypeError, match="abstrata"):
        pagamentos.Conta(agencia="0001", numero="000001", titular=cliente(pagamentos))


def test_immutable_object_is_a_value(pagamentos: ModuleType) -> None:
    """Equal values are equal objects; nothing changes; invariants hold from the start."""
    one, other = (pagamentos.Lancamento(valor=Decimal(1), quando=NOW) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(AttributeError):
        one.valor = Decimal(2)
    with pytest.raises(pagamentos.InvarianteViolada):
        pagamentos.Lancamento(valor=Decimal(0), quando=NOW)


def test_body_from_equations_does_what_they_say(pagamentos: ModuleType) -> None:
    """'resultado == e' and 'self.x == antigo(self.x) + e' are read off, halves rounded as in commerce."""
    poupanca = pagamentos.ContaPoupanca(
        agencia="0001", numero="000001", saldo=Decimal("100.50"), taxa=Decimal("0.01"), titular=cliente(pagamentos)
    )
    assert poupanca.render() == Decimal("1.01")
    assert poupanca.saldo == Decimal("101.51")


def test_subclass_keeps_the_contract_that_it_inherits(pagamentos: ModuleType) -> None:
    """Errors of the parent come first, then its own; the parent's postcondition is checked."""
    corrente = conta(pagamentos, cliente(pagamentos), saldo=3000)
    with pytest.raises(pagamentos.LimiteExcedido):
        corrente.sacar(Decimal(1001))
    corrente.sacar(Decimal(1000))
    assert corrente.saldo == 2000
