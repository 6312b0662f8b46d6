"""What vertente E holds: a class with data is an internal file; a method changes data, computes, or only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contratos.spec import Spec
from contratos.spec_poo import Classe, Corpo, Metodo, Passo, SpecPoo
from contratos.spec_tipos import analisar_tipo
from prometheus_fabrica.pricing.functions import Funcao, Tipo

ALTERA = ("=", ".append(", ".remove(")  # in a step's statement on `self.`


def funcoes(spec: Spec) -> Iterator[Funcao]:
    """Data functions and transactions of spec_poo."""
    poo = spec.spec_poo
    if poo is None:
        return
    herdeiras: dict[str, int] = {}
    for classe in poo.classes.values():
        if classe.herda:
            herdeiras[classe.herda] = herdeiras.get(classe.herda, 0) + 1
    for nome, classe in poo.classes.items():
        campos = len(classe.atributos) + len(classe.relacoes)
        if campos:
            registros = 1 + sum(relacao.dono for relacao in classe.relacoes.values()) + herdeiras.get(nome, 0)
            yield Funcao(Tipo.ALI, "E", "classe", nome, campos, registros)
        for metodo in classe.metodos.values():
            yield _transacao(nome, metodo, poo)


def regras(spec: Spec) -> int:
    """Conditions that are tested: invariants, pre- and postconditions, errors, rows of decision tables, transitions."""
    if spec.spec_poo is None:
        return 0
    return sum(_regras(classe) for classe in spec.spec_poo.classes.values())


def indeterminados(spec: Spec) -> list[str]:
    """Methods that nothing determines: no body, no postcondition, no example. Sorted 'Classe.metodo'."""
    if spec.spec_poo is None:
        return []
    alvos = spec.schema_tdd.alvos
    return sorted(
        nome
        for classe in spec.spec_poo.classes.values()
        for metodo in classe.metodos.values()
        if not (metodo.abstrato or metodo.corpo or metodo.pos or metodo.exemplos)
        and not ((nome := f"{classe.nome}.{metodo.nome}") in alvos and alvos[nome].exemplos)
    )


def altera(metodo: Metodo) -> bool:
    """Whether a method changes the object: it says so, its body does, or its postconditions speak of the old value."""
    if metodo.pura:
        return False
    if metodo.modifica is not None:
        return bool(metodo.modifica)
    if metodo.corpo is not None:
        return _corpo_altera(metodo.corpo)
    return metodo.retorna is None or any("antigo(" in condicao.que for condicao in metodo.pos)


def _transacao(classe: str, metodo: Metodo, poo: SpecPoo) -> Funcao:
    if altera(metodo):
        tipo = Tipo.EE
    elif metodo.corpo is not None or metodo.pos:
        tipo = Tipo.SE
    else:
        tipo = Tipo.CE
    tipos = [parametro.tipo for parametro in metodo.parametros.values()]
    if metodo.retorna is not None:
        tipos.append(metodo.retorna.tipo)
    outras = {folha for tipo_ in tipos if (folha := analisar_tipo(tipo_).folha.nome) in poo.classes and folha != classe}
    campos = len(tipos) + len(metodo.erros) + 1  # the call itself, what goes in and out, each message
    return Funcao(tipo, "E", "método", f"{classe}.{metodo.nome}", campos, 1 + len(outras))


def _regras(classe: Classe) -> int:
    total = len(classe.invariantes)
    if classe.estados is not None:
        total += sum(map(len, classe.estados.transicoes.values()))
    for metodo in classe.metodos.values():
        total += len(metodo.pre) + len(metodo.pos) + len(metodo.erros)
        if metodo.corpo is not None and metodo.corpo.tabela is not None:
            total += len(metodo.corpo.tabela.regras)
    return total


def _corpo_altera(corpo: Corpo) -> bool:
    if corpo.tabela is not None:
        return any(regra.muda for regra in corpo.tabela.regras)
    return corpo.passos is not None and any(map(_passo_altera, _todos(corpo.passos)))


def _passo_altera(passo: Passo) -> bool:
    texto = (passo.faz or "").strip()
    return texto.startswith("self.") and any(marca in texto for marca in ALTERA)


def _todos(passos: Iterable[Passo]) -> Iterator[Passo]:
    """The steps and those within them."""
    for passo in passos:
        yield passo
        yield from _todos(passo.entao)
        yield from _todos(passo.senao)
        yield from _todos(passo.passos)
