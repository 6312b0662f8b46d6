"""Tests of what the package has besides its classes: enumerations, constants, errors."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from workers import names
from workers.estrutura.modelo import ClasseErro
from workers.expressao.impressor import literal
from workers.suite.objects import Objetos
from workers.suite.printing import Fontes, equals, marca
from workers.suite.view import Modulo


def modulo_pacote(objetos: Objetos) -> Modulo | None:
    """tests/test_pacote.py; None when there is nothing to test."""
    modelo = objetos.modelo
    modulo = Modulo(f"Testes de enumerações, constantes e erros de {modelo.spec.nome}.", Fontes(objetos))
    for enum in modelo.enumeracoes:
        name = modulo.fontes.pacote(enum.py)
        pairs = ", ".join(f"({literal(m.py)}, {literal(m.valor)})" for m in enum.membros)
        body = [f"assert [(membro.name, membro.value) for membro in {name}] == [{pairs}]"]
        doc = f"Membros e valores de {enum.nome}, em ordem. Oráculo: a especificação."
        modulo.teste(f"test_enumeracao_{names.snake(enum.py)}", doc, body)
    for constant in modelo.constantes:
        value = modulo.fontes.valor(constant.valor)
        body = [equals(modulo.fontes.pacote(constant.py), value)]
        modulo.teste(f"test_constante_{marca(constant.py)}", f"{constant.nome}. Oráculo: a especificação.", body)
    for error in modelo.erros:
        _error(modulo, error)
    return modulo if modulo.partes else None


def _error(modulo: Modulo, error: ClasseErro) -> None:
    """What it is caught as, its text, and the values that it carries."""
    name = modulo.fontes.pacote(error.py)
    base = modulo.fontes.erro(error.herda) if error.herda else "Exception"
    body = [f"assert issubclass({name}, {base})"]
    samples = {data.nome: _sample(modulo, error, data.nome) for data in error.dados}
    if (error.dados or error.mensagem) and all(value is not None for value in samples.values()):
        given = ", ".join(f"{d.py}={modulo.fontes.valor(samples[d.nome])}" for d in error.dados)
        body.append(f"erro = {name}({given})")
        body += [equals(f"erro.{names.snake(d.nome)}", modulo.fontes.valor(samples[d.nome])) for d in error.dados]
        if error.mensagem:
            text = " ".join(error.mensagem.split())
            for data, value in samples.items():
                text = text.replace(f"{{{data}}}", str(value))
            body.append(f"assert str(erro) == {literal(text)}")
    doc = f"{error.nome}: do que é tipo, o que diz e o que carrega. Oráculo: a especificação."
    modulo.teste(f"test_erro_{names.snake(error.py)}", doc, body)


def _sample(modulo: Modulo, error: ClasseErro, name: str) -> object:
    """A value that an f-string and str() write the same way; None where the type has none."""
    campo = next(data for data in error.dados if data.nome == name)
    if modulo.fontes.modelo.mundo.base(campo.tipo).folha.nome in modulo.fontes.modelo.mundo.classes:
        return None
    value = modulo.fontes.objetos.amostras.tipica(campo)
    return value if isinstance(value, int | str | Decimal | date) and not isinstance(value, bool) else None
