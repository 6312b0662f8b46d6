"""Names of the spec -> names of the generated code, for printers; and types as Python writes them."""

from __future__ import annotations

from contratos.spec_tipos import Tipo
from workers.estrutura.modelo import Modelo, Relacao
from workers.estrutura.valores import Dado, Novo
from workers.expressao.avaliador import MembroValor
from workers.expressao.impressor import literal, nomes_do_literal

PYTHON_TYPES = {"duracao": "timedelta", "nada": "None"}


class NomesDoModelo:
    """The names of one model. Satisfies `workers.expressao.impressor.Nomes`."""

    def __init__(self, modelo: Modelo) -> None:
        self.modelo = modelo
        self._types = {
            **{part.nome: part.py for part in modelo.tipos},
            **{part.nome: part.py for part in modelo.enumeracoes},
            **{part.nome: part.py for part in modelo.classes},
        }

    def campo(self, classe: str, nome: str) -> str:
        """An attribute or relation."""
        return self.modelo.classe(classe).campo(nome).py

    def metodo(self, classe: str, nome: str) -> str:
        """A method."""
        return self.modelo.classe(classe).metodo(nome).py

    def parametro(self, classe: str, metodo: str, nome: str) -> str:
        """A parameter of a method; of the constructor when `metodo` is empty."""
        if not metodo:
            return self.campo(classe, nome)
        return next(p.py for p in self.modelo.classe(classe).metodo(metodo).parametros if p.nome == nome)

    def tipo(self, nome: str) -> str:
        """A class, an enumeration or a named value type."""
        return self._types[nome]

    def membro(self, enumeracao: str, nome: str) -> str:
        """A member of an enumeration."""
        return next(m.py for m in self.modelo.enumeracao(enumeracao).membros if m.nome == nome)

    def constante(self, nome: str) -> str:
        """A constant."""
        return next(c.py for c in self.modelo.constantes if c.nome == nome)

    def colecao(self, classe: str, nome: str) -> bool:
        """Whether the attribute is a collection of linked objects: of classes that change, the relations to many."""
        owner = self.modelo.classe(classe)
        field = owner.campo(nome)
        return isinstance(field, Relacao) and field.muitos and not owner.imutavel

    def erro(self, nome: str) -> str:
        """An error class, of the package or of Python."""
        declared = self.modelo.erro(nome)
        return declared.py if declared else nome

    def anotacao(self, tipo: Tipo, usa: set[str]) -> str:
        """The type as an annotation; `usa` gets the names that it needs."""
        if tipo.opcional and tipo.de:
            return f"{self.anotacao(tipo.de, usa)} | None"
        if tipo.lista and tipo.de:
            return f"tuple[{self.anotacao(tipo.de, usa)}, ...]"
        text = self._types.get(tipo.nome) or PYTHON_TYPES.get(tipo.nome, tipo.nome)
        usa.add(text)
        return text

    def valor(self, dado: Dado, usa: set[str]) -> str:
        """A value of the spec as source: literals, members, constructor calls, tuples; `usa` gets the names that
        it needs.
        """
        match dado:
            case MembroValor(enumeracao=enum, nome=nome):
                usa.add(self.tipo(enum))
                return f"{self.tipo(enum)}.{self.membro(enum, nome)}"
            case Novo(classe=classe, args=args):
                usa.add(self.tipo(classe))
                texts = []
                for name, value in args.items():
                    text = self.valor(value, usa)
                    if self.colecao(classe, name):
                        usa.add("Colecao")
                        text = f"Colecao({text})" if value else "Colecao()"
                    texts.append(f"{self.campo(classe, name)}={text}")
                return f"{self.tipo(classe)}({', '.join(texts)})"
            case tuple():
                texts = [self.valor(item, usa) for item in dado]
                return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
        usa |= nomes_do_literal(dado)
        return literal(dado)


MODULOS = frozenset(
    "constantes contratos enumeracoes erros objeto portas relacoes tipos transacao valores violacoes".split()  # noqa: SIM905
)
"""Modules that generated packages have besides those of their classes."""
