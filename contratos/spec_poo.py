"""`spec_poo`: classes, their attributes, relations, contracts, methods, examples and life cycles.

Conditions and bodies are texts in the language of `workers.expressao`: Python expressions, restricted. `self.x` is an
attribute, `antigo(e)` the value of `e` before the call, `resultado` what the method returns. This module checks form;
whether names exist and types agree is checked against the whole spec by the workers.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from contratos.spec_base import Documentada, Expressao, Lista, Parte, PorNome, Textos, name_fault, one_or_many
from contratos.spec_relacao import Relacao
from contratos.spec_tipos import ClasseErro, Constante, Enumeracao, Limites, TextoTipo, TipoValor

EXPRESSAO = (
    "Expression: Python syntax, restricted. Names: parameters, constants, self.attribute, enumeration members as "
    "Situacao.PAGA; and, or, not, comparisons, + - * / // %, in, x if c else y, generators inside all any sum "
    "min max len "
    "sorted (all(l.valor > 0 for l in self.linhas)), abs, round, coincide(regex, text)."
)
CONDICAO = f"{EXPRESSAO} It is True or False."


class Condicao(Parte, curtas={str: "que", bool: "que"}):
    """A condition that must hold: an invariant, a precondition or a postcondition."""

    id: str = Field(
        default="", description="Short id by which messages and tests name it, for example I1; numbered when left out."
    )
    que: Expressao = Field(
        min_length=1, description=f"The condition. {CONDICAO} In 'pos' also antigo(e) and resultado."
    )
    mensagem: str = Field(default="", description="What people read when it does not hold.")
    requisito: Textos = Field(default=(), description="Ids of the requirements that it comes from.")


class Atributo(Documentada, Limites, curtas={str: "tipo"}):
    """What an object knows."""

    tipo: TextoTipo
    padrao: Any = Field(
        default=None,
        description="Default value: the constructor may then be called without it. (A regular expression goes "
        "into 'regex'.)",
    )
    inicial: Expressao | None = Field(
        default=None,
        description=f"Value at creation when none is given, computed: {EXPRESSAO} Also agora(), hoje(), "
        f"novo_id() with 'usa'.",
    )
    opcional: bool = Field(
        default=False, description="May be absent (None); same as the type opcional[T]. Then the default is None."
    )
    somente_leitura: bool = Field(
        default=False, description="Set at creation and never changed afterwards, not even by methods."
    )
    deriva: Expressao | None = Field(
        default=None, description=f"Computed from the others whenever it is read, never stored. {EXPRESSAO}"
    )
    secreto: bool = Field(default=False, description="Never shown in repr, messages or logs.")
    unico: bool = Field(
        default=False, description="No two objects of a collection have the same value: a key of its own."
    )

    @property
    def tem_padrao(self) -> bool:
        """Whether the spec gives a default (None may be one)."""
        return "padrao" in self.model_fields_set


class Parametro(Documentada, Limites, curtas={str: "tipo"}):
    """What a method is given."""

    tipo: TextoTipo
    padrao: Any = Field(default=None, description="Default value: the method may be called without it.")
    opcional: bool = Field(
        default=False, description="May be absent (None); same as the type opcional[T]. Then the default is None."
    )

    @property
    def tem_padrao(self) -> bool:
        """Whether the spec gives a default (None may be one)."""
        return "padrao" in self.model_fields_set


class Retorno(Limites, curtas={str: "tipo"}):
    """What a method returns."""

    tipo: TextoTipo
    descricao: str = Field(default="", description="What the value means.")


class ErroDeclarado(Parte):
    """An error that a method raises; of several, the first whose condition holds."""

    se: Expressao = Field(
        min_length=1, description=f"When: a condition on the parameters and the state before the call. {CONDICAO}"
    )
    lanca: str = Field(
        min_length=1,
        description="Which error: a name from 'erros', or ValueError, KeyError, LookupError, PermissionError, ...",
    )
    id: str = Field(default="", description="Short id by which tests name it, for example E1; numbered when left out.")
    mensagem: str = Field(default="", description="Text of the error here, instead of the error's own.")
    dados: dict[str, Expressao] = Field(
        default_factory=dict, description="Values that the error carries: name -> expression."
    )
    estado_intacto: bool = Field(default=True, description="The object is then exactly as before the call.")
    requisito: Textos = Field(default=(), description="Ids of the requirements that it comes from.")


class Regra(Parte):
    """A row of a decision table."""

    se: Expressao | None = Field(
        default=None, description=f"When the row applies. {CONDICAO} Left out in the last row: otherwise."
    )
    retorna: Expressao | None = Field(default=None, description=f"What the method then returns. {EXPRESSAO}")
    muda: dict[str, Expressao] = Field(
        default_factory=dict,
        description="Attributes that change: name -> expression of the new value (all read the old state).",
    )


class Tabela(Parte, curtas={list: "regras"}):
    """A decision table: rows of condition and outcome."""

    regras: tuple[Regra, ...] = Field(
        min_length=1, description="The rows, in order; the last may have no 'se' (otherwise)."
    )
    politica: Literal["primeira", "unica"] = Field(
        default="primeira",
        description="primeira: the first row that applies decides; unica: never more than one row applies, and "
        "tests check that.",
    )


class Passo(Parte, curtas={str: "faz"}):
    """One step of a body; exactly one of faz, se, para_cada, lanca, retorna."""

    faz: str | None = Field(
        default=None,
        description="A statement: 'self.saldo = e', 'self.saldo += e', 'nome = e' (a local name), "
        "'self.linhas.append(e)', "
        "'self.linhas.remove(e)', 'objeto.metodo(parametro=e)', 'nome = objeto.metodo(...)'; also 'return e'.",
    )
    se: Expressao | None = Field(default=None, description=f"A condition, with 'entao' and perhaps 'senao'. {CONDICAO}")
    entao: Lista[Passo] = Field(default=(), description="Steps when 'se' holds.")
    senao: Lista[Passo] = Field(default=(), description="Steps when 'se' does not hold.")
    para_cada: str | None = Field(
        default=None, description="A local name that stands for each element of 'em' in turn."
    )
    em: Expressao | None = Field(default=None, description="The collection of 'para_cada': an expression.")
    passos: Lista[Passo] = Field(default=(), description="Steps done for each element.")
    lanca: str | None = Field(default=None, description="Raise this error.")
    dados: dict[str, Expressao] = Field(
        default_factory=dict, description="Values that the raised error carries: name -> expression."
    )
    retorna: Expressao | None = Field(default=None, description=f"End with this value. {EXPRESSAO}")

    def verbo(self) -> str:
        """Which kind of step it is. ValueError when it is none or several."""
        verbs = [verb for verb in ("faz", "se", "para_cada", "lanca", "retorna") if getattr(self, verb) is not None]
        if len(verbs) != 1:
            raise ValueError(
                f"a step is exactly one of faz, se, para_cada, lanca, retorna; found {', '.join(verbs) or 'none'}"
            )
        return verbs[0]


class Corpo(Parte, curtas={str: "expressao", list: "passos", int: "expressao", float: "expressao", bool: "expressao"}):
    """How a method does it: one of expression, decision table, steps."""

    expressao: Expressao | None = Field(default=None, description=f"The value returned. {EXPRESSAO}")
    tabela: Tabela | None = Field(default=None, description="A decision table.")
    passos: tuple[Passo, ...] | None = Field(default=None, description="Steps, one after the other.")

    def forma(self) -> str:
        """Which of the three is given. ValueError when it is none or several."""
        forms = [form for form in ("expressao", "tabela", "passos") if getattr(self, form) is not None]
        if len(forms) != 1:
            raise ValueError(f"a body is exactly one of expressao, tabela, passos; found {', '.join(forms) or 'none'}")
        return forms[0]


class Exemplo(Parte):
    """One call and what comes of it. Objects are maps of their attributes, enumeration members are their names."""

    nome: str = Field(default="", description="What it shows, in a few words; becomes part of the test's name.")
    antes: dict[str, Any] = Field(
        default_factory=dict, description="The object before: attribute -> value, as given to its constructor."
    )
    args: dict[str, Any] = Field(
        default_factory=dict, description="Arguments: parameter -> value (of a class: attribute -> value)."
    )
    da: Any = Field(default=None, description="What is returned; null when nothing is.")
    lanca: str | None = Field(default=None, description="Name of the error that is raised instead.")
    depois: dict[str, Any] = Field(
        default_factory=dict, description="Attributes after the call: name -> value; those not named are not looked at."
    )
    agora: datetime | date | None = Field(
        default=None, description="What the injected clock says, for classes with 'usa: [relogio]'."
    )
    sorteios: tuple[Any, ...] = Field(
        default=(), description="Values that the injected random source gives, one after the other."
    )
    requisito: Textos = Field(default=(), description="Ids of the requirements that it shows.")

    @property
    def diz_retorno(self) -> bool:
        """Whether the example says what is returned (null may be said)."""
        return "da" in self.model_fields_set


class Metodo(Documentada):
    """What an object does."""

    parametros: PorNome[Parametro] = Field(
        default_factory=dict,
        description="Name -> type, or with limits. In the list form they may also be passed by position.",
    )
    retorna: Retorno | None = Field(default=None, description="Type of what is returned; left out when nothing is.")
    pre: Lista[Condicao] = Field(
        default=(), description="What callers must see to. A breach is the caller's fault: PreCondicaoViolada."
    )
    pos: Lista[Condicao] = Field(
        default=(), description="What holds afterwards; antigo(e) is the value before, resultado what is returned."
    )
    erros: Lista[ErroDeclarado] = Field(
        default=(),
        description="Errors that belong to the method's behaviour, in order: the first that applies is raised.",
    )
    modifica: Textos | None = Field(
        default=None, description="Attributes and relations that may change; [] = none; left out = any."
    )
    pura: bool = Field(
        default=False, description="Changes nothing and depends on nothing but the object and the arguments."
    )
    idempotente: bool = Field(default=False, description="Doing it twice is doing it once.")
    abstrato: bool = Field(default=False, description="Subclasses define it (the class must be 'abstrata').")
    corpo: Corpo | None = Field(
        default=None,
        description="How: an expression (text), steps (list) or {tabela: [...]}; left out when 'pos' or the "
        "examples determine it.",
    )
    exemplos: Lista[Exemplo] = Field(default=(), description="Calls and what comes of them.")

    @field_validator("retorna", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """'retorna: None' says that nothing is returned."""
        return None if isinstance(value, str) and value.strip().lower() in {"none", "null", "nada", "void"} else value


class Estados(Parte):
    """Life cycle: which methods may be called in which state, and where they lead."""

    inicial: str = Field(description="State of a new object.")
    transicoes: dict[str, dict[str, str]] = Field(
        description="State -> {method: next state}, or a list of {de, metodo, para}. A method that stands in no "
        "state may be called in all; "
        "elsewhere a call raises EstadoInvalido."
    )
    atributo: str = Field(
        default="estado",
        description="Attribute that holds the state: one declared with an enumeration as type, else it is made, "
        "read-only.",
    )

    @field_validator("transicoes", mode="before")
    @classmethod
    def _as_table(cls, value: Any) -> Any:
        """Final states have nothing behind them; and a list of moves is a table, too."""
        if isinstance(value, dict):
            return {state: moves if moves is not None else {} for state, moves in value.items()}
        if not isinstance(value, list):
            return value
        table: dict[Any, dict[Any, Any]] = {}
        for place, move in enumerate(value):
            if not isinstance(move, dict) or set(move) != {"de", "metodo", "para"}:
                raise ValueError(
                    f"entry [{place}]: expected {{de: state, metodo: method, para: next state}}, found {move!r}"
                )
            for state in move["de"] if isinstance(move["de"], list) else [move["de"]]:
                table.setdefault(state, {})[move["metodo"]] = move["para"]
        return table

    def nomes(self) -> list[str]:
        """All states, those with transitions first; in no order that depends on the order of keys."""
        nexts = {to for moves in self.transicoes.values() for to in moves.values()}
        return sorted({self.inicial, *self.transicoes, *nexts})


class Classe(Documentada):
    """A class of objects."""

    herda: str | None = Field(default=None, description="Name of the class that it specialises.")
    abstrata: bool = Field(default=False, description="Only its subclasses have objects.")
    imutavel: bool = Field(
        default=False, description="Objects never change after creation; two with equal values are equal."
    )
    atributos: PorNome[Atributo] = Field(
        default_factory=dict,
        description="Name -> type ('saldo: Decimal'), or with limits ('saldo: {tipo: Decimal, min: 0}').",
    )
    relacoes: PorNome[Relacao] = Field(
        default_factory=dict, description="Name -> class at the other end, or with multiplicity, inverse and ownership."
    )
    chaves: tuple[Textos, ...] = Field(
        default=(),
        description="Keys: attributes that together tell two objects apart, for example [[agencia, numero]].",
    )
    invariantes: Lista[Condicao] = Field(
        default=(), description="What always holds of an object, after creation and after every method."
    )
    metodos: PorNome[Metodo] = Field(default_factory=dict, description="Name -> method.")
    estados: Estados | None = Field(default=None, description="Life cycle.")
    usa: Annotated[tuple[Literal["relogio", "aleatorio"], ...], BeforeValidator(one_or_many)] = Field(
        default=(),
        description="What it needs from outside, given to the constructor: relogio (agora(), hoje()), aleatorio "
        "(sorteia(a, b), novo_id()).",
    )
    exemplos: Lista[Exemplo] = Field(
        default=(), description="Examples of creation: 'args' are the attributes; 'depois' or 'lanca' what comes of it."
    )

    @field_validator("chaves", mode="before")
    @classmethod
    def _one_key(cls, value: Any) -> Any:
        """`chaves: [agencia, numero]` is one compound key."""
        texts = isinstance(value, list) and bool(value) and all(isinstance(entry, str) for entry in value)
        return [value] if texts or isinstance(value, str) else value


class SpecPoo(Parte):
    """The structural part of a spec: what vertente E turns into a Python package."""

    pacote: str | None = Field(
        default=None, description="Name of the Python package; made from the spec's id when left out."
    )
    descricao: str = Field(default="", description="What the package is about; becomes its docstring and README.")
    constantes: PorNome[Constante] = Field(default_factory=dict, description="Named values: name -> value.")
    tipos: PorNome[TipoValor] = Field(default_factory=dict, description="Named value types: name -> {base, limits}.")
    enumeracoes: PorNome[Enumeracao] = Field(default_factory=dict, description="Enumerations: name -> list of members.")
    erros: PorNome[ClasseErro] = Field(
        default_factory=dict, description="Error classes: name -> message, or with data."
    )
    classes: PorNome[Classe] = Field(min_length=1, description="Classes: name -> definition.")

    @field_validator("pacote")
    @classmethod
    def _identifier(cls, value: str | None) -> str | None:
        if value is not None and (fault := name_fault(value)):
            raise ValueError(fault)
        return value
