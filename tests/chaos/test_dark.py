"""MongoDB cannot be reached, or does not answer: work stops before its lease ends, and goes on when MongoDB is back."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from pymongo.database import Database

from contratos.estados import Status, Transicao
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.backlog import audit
from prometheus_fabrica.backlog.store import Backlog, Doc
from tests.chaos.conftest import Abrir, Quieto
from tests.chaos.sound import assert_same
from tests.harness.handlers import ABRE, diary
from tests.harness.processes import Oficina, Processo
from tests.harness.proxy import Proxy, proxy
from tests.harness.scenario import Dia
from tests.harness.waiting import until

WITHOUT_ANSWER = ("mongodb_indisponivel", "varredura_sem_mongodb", "renovacao_falhou", "gravacao_sem_resposta")


def _put(db: Database[Doc], item: str, spec: str) -> None:
    db["backlog_items"].insert_one({"_id": item, "id": item, "tipo": "orcar_spec", "contexto": {"spec_ref": spec}})


def _until_done(db: Database[Doc], item: str) -> None:
    done = {"_id": item, "propagado": Status.CONCLUIDO}
    until(lambda: db["backlog_items"].count_documents(done), f"{item} is Concluido, and all has followed")


def _until_noted(place: Oficina, line: str) -> None:
    until(lambda: line in diary(place.pasta), f"the diary says {line!r}")


def _dono(processo: Processo) -> str:
    return str(processo.lines("daemon_pronto")[0]["dono"])


def _conclusions(db: Database[Doc], item: str) -> list[tuple[str, int]]:
    found = db["eventos"].find({"item": item, "tipo": Transicao.CONCLUSAO})
    return [(event["por"], event["tentativa"]) for event in found]


def _goes_on(db: Database[Doc], place: Oficina, first: Processo, second: Processo) -> None:
    """The first daemon is as good as before: with the second one gone it takes up other work."""
    second.signal(signal.SIGTERM)
    assert second.ended() == 0
    _put(db, "depois", "simples")
    _until_done(db, "depois")
    assert _conclusions(db, "depois") == [(_dono(first), 1)]
    first.signal(signal.SIGTERM)
    assert first.ended() == 0
    assert not audit.verificar(Backlog(db, Ambient()))


def test_work_in_the_dark_is_stopped_before_another_daemon_takes_it(
    mongo_uri: str, abrir: Abrir, db: Database[Doc]
) -> None:
    """Rule 2: who cannot renew stops its own work first; when the light is back it has changed nothing."""
    place = abrir()
    with proxy(mongo_uri) as wire:
        first = place.start(uri=wire.uri)
        _put(db, "longa", "lenta")
        _until_noted(place, "longa comeca d1")
        wire.dark()
        second = place.start()
        _until_noted(place, "longa comeca d2")

        assert diary(place.pasta) == ["longa comeca d1", "longa para concessao d1", "longa comeca d2"]

        wire.light()
        (place.pasta / ABRE).touch()
        _until_done(db, "longa")
        assert _conclusions(db, "longa") == [(_dono(second), 2)]
        _goes_on(db, place, first, second)


def test_result_sent_in_the_dark_does_not_land_after_another_took_over(
    mongo_uri: str, abrir: Abrir, db: Database[Doc]
) -> None:
    """Rule 2: a conclusion that the network held back past the end of its lease arrives, and changes nothing."""
    place = abrir()
    with proxy(mongo_uri) as wire:
        first = place.start(uri=wire.uri)
        _put(db, "longa", "lenta")
        _until_noted(place, "longa comeca d1")
        wire.dark()
        (place.pasta / ABRE).touch()
        first.until_said("gravacao_sem_resposta")  # the conclusion is on its way
        second = place.start()
        _until_done(db, "longa")
        sent = wire.forwarded["update backlog_items"]
        wire.light()
        until(lambda: wire.forwarded["update backlog_items"] > sent, "what was held back arrives")

        _goes_on(db, place, first, second)
        assert _conclusions(db, "longa") == [(_dono(second), 2)]


def _fails(place: Oficina) -> int:
    return sum(len(each.lines(event)) for each in place.processos for event in WITHOUT_ANSWER)


@pytest.mark.parametrize(
    ("goes", "comes"), [(Proxy.down, Proxy.up), (Proxy.dark, Proxy.light)], ids=["refused", "no-answer"]
)
def test_day_ends_the_same_when_mongodb_goes_and_comes_back(
    goes: Callable[[Proxy], None],
    comes: Callable[[Proxy], None],
    mongo_uri: str,
    quieto: Quieto,
    abrir: Abrir,
    db: Database[Doc],
) -> None:
    """The daemon keeps trying and goes on when MongoDB is back: nothing lost, nothing doubled."""
    place = abrir()
    with proxy(mongo_uri) as wire:
        outages = [20, 60, 100]  # after so many writes

        def outage() -> None:
            if outages and wire.seen["write"] >= outages[0]:
                before = _fails(place)
                goes(wire)
                until(lambda: _fails(place) > before, "the daemon notices")
                comes(wire)
                outages.pop(0)

        Dia(place, db, uri=wire.uri, meanwhile=outage).run()

    assert not outages
    assert_same(db, quieto.estado)
