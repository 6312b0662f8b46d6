"""What an expression may refer to: the declared classes, enumerations and constants, and the names of one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contratos.spec_tipos import PRIMITIVOS, Tipo


@dataclass(frozen=True, slots=True)
class Assinatura:
    """What a call of a method takes and gives. `retorna` is None when it gives nothing."""

    parametros: Mapping[str, Tipo]
    obrigatorios: frozenset[str]
    retorna: Tipo | None
    pura: bool = False


@dataclass(frozen=True, slots=True)
class ClasseVista:
    """A class as expressions see it, with all that it inherits."""

    nome: str
    campos: Mapping[str, Tipo]  # attributes, derived ones and relations
    ancestrais: tuple[str, ...] = ()  # nearest first
    metodos: Mapping[str, Assinatura] = field(default_factory=dict)
    construtor: Assinatura | None = None  # None: abstract
    imutavel: bool = False  # then two objects with equal values are equal


@dataclass(frozen=True, slots=True)
class Mundo:
    """All that a spec declares."""

    classes: Mapping[str, ClasseVista] = field(default_factory=dict)
    enumeracoes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> members
    constantes: Mapping[str, Tipo] = field(default_factory=dict)
    valores_tipos: Mapping[str, Tipo] = field(default_factory=dict)  # named value types -> their primitive

    def base(self, tipo: Tipo) -> Tipo:
        """The type with named value types replaced by what they are made of: for conditions an Iban is a str."""
        if tipo.de:
            return Tipo(tipo.nome, self.base(tipo.de))
        return self.valores_tipos.get(tipo.nome, tipo)

    def conhece(self, nome: str) -> bool:
        """Whether a type of that name exists."""
        return nome in PRIMITIVOS or nome in self.classes or nome in self.enumeracoes or nome in self.valores_tipos

    def nomes_de_tipos(self) -> list[str]:
        """All names of types, for messages."""
        return [*PRIMITIVOS, *self.valores_tipos, *self.enumeracoes, *self.classes]

    def cabe(self, valor: Tipo, alvo: Tipo) -> bool:
        """Whether a value of one type may stand where the other is expected, without a conversion."""
        valor, alvo = self.base(valor), self.base(alvo)
        if valor == alvo:
            return True
        if alvo.opcional and alvo.de:
            return valor.nome == "nada" or self.cabe(valor.de if valor.opcional and valor.de else valor, alvo.de)
        if valor.lista and alvo.lista and valor.de and alvo.de:
            return valor.de.nome == "vazio" or self.cabe(valor.de, alvo.de)
        if (valor.nome, alvo.nome) == ("int", "float"):
            return True
        vista = self.classes.get(valor.nome)
        return vista is not None and not valor.de and alvo.nome in vista.ancestrais


@dataclass(frozen=True, slots=True)
class Escopo:
    """The names that one expression may use."""

    mundo: Mundo
    classe: str | None = None  # the class of self
    nomes: Mapping[str, Tipo] = field(default_factory=dict)  # parameters, local names
    ligados: frozenset[str] = frozenset()  # those of the names that a generator runs over
    resultado: Tipo | None = None  # in postconditions of what returns something
    antigo: bool = False  # in postconditions
    portas: frozenset[str] = frozenset()  # 'relogio', 'aleatorio': only in bodies
    corpo: bool = False  # objects may be made and methods called

    def com(self, **nomes: Tipo) -> Escopo:
        """The same place with more names."""
        return replace(self, nomes={**self.nomes, **nomes})
