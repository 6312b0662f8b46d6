"""Covering arrays: sizes, restrictions, certificate; every array also against brute force."""

from __future__ import annotations

import random
from itertools import combinations, product

import pytest

from contratos.problems import Malformed
from workers.covering import combinacoes, combinar
from workers.covering_model import Linha, Parametro, Reforco, Restricao, proibida
from workers.covering_verify import verificar


def parametros(*sizes: int) -> list[Parametro]:
    """p0, p1, ... with so many values each."""
    return [Parametro(f"p{index}", tuple(range(size))) for index, size in enumerate(sizes)]


SMALL = {
    "3^4": ((3,) * 4, 9),
    "3^13": ((3,) * 13, 17),
    "TCAS": ((10, 10, 4, 3, 3, *(2,) * 7), 100),
    "5^1 3^8 2^2": ((5, *(3,) * 8, 2, 2), 15),
    "5^10": ((5,) * 10, 41),
}
LARGE = {
    "3^4": ((3,) * 4, 9),
    "3^13": ((3,) * 13, 15),
    "4^15 3^17 2^29": ((4,) * 15 + (3,) * 17 + (2,) * 29, 30),
    "4^1 3^39 2^35": ((4,) + (3,) * 39 + (2,) * 35, 22),
    "2^100": ((2,) * 100, 10),
    "10^20": ((10,) * 20, 195),
    "5^10": ((5,) * 10, 38),
    "TCAS": ((10, 10, 4, 3, 3, *(2,) * 7), 100),
}


@pytest.mark.parametrize("name", SMALL)
def test_array_is_small(name: str) -> None:
    """A short search already comes near the best known sizes (docs: covering arrays, strength 2)."""
    sizes, most = SMALL[name]
    arranjo = combinar(parametros(*sizes), passos=3_000)

    assert len(arranjo.linhas) <= most
    assert verificar(arranjo, parametros(*sizes)) == []


@pytest.mark.resistencia
@pytest.mark.parametrize("name", LARGE)
def test_array_is_as_small_as_the_best_tools_make_it(name: str) -> None:
    """Check 10: the sizes of a long search."""
    sizes, most = LARGE[name]

    assert len(combinar(parametros(*sizes), passos=250_000).linhas) <= most


def random_model(seed: int) -> tuple[list[Parametro], list[Restricao]]:
    """Four to seven parameters and two to eight forbidden combinations of one to four values."""
    chance = random.Random(seed)
    params = parametros(*(chance.randint(2, 4) for _ in range(chance.randint(4, 7))))
    forbidden = []
    for number in range(chance.randint(2, 8)):
        chosen = chance.sample(params, chance.choice([1, 2, 2, 2, 3, 3, 4]))
        forbidden.append(proibida(f"R{number}", {p.nome: chance.choice(p.valores) for p in chosen}))
    return params, forbidden


def valid_rows(params: list[Parametro], restricoes: list[Restricao]) -> list[Linha]:
    """Every valid row, by brute force."""
    names = [parametro.nome for parametro in params]
    rows = [dict(zip(names, values, strict=True)) for values in product(*(p.valores for p in params))]
    return [row for row in rows if all(r.aceita({nome: row[nome] for nome in r.parametros}) for r in restricoes)]


@pytest.mark.parametrize("forca", [1, 2, 3])
def test_array_holds_every_feasible_tuple_and_no_forbidden_row(forca: int) -> None:
    """Check 9: over random models, what is covered and what is called infeasible agree with brute force."""
    for seed in range(70):
        params, restricoes = random_model(seed)
        rows = valid_rows(params, restricoes)
        if not rows:
            with pytest.raises(Malformed, match="no combination satisfies"):
                combinar(params, restricoes, forca=forca)
            continue
        arranjo = combinar(params, restricoes, forca=forca, passos=200)
        listed = {frozenset(inviavel.valores) for inviavel in arranjo.certificado.inviaveis}
        assert all(linha in rows for linha in arranjo.linhas)
        for chosen in combinations([p.nome for p in params], forca):
            feasible = {tuple(row[nome] for nome in chosen) for row in rows}
            held = {tuple(linha[nome] for nome in chosen) for linha in arranjo.linhas}
            assert held == feasible, seed
            for values in product(*(p.valores for p in params if p.nome in chosen)):
                assert (frozenset(zip(chosen, values, strict=True)) in listed) == (values not in feasible), seed


def test_infeasible_tuple_names_the_restrictions_that_forbid_it_together() -> None:
    """a=0 needs b=0, b=0 needs c=0: so a=0 never meets c=1, and both rules are the reason, not the third."""
    params = parametros(2, 2, 2)
    restricoes = [
        Restricao("R1", ("p0", "p1"), lambda linha: linha["p0"] != 0 or linha["p1"] == 0),
        Restricao("R2", ("p1", "p2"), lambda linha: linha["p1"] != 0 or linha["p2"] == 0),
        proibida("R3", {"p0": 1, "p2": 0, "p1": 1}),
    ]
    inviaveis = {
        frozenset(inviavel.valores): inviavel.motivo for inviavel in combinar(params, restricoes).certificado.inviaveis
    }

    assert inviaveis[frozenset({("p0", 0), ("p2", 1)})] == ("R1", "R2")
    assert inviaveis[frozenset({("p0", 0), ("p1", 1)})] == ("R1",)


