"""Functions of the suite that make a call and check it by the formulas of the contract, whatever is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workers.estrutura.comandos import Lanca, nos, todos_comandos
from workers.estrutura.modelo import Classe, Condicao, Metodo
from workers.expressao.arvore import Campo, ChamadaMetodo, No, todos
from workers.expressao.impressor import Impressor
from workers.suite.printing import Fontes, chamada, marca, variavel
from workers.suite.view import Modulo

BEYOND = ("ValorInvalido", "InvarianteViolada", "RelacaoInvalida", "ChaveRepetida")
"""What stops a call that would lead out of what objects may be; the object then stays as it was."""


def escreve_confere(modulo: Modulo, classe: Classe, metodo: Metodo) -> None:
    """`confere_<metodo>`: refused when a formula says so; else the promises hold, and nothing else has changed."""
    fontes, eu = modulo.fontes, variavel(classe)
    call = chamada(eu, metodo, {p.nome: p.py for p in metodo.parametros})
    portrait = f"{fontes.retrato(classe.nome)}({eu})"
    nodes = [c.no for group in metodo.pre for c in group] + [e.no for e in metodo.erros] + [c.no for c in metodo.pos]
    loose = talvez_ausente(fontes, nodes)
    body = [f"antes = {portrait}"]
    refusals = list(_refusals(fontes, classe, metodo, eu))
    if refusals:
        body += ["esperado: type[Exception] | None = None"]
        for place, (test, error) in enumerate(refusals):
            body += [f"{'elif' if place else 'if'} {test}:", f"    esperado = {error}"]
        body += ["if esperado is not None:", "    with pytest.raises(esperado):", f"        {call}"]
        body += [f"    assert {portrait} == antes", "    return"]
        modulo.usa_pytest = True
    printer = fontes.impressor(eu)
    promises = [(condition, printer.fonte(condition.no)) for condition in metodo.pos]
    body += [f"{name} = {printer.fonte(old)}" for old, name in printer.antigos.items()]
    if metodo.transicoes and classe.estados:
        field = classe.campo(classe.estados.atributo).py
        body.append(f"{field}_antes = {eu}.{field}")
    uses_result = metodo.retorna is not None and any("resultado" in source for _, source in promises)
    beyond = ", ".join(sorted({fontes.pacote(name) for name in BEYOND} | _raised_inside(fontes, metodo)))
    body += ["try:", f"    {'resultado = ' if uses_result else ''}{call}", f"except ({beyond}):"]
    body += [f"    assert {portrait} == antes", "    return"]
    body += [f"assert {source}  # {condition.id}" for condition, source in promises]
    body += _frame(fontes, classe, metodo, portrait)
    parameters = "".join(f", {p.py}: {'Any' if loose else fontes.anotacao(p.tipo)}" for p in metodo.parametros)
    if loose:
        fontes.usa.add("Any")
    owner = "Any" if loose else fontes.pacote(classe.py)
    doc = f"Chama {metodo.nome} e confere a chamada pelas fórmulas da especificação."
    modulo.funcao(f"confere_{marca(metodo.py)}", f"{eu}: {owner}{parameters}", "None", doc, body)


def _raised_inside(fontes: Fontes, metodo: Metodo) -> set[str]:
    """Errors that a body may raise itself, or that come from what it calls: any that the spec knows of."""
    commands = list(todos_comandos(metodo.corpo.comandos if metodo.corpo else ()))
    calls = any(isinstance(part, ChamadaMetodo) for c in commands for node in nos(c) for part in todos(node))
    raised = {command.erro for command in commands if isinstance(command, Lanca)}
    if calls:
        methods = [m for classe in fontes.modelo.classes for m in classe.metodos]
        raised |= {error.lanca for m in methods for error in m.erros}
        bodies = (c for m in methods if m.corpo for c in todos_comandos(m.corpo.comandos))
        raised |= {command.erro for command in bodies if isinstance(command, Lanca)}
    return {fontes.erro(name) for name in raised} | ({fontes.pacote("ViolacaoDeContrato")} if calls else set())


def _refusals(fontes: Fontes, classe: Classe, metodo: Metodo, eu: str) -> Iterator[tuple[str, str]]:
    """(condition, error) in the order in which the contract looks at them."""
    printer = fontes.impressor(eu)
    if len(metodo.pre) == 1:
        for condition in metodo.pre[0]:
            yield printer.negado(condition.no), fontes.pacote("PreCondicaoViolada")
    elif metodo.pre:
        groups = (" and ".join(printer.operando(c.no) for c in group) for group in metodo.pre)
        yield f"not ({' or '.join(f'({group})' for group in groups)})", fontes.pacote("PreCondicaoViolada")
    if metodo.transicoes and classe.estados:
        members = [fontes.membro(classe.estados.enumeracao, state) for state in sorted(metodo.transicoes)]
        field = f"{eu}.{classe.campo(classe.estados.atributo).py}"
        test = f"{field} != {members[0]}" if len(members) == 1 else f"{field} not in ({', '.join(members)})"
        yield test, fontes.pacote("EstadoInvalido")
    for error in metodo.erros:
        yield printer.fonte(error.no), fontes.erro(error.lanca)


def _frame(fontes: Fontes, classe: Classe, metodo: Metodo, portrait: str) -> list[str]:
    """What the contract does not let change is as it was; the state is the next one."""
    lines = []
    states = classe.estados
    changing = set(metodo.modifica or ())
    if metodo.transicoes and states:
        moves = ", ".join(
            f"{fontes.membro(states.enumeracao, before)}: {fontes.membro(states.enumeracao, after)}"
            for before, after in sorted(metodo.transicoes.items())
        )
        field = classe.campo(states.atributo).py
        lines.append(f"assert {variavel(classe)}.{field} == {{{moves}}}[{field}_antes]")
        changing.add(states.atributo)
    if metodo.modifica is None and not metodo.pura:
        return lines
    names = sorted(classe.campo(name).py for name in changing)
    if not names:
        return [*lines, f"assert {portrait} == antes"]
    listed = ", ".join(f'"{name}"' for name in names)
    fontes.ajuda("objetos", "sem_campos")
    return [*lines, f"assert sem_campos({portrait}, {listed}) == sem_campos(antes, {listed})"]


def invariantes(fontes: Fontes, condicoes: Sequence[Condicao], eu: str) -> list[tuple[str, str]]:
    """(id, source) of each invariant about the object called `eu`."""
    printer: Impressor = fontes.impressor(eu)
    return [(condition.id, printer.fonte(condition.no)) for condition in condicoes]


def talvez_ausente(fontes: Fontes, nos: Sequence[No]) -> bool:
    """Whether conditions look into something that may be absent: types alone do not show that it is there by then."""
    for no in nos:
        for part in todos(no):
            if isinstance(part, Campo) and isinstance(part.de, Campo):
                owner = fontes.modelo.mundo.classes.get(part.de.de.tipo.folha.nome)
                if owner is not None and owner.campos[part.de.nome].opcional:
                    return True
            if isinstance(part, Campo) and _declared_optional(fontes, part):
                return True
    return False


def _declared_optional(fontes: Fontes, campo: Campo) -> bool:
    owner = fontes.modelo.mundo.classes.get(campo.de.tipo.folha.nome)
    return owner is not None and owner.campos[campo.nome].opcional
