"""Patterns: which are safe, which are refused, and that the verdict is right where it matters."""

from __future__ import annotations

import re
import time

import pytest

from workers.expressao.regex import RegexRecusada, examinar

SAFE = (
    r"\d{11}|\d{14}",
    r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$",
    r"[^@\s]+@[^@\s]+\.[^@\s]+",
    r"[a-z]+(-[a-z]+)*",
    r"\d{1,3}(\.\d{3})*,\d{2}",
    r"([01]\d|2[0-3]):[0-5]\d",
    r"(\+\d{2} )?\(\d{2}\) \d{4,5}-\d{4}",
    r".*x.*",
    r"a|b|",
    r"[\w.+-]+@[\w-]+\.[\w.-]+",
    r"(?:ab)+c?",
    r"\$\{[^}]*\}",
    r"[^\\]+",
    r"x{3}",
    r"x{2,}",
    r"[]a]+",
    r"é+",
)

UNSAFE = {
    r"(a+)+b": "exponentially",
    r"(a|a)*": "exponentially",
    r"(a*)*": "exponentially",
    r"(a?a?)*b": "exponentially",
    r"(\w+\s?)*": "exponentially",
    r"(x+x+)+y": "exponentially",
    r"([a-z]+|[a-z0-9]+)*": "exponentially",
    r".*.*.*x": "3 repetitions",
    r"a*a*a*b": "3 repetitions",
    r"(?=a)a": r"only '\(\?:",
    r"(?i)a": r"only '\(\?:",
    r"(a)\1": "not supported",
    r"\bword": "not supported",
    r"a++": "possessive",
    r"a**": "two quantifiers",
    r"*a": "nothing to repeat",
    r"(a": "ends too early",
    r"a)": r"without '\('",
    r"[a": "ends too early",
    r"[z-a]": "lower to a higher",
    r"a{3,1}": "m greater than n",
    r"(a{1,99}){1,99}": "too large",
    "a" * 301: "at most 300",
    r"a^b": "only stands at the ends",
    "a\\": "ends too early",
}


@pytest.mark.parametrize("pattern", SAFE)
def test_safe_pattern_is_taken_and_its_example_matches(pattern: str) -> None:
    """Everyday patterns are taken; Python agrees that the example matches."""
    looked_at = examinar(pattern)
    assert re.fullmatch(pattern, looked_at.exemplo)


@pytest.mark.parametrize("pattern", UNSAFE)
def test_unsafe_pattern_is_refused_with_the_reason(pattern: str) -> None:
    """What can take exponential or cubic time, and what the subset does not have, is refused at load."""
    with pytest.raises(RegexRecusada, match=UNSAFE[pattern]):
        examinar(pattern)


@pytest.mark.parametrize("pattern", SAFE)
def test_safe_pattern_takes_no_time_on_texts_made_to_hurt(pattern: str) -> None:
    """A thousand characters that almost match are decided in under 100 ms."""
    looked_at = examinar(pattern)
    parts = [looked_at.exemplo or "a", "a", "x", "@", ".", "1", "-a", " "]
    for part in parts:
        text = (part * 1_000)[:1_000] + "\n"
        begin = time.perf_counter()
        re.fullmatch(pattern, text)
        assert time.perf_counter() - begin < 0.1
