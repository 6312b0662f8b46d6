"""Conditions of contracts in the generated code: one call each, with the condition's text and the values that it
looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contratos.spec_tipos import PRIMITIVOS
from workers.estrutura.modelo import Atributo, Condicao
from workers.estrutura.nomes import NomesDoModelo
from workers.expressao.arvore import Antigo, Campo, No, Variavel, filhos
from workers.expressao.impressor import Impressor, texto

MOST_VALUES = 6  # that a message shows


class EscritorCondicoes:
    """Writes conditions of one place. `parametros`: names, beside self and resultado, whose values a message may
    show.
    """

    def __init__(self, nomes: NomesDoModelo, printer: Impressor, parametros: Iterable[str] = ()) -> None:
        self.names = nomes
        self.printer = printer
        self.known = {"self", "resultado", *parametros}

    def cumpre(self, violacao: str, onde: str, condicao: Condicao) -> str:
        """The line that raises the violation when the condition does not hold."""
        self.printer.usa.update({"cumpre", violacao})
        no = condicao.no
        args = [violacao, texto(onde), texto(condicao.id), self.printer.texto(condicao.texto), self.printer.fonte(no)]
        values = self._values(no)
        if values or condicao.mensagem:
            args.append("{" + ", ".join(f"{texto(name)}: {source}" for name, source in values.items()) + "}")
        if condicao.mensagem:
            args.append(self.printer.texto(condicao.mensagem))
        return f"cumpre({', '.join(args)})"

    def _values(self, no: No) -> dict[str, str]:
        """Plain values that the condition looks at, but nothing secret."""
        shown: dict[str, str] = {}
        for part in _outside_old(no):
            label = self._label(part)
            if label and label not in shown and len(shown) < MOST_VALUES:
                shown[label] = self.printer.fonte(part)
        return shown

    def _label(self, no: No) -> str:
        plain = no.tipo.folha.nome in {*PRIMITIVOS, *self.names.modelo.mundo.enumeracoes}
        match no:
            case Variavel(nome=nome) if plain and nome in self.known:
                return nome
            case Campo(de=Variavel(nome=owner, tipo=tipo), nome=nome) if plain and owner in self.known:
                field = None if tipo.opcional else self.names.modelo.classe(tipo.nome).campo(nome)
                secret = field is None or (isinstance(field, Atributo) and field.secreto)
                return "" if secret else f"{owner}.{nome}"
            case Antigo(de=de) if label := self._label(de):
                return f"antigo({label})"
        return ""


def _outside_old(no: No) -> Iterator[No]:
    """The node and those below it; what stands inside antigo(...) is one value, not several."""
    yield no
    if not isinstance(no, Antigo):
        for child in filhos(no):
            yield from _outside_old(child)
