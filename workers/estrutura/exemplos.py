"""Examples of a spec, with values of the declared types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from contratos import spec_poo
from contratos.spec_base import unknown_name
from contratos.spec_tipos import Tipo
from workers.estrutura.falhas import Falhas
from workers.estrutura.modelo import Esperado, Exemplo, Metodo
from workers.estrutura.valores import Dado, ValorRecusado, converter
from workers.expressao.forma import shown
from workers.expressao.mundo import Escopo, Mundo


def ler_exemplo(
    spec: spec_poo.Exemplo, mundo: Mundo, metodo: Metodo | None, classe: str, falhas: Falhas, campo: str
) -> Exemplo | None:
    """An example of a method, or of the constructor when there is no method. None after a problem was noted."""
    before = len(falhas.problemas)
    view = mundo.classes[classe]
    built = dict(view.construtor.parametros) if view.construtor else dict(view.campos)
    parameters = {p.nome: p.tipo for p in metodo.parametros} if metodo else built
    if metodo is None and spec.antes:
        falhas.diz(f"{campo}.antes", "an example of creation has 'args' and no 'antes'")
    if metodo is None and spec.diz_retorno:
        falhas.diz(f"{campo}.da", "an example of creation says 'depois' or 'lanca'")
    if metodo and spec.diz_retorno and spec.da is not None and metodo.retorna is None:
        falhas.diz(f"{campo}.da", "the method has no 'retorna'")
    if spec.lanca is not None and (spec.diz_retorno and spec.da is not None):
        falhas.diz(campo, "either 'da' or 'lanca'")
    given = _values(spec.args, parameters, "parameter", mundo, falhas, f"{campo}.args")
    needed = {p.nome for p in metodo.parametros if not p.tem_padrao} if metodo else set()
    for name in sorted(needed - spec.args.keys()):
        falhas.diz(f"{campo}.args", f"'{name}' is missing")
    returns = metodo.retorna.tipo if metodo and metodo.retorna else None
    scope = Escopo(mundo, classe, parameters if metodo else {})
    example = Exemplo(
        nome=spec.nome,
        antes=_values(spec.antes, built, f"attribute of {classe}", mundo, falhas, f"{campo}.antes"),
        args=given,
        diz_retorno=spec.diz_retorno and returns is not None and spec.lanca is None,
        da=_value(spec.da, returns, mundo, falhas, f"{campo}.da")
        if returns and spec.diz_retorno and spec.lanca is None
        else None,
        lanca=spec.lanca,
        depois=tuple(_expected(spec.depois, scope, falhas, f"{campo}.depois")),
        agora=_moment(spec.agora),
        sorteios=spec.sorteios,
        requisito=spec.requisito,
        caminho=campo,
    )
    return example if len(falhas.problemas) == before else None


def _moment(value: datetime | date | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - as written, without a zone


def _values(
    given: Mapping[str, Any], types: Mapping[str, Tipo], what: str, mundo: Mundo, falhas: Falhas, campo: str
) -> dict[str, Dado]:
    result = {}
    for name, value in sorted(given.items()):
        if name not in types:
            falhas.diz(f"{campo}.{name}", unknown_name(name, what, list(types)))
        else:
            result[name] = _value(value, types[name], mundo, falhas, f"{campo}.{name}")
    return result


def _value(value: Any, tipo: Tipo, mundo: Mundo, falhas: Falhas, campo: str) -> Dado:
    try:
        return converter(value, tipo, mundo, parcial=True)
    except ValorRecusado as refused:
        falhas.diz(campo, str(refused))
        return None


def _expected(given: Mapping[str, Any], scope: Escopo, falhas: Falhas, campo: str) -> list[Esperado]:
    """'depois': attributes of the object, or any expression over it and the arguments, such as destino.saldo."""
    result = []
    for text, value in sorted(given.items()):
        at = f"{campo}.{text}"
        node = falhas.expressao(text, scope, None, at)
        if node:
            result.append(Esperado(shown(text), node, _value(value, node.tipo, scope.mundo, falhas, at)))
    return result
