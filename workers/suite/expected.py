"""What a test asserts after a call: values that the spec shows, or that the simulation worked out before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workers.estrutura.modelo import Esperado
from workers.estrutura.valores import Dado, Novo
from workers.expressao.impressor import Impressor
from workers.suite.printing import Fontes, equals


def afirmacoes(
    fontes: Fontes, esperados: Sequence[Esperado], eu: str, args: Mapping[str, str] | None = None
) -> list[str]:
    """One line for each expression that the spec gives a value for. `args`: parameter -> its source in the test."""
    printer = fontes.impressor(eu, args)
    return [line for part in esperados for line in afirma(fontes, printer, printer.operando(part.no), part.valor)]


def afirma(fontes: Fontes, printer: Impressor, fonte: str, valor: Dado) -> Iterator[str]:
    """Lines that say that a source has this value; of objects, the attributes that are named."""
    if isinstance(valor, Novo):
        for name, inner in valor.args.items():
            field = printer.nomes.campo(valor.classe, name)
            yield from afirma(fontes, printer, f"{fonte}.{field}", inner)
    elif isinstance(valor, tuple) and any(isinstance(item, Novo) for item in valor):
        yield f"assert len({fonte}) == {len(valor)}"
        for place, item in enumerate(valor):
            yield from afirma(fontes, printer, f"{fonte}[{place}]", item)
    elif isinstance(valor, float):
        fontes.usa.add("isclose")
        yield f"assert isclose({fonte}, {fontes.valor(valor)})"
    else:
        yield equals(fonte, fontes.valor(valor))
