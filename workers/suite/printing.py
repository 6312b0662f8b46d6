"""Values and names of a spec -> Python source in the suite, with the names that the source needs to import."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contratos.spec_tipos import Tipo
from workers import names
from workers.estrutura.modelo import BUILTIN_ERRORS, Atributo, Classe, Metodo, Modelo, Relacao
from workers.estrutura.nomes import NomesDoModelo
from workers.estrutura.valores import Dado, Novo
from workers.expressao.arvore import No
from workers.expressao.avaliador import MembroValor, Registro
from workers.expressao.impressor import Impressor, literal, nomes_do_literal
from workers.suite.objects import Objetos

REPEATED = 40  # characters of one kind that are written as a product
BUILTINS = frozenset({"int", "str", "bool", "float", "None"})
PYTHON_ERRORS = BUILTIN_ERRORS | {"AttributeError"}


@dataclass(slots=True)
class Fontes:
    """Prints values for one module of the suite. `usa`: names of the package and of the standard library to import.

    `apoio`: (module, name) of the suite's own helpers.
    """

    objetos: Objetos
    usa: set[str] = field(default_factory=set)
    apoio: set[tuple[str, str]] = field(default_factory=set)

    @property
    def modelo(self) -> Modelo:
        """The model whose values are printed."""
        return self.objetos.modelo

    def valor(self, valor: Any, nomeia: Callable[[Registro], str | None] = lambda _: None) -> str:
        """The source of a value of the spec, or of the simulation: `nomeia` says what an object is called here."""
        match valor:
            case MembroValor(enumeracao=enum, nome=nome):
                return self.membro(enum, nome)
            case Novo():
                return self.objeto(valor)
            case Registro():
                return nomeia(valor) or self.objeto(self.novo(valor))
            case tuple():
                texts = [self.valor(item, nomeia) for item in valor]
                return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
            case str() if len(valor) > REPEATED and len(set(valor)) == 1:
                return f"{literal(valor[0])} * {len(valor)}"
        self.usa |= nomes_do_literal(valor)
        return literal(valor)

    def membro(self, enumeracao: str, nome: str) -> str:
        """A member of an enumeration."""
        enum = self.modelo.enumeracao(enumeracao)
        self.usa.add(enum.py)
        return f"{enum.py}.{next(m.py for m in enum.membros if m.nome == nome)}"

    def objeto(self, novo: Novo) -> str:
        """A new object, by the helper that fills in what is as in the base."""
        return f"{self.criador(novo.classe)}({self.argumentos(novo)})"

    def argumentos(self, novo: Novo) -> str:
        """What differs from the base, by name, in the constructor's order."""
        return ", ".join(f"{argumento(f)}={self.valor(novo.args[f.nome])}" for f in self.diferentes(novo))

    def diferentes(self, novo: Novo) -> list[Atributo | Relacao]:
        """The constructor's fields whose values differ from the base's."""
        base = self.objetos.base(novo.classe).args
        fields = self.modelo.classe(novo.classe).construtor()
        return [f for f in fields if f.nome in novo.args and novo.args[f.nome] != base.get(f.nome)]

    def novo(self, registro: Registro) -> Novo:
        """The constructor's arguments of an object of the simulation."""
        fields = self.modelo.classe(registro.classe).construtor()
        return Novo(registro.classe, {f.nome: self._dado(registro.campos[f.nome]) for f in fields})

    def _dado(self, valor: Any) -> Dado:
        if isinstance(valor, Registro):
            return self.novo(valor)
        return tuple(self._dado(item) for item in valor) if isinstance(valor, tuple) else valor

    def criador(self, classe: str) -> str:
        """The helper function that makes a valid object of the class."""
        return self.ajuda("objetos", criador(self.modelo.classe(classe).py))

    def retrato(self, classe: str) -> str:
        """The helper function that says all that an object holds."""
        return self.ajuda("objetos", retrato(self.modelo.classe(classe).py))

    def ajuda(self, modulo: str, nome: str) -> str:
        """A helper of the suite, to be imported."""
        self.apoio.add((modulo, nome))
        return nome

    def pacote(self, nome: str) -> str:
        """A name of the package, to be imported."""
        self.usa.add(nome)
        return nome

    def erro(self, nome: str) -> str:
        """An error class, of the package or of Python."""
        declared = self.modelo.erro(nome)
        if declared:
            return self.pacote(declared.py)
        return nome if nome in PYTHON_ERRORS else self.pacote(nome)

    def anotacao(self, tipo: Tipo) -> str:
        """A type annotation, named value types as what they are made of."""
        tipo = self.modelo.mundo.base(tipo)
        if tipo.de:
            inner = self.anotacao(tipo.de)
            return f"{inner} | None" if tipo.opcional else f"tuple[{inner}, ...]"
        used: set[str] = set()
        text = NomesDoModelo(self.modelo).anotacao(tipo, used)
        self.usa |= used - BUILTINS
        return text

    def impressor(self, eu: str, alias: Mapping[str, str] | None = None) -> Impressor:
        """A printer of expressions in which the object is called `eu`."""
        return Impressor(NomesDoModelo(self.modelo), usa=self.usa, alias={"self": eu, **(alias or {})})

    def condicao(self, no: No, eu: str, alias: Mapping[str, str] | None = None) -> str:
        """A condition as source."""
        return self.impressor(eu, alias).fonte(no)


def criador(classe_py: str) -> str:
    """'ContaCorrente' -> 'criar_conta_corrente'."""
    return f"criar_{names.snake(classe_py)}"


def retrato(classe_py: str) -> str:
    """'ContaCorrente' -> 'retrato_de_conta_corrente'."""
    return f"retrato_de_{names.snake(classe_py)}"


def argumento(campo: Atributo | Relacao) -> str:
    """The name of a field as a parameter of the suite's helpers."""
    return names.argument(campo.py)


def variavel(classe: Classe) -> str:
    """A local name for an object of the class."""
    return names.argument(classe.py)


def marca(identificador: str) -> str:
    """An id of the spec as part of a test's name: letters and case stay, so that the id can be read there."""
    return re.sub(r"\W+", "_", names.plain(identificador)).strip("_") or "x"


def chamada(eu: str, metodo: Metodo, fontes: Mapping[str, str]) -> str:
    """The source of a call, arguments by name."""
    args = ", ".join(f"{p.py}={fontes[p.nome]}" for p in metodo.parametros if p.nome in fontes)
    return f"{eu}.{metodo.py}({args})"


def equals(esquerda: str, direita: str) -> str:
    """The assertion that two sources have the same value, as a linter wants it."""
    if direita in {"True", "False"}:
        return f"assert {esquerda}" if direita == "True" else f"assert not {esquerda}"
    return f"assert {esquerda} {'is' if direita == 'None' else '=='} {direita}"
