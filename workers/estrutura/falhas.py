"""Problems of a spec, collected while it is looked at: an operator sees all of them at once."""

from __future__ import annotations

import ast

from contratos.problems import Malformed, Problema
from contratos.spec_tipos import Tipo
from workers.expressao.analise import analisar, analisar_no
from workers.expressao.arvore import No
from workers.expressao.mundo import Escopo
from workers.expressao.narrowing import Caminho
from workers.expressao.tipagem import ExpressaoInvalida


class Falhas:
    """A list of problems that grows."""

    def __init__(self) -> None:
        self.problemas: list[Problema] = []
        self.faltam: bool = False  # something is missing on which much else rests

    def diz(self, campo: str, mensagem: str) -> None:
        """One more problem, once."""
        problem = Problema(campo, mensagem)
        if problem not in self.problemas:
            self.problemas.append(problem)

    def falta(self, campo: str, mensagem: str) -> None:
        """One more problem, of the kind that makes a further look find faults that are none."""
        self.diz(campo, mensagem)
        self.faltam = True

    def levanta(self, *, se_falta: bool = False) -> None:
        """Malformed with all that was found; nothing when nothing was. se_falta: only when something is missing."""
        if self.problemas and (self.faltam or not se_falta):
            raise Malformed(sorted(self.problemas, key=lambda p: p.campo))

    def expressao(
        self,
        texto: str | ast.expr,
        escopo: Escopo,
        esperado: Tipo | None,
        campo: str,
        presentes: frozenset[Caminho] = frozenset(),
    ) -> No | None:
        """The checked tree of an expression, or None after its problem was noted."""
        try:
            if isinstance(texto, str):
                return analisar(texto, escopo, esperado, presentes)
            return analisar_no(texto, escopo, esperado, presentes)
        except ExpressaoInvalida as invalid:
            self.diz(campo, str(invalid))
            return None
