"""Which module of the generated package each name comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workers import names
from workers.estrutura.modelo import Modelo
from workers.rendering import Fonte

STANDARD = {
    "ABC": "abc",
    "abstractmethod": "abc",
    "ClassVar": "typing",
    "Final": "typing",
    "TypeAlias": "typing",
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "dataclass": "dataclasses",
    "field": "dataclasses",
    "Decimal": "decimal",
    "date": "datetime",
    "datetime": "datetime",
    "timedelta": "datetime",
}
"""Names of Python's library -> module."""

RUNTIME = {
    **dict.fromkeys(
        ("ViolacaoDeContrato", "PreCondicaoViolada", "PosCondicaoViolada", "InvarianteViolada", "ModificacaoIndevida"),
        "violacoes",
    ),
    **dict.fromkeys(("EstadoInvalido", "RelacaoInvalida", "ValorInvalido", "ChaveRepetida"), "violacoes"),
    **dict.fromkeys(("ativos", "contratos", "cumpre"), "contratos"),
    **dict.fromkeys(("transacao", "atomico"), "transacao"),
    **dict.fromkeys(("Associado", "Colecao"), "relacoes"),
    **dict.fromkeys(("Relogio", "RelogioDoSistema", "Aleatorio", "AleatorioDoSistema"), "portas"),
    "Objeto": "objeto",
}
"""Names that generated packages have -> module."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "exige_tipo": ("Decimal", "date", "isfinite", "ValorInvalido"),
    "exige_todos": ("Sequence",),
    "exige_minimo": ("Ordenado", "ValorInvalido"),
    "exige_maximo": ("Ordenado", "ValorInvalido"),
    "exige_acima": ("Ordenado", "ValorInvalido"),
    "exige_abaixo": ("Ordenado", "ValorInvalido"),
    "exige_multiplo": ("Exato", "ValorInvalido"),
    "exige_casas": ("Decimal", "ValorInvalido"),
    "exige_tamanho_min": ("Sized", "ValorInvalido"),
    "exige_tamanho_max": ("Sized", "ValorInvalido"),
    "exige_formato": ("re", "ValorInvalido"),
    "exige_opcao": ("ValorInvalido",),
    "exige_distintos": ("Sequence", "ValorInvalido"),
    "exige_quantidade": ("Sized", "RelacaoInvalida"),
    "exige_chaves": ("Sequence", "ChaveRepetida"),
    "ligado": ("T", "RelacaoInvalida"),
    "sem": ("T",),
    "coincide": ("re",),
    "arredonda": ("Decimal", "ROUND_HALF_UP"),
}
"""Functions of the module `valores` -> what each needs."""

TYPES = {
    "Ordenado": (
        'Ordenado = TypeVar("Ordenado", int, float, Decimal, date, datetime)',
        ("Decimal", "date", "datetime"),
    ),
    "Exato": ('Exato = TypeVar("Exato", int, Decimal)', ("Decimal",)),
    "T": ('T = TypeVar("T")', ()),
}
"""Type variables of the module `valores` -> declaration and what it needs."""

VALUE_MODULES = {
    "Decimal": "decimal",
    "ROUND_HALF_UP": "decimal",
    "date": "datetime",
    "datetime": "datetime",
    "isfinite": "math",
    "Sized": "collections.abc",
    "Sequence": "collections.abc",
    "TypeVar": "typing",
    "ValorInvalido": ".violacoes",
    "RelacaoInvalida": ".violacoes",
    "ChaveRepetida": ".violacoes",
}


def importacoes(usa: Iterable[str], modelo: Modelo, onde: Mapping[str, str], modulo: str) -> tuple[Fonte, ...]:
    """Import lines for the names that a module uses; names of Python itself need none."""
    declared = {
        **dict.fromkeys((e.py for e in modelo.enumeracoes), "enumeracoes"),
        **dict.fromkeys((e.py for e in modelo.erros), "erros"),
        **dict.fromkeys((c.py for c in modelo.constantes), "constantes"),
        **dict.fromkeys((t.py for t in modelo.tipos), "tipos"),
        **dict.fromkeys((f"exige_{names.snake(t.nome)}" for t in modelo.tipos), "tipos"),
        **dict.fromkeys(VALUES, "valores"),
        **RUNTIME,
        **onde,
    }
    by_module: dict[str, list[str]] = {}
    for name in sorted(set(usa)):
        if name in declared:
            if declared[name] != modulo:
                by_module.setdefault(f".{declared[name]}", []).append(name)
        elif name in STANDARD:
            by_module.setdefault(STANDARD[name], []).append(name)
    return tuple(Fonte(f"from {module} import {', '.join(found)}") for module, found in sorted(by_module.items()))


def funcoes_de_valores(usa: Iterable[str]) -> tuple[list[str], list[Fonte], list[Fonte]]:
    """Of the module `valores`: the functions that are used, its import lines, its type variables."""
    wanted = set(usa) | ({"exige_tipo"} if "exige_todos" in usa else set())
    functions = [name for name in VALUES if name in wanted]
    needed = {need for name in functions for need in VALUES[name]}
    types = [name for name in TYPES if name in needed]
    needed |= {need for name in types for need in TYPES[name][1]} | ({"TypeVar"} if types else set())
    by_module: dict[str, list[str]] = {}
    for name in sorted(needed & VALUE_MODULES.keys()):
        by_module.setdefault(VALUE_MODULES[name], []).append(name)
    lines = [Fonte(f"from {module} import {', '.join(found)}") for module, found in sorted(by_module.items())]
    parts = [name.removeprefix("exige_") for name in functions]
    if "ValorInvalido" in needed:
        parts.insert(0, "visto")
    return parts, [*([Fonte("import re")] if "re" in needed else []), *lines], [Fonte(TYPES[name][0]) for name in types]
