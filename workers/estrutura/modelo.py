"""The resolved, typed view of a `spec_poo`: what generator, simulation and test design work on.

`resolver.resolver(spec)` makes it. Every name is resolved, every expression is a checked tree, every value has its
declared
type, inherited parts are there, and all sequences stand in one order that does not depend on the order of keys.
`py` is the name in the generated code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contratos.spec import Spec
from contratos.spec_tipos import Tipo
from workers.estrutura.comandos import Anexa, Atribui, Comando, Executa, Retira, todos_comandos
from workers.estrutura.valores import Dado, Restricoes
from workers.expressao.arvore import No
from workers.expressao.avaliador import Valor
from workers.expressao.mundo import Mundo
from workers.expressao.narrowing import Caminho

BUILTIN_ERRORS = frozenset(
    "ArithmeticError FileExistsError FileNotFoundError IndexError KeyError LookupError "  # noqa: SIM905
    "NotImplementedError OverflowError PermissionError RuntimeError TimeoutError TypeError ValueError "
    "ZeroDivisionError".split()
)
"""Errors of Python that a spec may name without declaring them."""


@dataclass(frozen=True, slots=True)
class Condicao:
    """An invariant, a precondition or a postcondition. `origem` is the class that declares it."""

    id: str
    texto: str  # as the spec writes it, on one line
    no: No
    mensagem: str
    requisito: tuple[str, ...]
    origem: str
    caminho: str  # where it stands in the YAML


@dataclass(frozen=True, slots=True)
class CampoBase:
    """What attributes, parameters, returns and data of errors share."""

    nome: str
    py: str
    tipo: Tipo  # as declared, with opcional[...] where it may be absent
    restricoes: Restricoes  # all limits together: the type's and its own
    proprias: Restricoes  # its own alone
    descricao: str
    caminho: str


@dataclass(frozen=True, slots=True)
class Atributo(CampoBase):
    """An attribute. `tem_padrao`: the constructor may be called without it."""

    origem: str  # the class that declares it
    tem_padrao: bool = False
    padrao: Dado = None
    inicial: No | None = None  # computed at creation, no parameter of the constructor
    deriva: No | None = None  # computed at each reading, never stored
    somente_leitura: bool = False
    secreto: bool = False
    unico: bool = False
    requisito: tuple[str, ...] = ()
    obsoleto: str = ""
    de_estados: bool = False  # it holds the state of the life cycle

    @property
    def guardado(self) -> bool:
        """Whether the object stores it."""
        return self.deriva is None

    @property
    def no_construtor(self) -> bool:
        """Whether the constructor takes it."""
        return self.deriva is None and self.inicial is None


@dataclass(frozen=True, slots=True)
class Relacao:
    """A link to objects of another class; as a field it is an object, an optional one, or a collection."""

    nome: str
    py: str
    classe: str  # at the other end
    minimo: int
    maximo: int | None
    inversa: str | None
    dono: bool  # this end owns the other
    da_parte: bool  # the other end owns this one: it is set by being added to the owner, not by the constructor
    somente_leitura: bool
    descricao: str
    requisito: tuple[str, ...]
    origem: str
    caminho: str

    @property
    def muitos(self) -> bool:
        """Whether it is a collection."""
        return self.maximo != 1

    @property
    def no_construtor(self) -> bool:
        """Whether the constructor takes it."""
        return not self.da_parte

    @property
    def tem_padrao(self) -> bool:
        """Whether the constructor may be called without it."""
        return self.minimo == 0

    @property
    def tipo(self) -> Tipo:
        """Its type as conditions see it."""
        one = Tipo(self.classe)
        return Tipo("lista", one) if self.muitos else one if self.minimo else Tipo("opcional", one)


@dataclass(frozen=True, slots=True)
class Parametro(CampoBase):
    """A parameter of a method."""

    tem_padrao: bool = False
    padrao: Dado = None


@dataclass(frozen=True, slots=True)
class Erro:
    """An error that a method declares: raised when `no` holds, the first of several."""

    id: str
    texto: str
    no: No
    lanca: str
    mensagem: str
    dados: tuple[tuple[str, No], ...]
    estado_intacto: bool
    requisito: tuple[str, ...]
    caminho: str


@dataclass(frozen=True, slots=True)
class Esperado:
    """What an expression over the object and the arguments is after the call. Objects may be given in part."""

    texto: str
    no: No
    valor: Dado


@dataclass(frozen=True, slots=True)
class Exemplo:
    """One call and what comes of it, with values of the declared types. `lanca` is the name of an error."""

    nome: str
    antes: Mapping[str, Dado]
    args: Mapping[str, Dado]
    diz_retorno: bool
    da: Dado
    lanca: str | None
    depois: tuple[Esperado, ...]
    agora: datetime | None
    sorteios: tuple[Any, ...]
    requisito: tuple[str, ...]
    caminho: str


@dataclass(frozen=True, slots=True)
class Corpo:
    """What a method does, and where that comes from: 'expressao', 'tabela', 'passos', 'pos' or 'exemplos'."""

    comandos: tuple[Comando, ...]
    origem: str
    regras: tuple[No, ...] = ()  # conditions of a decision table whose policy is 'unica'


@dataclass(frozen=True, slots=True)
class Metodo:
    """A method, with the contracts that it inherits."""

    nome: str
    py: str
    origem: str  # the class that declares it
    descricao: str
    requisito: tuple[str, ...]
    obsoleto: str
    parametros: tuple[Parametro, ...]
    por_posicao: bool  # parameters may be passed by position
    retorna: CampoBase | None
    pre: tuple[tuple[Condicao, ...], ...]  # one of these groups must hold whole; a subclass that weakens adds a group
    pos: tuple[Condicao, ...]
    erros: tuple[Erro, ...]
    modifica: tuple[str, ...] | None  # attributes and relations that may change; None = any
    pura: bool
    idempotente: bool
    abstrato: bool
    corpo: Corpo | None  # None: nothing says it yet (or it is abstract)
    exemplos: tuple[Exemplo, ...]
    transicoes: Mapping[str, str]  # state -> next state; empty: allowed in all states
    presentes: frozenset[Caminho]  # paths that are not None when the body begins
    caminho: str

    @property
    def consulta(self) -> bool:
        """Whether it changes nothing: its body only computes."""
        return not self.transicoes and (self.pura or (self.corpo is not None and not _changes(self.corpo.comandos)))

    @property
    def quadro(self) -> bool:
        """Whether the contract says what may change, and the body could change something else."""
        return self.modifica is not None and not self.pura

    @property
    def corpo_separado(self) -> bool:
        """Whether the generated body stands in a method of its own, `_py`, apart from its contract."""
        promises = self.pos or self.quadro or self.transicoes or (self.retorna and self.retorna.restricoes)
        return bool(promises) and self.corpo is not None and self.corpo.origem != "estados"


def _changes(comandos: tuple[Comando, ...]) -> bool:
    return any(isinstance(command, Atribui | Anexa | Retira | Executa) for command in todos_comandos(comandos))


@dataclass(frozen=True, slots=True)
class Estados:
    """The life cycle of a class. States are members of the enumeration `enumeracao`."""

    atributo: str
    enumeracao: str
    inicial: str
    nomes: tuple[str, ...]
    transicoes: Mapping[str, Mapping[str, str]]  # state -> method -> next state


@dataclass(frozen=True, slots=True)
class Classe:
    """A class. Sequences named `todos_` hold what it inherits too, ancestors first."""

    nome: str
    py: str
    descricao: str
    requisito: tuple[str, ...]
    obsoleto: str
    herda: str | None
    ancestrais: tuple[str, ...]  # nearest first
    abstrata: bool
    imutavel: bool
    atributos: tuple[Atributo, ...]
    relacoes: tuple[Relacao, ...]
    invariantes: tuple[Condicao, ...]
    metodos: tuple[Metodo, ...]
    chaves: tuple[tuple[str, ...], ...]
    estados: Estados | None
    portas: tuple[str, ...]
    exemplos: tuple[Exemplo, ...]
    caminho: str
    todos_atributos: tuple[Atributo, ...] = ()
    todas_relacoes: tuple[Relacao, ...] = ()
    todas_invariantes: tuple[Condicao, ...] = ()
    todos_metodos: tuple[Metodo, ...] = ()
    todas_portas: tuple[str, ...] = ()
    todas_chaves: tuple[tuple[str, ...], ...] = ()

    def construtor(self) -> tuple[Atributo | Relacao, ...]:
        """What the constructor takes, all by name; required ones first."""
        return tuple(sorted((f for f in self.campos() if f.no_construtor), key=lambda f: f.tem_padrao))

    def campos(self) -> tuple[Atributo | Relacao, ...]:
        """Attributes and relations, own and inherited."""
        fields: tuple[Atributo | Relacao, ...] = (*self.todos_atributos, *self.todas_relacoes)
        return fields

    def fixos(self) -> frozenset[str]:
        """Attributes and relations that no method assigns to: derived, read-only, collections, all of an
        immutable class.
        """
        if self.imutavel:
            return frozenset(f.nome for f in self.campos())
        derived = {a.nome for a in self.todos_atributos if a.deriva is not None or a.somente_leitura}
        return frozenset(derived | {r.nome for r in self.todas_relacoes if r.muitos or r.somente_leitura or r.da_parte})

    def campo(self, nome: str) -> Atributo | Relacao:
        """An attribute or relation, own or inherited."""
        return next(f for f in self.campos() if f.nome == nome)

    def metodo(self, nome: str) -> Metodo:
        """A method, own or inherited."""
        return next(m for m in self.todos_metodos if m.nome == nome)


@dataclass(frozen=True, slots=True)
class Membro:
    """A member of an enumeration."""

    nome: str
    py: str
    valor: str | int
    descricao: str


@dataclass(frozen=True, slots=True)
class Enumeracao:
    """An enumeration, of the spec or made for a life cycle."""

    nome: str
    py: str
    membros: tuple[Membro, ...]
    descricao: str
    requisito: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TipoValor:
    """A named value type."""

    nome: str
    py: str
    base: Tipo  # as declared: a primitive or another named type
    restricoes: Restricoes  # with those of the base
    proprias: Restricoes
    descricao: str
    requisito: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClasseErro:
    """An error class of the generated package."""

    nome: str
    py: str
    mensagem: str
    dados: tuple[CampoBase, ...]
    herda: str | None  # another ClasseErro or an error of Python
    descricao: str
    requisito: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constante:
    """A named value."""

    nome: str
    py: str
    tipo: Tipo
    valor: Valor
    descricao: str


@dataclass(frozen=True, slots=True)
class Modelo:
    """The whole spec_poo, resolved. Classes: ancestors before their subclasses, else by name."""

    spec: Spec
    pacote: str
    descricao: str
    mundo: Mundo
    constantes: tuple[Constante, ...]
    tipos: tuple[TipoValor, ...]
    enumeracoes: tuple[Enumeracao, ...]
    erros: tuple[ClasseErro, ...]
    classes: tuple[Classe, ...]
    por_nome: Mapping[str, Classe] = field(default_factory=dict)
    _concretas: Mapping[str, tuple[Classe, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Who inherits from whom is looked up, not searched: specs may have thousands of classes."""
        found: dict[str, tuple[Classe, ...]] = {}
        for each in self.classes:
            if not each.abstrata:
                for name in {each.nome, *each.ancestrais}:
                    found[name] = (*found.get(name, ()), each)
        object.__setattr__(self, "_concretas", found)

    def classe(self, nome: str) -> Classe:
        """A class by its name in the spec."""
        return self.por_nome[nome]

    def enumeracao(self, nome: str) -> Enumeracao:
        """An enumeration by its name in the spec."""
        return next(e for e in self.enumeracoes if e.nome == nome)

    def erro(self, nome: str) -> ClasseErro | None:
        """An error class of the package; None for an error of Python."""
        return next((e for e in self.erros if e.nome == nome), None)

    def subclasses(self, nome: str) -> Iterator[Classe]:
        """The class and all that inherit from it, those that have objects."""
        return iter(self._concretas.get(nome, ()))
