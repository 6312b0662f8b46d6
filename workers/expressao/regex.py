"""Regular expressions that are safe to run on anybody's text.

The patterns of a spec are a subset of Python's: literals, classes, '.', groups, '|', quantifiers, anchors at the ends.
A pattern becomes an automaton of positions (Glushkov). It is refused when one text can be matched in exponentially
many ways, or when three or more repetitions can share a text (then a mismatch costs the cube of the length and more).
Theory: Weber and Seidl, "On the degree of ambiguity of finite automata", 1991.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from workers.grafos import components

LONGEST_PATTERN = 300  # characters
MOST_POSITIONS = 400  # after {m,n} is written out
LONGEST_TEXT = 1_000  # characters of a text that is matched against a pattern that is not linear
MOST_SHARING = 2  # repetitions that may share a text: cost grows with the square of its length

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CLASSES = {"d": _DIGITS, "w": _DIGITS | _LETTERS | {"_"}, "s": frozenset(" \t\n\r\f\v")}


class RegexRecusada(ValueError):
    """Why a pattern is not taken."""


@dataclass(frozen=True, slots=True)
class Conjunto:
    """A set of characters: those listed, or all but those. What lies beyond ASCII counts as one more character."""

    letras: frozenset[str]
    negado: bool = False
    outros: bool = False  # \d, \w and \s also have members beyond ASCII

    def cruza(self, outro: Conjunto) -> bool:
        """Whether some character is in both."""
        if self.negado and outro.negado:
            return True
        if self.negado or outro.negado:
            positive, negative = (outro, self) if self.negado else (self, outro)
            return bool(positive.letras - negative.letras) or positive.outros
        return bool(self.letras & outro.letras) or (self.outros and outro.outros)

    def um(self) -> str:
        """A character of the set, a readable one where there is one."""
        order = "a0A1bB" + "".join(chr(code) for code in range(32, 127)) + "\n\t\r\f\v\0é"
        members = (c for c in [*order, *sorted(self.letras)] if (c in self.letras) != self.negado)
        return next(members, "é")


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the automaton: positions that it can begin and end with, and whether it may be empty."""

    first: frozenset[int]
    last: frozenset[int]
    nullable: bool


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern that was looked at. `linear`: a match costs time in proportion to the text."""

    texto: str
    linear: bool
    exemplo: str  # a short text that matches

    @property
    def limite(self) -> int | None:
        """Longest text that may be matched against it, characters; None = any."""
        return None if self.linear else LONGEST_TEXT


@lru_cache(maxsize=512)
def examinar(texto: str) -> Regex:
    """Look at a pattern. RegexRecusada says why it is refused."""
    if len(texto) > LONGEST_PATTERN:
        raise RegexRecusada(f"the pattern has {len(texto)} characters; at most {LONGEST_PATTERN}")
    reader = _Reader(texto)
    whole = reader.whole()
    automaton = _Automaton(reader, whole)
    if automaton.exponential():
        raise RegexRecusada(
            "one text can match in exponentially many ways (a repetition inside a repetition): simplify it"
        )
    sharing = automaton.sharing()
    if sharing > MOST_SHARING:
        raise RegexRecusada(
            f"{sharing} repetitions can share one text, so that a mismatch takes very long: separate them"
        )
    return Regex(texto, linear=sharing < MOST_SHARING, exemplo=automaton.shortest())


class _Reader:
    """Pattern -> positions and what may follow each."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.sets: list[Conjunto] = []
        self.follow: list[set[int]] = []
        self.twice: set[tuple[int, int]] = set()  # arcs that two repetitions both make, as in (a+)+

    def whole(self) -> _Part:
        if self._peek() == "^":
            self.at += 1
        part = self._choice()
        if self.at < len(self.text):
            raise self._error("')' without '('")
        return part

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _take(self) -> str:
        if self.at >= len(self.text):
            raise self._error("the pattern ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _error(self, why: str) -> RegexRecusada:
        return RegexRecusada(f"{why} (at character {self.at + 1})")

    def _choice(self) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        first = frozenset().union(*(part.first for part in parts))
        last = frozenset().union(*(part.last for part in parts))
        return _Part(first, last, any(part.nullable for part in parts))

    def _sequence(self) -> _Part:
        part = _Part(frozenset(), frozenset(), nullable=True)
        while self._peek() not in {"", "|", ")"}:
            if self._peek() == "$" and self.at == len(self.text) - 1:
                self.at += 1
                break
            part = self._joined(part, self._repeated())
        return part

    def _joined(self, a: _Part, b: _Part) -> _Part:
        self._arcs(a.last, b.first)
        first = a.first | b.first if a.nullable else a.first
        last = a.last | b.last if b.nullable else b.last
        return _Part(first, last, a.nullable and b.nullable)

    def _arcs(self, sources: frozenset[int], targets: frozenset[int]) -> None:
        for source in sources:
            self.twice |= {(source, target) for target in targets & self.follow[source]}
            self.follow[source] |= targets

    def _repeated(self) -> _Part:
        start = self.at
        part = self._atom()
        end = self.at
        least, most = self._counts()
        if self._peek() in {"?", "+"} and (least, most) != (1, 1) and self._take() == "+":
            raise self._error("possessive quantifiers are not supported")
        if self._peek() in {"*", "+", "?"}:
            raise self._error("two quantifiers in a row")
        return self._times(part, least, most, start, end)

    def _counts(self) -> tuple[int, int | None]:
        """How often the atom before stands there; None = without end."""
        sign = self._peek()
        if sign in {"*", "+", "?"}:
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        close = self.text.find("}", self.at)
        inner = self.text[self.at + 1 : close] if sign == "{" and close > 0 else ""
        least, comma, most = inner.partition(",")
        if not inner or not (least + most).isdigit() or not (least or most):
            return 1, 1
        self.at = close + 1
        lower = int(least or 0)
        return lower, (int(most) if most else None) if comma else lower

    def _times(self, part: _Part, least: int, most: int | None, start: int, end: int) -> _Part:
        """Write {m,n} out as copies; the last copy loops when there is no upper end."""
        if most is not None and most < least:
            raise self._error("{m,n} with m greater than n")
        if max(least, most or 0) > MOST_POSITIONS:
            raise self._error(f"more than {MOST_POSITIONS} repetitions")
        after, copies = self.at, [part]
        for _ in range(max(least, most if most is not None else 1) - 1):
            self.at = start
            copies.append(self._atom())
        self.at = after if after != start else end
        if most is None:
            self._arcs(copies[-1].last, copies[-1].first)
        result = _Part(frozenset(), frozenset(), nullable=True)
        for place in range(len(copies) - 1, -1, -1):  # from the right, so that 'the rest' may be left out as a whole
            result = self._joined(copies[place], result)
            if place >= least:
                result = _Part(result.first, result.last, nullable=True)
        return result if most != 0 else _Part(frozenset(), frozenset(), nullable=True)

    def _atom(self) -> _Part:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return self._position(self._class())
        if char == ".":
            return self._position(Conjunto(frozenset("\n"), negado=True))
        if char == "\\":
            return self._position(self._escape())
        if char in {"^", "$"}:
            raise self._error(f"'{char}' only stands at the ends: the whole text is matched anyway")
        if char in {"*", "+", "?"}:
            raise self._error("nothing to repeat")
        return self._position(Conjunto(frozenset(char), outros=ord(char) > 127))  # noqa: PLR2004 - beyond ASCII

    def _group(self) -> _Part:
        if self._peek() == "?":
            if not self.text.startswith("?:", self.at):
                raise self._error("of the groups with '(?' only '(?:...)' is supported")
            self.at += 2
        part = self._choice()
        if self._take() != ")":
            raise self._error("'(' without ')'")
        return part

    def _position(self, chars: Conjunto) -> _Part:
        if len(self.sets) >= MOST_POSITIONS:
            raise RegexRecusada(f"the pattern is too large: more than {MOST_POSITIONS} positions")
        self.sets.append(chars)
        self.follow.append(set())
        here = frozenset({len(self.sets) - 1})
        return _Part(here, here, nullable=False)

    def _escape(self) -> Conjunto:
        char = self._take()
        if char.lower() in _CLASSES and char.isalpha():
            letters = _CLASSES[char.lower()]
            return Conjunto(letters, negado=True) if char.isupper() else Conjunto(letters, outros=True)
        if char in _ESCAPES:
            return Conjunto(frozenset(_ESCAPES[char]))
        if char.isalnum():
            raise self._error(f"'\\{char}' is not supported (no back references, no \\b)")
        return Conjunto(frozenset(char))

    def _class(self) -> Conjunto:
        negated = self._peek() == "^"
        self.at += negated
        letters: set[str] = set()
        others = False
        begin = self.at
        while self._peek() != "]" or self.at == begin:
            low = self._member()
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                low = self._range(low, self._member())
            letters |= low.letras
            others |= low.outros
        self.at += 1
        return Conjunto(frozenset(letters), negado=negated, outros=others and not negated)

    def _member(self) -> Conjunto:
        char = self._take()
        if char != "\\":
            return Conjunto(frozenset(char), outros=ord(char) > 127)  # noqa: PLR2004 - beyond ASCII
        chars = self._escape()
        if chars.negado:
            raise self._error("\\D, \\W and \\S cannot stand inside [...]")
        return chars

    def _range(self, low: Conjunto, high: Conjunto) -> Conjunto:
        ends = sorted(low.letras) + sorted(high.letras)
        if len(ends) != 2 or ends[0] > ends[1]:  # noqa: PLR2004 - one character at each end
            raise self._error("a range goes from a lower to a higher character")
        codes = range(ord(ends[0]), ord(ends[1]) + 1)
        if len(codes) > 70_000:  # noqa: PLR2004 - all of the basic plane
            raise self._error("the range is too large")
        return Conjunto(frozenset(map(chr, codes)), outros=ord(ends[1]) > 127)  # noqa: PLR2004 - beyond ASCII


class _Automaton:
    """Positions 0..n-1, arcs to the positions that may follow; what a position reads is its set of characters."""

    def __init__(self, reader: _Reader, whole: _Part) -> None:
        self.sets = reader.sets
        self.follow = [sorted(after) for after in reader.follow]
        self.twice = reader.twice
        self.whole = whole

    def exponential(self) -> bool:
        """Two ways from a position back to itself that read the same text."""
        size = range(len(self.sets))
        meets = [[self.sets[p].cruza(self.sets[q]) for q in size] for p in size]
        arcs: dict[tuple[int, int], list[tuple[int, int]]] = {}
        todo = [(p, p) for p in size]
        while todo:  # pairs of positions that the same text can reach
            pair = todo.pop()
            if pair not in arcs:
                p, q = pair
                arcs[pair] = [(a, b) for a in self.follow[p] for b in self.follow[q] if meets[a][b]]
                todo.extend(arcs[pair])
        for component in components(arcs):
            same = {p for p, q in component if p == q}
            if same and (len(same) < len(component) or any(p in same and q in same for p, q in self.twice)):
                return True
        return False

    def sharing(self) -> int:
        """Most repetitions, one after the other, through which one and the same text can loop."""
        arcs = {p: self.follow[p] for p in range(len(self.sets))}
        loops = [c for c in components(arcs) if len(c) > 1 or c[0] in arcs[c[0]]]
        loops.sort(key=min)
        longest: list[int] = []
        for here, loop in enumerate(loops):  # positions are numbered from left to right, so loops come in order
            before = [longest[k] for k in range(here) if self._share(loops[k], loop)]
            longest.append(1 + max(before, default=0))
        return max(longest, default=0)

    def _share(self, a: list[int], b: list[int]) -> bool:
        """Whether a way leads from loop a to loop b that reads only what both loops can read."""

        def common(position: int) -> bool:
            chars = self.sets[position]
            return any(chars.cruza(self.sets[p]) for p in a) and any(chars.cruza(self.sets[p]) for p in b)

        seen, todo = set(a), list(a)
        while todo:
            for position in self.follow[todo.pop()]:
                if position in b and common(position):
                    return True
                if position not in seen and common(position):
                    seen.add(position)
                    todo.append(position)
        return False

    def shortest(self) -> str:
        """A shortest text that matches."""
        if self.whole.nullable:
            return ""
        todo = [(position, self.sets[position].um()) for position in sorted(self.whole.first)]
        seen = set(self.whole.first)
        for position, text in todo:  # grows while it is walked: breadth first
            if position in self.whole.last:
                return text
            for after in self.follow[position]:
                if after not in seen:
                    seen.add(after)
                    todo.append((after, text + self.sets[after].um()))
        return ""