def test_complete_array_is_the_product() -> None:
    """A strength of all parameters gives every valid row once, in order."""
    params = parametros(2, 3, 2)
    rows = combinar(params, [proibida("R", {"p0": 0, "p1": 2})], forca=9).linhas

    assert list(rows) == valid_rows(params, [proibida("R", {"p0": 0, "p1": 2})])


def test_group_is_covered_with_its_own_strength() -> None:
    """Mixed strength: triples of three parameters, pairs of all."""
    params, group = parametros(2, 2, 2, 3, 3), Reforco(("p0", "p1", "p2"), 3)
    arranjo = combinar(params, reforcos=[group])

    assert verificar(arranjo, params, reforcos=[group]) == []
    assert len({(row["p0"], row["p1"], row["p2"]) for row in arranjo.linhas}) == 8
    assert verificar(combinar(params), params, reforcos=[group]) != []


def test_seed_rows_come_first_and_stay() -> None:
    """The user's rows are kept, also partial ones, and only what they lack is added."""
    params = parametros(3, 3, 3)
    seeds: list[Linha] = [{"p0": 1, "p1": 2, "p2": 0}, {"p1": 1}]
    arranjo = combinar(params, sementes=seeds)

    assert arranjo.linhas[0] == seeds[0]
    assert arranjo.linhas[1]["p1"] == 1
    assert verificar(arranjo, params, sementes=seeds) == []


def test_row_takes_the_heavier_value_where_it_may_choose() -> None:
    """Weights decide only what no required tuple decides."""
    params = [Parametro("a", (0, 1, 2, 3)), Parametro("b", (0, 1, 2, 3)), Parametro("c", ("rare", "usual"), (1, 9))]
    values = [row["c"] for row in combinar(params).linhas]

    assert verificar(combinar(params), params) == []
    assert values.count("usual") > values.count("rare")


def test_certificate_says_what_is_proven() -> None:
    """Tuples, rows and the floor below which no array can go."""
    certificado = combinar(parametros(2, 3, 4), [proibida("R", {"p1": 0, "p2": 0})]).certificado

    assert certificado.exigidas == certificado.cobertas == 2 * 3 + 2 * 4 + 3 * 4 - 1
    assert certificado.piso == certificado.linhas == 11
    assert [inviavel.motivo for inviavel in certificado.inviaveis] == [("R",)]


def test_floor_of_many_binary_parameters_is_not_four() -> None:
    """Pairs of 100 two-valued parameters need 10 rows, whatever one does."""
    assert combinacoes(parametros(*(2,) * 100)).piso == 10


def test_large_model_is_counted_without_being_built() -> None:
    """Pricing pays little: over the limit an upper estimate comes from a formula, and says so."""
    params = parametros(*(4,) * 30)
    estimate = combinacoes(params, forca=3, limite=1_000)

    assert not estimate.construida
    assert estimate.piso == 64
    assert 64 < estimate.linhas < 1_000
    assert combinacoes(params, forca=30).linhas > 10**9


def test_combinations_of_a_small_model_are_those_of_its_array() -> None:
    """Below the limit the number comes from a real, verified array."""
    certificado = combinacoes(parametros(3, 3, 3, 3))

    assert certificado.construida
    assert certificado.linhas == 9


def test_model_without_parameters_or_with_one_works() -> None:
    """The smallest models give the smallest arrays."""
    assert combinar([]).linhas == ()
    assert combinar(parametros(3)).linhas == ({"p0": 0}, {"p0": 1}, {"p0": 2})


@pytest.mark.parametrize(
    ("params", "restricoes", "sementes", "text"),
    [
        ([Parametro("a", ())], [], [], "a: a parameter needs at least one value"),
        ([Parametro("a", (1, 1))], [], [], "a: the same value twice"),
        (parametros(2) * 2, [], [], "two parameters have the same name"),
        (parametros(2, 2), [proibida("R", {"q": 1})], [], "R: no such parameter: q"),
        (parametros(2, 2), [proibida("R", {"p0": 1})], [{"p0": 1}], r"sementes\[0\]: breaks R"),
        (parametros(2, 2), [], [{"p0": 7}], r"sementes\[0\]: no such parameter or value: p0"),
        (parametros(2, 2), [proibida("A", {"p0": 1}), proibida("B", {"p0": 0})], [], "no combination satisfies A, B"),
    ],
)
def test_wrong_model_is_refused_with_the_place(
    params: list[Parametro], restricoes: list[Restricao], sementes: list[Linha], text: str
) -> None:
    """Every fault of a model is named where it stands."""
    with pytest.raises(Malformed, match=text):
        combinar(params, restricoes, sementes=sementes)


def test_same_model_gives_the_same_rows() -> None:
    """No clock, no hash order: the rows are a function of the model."""
    params, restricoes = random_model(3)

    assert combinar(params, restricoes).linhas == combinar(params, restricoes).linhas
    fingerprint = [tuple(row.values()) for row in combinar(parametros(3, 2, 2)).linhas]
    assert fingerprint == sorted(fingerprint)


def test_verifier_finds_a_missing_pair() -> None:
    """The checker is not satisfied by an array with a row too few."""
    params = parametros(3, 3)
    arranjo = combinar(params)
    broken = type(arranjo)(arranjo.linhas[1:], arranjo.certificado)

    assert verificar(broken, params) == ["no row holds {'p0': 0, 'p1': 0}"]
