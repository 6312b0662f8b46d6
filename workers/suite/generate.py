"""Model -> the files of its suite."""

from __future__ import annotations

from contratos.problems import Malformed, Problema
from contratos.spec import Spec
from workers import names
from workers.estrutura.modelo import Classe, Modelo
from workers.rendering import formatar
from workers.suite.checks import escreve_confere
from workers.suite.construction import TestesConstrucao
from workers.suite.designs import Planos
from workers.suite.fields import TestesCampos
from workers.suite.machines import TestesPropriedades
from workers.suite.methods import TestesMetodo
from workers.suite.objects import Objetos
from workers.suite.package import modulo_pacote
from workers.suite.printing import Fontes
from workers.suite.strategies import estrategia, modulo_estrategias
from workers.suite.support import modulo_objetos, possivel
from workers.suite.view import Modulo

FOLDER = "tests"


def gerar_suite(spec: Spec, modelo: Modelo) -> dict[str, str]:
    """Path -> text of every file of the suite, formatted; the same spec gives the same bytes.

    Malformed: `schema_tdd` does not fit the classes. SpecContraditoria: it says of a value what the classes deny.
    """
    objetos = Objetos(modelo, portas=True)
    planos = Planos(objetos)
    modules: dict[str, Modulo] = {}
    _refuse_impossible(objetos)
    for classe in modelo.classes:
        if not classe.abstrata:
            modules[names.unique(f"test_{names.snake(classe.py)}", modules)] = _class_module(spec, planos, classe)
    if package := modulo_pacote(objetos):
        modules[names.unique("test_pacote", modules)] = package
    helpers = {name for module in modules.values() for _, name in module.ajudas()}
    drawn = [c for c in modelo.classes if estrategia(c) in helpers]
    if drawn:
        modules["estrategias"] = modulo_estrategias(objetos, drawn)
        helpers |= {name for _, name in modules["estrategias"].ajudas()}
    modules["objetos"] = modulo_objetos(objetos, helpers)
    texts = {f"{FOLDER}/{name}.py": module.texto() for name, module in modules.items()}
    texts[f"{FOLDER}/__init__.py"] = ""
    # The package's modules stand beside the tests, so that the import sorter knows whose they are.
    code = {f"{modelo.pacote}/{module}.py": "" for module in ("__init__", "violacoes")}
    formatted = formatar({**texts, **code})
    return {path: formatted[path] for path in sorted(texts)}


def _refuse_impossible(objetos: Objetos) -> None:
    """A class of which no object is found would go untested. Malformed names all of them."""
    found = [c for c in objetos.modelo.classes if not c.abstrata and not possivel(objetos, c)]
    if found:
        raise Malformed([Problema(classe.caminho, _impossible(classe)) for classe in found])


def _impossible(classe: Classe) -> str:
    needed = [r.classe for r in classe.todas_relacoes if r.minimo]
    why = "its invariants may contradict one another" if classe.todas_invariantes else "its fields may not fit together"
    why += f", or it and what it needs ({', '.join(needed)}) need each other" if needed else ""
    way_out = "An example of creation shows one: 'exemplos: [{args: {...}}]'"
    return f"no valid {classe.nome} was found, so nothing of it can be tested: {why}. {way_out}"


def _class_module(spec: Spec, planos: Planos, classe: Classe) -> Modulo:
    title = f"Testes de {classe.nome}, derivados da especificação {spec.id} {spec.versao}."
    module = Modulo(title, Fontes(planos.objetos))
    TestesConstrucao(module, planos, classe).escreve()
    TestesCampos(module, planos.objetos, classe).escreve()
    for metodo in classe.todos_metodos:
        TestesMetodo(module, planos, classe, metodo).escreve()
    TestesPropriedades(module, classe).escreve()
    tests, module.partes = module.partes, []
    for metodo in classe.todos_metodos:
        if metodo.nome in module.confere:
            escreve_confere(module, classe, metodo)
    module.partes += tests
    return module
