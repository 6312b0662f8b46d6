"""Draws `docs/estados.md` from the table of legal moves: `python -m tests.harness.estados_doc` writes it anew."""

from __future__ import annotations

from pathlib import Path

from contratos.estados import AMOUNTS_TO, MOVES, TERMINAIS, Status

DOCUMENT = Path(__file__).parents[2] / "docs" / "estados.md"

MEANING = {
    "criacao": "the item was inserted, and adopted",
    "consumo": "somebody claimed it, under a lease",
    "conclusao": "its work is done, for ever",
    "falha": "an attempt failed: it rests and is tried again, or, attempts used up or useless, waits for an operator",
    "devolucao": "its owner drained: given back at once, the attempt does not count",
    "vencimento": "the lease ended without a result: the owner died, or could not renew it",
    "bloqueio": "it has dependencies that are not all concluded",
    "desbloqueio": "its last dependency was concluded",
    "cancelamento": "an operator gave it up",
    "repeticao": "an operator takes it up again, with all its attempts",
    "restauro": "a status written by hand was put back: Concluido is final, unknown ones do not exist",
}


def render() -> str:
    """The whole document."""
    lines = [
        "# The states of an item",
        "",
        "Drawn from the table in `contratos/estados.py`; a test compares the two.",
        "",
        "```mermaid",
        "stateDiagram-v2",
    ]
    for (de, para), transicoes in MOVES.items():
        lines.append(f"  {de or '[*]'} --> {para}: {', '.join(transicoes)}")
    lines += [f"  {status} --> [*]" for status in TERMINAIS]
    lines += ["```", "", "| transition | what happened | moves |", "| --- | --- | --- |"]
    for transicao, meaning in MEANING.items():
        moves = [f"{de or '·'} → {para}" for (de, para), by in MOVES.items() if transicao in by]
        lines.append(f"| `{transicao}` | {meaning} | {', '.join(moves) or 'any'} |")
    lines += [
        "",
        "Only `Concluido` is final. A plain update of `status` by somebody else is put on record with `por: externo`,",
        "as the transition that it amounts to:",
        "",
        "| written by hand | recorded as |",
        "| --- | --- |",
        *(f"| `{status}` | `{AMOUNTS_TO[status]}` |" for status in Status),
        "",
        "A hand-written `Pendente` of an item with dependencies is blocked again and examined at once; `Concluido`",
        "that was changed by hand is put back, and both are in the events.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
