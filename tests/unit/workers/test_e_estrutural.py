"""Worker E as a function: same spec, same bytes; nothing of the spec's words becomes code; what says too little
is refused.
"""

from __future__ import annotations

import ast
import copy
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from contratos.problems import Malformed
from contratos.spec import Spec
from tests.golden.cases import ROOT
from workers import e_estrutural
from workers.rendering import Fonte, SaidaInvalida, ambiente, formatar

GRANDE = ROOT / "e_estrutural" / "grande" / "spec.yaml"
HOSTILE = '"""); import os  # {{ x }} {% if %} ${y} \\N{DASH} \\ \n\'\'\' \u2028 fim"'

SCRIPT = """
import hashlib, sys, yaml
from contratos.spec import Spec
from workers import e_estrutural
spec = Spec.ler(yaml.safe_load(open(sys.argv[1], encoding="utf-8")))
files = e_estrutural.gerar(spec).arquivos
print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
"""


def spec(classes: dict[str, Any], **poo: Any) -> Spec:
    """A spec of these classes."""
    return Spec.ler({"id": "teste", "nome": "Teste", "spec_poo": {"classes": classes, **poo}})


def code(made: Spec) -> dict[str, str]:
    """The code of a spec, formatted."""
    return formatar(e_estrutural.codigo(e_estrutural.compreender(made)))


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same document with the keys of every map in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(3))
def test_order_of_keys_does_not_matter(seed: int) -> None:
    """Check 7: two specs that differ only in the order of keys give equal code."""
    document = yaml.safe_load(GRANDE.read_text(encoding="utf-8"))
    other = shuffled(document, random.Random(seed))
    assert code(Spec.ler(other)) == code(Spec.ler(document))


def test_bytes_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    """Check 6: other hash seed, time zone, locale, folder and umask, same bytes, suite included."""
    case = ROOT / "e_estrutural" / "pequena" / "spec.yaml"
    digests = set()
    for seed, zone, lang, mask in (("1", "UTC", "C", 0o022), ("4242", "America/Sao_Paulo", "pt_BR.UTF-8", 0o077)):
        folder = tmp_path / seed
        folder.mkdir()
        command = [sys.executable, "-c", SCRIPT, str(case)]
        other = {"PYTHONHASHSEED": seed, "TZ": zone, "LANG": lang, "PYTHONPATH": str(ROOT.parents[1])}
        environment = {**os.environ, **other}
        done = subprocess.run(
            command, cwd=folder, env=environment, umask=mask, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_words_of_the_spec_never_become_code() -> None:
    """Quotes, templates, escapes and line ends in every text that people write stay text."""
    made = code(
        spec(
            {
                "Conta": {
                    "descricao": HOSTILE,
                    "requisito": [HOSTILE],
                    "obsoleto": HOSTILE,
                    "atributos": {
                        "nome": {"tipo": "str", "padrao": HOSTILE, "descricao": HOSTILE, "unidade": HOSTILE},
                        "opcao": {"tipo": "str", "valores": [HOSTILE, "x"], "padrao": "x"},
                    },
                    "invariantes": [{"id": HOSTILE, "que": f"nome != {HOSTILE[:5]!r}", "mensagem": HOSTILE}],
                    "metodos": {
                        "eco": {
                            "descricao": HOSTILE,
                            "parametros": {"x": {"tipo": "str", "descricao": HOSTILE, "padrao": HOSTILE}},
                            "retorna": {"tipo": "str", "descricao": HOSTILE},
                            "erros": [{"se": "x == ''", "lanca": "Ruim", "mensagem": HOSTILE, "id": HOSTILE}],
                            "corpo": "x",
                        }
                    },
                }
            },
            descricao=HOSTILE,
            erros={"Ruim": {"descricao": HOSTILE}},
            constantes={"K": {"valor": HOSTILE, "descricao": HOSTILE}},
            enumeracoes={"E": {"valores": {"A": {"valor": HOSTILE, "descricao": HOSTILE}}, "descricao": HOSTILE}},
            tipos={"T": {"base": "str", "descricao": HOSTILE}},
        )
    )
    for name, text in made.items():
        if name.endswith(".py"):
            tree = ast.parse(text)
            assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import) and n.names[0].name == "os"], name
    constants = [node.value for node in ast.walk(ast.parse(made["teste/conta.py"])) if isinstance(node, ast.Constant)]
    assert HOSTILE in constants, "the default value is the text itself"


