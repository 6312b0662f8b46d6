"""The spec run on its own examples and on sample calls: what it says in two ways must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from contratos.problems import Problema
from workers.estrutura.modelo import Classe, Esperado, Exemplo, Metodo, Modelo
from workers.estrutura.valores import Dado, Novo
from workers.expressao.avaliador import MembroValor, Registro, Valor
from workers.expressao.impressor import literal
from workers.suite.objects import Objetos, SemObjeto, mudancas
from workers.suite.simulation import Desfecho, Recusa, SemDesfecho

MOST_CALLS = 40  # sample calls of one method

type Nomes = Mapping[str, Valor]


def examinar_exemplos(classe: Classe, modelo: Modelo, objetos: Objetos) -> Iterator[Problema]:
    """Examples that contradict contracts, limits, errors or bodies. Those that nobody can follow are left to the
    tests.
    """
    if not classe.abstrata:
        for example in classe.exemplos:
            yield from _creation(example, classe, objetos)
    for method in classe.metodos:
        for example in method.exemplos:
            yield from _call(example, method, classe, modelo, objetos)


def examinar_promessas(classe: Classe, modelo: Modelo, objetos: Objetos) -> Iterator[Problema]:
    """Bodies that break their own postconditions, each with a call that shows it."""
    for method in classe.metodos:
        if method.pos and method.corpo and not method.abstrato:
            yield from _promise(method, classe, modelo, objetos)


def _creation(example: Exemplo, classe: Classe, objetos: Objetos) -> Iterator[Problema]:
    try:
        made = objetos.simulador.cria(_filled(classe, example.args, objetos))
    except (SemObjeto, SemDesfecho):
        return
    except Recusa as refusal:
        if example.lanca is None:
            yield Problema(example.caminho, f"the spec refuses it: {refusal}")
        elif not _same_error(example.lanca, refusal.erro):
            yield Problema(f"{example.caminho}.lanca", f"the spec says {refusal}, the example says {example.lanca}")
        return
    if example.lanca is not None:
        yield Problema(
            f"{example.caminho}.lanca", f"nothing in the spec refuses it, but the example says {example.lanca}"
        )
        return
    for expected in example.depois:
        yield from _after(expected, {"self": made}, objetos, example)


def _filled(classe: Classe, given: Mapping[str, Dado], objetos: Objetos) -> Novo:
    """The object of an example: what it does not say is typical."""
    completed = {name: objetos.completado(value) for name, value in given.items()}
    base = objetos.base(classe.nome)
    return Novo(base.classe, {**base.args, **completed})


def _target(classe: Classe, given: Mapping[str, Dado], objetos: Objetos) -> Registro:
    """The object before the call. Where typical values do not go with what is given, others are looked for."""
    try:
        return objetos.simulador.cria(_filled(classe, given, objetos))
    except Recusa as refusal:
        try:
            return objetos.cria(objetos.completo(classe.nome, given))
        except SemObjeto:
            raise refusal from None


def _call(example: Exemplo, method: Metodo, classe: Classe, modelo: Modelo, objetos: Objetos) -> Iterator[Problema]:
    try:
        target = _target(classe, example.antes, objetos)
        args = {name: objetos.simulador.valor(objetos.completado(value)) for name, value in example.args.items()}
        outcome = objetos.simulador.chama(target, modelo.classe(target.classe).metodo(method.nome), args)
    except (SemObjeto, SemDesfecho):
        return
    except Recusa as refusal:
        yield Problema(f"{example.caminho}.antes", f"there is no such object: the spec refuses it with {refusal}")
        return
    yield from _compared(example, outcome, objetos, {"self": target, **args})


def _compared(example: Exemplo, outcome: Desfecho, objetos: Objetos, names: Nomes) -> Iterator[Problema]:
    if outcome.recusa:
        if example.lanca is None:
            where = f" of {outcome.recusa.onde}" if outcome.recusa.onde else ""
            yield Problema(example.caminho, f"the spec says that {outcome.recusa}{where} is raised here")
        elif not _same_error(example.lanca, outcome.recusa.erro):
            yield Problema(
                f"{example.caminho}.lanca", f"the spec says {outcome.recusa}, the example says {example.lanca}"
            )
            return
    elif example.lanca is not None:
        yield Problema(f"{example.caminho}.lanca", f"nothing in the spec raises {example.lanca} here")
        return
    elif example.diz_retorno and not _agrees(example.da, outcome.valor):
        yield Problema(
            f"{example.caminho}.da", f"the spec gives {mostrado(outcome.valor)}, the example {mostrado(example.da)}"
        )
    for expected in example.depois:
        yield from _after(expected, names, objetos, example)


def _after(expected: Esperado, names: Nomes, objetos: Objetos, example: Exemplo) -> Iterator[Problema]:
    try:
        value = objetos.simulador.avalia(expected.no, names)
    except SemDesfecho:
        return
    if not _agrees(expected.valor, value):
        message = f"the spec gives {mostrado(value)}, the example {mostrado(expected.valor)}"
        yield Problema(f"{example.caminho}.depois.{expected.texto}", message)


def _promise(method: Metodo, classe: Classe, modelo: Modelo, objetos: Objetos) -> Iterator[Problema]:
    """Typical values of all, then one or more at their limits."""
    try:
        base = objetos.base(classe.nome)
        options = {p.nome: [s.valor for s in objetos.amostras.validas(p)] for p in method.parametros}
    except SemObjeto:
        return
    plain = {name: values[0] for name, values in options.items()}
    for change in islice(mudancas({name: values[1:] for name, values in options.items()}), MOST_CALLS):
        args = {**plain, **change}
        try:
            target = objetos.simulador.cria(base)
            values = {name: objetos.simulador.valor(value) for name, value in args.items()}
            concrete = modelo.classe(target.classe).metodo(method.nome)
            outcome = objetos.simulador.chama(target, concrete, values)
        except (SemDesfecho, Recusa, SemObjeto):
            continue
        refusal = outcome.recusa
        if refusal and refusal.erro == "PosCondicaoViolada" and concrete.origem == method.origem:
            condition = next(c for c in method.pos if c.id == refusal.contrato)
            call = ", ".join(f"{name}={mostrado(value)}" for name, value in args.items())
            yield Problema(
                condition.caminho,
                f"the body does not keep it ({method.caminho}.corpo): after {method.nome}({call}) "
                f"'{condition.texto}' is false",
            )
            return


def _same_error(expected: str, raised: str) -> bool:
    """An example may name the error of Python that ours also is."""
    parents = {"ValorInvalido": {"ValueError", "TypeError", "ViolacaoDeContrato"}}
    return expected == raised or expected in parents.get(raised, set())


def _agrees(expected: Dado, value: Valor) -> bool:
    """Whether a value is what an example says; of an object, the attributes that it names."""
    if isinstance(expected, Novo):
        return isinstance(value, Registro) and all(
            name in value.campos and _agrees(part, value.campos[name]) for name, part in expected.args.items()
        )
    if isinstance(expected, tuple) and isinstance(value, tuple):
        return len(expected) == len(value) and all(_agrees(e, v) for e, v in zip(expected, value, strict=True))
    return expected == value


def mostrado(value: object) -> str:
    """A value as a message shows it."""
    match value:
        case MembroValor(enumeracao=enum, nome=nome):
            return f"{enum}.{nome}"
        case Novo(classe=classe) | Registro(classe=classe):
            return f"a {classe}"
        case tuple():
            return f"[{', '.join(mostrado(item) for item in value)}]"
    return literal(value)
