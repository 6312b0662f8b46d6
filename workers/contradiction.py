"""A spec that says two things at once: no code can be right, so none is made."""

from __future__ import annotations

from contratos.problems import Malformed


class SpecContraditoria(Malformed):
    """Two places of the spec contradict each other; the problems name both."""
