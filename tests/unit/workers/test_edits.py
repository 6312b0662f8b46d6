"""Single changes of a body: which there are, in which order, and what is never touched."""

from __future__ import annotations

import ast

from workers.edits import BOUNDARY, assinaturas, edicoes

CODE = '''"""Módulo — com acentos."""

LIMITE = 3


class Conta:
    """Conta 1 < 2."""

    def sacar(self, valor: int, taxa: int = 1) -> bool:
        """Tira 1."""
        if valor >= self.saldo and not self.fechada:
            return False
        self.saldo -= valor + taxa
        return min(self.saldo, self.limite) > Decimal("0.50")
'''


def texts() -> dict[str, str]:
    """Description -> changed file."""
    return {edit.descricao: edit.aplicada(CODE) for edit in edicoes(CODE)}


def test_changes_of_each_kind_are_found() -> None:
    """One comparison, constant, operator, negation, name, call at a time."""
    found = texts()
    for wanted in [
        "comparison: 'valor >= self.saldo' becomes 'valor > self.saldo'",
        "negation: 'valor >= self.saldo' becomes 'valor < self.saldo'",
        "negation: 'not self.fechada' becomes 'self.fechada'",
        "constant: 'False' becomes 'True'",
        "operator: 'self.saldo -= valor + taxa' becomes 'self.saldo += valor + taxa'",
        "operator: 'valor + taxa' becomes 'valor - taxa'",
        "operand: 'valor + taxa' becomes 'valor'",
        "statement: 'self.saldo -= valor + taxa' becomes 'pass'",
        "name: 'valor' becomes 'taxa'",
        "attribute: 'self.saldo' becomes 'self.limite'",
        "function: 'min' becomes 'max'",
        "arguments: 'min(self.saldo, self.limite)' becomes 'min(self.limite, self.saldo)'",
        """constant: 'Decimal("0.50")' becomes 'Decimal("0.51")'""",
        "part: 'valor >= self.saldo and not self.fechada' becomes 'valor >= self.saldo'",
    ]:
        assert wanted in found


def test_every_change_is_python_and_changes_one_place() -> None:
    """A change leaves the rest of the file as it is, accents before it or not."""
    for edit in edicoes(CODE):
        changed = edit.aplicada(CODE)
        ast.parse(changed)
        assert changed != CODE
        assert changed.startswith('"""Módulo — com acentos."""\n\nLIMITE = 3\n')
        assert len(changed.splitlines()) == len(CODE.splitlines())


def test_signatures_and_docstrings_are_never_touched() -> None:
    """Headers, defaults, annotations, docstrings and module constants are not a repair's business."""
    for changed in texts().values():
        assert assinaturas(changed) == assinaturas(CODE)
        assert '"""Tira 1."""' in changed
        assert "taxa: int = 1" in changed


def test_boundary_comes_before_the_unlikely() -> None:
    """Order of likelihood: the boundary of a comparison is the first guess, an opposite comparison a late one."""
    costs = {edit.descricao: edit.custo for edit in edicoes(CODE)}

    assert costs["comparison: 'valor >= self.saldo' becomes 'valor > self.saldo'"] == BOUNDARY
    assert costs["negation: 'valor >= self.saldo' becomes 'valor < self.saldo'"] > BOUNDARY


def test_signatures_name_classes_methods_and_their_headers() -> None:
    """What another file relies on: a changed parameter or base class is seen."""
    assert "Conta.sacar" in assinaturas(CODE)
    assert assinaturas(CODE) != assinaturas(CODE.replace("taxa: int = 1", "taxa: int = 2"))
    assert assinaturas(CODE) != assinaturas(CODE.replace("class Conta:", "class Conta(Base):"))
