"""Spec -> model: what is refused, with its path; and what is worked out for who reads the model."""

from __future__ import annotations

from typing import Any

import pytest

from contratos.problems import Malformed
from contratos.spec import Spec
from workers import e_estrutural
from workers.estrutura.resolver import resolver

NUMBER = {"tipo": "int", "padrao": 0}
A = {"atributos": {"n": NUMBER}}


def spec(classes: dict[str, Any], **poo: Any) -> Spec:
    """A spec of these classes."""
    return Spec.ler({"id": "teste", "nome": "Teste", "spec_poo": {"classes": classes, **poo}})


def refusal(made: Spec) -> str:
    """What is said about a spec that cannot be built."""
    with pytest.raises(Malformed) as refused:
        e_estrutural.compreender(made)
    return str(refused.value)


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "cycle": ({"A": {"herda": "B"}, "B": {"herda": "A"}}, {}, "inheritance goes in a circle: A -> B -> A"),
    "own parent": ({"A": {"herda": "A"}}, {}, "inheritance goes in a circle"),
    "mixed immutability": (
        {"A": {"imutavel": True}, "B": {"herda": "A"}},
        {},
        "'imutavel' must be the same for B and A",
    ),
    "same name in code": ({"ContaA": {}, "contaA": {}}, {}, "would both be called ContaA"),
    "name of the runtime": ({"Objeto": {}}, {}, "used by every generated package"),
    "attribute and relation": (
        {"A": {"atributos": {"b": "int"}, "relacoes": {"b": "A"}}},
        {},
        "'b' and 'b' would both be called b",
    ),
    "abstract method in a concrete class": (
        {"A": {"metodos": {"m": {"abstrato": True}}}},
        {},
        "only classes with 'abstrata: true'",
    ),
    "abstract method left open": (
        {"A": {"abstrata": True, "metodos": {"m": {"abstrato": True}}}, "B": {"herda": "A"}},
        {},
        "'m' of A is abstract and is not defined here",
    ),
    "inverse that does not answer": (
        {"A": {"relacoes": {"b": {"classe": "B", "inversa": "a"}}}, "B": {"relacoes": {"a": {"classe": "A"}}}},
        {},
        "B.a must say 'classe: A, inversa: b' in turn",
    ),
    "nothing could be first": (
        {
            "A": {"relacoes": {"b": {"classe": "B", "inversa": "a"}}},
            "B": {"relacoes": {"a": {"classe": "A", "inversa": "b"}}},
        },
        {},
        "both ends need the other to exist first",
    ),
    "two owners": (
        {
            "A": {"relacoes": {"b": {"classe": "B", "inversa": "a", "dono": True}}},
            "B": {"relacoes": {"a": {"classe": "A", "inversa": "b", "dono": True}}},
        },
        {},
        "only one end owns the other",
    ),
    "narrower parameter in a subclass": (
        {
            "A": {"metodos": {"m": {"parametros": {"k": "int"}, "retorna": "int", "corpo": "k"}}},
            "B": {"herda": "A", "metodos": {"m": {"parametros": {"k": {"tipo": "int", "min": 1}}, "corpo": "k"}}},
        },
        {},
        "is narrower than in A.m",
    ),
    "other result in a subclass": (
        {
            "A": {"metodos": {"m": {"retorna": "int", "corpo": "1"}}},
            "B": {"herda": "A", "metodos": {"m": {"retorna": "str", "corpo": "'x'"}}},
        },
        {},
        "must be a int",
    ),
    "state nobody reaches": (
        {"A": {"estados": {"inicial": "a", "transicoes": {"a": {"m": "a"}, "b": {"m": "a"}}}, "metodos": {"m": {}}}},
        {},
        "the state 'b' cannot be reached from 'a'",
    ),
    "port that is not used": (
        {"A": {"atributos": {"x": {"tipo": "date", "inicial": "hoje()"}}}},
        {},
        "needs 'usa: [relogio]'",
    ),
    "error data that is missing": (
        {"A": {**A, "metodos": {"m": {"erros": [{"se": "n > 1", "lanca": "E"}]}}}},
        {"erros": {"E": {"mensagem": "{x}", "dados": {"x": "int"}}}},
        "E carries 'x': say in 'dados' what it is here",
    ),
    "default outside its limits": (
        {"A": {"atributos": {"n": {"tipo": "int", "min": 1, "padrao": 0}}}},
        {},
        "the default breaks the limit 'min'",
    ),
    "pattern as a default": (
        {"A": {"atributos": {"n": {"tipo": "str", "padrao": "^x$"}}}},
        {},
        "a regular expression is given as 'regex'",
    ),
    "frame that the body breaks": (
        {"A": {"atributos": {"n": NUMBER, "m": NUMBER}, "metodos": {"f": {"modifica": ["m"], "corpo": "self.n = 1"}}}},
        {},
        "changes 'n', but 'modifica' lists m",
    ),
    "package that hides Python's": ({"A": A}, {"pacote": "json"}, "choose another name"),
    "example with an unknown argument": (
        {
            "A": {
                **A,
                "metodos": {
                    "m": {"parametros": {"k": "int"}, "retorna": "int", "corpo": "k", "exemplos": {"args": {"kk": 1}}}
                },
            }
        },
        {},
        "exemplos[0].args.kk: unknown parameter 'kk'; did you mean 'k'?",
    ),
    "impossible precondition": (
        {
            "A": {
                "metodos": {
                    "m": {
                        "parametros": {"k": {"tipo": "int", "min": 5}},
                        "pre": "k < 5",
                        "retorna": "int",
                        "corpo": "k",
                    }
                }
            }
        },
        {},
        "no call can fulfil it",
    ),
    "broken promise": (
        {
            "A": {
                **A,
                "metodos": {
                    "m": {"parametros": {"k": "int"}, "corpo": "self.n = k", "pos": "self.n == antigo(self.n) + k + 1"}
                },
            }
        },
        {},
        "the body does not keep it",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_spec_that_cannot_be_built_is_refused_with_the_reason(name: str) -> None:
    """Before any code is made, each fault says where it is and what was expected."""
    classes, poo, message = WRONG[name]
    found = refusal(spec(classes, **poo))
    assert "spec_poo." in found
    assert message in found


def test_error_that_is_only_named_is_declared_by_that() -> None:
    """A misspelling of a declared one is not: it is answered with the name that was meant."""
    classes = {"A": {**A, "metodos": {"m": {"erros": [{"se": "n > 1", "lanca": "Demais"}], "corpo": "self.n = 1"}}}}
    assert [e.nome for e in resolver(spec(classes)).erros] == ["Demais"]
    assert "did you mean 'Demaiss'" in refusal(spec(classes, erros={"Demaiss": ""}))


def test_conditions_without_id_are_numbered_round_those_that_have_one() -> None:
    """Ids are what tests and messages name."""
    conditions = ["n >= 0", {"id": "I2", "que": "n < 9"}, "n != 5"]
    assert [c.id for c in resolver(spec({"A": {**A, "invariantes": conditions}})).classe("A").invariantes] == [
        "I1",
        "I2",
        "I3",
    ]


def test_map_has_an_order_of_its_own_and_a_list_keeps_its() -> None:
    """Keys first, then what is required, then defaults; or as listed."""
    fields = {
        "z": "int",
        "b": NUMBER,
        "a": "int",
        "k": {"tipo": "str", "unico": True},
        "d": {"tipo": "int", "deriva": "a + z"},
    }
    listed = [{"nome": name, **(body if isinstance(body, dict) else {"tipo": body})} for name, body in fields.items()]
    for attributes, wanted in ((fields, "k a z b d"), (listed, "z b a k d")):
        found = resolver(spec({"A": {"atributos": attributes}})).classe("A").atributos
        assert [a.nome for a in found] == wanted.split()


def test_limits_of_a_named_type_and_of_the_attribute_hold_together() -> None:
    """The narrower of each."""
    types = {"Nota": {"base": "Decimal", "min": 0, "max": 10, "casas": 1}}
    made = resolver(spec({"A": {"atributos": {"n": {"tipo": "Nota", "min": 5, "max": 20}}}}, tipos=types))
    limits = made.classe("A").atributos[0].restricoes
    assert (limits.min, limits.max, limits.casas) == (5, 10, 1)


def test_weaker_precondition_of_a_subclass_is_another_way_in() -> None:
    """Either group suffices: the parent's callers are still right."""
    classes = {
        "A": {"metodos": {"m": {"parametros": {"k": "int"}, "pre": "k > 5", "retorna": "int", "corpo": "k"}}},
        "B": {"herda": "A", "metodos": {"m": {"pre": "k > 0", "corpo": "k"}}},
    }
    groups = resolver(spec(classes)).classe("B").metodo("m").pre
    assert [[c.texto for c in group] for group in groups] == [["k > 5"], ["k > 0"]]


def test_package_of_a_spec_never_hides_one_of_python() -> None:
    """A spec called 'calendar' gives another package."""
    made = Spec.ler({"id": "calendar", "nome": "C", "spec_poo": {"classes": {"A": A}}})
    assert resolver(made).pacote == "calendar_"