def test_template_puts_out_nothing_that_is_not_quoted() -> None:
    """A raw value in a template is a fault of ours, found at once."""
    with pytest.raises(SaidaInvalida, match="without a filter"):
        ambiente().from_string("{{ nome }}").render(nome="x")
    assert ambiente().from_string("{{ nome | ident }}{{ pronto }}").render(nome="x", pronto=Fonte("+1")) == "x+1"


def test_method_that_nothing_determines_is_named() -> None:
    """Refused before any code is made, with class, method, and what to add."""
    with pytest.raises(Malformed) as refused:
        e_estrutural.gerar(spec({"Conta": {"atributos": {"saldo": "int"}, "metodos": {"render": {"retorna": "int"}}}}))
    (problem,) = refused.value.problemas
    assert problem.campo == "spec_poo.classes.Conta.metodos.render"
    assert "nothing says what Conta.render does" in problem.mensagem
    assert "Add 'corpo'" in problem.mensagem


BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "expression": ({"retorna": "int", "corpo": "n * 2"}, "return self.n * 2"),
    "bare number": ({"retorna": "int", "corpo": 7}, "return 7"),
    "lines": ({"corpo": "self.n += k\nif self.n > 9:\n    self.n = 9"}, "if self.n > 9:"),
    "steps": ({"corpo": ["self.n = k", {"se": "k > 1", "entao": ["self.n = 1"]}]}, "self.n = 1"),
    "statement": ({"corpo": "self.n -= k"}, "self.n -= k"),
    "local names": ({"retorna": "int", "corpo": ["dobro = k * 2", "return dobro + 1"]}, "return dobro + 1"),
    "returned at once": ({"retorna": "int", "corpo": ["dobro = k * 2", "return dobro"]}, "return k * 2"),
    "loop": ({"corpo": ["for x in self.xs:\n    self.n += x"]}, "for x in self.xs:"),
    "append": ({"corpo": ["self.xs.append(k)"]}, "self.xs = (*self.xs, k)"),
    "remove": ({"corpo": ["self.xs.remove(k)"]}, "self.xs = sem(self.xs, k)"),
    "raise": ({"corpo": ["if k > 3:\n    raise ValueError", "self.n = k"]}, "raise ValueError"),
    "truth": ({"retorna": "bool", "corpo": ["if k > 3:\n    return True", "return False"]}, "return k > 3"),
    "quantifier": (
        {"retorna": "bool", "corpo": ["for x in self.xs:\n    if x > k:\n        return True", "return False"]},
        "return any(x > k for x in self.xs)",
    ),
    "choice": ({"corpo": ["if k > 3:\n    self.n = 1\nelse:\n    self.n = 2"]}, "self.n = 1 if k > 3 else 2"),
    "table": (
        {"retorna": "str", "corpo": {"tabela": [{"se": "k > 9", "retorna": "'alto'"}, {"retorna": "'baixo'"}]}},
        'return "baixo"',
    ),
    "table of changes": (
        {"corpo": {"tabela": [{"se": "k > 9", "muda": {"n": "m", "m": "n"}}]}},
        "self.m, self.n = self.n, self.m",
    ),
    "equation": ({"pos": "self.n == antigo(self.n) + k"}, "self.n += k"),
    "equations": ({"pos": ["self.n == antigo(self.m)", "self.m == antigo(self.n)"]}, "self.m, self.n = self.n, self.m"),
    "result of the old state": (
        {"retorna": "int", "pos": "self.n == 0 and resultado == antigo(self.n)"},
        "n_antigo = self.n",
    ),
    "result of the new state": (
        {"retorna": "int", "pos": ["self.n == antigo(self.n) + k", "resultado == self.n"]},
        "return self.n",
    ),
    "equation of an equation": ({"pos": ["self.n == k + 1", "self.m == self.n * 2"]}, "self.m = (k + 1) * 2"),
    "examples": (
        {"retorna": "int", "exemplos": [{"args": {"k": k}, "da": k * k} for k in (2, 3, 5, -4)]},
        "return k * k",
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_body_is_written_as_people_would(name: str) -> None:
    """From an expression, lines, steps, a table, equations or examples, in the usual words."""
    method, line = BODIES[name]
    number = {"tipo": "int", "padrao": 0}
    attributes = {"n": number, "m": number, "xs": {"tipo": "lista[int]", "padrao": []}}
    methods = {"faz": {"parametros": {"k": "int"}, **method}}
    made = code(spec({"Conta": {"atributos": attributes, "metodos": methods}}))
    assert line in [text.strip() for text in made["teste/conta.py"].splitlines()]


REFUSED_BODIES = {
    "self.n = 'x'": "expected int, found str",
    "self.n = self.nn": "did you mean 'n'",
    "self.fixo = 1": "cannot be changed",
    "n + 1": "only computes a value does nothing",
    "return 1": "has no 'retorna'",
    "x = 1\nx = 'a'": "expected int, found str",
    "import os": "import is not part of the language",
    "while True: pass": "while is not part of the language",
    "del self.n": "del is not part of the language",
    "self.n: int = 1": "a type beside a local name is not part of the language",
    "self.n = self.m = 1": "a step is an assignment",
    "for n in self.n:\n    pass": "'for' goes over a list, found int",
    "raise Exception": "unknown error 'Exception'",
    "self.outro.n = 1": "unknown attribute of Conta 'outro'",
    "self.faz(1, 2)": "takes 1 arguments, found 2",
    "open('x')": "unknown function 'open'",
    "self.n = self.talvez + 1": "may be None here",
}


@pytest.mark.parametrize("body", REFUSED_BODIES)
def test_body_that_is_none_is_refused_with_the_reason(body: str) -> None:
    """Statements outside the language, wrong types and unknown names, each with its path."""
    attributes = {
        "n": {"tipo": "int", "padrao": 0},
        "fixo": {"tipo": "int", "somente_leitura": True, "padrao": 0},
        "talvez": {"tipo": "int", "opcional": True},
    }
    classes = {"Conta": {"atributos": attributes, "metodos": {"faz": {"parametros": {"k": "int"}, "corpo": body}}}}
    with pytest.raises(Malformed) as refused:
        e_estrutural.compreender(spec(classes))
    assert "spec_poo.classes.Conta.metodos.faz.corpo" in str(refused.value)
    assert REFUSED_BODIES[body] in str(refused.value)


UNSURE = {
    "three examples": ([(1, 1), (2, 4), (3, 9)], "at least 4 are needed"),
    "all alike": ([(2, 1), (3, 1), (4, 1), (5, 1)], "show different ones"),
    "no rule": ([(1, 17), (2, 4), (3, 99), (4, -3)], "no short expression"),
    "ambiguous": ([(0, 0), (1, 1), (0, 0), (1, 1)], "k"),
}


@pytest.mark.parametrize("name", UNSURE)
def test_examples_that_leave_a_doubt_are_refused_with_it(name: str) -> None:
    """A body is only taken from examples that determine it."""
    pairs, reason = UNSURE[name]
    examples = [{"args": {"k": k}, "da": da} for k, da in pairs]
    method = {"parametros": {"k": "int"}, "retorna": "int", "exemplos": examples}
    with pytest.raises(Malformed) as refused:
        e_estrutural.compreender(spec({"Conta": {"metodos": {"faz": method}}}))
    assert reason in str(refused.value)


def test_code_is_read_by_the_oldest_python_that_it_is_for() -> None:
    """Its grammar is that of Python 3.11."""
    for path in (ROOT / "e_estrutural").rglob("expected/**/*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 11))


def test_hash_of_the_large_case_is_stable_within_a_process() -> None:
    """Caches of the generator change nothing."""
    document = yaml.safe_load(GRANDE.read_text(encoding="utf-8"))
    first, second = (code(Spec.ler(copy.deepcopy(document))) for _ in range(2))
    assert first == second
