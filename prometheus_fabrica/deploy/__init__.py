"""Deployment: a release becomes the current version of its application, or the former one stays.

First version: folders on this host, switched by a link. The steps, their record and their order are those of any other
target: one that starts containers replaces `folders`, one that moves traffic little by little replaces `trocar` in
`rollout`.
"""

from prometheus_fabrica.deploy.health import Interrompida
from prometheus_fabrica.deploy.overview import Situacao, recuperar, situacao
from prometheus_fabrica.deploy.rollout import Implantador, Pedido, implantar, reverter

__all__ = ["Implantador", "Interrompida", "Pedido", "Situacao", "implantar", "recuperar", "reverter", "situacao"]
