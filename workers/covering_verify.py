"""Checks a covering array from its definition, by enumeration; shares nothing but data with the code that built it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

from workers.covering_model import Arranjo, Linha, Parametro, Reforco, Restricao, Valor


def verificar(
    arranjo: Arranjo,
    parametros: Sequence[Parametro],
    restricoes: Sequence[Restricao] = (),
    *,
    forca: int = 2,
    reforcos: Sequence[Reforco] = (),
    sementes: Sequence[Linha] = (),
) -> list[str]:
    """What is wrong with the array, a sentence each; empty when every row is valid and every tuple is held or excused.

    A tuple is excused when the certificate lists it as infeasible. That such a tuple really is infeasible
    is not checked here (it takes a search); the tests of this package do, by brute force on small models.
    """
    faults = []
    for index, linha in enumerate(arranjo.linhas):
        wrong = [parametro.nome for parametro in parametros if linha.get(parametro.nome) not in parametro.valores]
        faults += [f"row {index} has no valid value for {nome}" for nome in wrong]
        faults += [
            f"row {index} breaks {r.id}" for r in restricoes if not r.aceita({n: linha[n] for n in r.parametros})
        ]
    for index, semente in enumerate(sementes):
        if not semente.items() <= arranjo.linhas[index].items():
            faults.append(f"seed row {index} is not row {index}")
    values = {parametro.nome: parametro.valores for parametro in parametros}
    excused = {frozenset(inviavel.valores) for inviavel in arranjo.certificado.inviaveis}
    groups = [(tuple(values), forca), *((tuple(dict.fromkeys(r.parametros)), r.forca) for r in reforcos)]
    for names, strength in groups:
        for chosen in combinations(names, min(strength, len(names))) if names else ():
            held = {tuple(linha[nome] for nome in chosen) for linha in arranjo.linhas}
            for combination in product(*(values[nome] for nome in chosen)):
                wanted = dict(zip(chosen, combination, strict=True))
                if combination not in held and not _excused(wanted, values, excused):
                    faults.append(f"no row holds {wanted}")
    return faults


def _excused(
    wanted: Linha, values: Mapping[str, tuple[Valor, ...]], excused: set[frozenset[tuple[str, Valor]]]
) -> bool:
    """Whether the tuple is listed as infeasible, or each of its extensions to some larger interaction is."""
    own = frozenset(wanted.items())
    larger = {frozenset(nome for nome, _ in listed) for listed in excused}
    for names in larger:
        if names >= wanted.keys():
            others = sorted(names - wanted.keys())
            extensions = product(*(values[nome] for nome in others))
            if all(own | frozenset(zip(others, extension, strict=True)) in excused for extension in extensions):
                return True
    return False
