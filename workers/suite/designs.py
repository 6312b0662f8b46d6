"""Rows of tests from the classes of `schema_tdd`, combined with few rows; and from the limits where it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contratos.problems import Malformed, Problema
from contratos.schema_tdd import Alvo, ClasseInvalida
from contratos.spec_base import unknown_name
from contratos.spec_tipos import Tipo
from workers.covering import combinar
from workers.covering_model import Certificado, Linha, Parametro, Restricao
from workers.estrutura.modelo import Atributo, Classe, Metodo, Modelo, Relacao
from workers.estrutura.modelo import Parametro as ParametroMetodo
from workers.estrutura.valores import Dado, ValorRecusado, converter
from workers.expressao.analise import analisar
from workers.expressao.arvore import BOOL, Campo, No, Variavel, todos
from workers.expressao.avaliador import Registro, Valor
from workers.expressao.mundo import Escopo
from workers.expressao.tipagem import ExpressaoInvalida
from workers.suite.calls import Caminho
from workers.suite.objects import Objetos, SemObjeto
from workers.suite.samples import Amostra
from workers.suite.simulation import Recusa, SemDesfecho

MOST_ROWS = 2_000  # of one target: its tests still run in seconds
MOST_OBJECTS = 400  # combinations of the object's own factors that are looked at one by one
OWN_CLASSES = 4  # values of a factor for which the spec gives no classes
STEPS = 2_000  # of the search for few rows


@dataclass(frozen=True, slots=True)
class Invalida:
    """A class that must be refused. `valor` may be of another type than declared: then `do_tipo` is False."""

    rotulo: str
    valor: object
    do_tipo: bool
    lanca: str | None
    viola: str
    caminho: str


@dataclass(frozen=True, slots=True)
class Fator:
    """What varies, with the values that stand for its valid classes and further ones of them."""

    caminho: Caminho
    validas: tuple[Amostra, ...]
    outras: tuple[Amostra, ...] = ()
    invalidas: tuple[Invalida, ...] = ()
    declarado: bool = False  # by schema_tdd
    pesos: tuple[int, ...] = ()

    @property
    def nome(self) -> str:
        """As conditions write it."""
        return ".".join(self.caminho)


@dataclass(frozen=True, slots=True)
class Plano:
    """The rows of one target: label -> value for each factor, and what the array proves."""

    fatores: tuple[Fator, ...]
    linhas: tuple[tuple[str, Mapping[Caminho, Dado]], ...] = ()
    certificado: Certificado | None = None
    por_caminho: Mapping[Caminho, Fator] = field(default_factory=dict)


class Planos:
    """Test designs for the targets of one model."""

    def __init__(self, objetos: Objetos) -> None:
        self.objetos = objetos
        self.modelo: Modelo = objetos.modelo
        self.schema = objetos.modelo.spec.schema_tdd
        self._known: dict[str, Plano] = {}

    def plano(self, classe: Classe, metodo: Metodo | None) -> Plano:
        """The design of a method, or of the constructor. Malformed: classes or conditions that do not fit the spec."""
        target = f"{classe.nome}.{metodo.nome}" if metodo else classe.nome
        if target not in self._known:
            self._known[target] = self._made(classe, metodo, target)
        return self._known[target]

    def _made(self, classe: Classe, metodo: Metodo | None, target: str) -> Plano:
        alvo = self.schema.alvos.get(target, Alvo())
        fatores = tuple(self._factors(classe, metodo, alvo, f"schema_tdd.alvos.{target}"))
        by_path = {fator.caminho: fator for fator in fatores}
        usable = [fator for fator in fatores if fator.validas]
        if not usable:
            return Plano(fatores, por_caminho=by_path)
        kind, strength = self.schema.cobertura_de(target)
        strength = len(usable) if kind == "completa" else strength
        at = f"schema_tdd.alvos.{target}"
        restricoes = [*self._forbidden(classe, metodo, alvo, usable, at), *self._objects(classe, usable)]
        parametros = [Parametro(f.nome, tuple(s.rotulo for s in f.validas), f.pesos) for f in usable]
        seeds = _seeds(alvo, usable, at)
        try:
            arranjo = combinar(parametros, restricoes, forca=strength, sementes=seeds, passos=STEPS)
        except Malformed as refused:  # it knows factors and restrictions, not where they stand in the spec
            where = {p: f"{at}.{p.campo}" if p.campo.startswith("sementes") else at for p in refused.problemas}
            raise Malformed([Problema(place, p.mensagem) for p, place in where.items()]) from None
        if len(arranjo.linhas) > MOST_ROWS:
            raise Malformed.one(f"{at}.cobertura", f"gives {len(arranjo.linhas)} rows; at most {MOST_ROWS}")
        rows = tuple(_row(linha, usable) for linha in arranjo.linhas)
        return Plano(fatores, rows, arranjo.certificado, by_path)

    def _factors(self, classe: Classe, metodo: Metodo | None, alvo: Alvo, at: str) -> Iterator[Fator]:
        """Declared factors, then those that the spec says nothing of: parameters, and fields that contracts look at."""
        known = self._named(classe, metodo)
        faults: list[Problema] = []
        declared: dict[Caminho, Fator] = {}
        for name in alvo.classes:
            path: Caminho = tuple(name.split(".")) if name.startswith("self.") else (name,)
            path = path if metodo or path[0] == "self" else ("self", name)
            if path not in known:
                names = [".".join(p) if metodo else p[-1] for p in known]
                faults.append(Problema(f"{at}.classes.{name}", unknown_name(name, "factor", names)))
            else:
                declared[path] = self._declared(path, known[path].tipo, alvo, name, f"{at}.classes.{name}", faults)
        if faults:
            raise Malformed(faults)
        looked_at = _looked_at(classe, metodo)
        for path, campo in known.items():
            if path in declared:
                yield declared[path]
            elif path[0] != "self" or path[1] in looked_at:
                samples = self._own_samples(campo)
                if path[0] == "self":
                    samples = self._with_start(classe, path[1], samples)
                yield Fator(path, tuple(samples[:OWN_CLASSES]), tuple(samples[OWN_CLASSES:]))

    def _named(self, classe: Classe, metodo: Metodo | None) -> dict[Caminho, Atributo | Relacao | ParametroMetodo]:
        known: dict[Caminho, Atributo | Relacao | ParametroMetodo] = {}
        for parameter in metodo.parametros if metodo else ():
            known[parameter.nome,] = parameter
        for campo in classe.construtor():
            known["self", campo.nome] = campo
        return known

    def _own_samples(self, campo: Atributo | Relacao | ParametroMetodo) -> list[Amostra]:
        try:
            if isinstance(campo, ParametroMetodo):
                return self.objetos.amostras.validas(campo)
            return self.objetos.valores(campo)
        except SemObjeto:
            return []

    def _with_start(self, classe: Classe, nome: str, amostras: list[Amostra]) -> list[Amostra]:
        """The samples, and among the first the value of the object that tests start from: it may be none of them."""
        try:
            start = self.objetos.base(classe.nome).args[nome]
        except SemObjeto:
            return amostras
        known = any(sample.valor == start for sample in amostras[:OWN_CLASSES])
        return amostras if known else [Amostra("de_partida", start), *(s for s in amostras if s.valor != start)]

    def _declared(self, path: Caminho, tipo: Tipo, alvo: Alvo, name: str, at: str, faults: list[Problema]) -> Fator:
        first: list[Amostra] = []
        others: list[Amostra] = []
        weights: list[int] = []
        invalid: list[Invalida] = []
        factor = alvo.classes[name]
        for label, part in factor.validas.items():
            for place, raw in enumerate(part.representantes()):
                try:
                    value = self.objetos.completado(converter(raw, tipo, self.modelo.mundo, parcial=True))
                except (ValorRecusado, SemObjeto) as refused:
                    faults.append(Problema(f"{at}.validas.{label}", str(refused)))
                    continue
                sample = Amostra(label if place == 0 else f"{label}_{place + 1}", value)
                (others if place else first).append(sample)
                weights += [part.peso] if place == 0 else []
        for label, bad in factor.invalidas.items():
            invalid += self._invalid(label, bad, tipo, f"{at}.invalidas.{label}")
        return Fator(path, tuple(first), tuple(others), tuple(invalid), declarado=True, pesos=tuple(weights))

    def _invalid(self, label: str, part: ClasseInvalida, tipo: Tipo, at: str) -> Iterator[Invalida]:
        for place, raw in enumerate(part.representantes()):
            name = label if place == 0 else f"{label}_{place + 1}"
            try:
                value: object = self.objetos.completado(converter(raw, tipo, self.modelo.mundo, parcial=True))
                fits = True
            except (ValorRecusado, SemObjeto):
                value, fits = raw, False
            yield Invalida(name, value, fits, part.lanca, part.viola, at)

    def _forbidden(
        self, classe: Classe, metodo: Metodo | None, alvo: Alvo, fatores: Sequence[Fator], at: str
    ) -> Iterator[Restricao]:
        """'proibidas' as restrictions over the labels of the factors that they name."""
        names = {p.nome: p.tipo for p in metodo.parametros} if metodo else {c.nome: c.tipo for c in classe.construtor()}
        for place, text in enumerate(alvo.proibidas):
            try:
                node = analisar(text, Escopo(self.modelo.mundo, classe.nome, names), BOOL)
            except ExpressaoInvalida as invalid:
                raise Malformed.one(f"{at}.proibidas[{place}]", str(invalid)) from None
            used = [fator for fator in fatores if _uses(node, fator.caminho)]
            yield Restricao(f"proibidas[{place}]", tuple(f.nome for f in used), self._not(node, classe, metodo, used))

    def _not(
        self, node: No, classe: Classe, metodo: Metodo | None, fatores: Sequence[Fator]
    ) -> Callable[[Linha], bool]:
        values = {f.nome: {s.rotulo: s.valor for s in f.validas} for f in fatores}

        def accepts(linha: Linha) -> bool:
            chosen = {f.caminho: values[f.nome][str(linha[f.nome])] for f in fatores}
            try:
                own = {path[1]: self.objetos.simulador.valor(v) for path, v in chosen.items() if path[0] == "self"}
                names: dict[str, Valor] = {"self": Registro(classe.nome, own)}
                names |= own if metodo is None else {}
                names |= {p[0]: self.objetos.simulador.valor(v) for p, v in chosen.items() if p[0] != "self"}
                return not self.objetos.simulador.avalia(node, names)
            except (SemDesfecho, Recusa):
                return True

        return accepts

    def _objects(self, classe: Classe, fatores: Sequence[Fator]) -> Iterator[Restricao]:
        """Values of the object's own factors that no valid object has together (invariants) are no row."""
        own = [fator for fator in fatores if fator.caminho[0] == "self"]
        size = 1
        for fator in own:
            size *= len(fator.validas)
        if not own or size > MOST_OBJECTS:
            return
        values = {f.nome: {s.rotulo: s.valor for s in f.validas} for f in own}

        def accepts(linha: Linha) -> bool:
            try:
                self.objetos.completo(classe.nome, {f.caminho[1]: values[f.nome][str(linha[f.nome])] for f in own})
            except SemObjeto:
                return False
            return True

        yield Restricao("invariantes", tuple(fator.nome for fator in own), accepts)


