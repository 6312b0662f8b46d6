"""Specs for tests of pricing: one with a bit of everything, and sketches from counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from contratos.spec import Spec


def conta(**changes: Any) -> dict[str, Any]:
    """A spec as its YAML parses: two classes, a method that changes and one that reads, tests, needs and load."""
    return {
        "id": "conta-001",
        "nome": "Conta",
        "vertentes": ["E"],
        "spec_poo": {
            "erros": {"SaldoInsuficiente": "Saldo insuficiente"},
            "classes": {
                "Conta": {
                    "atributos": {"saldo": {"tipo": "Decimal", "min": 0}, "numero": "str", "agencia": "str"},
                    "invariantes": ["self.saldo >= 0"],
                    "metodos": {
                        "sacar": {
                            "parametros": {"valor": {"tipo": "Decimal", "min_excl": 0}},
                            "erros": [{"se": "valor > self.saldo", "lanca": "SaldoInsuficiente"}],
                            "pos": ["self.saldo == antigo(self.saldo) - valor"],
                            "modifica": ["saldo"],
                        },
                        "disponivel": {"retorna": "Decimal", "corpo": "self.saldo"},
                    },
                },
                "Cliente": {
                    "atributos": {"nome": "str"},
                    "relacoes": {"contas": {"classe": "Conta", "multiplicidade": "0..*", "dono": True}},
                },
            },
        },
        "schema_tdd": {
            "alvos": {
                "Conta.sacar": {
                    "classes": {
                        "valor": {"validas": [{"pequeno": 1}, {"grande": 100}], "invalidas": [0, -1]},
                        "self.saldo": {"validas": [100, 200, 300]},
                    }
                }
            }
        },
        "runtime": {"apis_externas": ["whisper"], "gpu": True, "containers_necessarios": ["postgres"]},
        "requisitos_nao_funcionais": {"tps": 50, "pico": "3x no dia 5", "latencia_ms": 300, "usuarios": 500},
        "depende_de": ["base-1"],
    } | changes


@dataclass(frozen=True, slots=True)
class Esboco:
    """A spec by counts of its elements, over all five vertentes."""

    classes: int = 1
    metodos: int = 1  # of the first class
    regras: int = 1  # of one decision
    tarefas: int = 1
    telas: int = 1
    operacoes: int = 1
    classes_equivalencia: int = 2  # valid, of one factor; a second factor has two

    def mais(self, nome: str) -> Esboco:
        """One more of that element."""
        return replace(self, **{nome: getattr(self, nome) + 1})

    def spec(self) -> Spec:
        """The spec."""
        classes: dict[str, Any] = {f"C{i}": {"atributos": {"a": "int", "b": "str"}} for i in range(self.classes)}
        classes["C0"]["metodos"] = {
            f"m{i}": {"parametros": {"p": "int", "q": "int"}, "retorna": "int", "corpo": "p + q"}
            for i in range(self.metodos)
        }
        valores = list(range(self.classes_equivalencia))
        return Spec.ler(
            {
                "id": "esboco",
                "nome": "Esboço",
                "vertentes": list("EPDIC"),
                "spec_poo": {"classes": classes},
                "spec_bpmn": {"processos": {"p": {"tarefas": [f"t{i}" for i in range(self.tarefas)]}}},
                "spec_dmn": {"decisoes": {"d": {"entradas": ["x"], "regras": [f"r{i}" for i in range(self.regras)]}}},
                "spec_interface": {"telas": {f"tela{i}": {"campos": ["x"]} for i in range(self.telas)}},
                "spec_integracao": {
                    "servicos": {"s": {"operacoes": {f"o{i}": {"metodo": "POST"} for i in range(self.operacoes)}}}
                },
                "schema_tdd": {"alvos": {"C0.m0": {"classes": {"p": {"validas": valores}, "q": {"validas": [0, 1]}}}}},
            }
        )
