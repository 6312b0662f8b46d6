"""The suite's helper module: valid objects to start from, what they hold, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from workers.estrutura.modelo import Atributo, Classe, Relacao
from workers.suite.objects import Objetos, SemObjeto
from workers.suite.printing import Fontes, argumento, criador, retrato, variavel
from workers.suite.view import Modulo

ARREDONDA = (
    "return Decimal(valor).quantize(Decimal(1).scaleb(-casas), rounding=ROUND_HALF_UP)",
    "O valor com tantas casas; a metade se afasta de zero. A mesma conta que a especificação pede, escrita outra vez.",
)
COINCIDE = (
    "return (limite is None or len(texto) <= limite) and re.fullmatch(padrao, texto) is not None",
    "Se o texto inteiro, até o limite de tamanho, segue a expressão regular.",
)


def modulo_objetos(objetos: Objetos, ajudas: AbstractSet[str]) -> Modulo:
    """tests/objetos.py. `ajudas`: names that the other modules import from it."""
    fontes = Fontes(objetos)
    modulo = Modulo("Objetos válidos para os testes: cada teste diz só o que lhe importa.", fontes)
    for classe in objetos.modelo.classes:
        if not classe.abstrata and possivel(objetos, classe):
            _builder(modulo, classe)
            _portrait(modulo, classe)
    _ports(modulo)
    _functions(modulo, ajudas)
    fontes.apoio.clear()  # what it calls stands in it
    return modulo


def possivel(objetos: Objetos, classe: Classe) -> bool:
    """Whether a valid object of the class was found."""
    try:
        objetos.base(classe.nome)
    except SemObjeto:
        return False
    return True


def _builder(modulo: Modulo, classe: Classe) -> None:
    fontes = modulo.fontes
    base = fontes.objetos.base(classe.nome).args
    fontes.pacote(classe.py)
    parameters, arguments = [], []
    for campo in classe.construtor():
        name = argumento(campo)
        annotation, default, value = _parameter(modulo, campo, name, base[campo.nome])
        parameters.append(f"{name}: {annotation} = {default}")
        arguments.append(f"{campo.py}={value}")
    for port in classe.todas_portas:
        protocol, still = PORTS[port]
        fontes.pacote(protocol)
        parameters.append(f"{port}: {protocol} | None = None")
        arguments.append(f"{port}={still}() if {port} is None else {port}")
    modulo.funcao(
        criador(classe.py),
        f"*, {', '.join(parameters)}" if parameters else "",
        classe.py,
        f"Um objeto válido de {classe.nome}; os argumentos trocam os seus valores.",
        [f"return {classe.py}({', '.join(arguments)})"],
    )


PORTS = {"relogio": ("Relogio", "RelogioParado"), "aleatorio": ("Aleatorio", "AleatorioPrevisto")}


def _parameter(modulo: Modulo, campo: Atributo | Relacao, name: str, base: object) -> tuple[str, str, str]:
    """Annotation, default and the value for the constructor. What is made anew for each object has None as default."""
    fontes = modulo.fontes
    if isinstance(campo, Relacao) and campo.muitos:
        fontes.usa.add("Sequence")
        annotation = f"Sequence[{fontes.pacote(fontes.modelo.classe(campo.classe).py)}]"
        wrap = "tuple" if fontes.modelo.classe(_owner(modulo, campo)).imutavel else fontes.pacote("Colecao")
    else:
        annotation, wrap = fontes.anotacao(campo.tipo), ""
    source = fontes.valor(base)
    fresh = "criar_" in source
    optional = annotation.endswith("| None")
    value = f"{source} if {name} is None else {name}" if fresh else name
    value = f"{wrap}({value})" if wrap else value
    return (annotation if optional or not fresh else f"{annotation} | None"), ("None" if fresh else source), value


def _owner(modulo: Modulo, relation: Relacao) -> str:
    return next(c.nome for c in modulo.fontes.modelo.classes if relation in c.relacoes)


def _portrait(modulo: Modulo, classe: Classe) -> None:
    name = variavel(classe)
    parts = []
    for campo in classe.campos():
        if isinstance(campo, Atributo) and campo.deriva is not None:
            continue  # it follows from the others
        if isinstance(campo, Relacao) and campo.da_parte and campo.minimo:
            continue  # not there yet while the object belongs to nobody
        value = f"{name}.{campo.py}"
        many = isinstance(campo, Relacao) and campo.muitos
        parts.append(f'"{campo.py}": {f"tuple({value})" if many else value}')
    modulo.funcao(
        retrato(classe.py),
        f"{name}: {classe.py}",
        "dict[str, object]",
        f"Tudo o que um objeto de {classe.nome} guarda, para comparar antes e depois.",
        [f"return {{{', '.join(parts)}}}"],
    )


def _ports(modulo: Modulo) -> None:
    ports = {port for classe in modulo.fontes.modelo.classes for port in classe.todas_portas}
    if "relogio" in ports:
        modulo.fontes.usa |= {"date", "datetime"}
        modulo.classe("class RelogioParado:", "Um relógio que não anda.", _lines(CLOCK))
    if "aleatorio" in ports:
        modulo.fontes.usa.add("Sequence")
        modulo.classe("class AleatorioPrevisto:", "Valores que o teste conhece, um depois do outro.", _lines(RANDOM))


CLOCK = '''
def __init__(self, agora: datetime = datetime(2024, 6, 15, 12, 0)) -> None:
    """`agora`: o instante que ele mostra."""
    self._agora = agora

def agora(self) -> datetime:
    """O instante parado."""
    return self._agora

def hoje(self) -> date:
    """O dia do instante parado."""
    return self._agora.date()
'''
RANDOM = '''
def __init__(self, sorteios: Sequence[int] = (), ids: Sequence[str] = ()) -> None:
    """`sorteios`, `ids`: o que sai, em ordem; depois deles, o mínimo e "id-1", "id-2"..."""
    self._sorteios = list(sorteios)
    self._ids = list(ids)
    self._dados = 0

def sorteia(self, minimo: int, maximo: int) -> int:
    """O próximo valor previsto, ou o mínimo."""
    return min(self._sorteios.pop(0), maximo) if self._sorteios else minimo

def novo_id(self) -> str:
    """O próximo identificador previsto, ou um numerado."""
    self._dados += 1
    return self._ids.pop(0) if self._ids else f"id-{self._dados}"
'''


def _lines(text: str) -> Iterator[str]:
    yield ""
    yield from text.strip().splitlines()


def _functions(modulo: Modulo, ajudas: AbstractSet[str]) -> None:
    """Functions of conditions that Python does not have: written here again, so that tests do not ask the code."""
    if "qualquer" in ajudas:
        modulo.fontes.usa.add("Any")
        doc = "Um valor que o tipo declarado não aceita, para ver que o código também não."
        modulo.funcao("qualquer", "valor: object", "Any", doc, ["return valor"])
    if "sem_campos" in ajudas:
        doc = "O retrato de um objeto sem alguns dos seus campos."
        body = ["return {nome: valor for nome, valor in retrato.items() if nome not in nomes}"]
        modulo.funcao("sem_campos", "retrato: dict[str, object], *nomes: str", "dict[str, object]", doc, body)
    if "arredonda" in ajudas:
        line, doc = ARREDONDA
        modulo.fontes.usa |= {"Decimal", "ROUND_HALF_UP"}
        modulo.funcao("arredonda", "valor: Decimal | int, casas: int", "Decimal", doc, [line])
    if "coincide" in ajudas:
        line, doc = COINCIDE
        modulo.modulos.add("re")
        modulo.funcao("coincide", "padrao: str, texto: str, limite: int | None = None", "bool", doc, [line])
