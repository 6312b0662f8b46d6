"""Which body a method has: given, read off its postconditions, found from its examples, or nothing but its life
cycle.
"""

from __future__ import annotations

from dataclasses import replace

from workers.estrutura.equacoes import SemEquacao, corpo_das_equacoes
from workers.estrutura.falhas import Falhas
from workers.estrutura.modelo import Classe, Corpo, Metodo, Modelo
from workers.estrutura.sintese import SemPrograma, corpo_dos_exemplos


def determinar(modelo: Modelo) -> Modelo:
    """The model with a body for every method that needs one. Malformed names those that nothing determines."""
    falhas = Falhas()
    done: dict[str, Classe] = {}
    for classe in modelo.classes:
        own = tuple(_with_body(m, classe, modelo, falhas) for m in classe.metodos)
        by_name = {m.nome: m for m in own}
        parent = done[classe.herda].todos_metodos if classe.herda else ()
        methods = (*(m for m in parent if m.nome not in by_name), *own)
        done[classe.nome] = replace(classe, metodos=own, todos_metodos=methods)
    falhas.levanta()
    return replace(modelo, classes=tuple(done.values()), por_nome=done)


def _with_body(metodo: Metodo, classe: Classe, modelo: Modelo, falhas: Falhas) -> Metodo:
    if metodo.corpo is not None or metodo.abstrato:
        return metodo
    reasons = []
    try:
        return replace(metodo, corpo=Corpo(corpo_das_equacoes(metodo, classe.fixos()), "pos"))
    except SemEquacao as missing:
        reasons.append(f"pos: {missing}")
    if not metodo.retorna and not metodo.pos and not metodo.exemplos and (metodo.transicoes or metodo.erros):
        return replace(metodo, corpo=Corpo((), "estados"))
    try:
        return replace(metodo, corpo=Corpo(corpo_dos_exemplos(metodo, classe, modelo), "exemplos"))
    except SemPrograma as missing:
        reasons.append(f"exemplos: {missing}")
    falhas.diz(
        metodo.caminho,
        f"nothing says what {classe.nome}.{metodo.nome} does ({'; '.join(reasons)}). Add 'corpo' (an "
        f"expression, steps, or a "
        "table), or a postcondition such as 'resultado == ...' or 'self.x == antigo(self.x) + ...'",
    )
    return metodo