def _row(linha: Linha, fatores: Sequence[Fator]) -> tuple[str, Mapping[Caminho, Dado]]:
    samples = {f.caminho: next(s for s in f.validas if s.rotulo == linha[f.nome]) for f in fatores}
    return "-".join(sample.rotulo for sample in samples.values()), {p: s.valor for p, s in samples.items()}


def _seeds(alvo: Alvo, fatores: Sequence[Fator], at: str) -> list[dict[str, str]]:
    """Rows that the spec asks for: a factor's value, or the label of one of its classes."""
    seeds = []
    for place, semente in enumerate(alvo.sementes):
        row = {}
        for name, value in semente.items():
            fator = next((f for f in fatores if f.nome in {name, f"self.{name}"}), None)
            if fator is None:
                known = [f.nome for f in fatores]
                raise Malformed.one(f"{at}.sementes[{place}].{name}", unknown_name(name, "factor", known))
            labels = [s.rotulo for s in fator.validas if str(value) in {s.rotulo, _written(s.valor)}]
            if not labels:
                known = [s.rotulo for s in fator.validas]
                raise Malformed.one(f"{at}.sementes[{place}].{name}", unknown_name(str(value), "class", known))
            row[fator.nome] = labels[0]
        seeds.append(row)
    return seeds


def _written(value: Dado) -> str:
    return str(getattr(value, "nome", value))


def _uses(node: No, path: Caminho) -> bool:
    return any(
        (isinstance(part, Variavel) and (part.nome,) == path)
        or (isinstance(part, Variavel) and path[0] == "self" and part.nome == path[-1])
        or (isinstance(part, Campo) and isinstance(part.de, Variavel) and (part.de.nome, part.nome) == path)
        for part in todos(node)
    )


def _looked_at(classe: Classe, metodo: Metodo | None) -> set[str]:
    """Fields of the object that the contracts of a target look at; all of them for a constructor."""
    if metodo is None:
        return {campo.nome for campo in classe.construtor()}
    nodes = [c.no for group in metodo.pre for c in group] + [e.no for e in metodo.erros] + [c.no for c in metodo.pos]
    found = {part.nome for node in nodes for part in todos(node) if isinstance(part, Campo) and _own(part)}
    derived = [a for a in classe.todos_atributos if a.nome in found and a.deriva is not None]
    for attribute in derived:
        assert attribute.deriva is not None
        found |= {part.nome for part in todos(attribute.deriva) if isinstance(part, Campo) and _own(part)}
    return found


def _own(campo: Campo) -> bool:
    return isinstance(campo.de, Variavel) and campo.de.nome == "self"
