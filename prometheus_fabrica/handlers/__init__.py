"""Who handles what. A handler's file is named after its `tipo`."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_fabrica.handlers.contract import Handler, Outcome, Tools, Trabalho
from prometheus_fabrica.handlers.corrigir_bug import corrigir_bug
from prometheus_fabrica.handlers.desenvolvimento import desenvolvimento
from prometheus_fabrica.handlers.implantar import implantar
from prometheus_fabrica.handlers.orcar_spec import orcar_spec

__all__ = ["HANDLERS", "Handler", "Outcome", "Tools", "Trabalho"]

HANDLERS: Mapping[str, Handler] = {
    "orcar_spec": orcar_spec,
    "desenvolvimento": desenvolvimento,
    "implantar": implantar,
    "corrigir_bug": corrigir_bug,
}
