"""Contradictions of a spec, found before any code is made: by proof where ranges suffice, else by running it on
samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contratos.problems import Problema
from workers.contradiction import SpecContraditoria
from workers.estrutura.exames import examinar_exemplos, examinar_promessas
from workers.estrutura.faixas import Faixa, exata, faixa_de, faixas, impossivel, juntas, oposta
from workers.estrutura.modelo import Atributo, Classe, Condicao, Erro, Metodo, Modelo
from workers.expressao.narrowing import Caminho
from workers.suite.objects import Objetos


def conferir(modelo: Modelo) -> None:
    """Look at the whole spec. SpecContraditoria names every pair of places that cannot both be right."""
    found: list[Problema] = []
    checker = _Provas(modelo)
    for classe in modelo.classes:
        found += checker.da_classe(classe)
    if not found:  # what runs on samples needs a spec that can have objects
        objetos = Objetos(modelo)
        for classe in modelo.classes:
            found += examinar_exemplos(classe, modelo, objetos)
            found += examinar_promessas(classe, modelo, objetos)
    if found:
        raise SpecContraditoria(sorted(dict.fromkeys(found), key=lambda p: p.campo))


class _Provas:
    """Contradictions that ranges prove."""

    def __init__(self, modelo: Modelo) -> None:
        self.model = modelo
        self.constants = {c.nome: c.valor for c in modelo.constantes}

    def da_classe(self, classe: Classe) -> Iterator[Problema]:
        limits: dict[Caminho, Faixa] = {
            ("self", a.nome): faixa_de(a.restricoes) for a in classe.todos_atributos if _ordered(a)
        }
        always = juntas(limits, faixas((c.no for c in classe.todas_invariantes), self.constants))
        if path := impossivel(always):
            yield self._invariants(classe, path, limits)
            return
        for method in classe.metodos:
            yield from self._method(method, always)

    def _invariants(self, classe: Classe, path: Caminho, limits: dict[Caminho, Faixa]) -> Problema:
        """Which invariants leave nothing for an attribute."""
        guilty = [c for c in classe.todas_invariantes if path in faixas([c.no], self.constants)]
        alone = next((c for c in guilty if impossivel(juntas(limits, faixas([c.no], self.constants)))), None)
        what = ".".join(path)
        if alone:
            return Problema(alone.caminho, f"no {what} can fulfil '{alone.texto}': the limits of {what} forbid it")
        others = " and ".join(f"{c.id} '{c.texto}' ({c.caminho})" for c in guilty)
        return Problema(guilty[-1].caminho, f"contradiction: no {what} fulfils {others}")

    def _method(self, method: Metodo, always: dict[Caminho, Faixa]) -> Iterator[Problema]:
        limits: dict[Caminho, Faixa] = {
            (p.nome,): faixa_de(p.restricoes) for p in method.parametros if not p.tipo.lista
        }
        known = juntas(always, limits)
        for group in method.pre:
            allowed = juntas(known, faixas((c.no for c in group), self.constants))
            if path := impossivel(allowed):
                yield Problema(group[-1].caminho, f"no call can fulfil it: nothing is left for {'.'.join(path)}")
                return
        yield from self._stronger(method)
        if len(method.pre) == 1:
            known = juntas(known, faixas((c.no for c in method.pre[0]), self.constants))
        yield from self._errors(method.erros, known)

    def _errors(self, errors: Sequence[Erro], known: dict[Caminho, Faixa]) -> Iterator[Problema]:
        """An error is unreachable when limits, preconditions and the errors before it leave nothing for it."""
        for place, error in enumerate(errors):
            same = next((e for e in errors[:place] if e.no == error.no), None)
            here = juntas(known, faixas([error.no], self.constants))
            if same:
                yield Problema(
                    error.caminho, f"unreachable: {same.id} is raised first, on the same condition ({same.caminho})"
                )
            elif path := impossivel(here):
                yield Problema(
                    error.caminho,
                    f"unreachable: '{error.texto}' never holds, since limits, preconditions or earlier errors already "
                    f"exclude such {'.'.join(path)}",
                )
            else:
                known = juntas(known, oposta(error.no, self.constants))

    def _stronger(self, method: Metodo) -> Iterator[Problema]:
        """A subclass that asks for more than its parent breaks those who know only the parent."""
        if len(method.pre) < 2:  # noqa: PLR2004 - the parent's group and its own
            return
        *inherited, own = method.pre
        for group in inherited:
            if {c.texto for c in group} < {c.texto for c in own} or self._narrower(own, group):
                first = group[0]
                yield Problema(
                    own[0].caminho,
                    f"asks for more than {first.origem}.{method.nome} ({first.caminho}): a subclass accepts at "
                    f"least the same",
                )
                return

    def _narrower(self, own: Sequence[Condicao], other: Sequence[Condicao]) -> bool:
        """Whether whatever fulfils `own` fulfils `other` too, and not the other way round."""
        if not all(exata(c.no, self.constants) for c in (*own, *other)):
            return False
        mine, theirs = (faixas((c.no for c in group), self.constants) for group in (own, other))
        both = juntas(mine, theirs)
        return both == dict(mine) and both != dict(theirs)


def _ordered(attribute: Atributo) -> bool:
    return attribute.guardado and not attribute.tipo.lista and not attribute.tipo.opcional
