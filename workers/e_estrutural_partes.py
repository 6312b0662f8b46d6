"""What a package has beside its classes: constants, enumerations, named value types, errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workers import names
from workers.e_estrutural_textos import simples
from workers.e_estrutural_valores import Verificador
from workers.estrutura.modelo import ClasseErro, Modelo
from workers.estrutura.nomes import NomesDoModelo
from workers.expressao.impressor import pedacos, texto
from workers.rendering import Fonte


@dataclass(frozen=True, slots=True)
class VisaoConstante:
    """A constant."""

    declaracao: Fonte
    doc: Fonte


@dataclass(frozen=True, slots=True)
class VisaoMembro:
    """A member of an enumeration."""

    nome: str
    valor: str | int
    comentario: Fonte


@dataclass(frozen=True, slots=True)
class VisaoEnumeracao:
    """An enumeration."""

    nome: str
    doc: Fonte
    membros: tuple[VisaoMembro, ...]


@dataclass(frozen=True, slots=True)
class VisaoTipo:
    """A named value type: an alias, and the function that checks it."""

    nome: str
    base: Fonte
    funcao: str
    doc: Fonte
    corpo: tuple[Fonte, ...]


@dataclass(frozen=True, slots=True)
class VisaoErro:
    """An error class; `proprio`: it has a constructor of its own."""

    nome: str
    base: Fonte
    doc: Fonte
    proprio: bool
    parametros: Fonte
    corpo: tuple[Fonte, ...]


def constantes(modelo: Modelo, nomes: NomesDoModelo, usa: set[str]) -> tuple[VisaoConstante, ...]:
    """The constants; `usa` gets the names that they need."""
    return tuple(
        VisaoConstante(
            Fonte(f"{c.py}: Final[{nomes.anotacao(c.tipo, usa)}] = {nomes.valor(c.valor, usa)}"),
            simples(c.descricao, f"{c.nome}."),
        )
        for c in modelo.constantes
    )


def enumeracoes(modelo: Modelo) -> tuple[VisaoEnumeracao, ...]:
    """The enumerations, with a comment where a member is described."""
    return tuple(
        VisaoEnumeracao(
            e.py,
            simples(e.descricao, f"{e.nome}.", e.requisito),
            tuple(
                VisaoMembro(m.py, m.valor, Fonte(f"  # {_line(m.descricao)}" if m.descricao else "")) for m in e.membros
            ),
        )
        for e in modelo.enumeracoes
    )


def tipos(modelo: Modelo, nomes: NomesDoModelo, usa: set[str]) -> tuple[VisaoTipo, ...]:
    """The named value types, bases first; `usa` gets the names that they need."""
    checks = Verificador(nomes, usa, em_tipo=True)
    return tuple(
        VisaoTipo(
            nome=t.py,
            base=Fonte(nomes.anotacao(t.base, usa)),
            funcao=names.snake(t.nome),
            doc=simples(t.descricao, f"{t.nome}.", t.requisito),
            corpo=tuple(map(Fonte, checks.linhas("", "valor", t.base, t.proprias))),
        )
        for t in modelo.tipos
    )


def erros(modelo: Modelo, nomes: NomesDoModelo, usa: set[str]) -> tuple[VisaoErro, ...]:
    """The error classes, bases first; `usa` gets the names that they need."""
    return tuple(_error(e, modelo, nomes, usa) for e in modelo.erros)


def _error(erro: ClasseErro, modelo: Modelo, nomes: NomesDoModelo, usa: set[str]) -> VisaoErro:
    parent = modelo.erro(erro.herda) if erro.herda else None
    inherited = {d.nome for d in parent.dados} if parent else set()
    base = parent.py if parent else erro.herda or "Exception"
    own = [d for d in erro.dados if d.nome not in inherited]
    proper = bool(own) or bool(erro.mensagem)
    parameters = [f"{d.py}: {nomes.anotacao(d.tipo, usa)}" for d in erro.dados]
    return VisaoErro(
        nome=erro.py,
        base=Fonte(base),
        doc=simples(erro.descricao or erro.mensagem, f"{erro.nome}.", erro.requisito),
        proprio=proper,
        parametros=Fonte(f", *, {', '.join(parameters)}" if parameters else ""),
        corpo=tuple(map(Fonte, _constructor(erro, parent))),
    )


def _constructor(erro: ClasseErro, parent: ClasseErro | None) -> Iterator[str]:
    inherited = {d.nome for d in parent.dados} if parent else set()
    for part in erro.dados:
        if part.nome not in inherited:
            yield f"self.{names.snake(part.nome)} = {part.py}"
    message = f"mensagem or {_message(erro)}" if erro.mensagem else "mensagem"
    passed = [f"{d.py}={d.py}" for d in erro.dados if d.nome in inherited]
    yield f"super().__init__({', '.join([message, *passed])})"


def _message(erro: ClasseErro) -> str:
    """The text as a literal; where it shows values, as an f-string."""
    pieces = [texto(piece) for piece in pedacos(" ".join(erro.mensagem.split()))]
    for part in erro.dados:
        pieces = [piece.replace(f"{{{part.nome}}}", f"{{{part.py}}}") for piece in pieces]
    source = " ".join(f"f{piece}" if "{" in piece else piece for piece in pieces)
    return f"({source})" if len(pieces) > 1 else source


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
