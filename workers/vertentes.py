"""Which worker builds which vertente. A further one is one more line here, one module and one template folder."""

from __future__ import annotations

from collections.abc import Mapping

from workers import e_estrutural
from workers.flow import Gerador

VERTENTES: Mapping[str, Gerador] = {"E": e_estrutural}
