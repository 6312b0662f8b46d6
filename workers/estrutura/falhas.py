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

    def diz(self, campo: str, mensagem: str) -> None:
        """One more problem, once."""
        problem = Problema(campo, mensagem)
        if problem not in self.problemas:
            self.problemas.append(problem)

    def levanta(self) -> None:
        """Malformed with all that was found; nothing when nothing was."""
        if self.problemas:
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
