"""The law of the states, and the document that is drawn from it."""

from __future__ import annotations

import pytest

from contratos.estados import MOVES, TERMINAIS, Status, Transicao, legal
from tests.harness.estados_doc import DOCUMENT, MEANING, render


def test_the_document_of_states_is_the_table() -> None:
    """docs/estados.md says what contratos/estados.py says; `python -m tests.harness.estados_doc` writes it anew."""
    assert DOCUMENT.read_text("utf-8") == render()


def test_every_transition_is_explained() -> None:
    """Nobody adds a transition that the operators' document does not explain."""
    assert set(MEANING) == {str(transicao) for transicao in Transicao}


def test_concluido_is_final() -> None:
    """No move of the factory leaves Concluido; only a restauro, which puts it back, may follow a change by hand."""
    assert [move for move in MOVES if move[0] is Status.CONCLUIDO] == []
    assert not legal("Concluido", "Pendente", "repeticao", "daemon")
    assert legal("Pendente", "Concluido", "restauro", "daemon")


@pytest.mark.parametrize("status", [Status.FALHOU, Status.CANCELADO])
def test_what_ended_badly_can_be_taken_up_again(status: Status) -> None:
    """An operator's `repetir` leads from Falhou and Cancelado to Pendente or Bloqueado."""
    assert status in TERMINAIS
    assert legal(status, "Pendente", "repeticao", "ana@host")
    assert legal(status, "Bloqueado", "repeticao", "ana@host")


@pytest.mark.parametrize(
    ("de", "para", "tipo"), [("Pendente", "Concluido", "conclusao"), ("Oops", "Pendente", "falha")]
)
def test_a_jump_is_illegal_for_the_factory(de: str, para: str, tipo: str) -> None:
    """Nobody concludes what he has not claimed, and no status exists beyond the six."""
    assert not legal(de, para, tipo, "host:1:ab")


def test_an_outsider_may_make_any_move_that_is_recorded_as_what_it_amounts_to() -> None:
    """A neighbour concludes its own Pendente item with one plain update."""
    assert legal("Pendente", "Concluido", "conclusao", "externo")
    assert not legal("Pendente", "Concluido", "falha", "externo")
