"""What a condition says about None: after 'x is not None' x has a value, as type checkers see it too."""

from __future__ import annotations

from workers.expressao.arvore import NADA, Campo, Comparacao, Logica, No, Unaria, Variavel

type Caminho = tuple[str, ...]


def caminho(no: No) -> Caminho | None:
    """'self.a.b' -> ('self', 'a', 'b'): what keeps its value within an expression; None for anything else."""
    match no:
        case Variavel(nome=nome):
            return (nome,)
        case Campo(de=de, nome=nome):
            before = caminho(de)
            return (*before, nome) if before else None
    return None


def presentes(no: No, *, quando: bool) -> frozenset[Caminho]:
    """The paths that are not None when the condition is true (or false)."""
    match no:
        case Comparacao(operandos=(a, b), ops=(op,)) if NADA in {a.tipo, b.tipo}:
            path = caminho(a if b.tipo == NADA else b)
            says_present = op in {"is not", "!="}
            return frozenset({path}) if path and says_present is quando else frozenset()
        case Unaria(op="not", de=de):
            return presentes(de, quando=not quando)
        case Logica(op=op, partes=partes):
            facts = [presentes(part, quando=quando) for part in partes]
            all_hold = (op == "and") is quando
            return frozenset().union(*facts) if all_hold else facts[0].intersection(*facts[1:])
    return frozenset()
