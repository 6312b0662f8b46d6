"""Vertente E: `spec_poo` -> a typed Python package with contracts, and its test suite. Pure: same spec, same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contratos.spec import Spec
from workers import names
from workers.e_estrutural_classes import EscritorClasse, VisaoClasse, modulos
from workers.e_estrutural_importacoes import funcoes_de_valores, importacoes
from workers.e_estrutural_partes import constantes, enumeracoes, erros, tipos
from workers.e_estrutural_textos import simples
from workers.estrutura.determinar import determinar
from workers.estrutura.modelo import Modelo
from workers.estrutura.nomes import NomesDoModelo
from workers.estrutura.resolver import resolver
from workers.estrutura.semantica import conferir
from workers.rendering import Fonte, docstring, formatar, renderizar
from workers.suite.generate import gerar_suite

FOLDER = "e_estrutural"

ORIGENS = {
    "expressao": "expressão da especificação",
    "tabela": "tabela de decisão",
    "passos": "passos da especificação",
    "pos": "lido das pós-condições, que são equações",
    "exemplos": "encontrado a partir dos exemplos e conferido com exemplos não usados",
    "estados": "só muda o estado do ciclo de vida",
}


@dataclass(frozen=True, slots=True)
class Gerado:
    """What the worker makes: files (relative POSIX path -> text), and which of them are code and tests."""

    arquivos: Mapping[str, str]
    codigo: tuple[str, ...]
    testes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisaoModulo:
    """A module of classes as the template lays it out."""

    doc: Fonte
    importa: tuple[Fonte, ...]
    classes: tuple[VisaoClasse, ...]


def gerar(spec: Spec) -> Gerado:
    """The package and its suite. Malformed names everything in the spec that is wrong or says too little."""
    modelo = compreender(spec)
    code = formatar(codigo(modelo))
    tests = gerar_suite(spec, modelo)
    files = dict(sorted({**code, **tests}.items()))
    return Gerado(files, tuple(sorted(code)), tuple(sorted(tests)))


def compreender(spec: Spec) -> Modelo:
    """The resolved model of the spec, with a body for every method, free of contradictions that can be found."""
    modelo = determinar(resolver(spec))
    conferir(modelo)
    return modelo


def codigo(modelo: Modelo) -> dict[str, str]:
    """The files of the package, not yet formatted."""
    nomes = NomesDoModelo(modelo)
    layout = modulos(modelo)
    where = {c.py: module for module, members in layout.items() for c in members}
    used: set[str] = set()
    files: dict[str, str] = {}

    def add(module: str, template: str, own: set[str], usa: set[str], **view: object) -> None:
        used.update(usa)
        lines = importacoes(usa - own, modelo, where, module)
        files[f"{modelo.pacote}/{module}.py"] = renderizar(f"{FOLDER}/{template}", importa=lines, **view)

    for module, members in layout.items():
        usa: set[str] = set()
        views = tuple(EscritorClasse(c, nomes, usa).visao() for c in members)
        own = {c.py for c in members}
        lines = importacoes(usa - own, modelo, where, module)
        used.update(usa)
        title = f"{' e '.join(c.nome for c in members)}."
        view = VisaoModulo(docstring(title), lines, views)
        files[f"{modelo.pacote}/{module}.py"] = renderizar(f"{FOLDER}/classe.py.j2", modulo=view)
    if modelo.erros:
        usa = set()
        add("erros", "erros.py.j2", {e.py for e in modelo.erros}, usa, erros=erros(modelo, nomes, usa))
    if modelo.enumeracoes:
        files[f"{modelo.pacote}/enumeracoes.py"] = renderizar(
            f"{FOLDER}/enumeracoes.py.j2", enumeracoes=enumeracoes(modelo)
        )
    if modelo.tipos:
        usa = {"TypeAlias"}
        functions = {f"exige_{names.snake(t.nome)}" for t in modelo.tipos}
        view_of_types = tipos(modelo, nomes, usa)
        add("tipos", "tipos.py.j2", functions | {t.py for t in modelo.tipos}, usa, tipos=view_of_types)
    if modelo.constantes:
        usa = {"Final"}
        add(
            "constantes",
            "constantes.py.j2",
            {c.py for c in modelo.constantes},
            usa,
            constantes=constantes(modelo, nomes, usa),
        )
    files |= _runtime(modelo, used)
    files |= _around(modelo, where, used)
    return files


def _runtime(modelo: Modelo, used: set[str]) -> dict[str, str]:
    """The modules that every package needs, as far as this one does."""
    mutable = any(not c.imutavel for c in modelo.classes)
    modules = ["violacoes", "contratos"]
    modules += ["transacao", "objeto"] if mutable else []
    modules += ["relacoes"] if used & {"Associado", "Colecao"} else []
    files = {f"{modelo.pacote}/{module}.py": renderizar(f"{FOLDER}/{module}.py.j2") for module in modules}
    functions, lines, types = funcoes_de_valores(used)
    if functions:
        text = renderizar(f"{FOLDER}/valores.py.j2", importa=lines, tipos=types, funcoes=functions)
        files[f"{modelo.pacote}/valores.py"] = text
    if used & {"Relogio", "Aleatorio"}:
        view = {"relogio": "Relogio" in used, "aleatorio": "Aleatorio" in used}
        files[f"{modelo.pacote}/portas.py"] = renderizar(f"{FOLDER}/portas.py.j2", **view)
    files[f"{modelo.pacote}/py.typed"] = ""
    return files


def _around(modelo: Modelo, where: Mapping[str, str], used: set[str]) -> dict[str, str]:
    """The package's front, its project file, and what people read first."""
    violations = {
        "ViolacaoDeContrato",
        "ValorInvalido",
        "PreCondicaoViolada",
        "PosCondicaoViolada",
        "InvarianteViolada",
    }
    ports = used & {"Relogio", "RelogioDoSistema", "Aleatorio", "AleatorioDoSistema"}
    public = {*where, *violations, *ports, *(used & {"Colecao", "EstadoInvalido"}), "contratos"}
    public |= {part.py for part in modelo.enumeracoes} | {part.py for part in modelo.erros}
    public |= {part.py for part in modelo.tipos} | {part.py for part in modelo.constantes}
    spec = modelo.spec
    lines = importacoes(public, modelo, where, "__init__")
    words = modelo.descricao or spec.nome
    front = renderizar(
        f"{FOLDER}/__init__.py.j2",
        doc=simples(words, spec.nome),
        importa=lines,
        nomes=sorted(public, key=_constants_first),
    )
    methods = [
        {"nome": f"{c.py}.{m.py}", "origem": ORIGENS[m.corpo.origem]}
        for c in modelo.classes
        for m in c.metodos
        if m.corpo
    ]
    classes = [{"nome": c.py, "modulo": where[c.py], "descricao": c.descricao or c.nome} for c in modelo.classes]
    readme = renderizar(
        f"{FOLDER}/README.md.j2",
        titulo=spec.nome,
        descricao=words,
        id=spec.id,
        versao=spec.versao,
        classes=classes,
        metodos=methods,
    )
    project = renderizar(
        f"{FOLDER}/pyproject.toml.j2",
        nome=modelo.pacote.replace("_", "-"),
        versao=_version(spec.versao),
        descricao=" ".join(words.split())[:200],
        pacote=modelo.pacote,
    )
    return {f"{modelo.pacote}/__init__.py": front, "README.md": readme, "pyproject.toml": project}


def _constants_first(name: str) -> tuple[int, str]:
    """The order that the linter wants in __all__: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _version(text: str) -> str:
    """A version that packaging tools accept: the spec's own where it is one."""
    return text if re.fullmatch(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?", text) else "0"
