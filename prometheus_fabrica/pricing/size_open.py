"""What vertentes P, D, I and C hold, counted from the names that their parts use.

Process: a user task is an entry, a service task an output, gateways are nothing. Decision: one output, its inputs are
the files referenced. Screen: a query, each action on it an entry, each computed panel an output. Foreign service: an
external file, each operation a query or an entry. A collection may be a map by name or a list; what has no such name
is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from contratos.spec import PARTES, Spec
from prometheus_fabrica.pricing.functions import Funcao, Tipo

TAREFAS_DE_PESSOA: Final = ("usuario", "user", "manual", "humana")
LEITURAS: Final = ("get", "head", "options", "ler", "consultar")


def funcoes(spec: Spec) -> Iterator[Funcao]:
    """Data functions and transactions of the four parts."""
    for vertente, contador in _CONTADORES.items():
        parte = getattr(spec, PARTES[vertente])  # type: ignore[index]
        if parte is not None:
            yield from contador(parte.model_dump())


def regras(spec: Spec) -> int:
    """Rows of the decision tables of spec_dmn."""
    if spec.spec_dmn is None:
        return 0
    return sum(len(colecao(corpo, "regras")) for _, corpo in colecao(spec.spec_dmn.model_dump(), "decisoes"))


def colecao(parte: Any, *nomes: str) -> list[tuple[str, Any]]:
    """(name, body) of each member of the first collection that is there: a map by name, or a list."""
    if not isinstance(parte, Mapping):
        return []
    for nome in nomes:
        valor = parte.get(nome)
        if isinstance(valor, Mapping):
            return [(str(chave), corpo) for chave, corpo in valor.items()]
        if isinstance(valor, list | tuple):
            return [(_nome(corpo, i), corpo) for i, corpo in enumerate(valor)]
    return []


def _nome(corpo: Any, lugar: int) -> str:
    if isinstance(corpo, str):
        return corpo
    if isinstance(corpo, Mapping):
        return str(corpo.get("nome") or corpo.get("id") or f"[{lugar}]")
    return f"[{lugar}]"


def _texto(corpo: Any, *nomes: str) -> str:
    """The first of these fields that is there, as lower-case text."""
    if isinstance(corpo, Mapping):
        for nome in nomes:
            if corpo.get(nome) is not None:
                return str(corpo[nome]).casefold()
    return ""


def _processos(parte: Any) -> Iterator[Funcao]:
    for processo, corpo in colecao(parte, "processos"):
        for tarefa, detalhe in colecao(corpo, "tarefas", "atividades"):
            pessoa = any(palavra in _texto(detalhe, "tipo") for palavra in TAREFAS_DE_PESSOA)
            campos = 1 + len(colecao(detalhe, "entradas")) + len(colecao(detalhe, "saidas", "campos"))
            yield Funcao(Tipo.EE if pessoa else Tipo.SE, "P", "tarefa", f"{processo}.{tarefa}", campos, 1)


def _decisoes(parte: Any) -> Iterator[Funcao]:
    for decisao, corpo in colecao(parte, "decisoes"):
        entradas = len(colecao(corpo, "entradas"))
        campos = entradas + max(len(colecao(corpo, "saidas")), 1)
        yield Funcao(Tipo.SE, "D", "decisão", decisao, campos, max(entradas, 1))


def _telas(parte: Any) -> Iterator[Funcao]:
    for tela, corpo in colecao(parte, "telas"):
        campos = 1 + len(colecao(corpo, "campos", "componentes"))
        yield Funcao(Tipo.CE, "I", "tela", tela, campos, 1)
        for acao, detalhe in colecao(corpo, "acoes", "envios"):
            yield Funcao(Tipo.EE, "I", "ação", f"{tela}.{acao}", 1 + len(colecao(detalhe, "campos")), 1)
        for painel, detalhe in colecao(corpo, "paineis"):
            yield Funcao(Tipo.SE, "I", "painel", f"{tela}.{painel}", 1 + len(colecao(detalhe, "campos")), 1)


def _servicos(parte: Any) -> Iterator[Funcao]:
    for servico, corpo in colecao(parte, "servicos"):
        operacoes = colecao(corpo, "operacoes")
        campos = sum(len(colecao(detalhe, "campos", "parametros", "entradas")) for _, detalhe in operacoes)
        yield Funcao(Tipo.AIE, "C", "serviço", servico, max(campos, 1), 1)
        for operacao, detalhe in operacoes:
            le = any(_texto(detalhe, "metodo", "verbo", "tipo").startswith(palavra) for palavra in LEITURAS)
            entra = len(colecao(detalhe, "campos", "parametros", "entradas"))
            yield Funcao(Tipo.CE if le else Tipo.EE, "C", "operação", f"{servico}.{operacao}", 1 + entra, 1)


_CONTADORES: Final[Mapping[str, Callable[[Any], Iterator[Funcao]]]] = {
    "P": _processos,
    "D": _decisoes,
    "I": _telas,
    "C": _servicos,
}
