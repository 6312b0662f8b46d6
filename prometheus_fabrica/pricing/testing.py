"""Tests: classes counted, the covering arrays that the workers will run, and how long a run takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contratos.calibracao import GERAL
from contratos.recursos import Figura, Fonte, Teste
from contratos.spec import Spec
from prometheus_fabrica.pricing.distributions import Faixa
from prometheus_fabrica.pricing.figures import calculada, contada
from prometheus_fabrica.pricing.parametros import Parametros
from workers.covering import combinacoes
from workers.covering_model import Certificado, Parametro
from workers.estrutura.resolver import resolver
from workers.suite.designs import Planos
from workers.suite.objects import Objetos

# Share of failures that at most t fields together trigger, mean of seven studies (NIST, Interactions Involved in
# Software Failures). Printed beside the choice: pairwise is a default, not a promise.
FALHAS_ATE_T: Final = (0.397, 0.759, 0.914, 0.980, 0.990, 1.0)


@dataclass(frozen=True, slots=True)
class Arranjos:
    """Sizes of the covering arrays of all targets, summed."""

    linhas: int
    piso: int
    produto: int
    forca: int
    construidos: bool
    inviaveis: int


@dataclass(frozen=True, slots=True)
class Resultado:
    """The test part of a budget."""

    teste: Teste
    arranjos: Arranjos
    figuras: tuple[Figura, ...]
    avisos: tuple[str, ...]


def teste(spec: Spec, regras: int, parametros: Parametros) -> Resultado:
    """All four figures. `regras`: conditions of the spec, each of which is tested too."""
    classes = spec.schema_tdd.contar_classes_equivalencia()
    arranjos = medir(spec)
    cobertura = cobertura_de(spec)
    duracao = _tempo(spec, arranjos, regras, parametros)
    figuras = (
        contada(
            "teste.classes_equivalencia", classes, "classes", "valid and invalid classes of all factors of schema_tdd",
            {"alvos": len(spec.schema_tdd.alvos)}, fonte=Fonte.DECLARADO,
        ),
        _combinacoes(arranjos),
        contada(
            "teste.cobertura", cobertura, "fatores combinados", "as schema_tdd.cobertura says",
            {"falhas_alcancadas": FALHAS_ATE_T[min(arranjos.forca, len(FALHAS_ATE_T)) - 1]},
            faixa=Faixa.ponto(arranjos.forca), referencia="NIST: share of failures that so many fields trigger",
            fonte=Fonte.DECLARADO if "cobertura" in spec.schema_tdd.model_fields_set else Fonte.ESTIMADO,
        ),
        duracao,
    )  # fmt: skip
    valores = {figura.nome.removeprefix("teste."): figura.valor for figura in figuras}
    return Resultado(Teste.model_validate(valores), arranjos, figuras, _avisos(arranjos))


def cobertura_de(spec: Spec) -> str:
    """'pairwise', '3-way', 'completa', 'each-choice': how the spec as a whole combines."""
    tdd = spec.schema_tdd
    return f"{tdd.forca}-way" if tdd.cobertura == "t-way" else tdd.cobertura


def medir(spec: Spec) -> Arranjos:
    """Build the array of each target and add up what they prove. Malformed: classes that do not fit the spec."""
    medidas = list(_do_worker(spec) if spec.spec_poo is not None else _das_classes(spec))
    certificados = [certificado for certificado, _ in medidas]
    tdd = spec.schema_tdd
    return Arranjos(
        linhas=sum(certificado.linhas for certificado in certificados),
        piso=sum(certificado.piso for certificado in certificados),
        produto=sum(produto for _, produto in medidas),
        forca=max((c.forca for c in certificados), default=1)
        if tdd.cobertura == "completa"
        else tdd.cobertura_de("")[1],
        construidos=all(certificado.construida for certificado in certificados),
        inviaveis=sum(len(certificado.inviaveis) for certificado in certificados),
    )


def _do_worker(spec: Spec) -> Iterator[tuple[Certificado, int]]:
    """(certificate, full product) of the designs that worker E tests by: every constructor and method."""
    modelo = resolver(spec)
    planos = Planos(Objetos(modelo))
    for classe in modelo.classes:
        for metodo in (None, *classe.metodos):
            plano = planos.plano(classe, metodo)
            if plano.certificado is not None:
                yield plano.certificado, math.prod(len(fator.validas) for fator in plano.fatores if fator.validas)


def _das_classes(spec: Spec) -> Iterator[tuple[Certificado, int]]:
    """The same from the declared classes alone, for vertentes whose workers have no designs of their own."""
    for nome, alvo in sorted(spec.schema_tdd.alvos.items()):
        modelo = [
            Parametro(f, tuple(sorted(fator.validas))) for f, fator in sorted(alvo.classes.items()) if fator.validas
        ]
        if modelo:
            tipo, forca = spec.schema_tdd.cobertura_de(nome)
            maior = len(modelo) if tipo == "completa" else min(forca, len(modelo))
            yield combinacoes(modelo, forca=maior), math.prod(len(fator.valores) for fator in modelo)


def casos(spec: Spec, linhas: int, regras: int) -> int:
    """Test cases that a run executes: rows, each invalid class once, each example, each condition."""
    tdd = spec.schema_tdd
    invalidas = sum(len(fator.invalidas) for alvo in tdd.alvos.values() for fator in alvo.classes.values())
    exemplos = sum(len(alvo.exemplos) for alvo in tdd.alvos.values())
    if spec.spec_poo is not None:
        for classe in spec.spec_poo.classes.values():
            exemplos += len(classe.exemplos) + sum(len(metodo.exemplos) for metodo in classe.metodos.values())
    return linhas + invalidas + exemplos + regras


def _combinacoes(arranjos: Arranjos) -> Figura:
    menor = arranjos.linhas if arranjos.construidos else min(arranjos.piso, arranjos.linhas)
    formula = (
        "rows of the covering arrays that were built for pricing" if arranjos.construidos else "upper estimate of rows"
    )
    return contada(
        "teste.combinacoes_estimadas", arranjos.linhas, "linhas", formula,
        {"piso": arranjos.piso, "produto_completo": arranjos.produto, "forca": arranjos.forca},
        faixa=Faixa(menor, arranjos.linhas, arranjos.linhas),
    )  # fmt: skip


def _tempo(spec: Spec, arranjos: Arranjos, regras: int, parametros: Parametros) -> Figura:
    posterior = parametros.posterior
    conhecidas = [posterior.caso_s.get(vertente, posterior.caso_s[GERAL]) for vertente in spec.vertentes]
    caso = max(conhecidas, key=lambda media: media.ln, default=posterior.caso_s[GERAL])
    inicio = posterior.inicio_s
    return calculada(
        "teste.tempo_execucao_estimado", "s",
        {
            "inicio_s": math.exp(inicio.ln), "casos": casos(spec, arranjos.linhas, regras), "caso_s": math.exp(caso.ln),
            "paralelo": parametros.teste.paralelo,
        },
        fonte=caso.fonte,
        incertas={
            "inicio_s": math.sqrt(inicio.variancia + inicio.dispersao),
            "caso_s": math.sqrt(caso.variancia + caso.dispersao),
        },
    )  # fmt: skip


def _avisos(arranjos: Arranjos) -> tuple[str, ...]:
    avisos: list[str] = []
    if not arranjos.construidos:
        avisos.append("a covering array is too large to build while pricing: its rows are an upper estimate")
    if arranjos.inviaveis:
        avisos.append(f"{arranjos.inviaveis} combinations of classes can never occur and are not tested")
    return tuple(avisos)
