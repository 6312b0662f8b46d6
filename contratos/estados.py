"""The states of an item, and the law of how they follow one another. `docs/estados.md` is drawn from this table."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where an item stands. Beyond the seed's four: Falhou waits for an operator, Cancelado was given up."""

    BLOQUEADO = "Bloqueado"
    PENDENTE = "Pendente"
    EM_PROCESSAMENTO = "EmProcessamento"
    CONCLUIDO = "Concluido"
    FALHOU = "Falhou"
    CANCELADO = "Cancelado"


TERMINAIS = (Status.CONCLUIDO, Status.FALHOU, Status.CANCELADO)
EXTERNO = "externo"  # the author of a change that somebody made without the factory


class Transicao(StrEnum):
    """What happened: the `tipo` of an event."""

    CRIACAO = "criacao"
    CONSUMO = "consumo"
    CONCLUSAO = "conclusao"
    FALHA = "falha"
    DEVOLUCAO = "devolucao"
    VENCIMENTO = "vencimento"
    BLOQUEIO = "bloqueio"
    DESBLOQUEIO = "desbloqueio"
    CANCELAMENTO = "cancelamento"
    REPETICAO = "repeticao"
    RESTAURO = "restauro"


# (from, to) -> the transitions that may make this move. None stands for "not there yet".
MOVES: dict[tuple[Status | None, Status], tuple[Transicao, ...]] = {
    (None, Status.PENDENTE): (Transicao.CRIACAO,),
    (None, Status.BLOQUEADO): (Transicao.CRIACAO,),
    (None, Status.FALHOU): (Transicao.CRIACAO,),
    (None, Status.EM_PROCESSAMENTO): (Transicao.CRIACAO,),  # a neighbour took it before we saw it
    (None, Status.CONCLUIDO): (Transicao.CRIACAO,),  # likewise
    (None, Status.CANCELADO): (Transicao.CRIACAO,),  # likewise
    (Status.PENDENTE, Status.EM_PROCESSAMENTO): (Transicao.CONSUMO,),
    (Status.PENDENTE, Status.BLOQUEADO): (Transicao.BLOQUEIO,),
    (Status.PENDENTE, Status.CANCELADO): (Transicao.CANCELAMENTO,),
    (Status.BLOQUEADO, Status.PENDENTE): (Transicao.DESBLOQUEIO,),
    (Status.BLOQUEADO, Status.FALHOU): (Transicao.FALHA,),  # a cycle
    (Status.BLOQUEADO, Status.CANCELADO): (Transicao.CANCELAMENTO,),
    (Status.EM_PROCESSAMENTO, Status.CONCLUIDO): (Transicao.CONCLUSAO,),
    (Status.EM_PROCESSAMENTO, Status.PENDENTE): (
        Transicao.FALHA,
        Transicao.DEVOLUCAO,
        Transicao.VENCIMENTO,
        Transicao.REPETICAO,  # taken back from an outsider
    ),
    (Status.EM_PROCESSAMENTO, Status.FALHOU): (Transicao.FALHA, Transicao.VENCIMENTO),
    (Status.EM_PROCESSAMENTO, Status.CANCELADO): (Transicao.CANCELAMENTO,),
    (Status.FALHOU, Status.PENDENTE): (Transicao.REPETICAO,),
    (Status.FALHOU, Status.BLOQUEADO): (Transicao.REPETICAO,),
    (Status.CANCELADO, Status.PENDENTE): (Transicao.REPETICAO,),
    (Status.CANCELADO, Status.BLOQUEADO): (Transicao.REPETICAO,),
    (Status.EM_PROCESSAMENTO, Status.BLOQUEADO): (Transicao.REPETICAO,),  # likewise
}

# What an outsider did with a plain update: any move is recorded as the transition that it amounts to, by EXTERNO.
AMOUNTS_TO: dict[Status, Transicao] = {
    Status.BLOQUEADO: Transicao.BLOQUEIO,
    Status.PENDENTE: Transicao.DESBLOQUEIO,
    Status.EM_PROCESSAMENTO: Transicao.CONSUMO,
    Status.CONCLUIDO: Transicao.CONCLUSAO,
    Status.FALHOU: Transicao.FALHA,
    Status.CANCELADO: Transicao.CANCELAMENTO,
}


def legal(de: str | None, para: str, tipo: str, por: str) -> bool:
    """Whether an event with this author may make this move."""
    try:
        move = (Status(de) if de is not None else None, Status(para))
        transition = Transicao(tipo)
    except ValueError:
        return False
    if transition is Transicao.RESTAURO:
        return move[1] is Status.CONCLUIDO or move[0] == move[1]
    if por == EXTERNO or por.startswith(EXTERNO + ":"):
        return transition in (Transicao.CRIACAO, Transicao.REPETICAO, AMOUNTS_TO[move[1]])
    return transition in MOVES.get(move, ())
