"""Changes of simulated objects: fields, lists, and relations with both ends always in agreement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workers.estrutura.modelo import Modelo, Relacao
from workers.expressao.avaliador import Registro, Valor


class SemDesfecho(Exception):
    """The spec's text does not say, or not in a way that is followed here, what the call does."""


class Ligacoes:
    """Puts values into the fields of simulated objects."""

    def __init__(self, modelo: Modelo) -> None:
        self.modelo = modelo

    def atribui(self, record: Registro, name: str, value: Valor) -> None:
        """Put a value into a field; of a relation, both ends agree afterwards."""
        field_ = self.modelo.classe(record.classe).campo(name)
        if isinstance(field_, Relacao) and field_.inversa:
            for partner in partners(record.campos[name]):
                self.solta(partner, field_.inversa, record)
            fields_of(record)[name] = value
            for partner in partners(value):
                self.liga(partner, field_.inversa, record)
        else:
            fields_of(record)[name] = value

    def na_lista(self, record: Registro, name: str, value: Valor, *, joins: bool) -> None:
        """One element more or less. SemDesfecho: it was not there."""
        field_ = self.modelo.classe(record.classe).campo(name)
        items = tuple(partners(record.campos[name]))
        if joins:
            fields_of(record)[name] = (*items, value)
        else:
            place = next((n for n, item in enumerate(items) if same(item, value)), None)
            if place is None:
                raise SemDesfecho("an element that is not there")
            fields_of(record)[name] = items[:place] + items[place + 1 :]
        if isinstance(field_, Relacao) and isinstance(value, Registro):
            (self.liga if joins else self.solta)(value, field_.inversa, record)

    def liga(self, partner: Valor, inverse: str | None, record: Registro) -> None:
        """The other end learns of `record`; whoever held its only place is let go."""
        if inverse is None or not isinstance(partner, Registro):
            return
        relation = self.modelo.classe(partner.classe).campo(inverse)
        assert isinstance(relation, Relacao)
        held = partner.campos.get(inverse)
        if relation.muitos:
            items = tuple(partners(held))
            if not any(item is record for item in items):
                fields_of(partner)[inverse] = (*items, record)
        elif held is not record:
            fields_of(partner)[inverse] = record
            if isinstance(held, Registro) and relation.inversa:
                self.solta(held, relation.inversa, partner)

    def solta(self, partner: Valor, inverse: str | None, record: Registro) -> None:
        """The other end forgets `record`."""
        if inverse is None or not isinstance(partner, Registro):
            return
        held = partner.campos.get(inverse)
        if isinstance(held, tuple):
            fields_of(partner)[inverse] = tuple(item for item in held if item is not record)
        elif held is record:
            fields_of(partner)[inverse] = None


def fields_of(record: Registro) -> dict[str, Valor]:
    """The fields of an object that the simulation made, which it may change."""
    assert isinstance(record.campos, dict)
    return record.campos


def reachable(values: Any) -> Iterator[Registro]:
    """The objects among the values and all that they lead to, each once."""
    seen: set[int] = set()
    todo = list(values)
    while todo:
        value = todo.pop()
        if isinstance(value, tuple):
            todo.extend(value)
        elif isinstance(value, Registro) and id(value) not in seen:
            seen.add(id(value))
            yield value
            todo.extend(value.campos.values())


def partners(value: Valor) -> Sequence[Any]:
    """What a field holds, as a sequence."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


def same(a: Any, b: Any) -> bool:
    """Whether a field still holds what it held: the same objects, equal plain values of the same type."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b
