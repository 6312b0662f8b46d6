"""One deployment as a row of steps, each recorded before and after, each safe to repeat.

    conferir      the files are those of the release
    desempacotar  they lie in a folder of their own, complete
    provar        what lies there answers, can be imported, and passes its suite, in the sandbox
    trocar        the link `atual` leads to it: one rename
    saude         the version behind `atual` answers with the release's id; else the former one is made current again
    podar         versions beyond those kept for rollback go

Whoever is killed anywhere in this leaves a state from which the next attempt comes to the same end: a folder is
complete or not there, the link is the old or the new one, and what a rollback goes to is read not from the link but
from the list of releases that were healthy, which grows only after `saude`. Whoever fails between `trocar` and the end
of `saude`, for whatever reason, being told to stop included, first puts the link back: no version stays unjudged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from contratos.implantacao import EstadoImplantacao, Implantacao, Verificacao
from contratos.release import Release, digest
from prometheus_fabrica import locks
from prometheus_fabrica.ambient import Ambient
from prometheus_fabrica.deploy import journal
from prometheus_fabrica.deploy.folders import Aplicacao
from prometheus_fabrica.deploy.health import Interrompida, Provador
from prometheus_fabrica.deploy.version import arquivos_da_versao
from prometheus_fabrica.errors import Permanent
from workers.ports import Sandbox, Stop

KEPT = 3  # former versions that a rollback can go to at once
WAIT_SECONDS = 60.0  # for another deployment of the same application to end


@dataclass(frozen=True, slots=True)
class Implantador:
    """What every deployment takes. dados: FABRICA_DADOS. agora: the server's clock. manter: former versions kept."""

    dados: Path
    sandbox: Sandbox
    agora: Callable[[], datetime]
    ambient: Ambient = field(default_factory=Ambient)
    manter: int = KEPT
    espera_s: float = WAIT_SECONDS


@dataclass(frozen=True, slots=True)
class Pedido:
    """Which deployment: its `id`, where to, and the claim of its item: a number that grows with every claim."""

    id: str
    ambiente: str
    cerca: int


def implantar(
    implantador: Implantador, pedido: Pedido, release: Release, arquivos: Mapping[str, bytes], stop: Stop
) -> Implantacao:
    """Deploy `release`, whose files are `arquivos`, and say how it ended; a failure that was judged is a value, too.

    Raises Interrompida (told to stop), locks.Ocupado (another deployment of the application takes long) and
    SandboxIndisponivel: to be tried again. LeaseLost: a newer claim was here. Permanent, Malformed: no use in that.
    """
    with _locked(implantador, pedido, release.spec_ref, stop) as app:
        attempt = _Tentativa.admitir(implantador, pedido, app, Alvo(release.id, release.digest, release.spec_ref), stop)
        return attempt.implantar(release, arquivos)


def reverter(implantador: Implantador, pedido: Pedido, aplicacao: str, stop: Stop) -> Implantacao:
    """Make the former healthy version of an application current again, as a deployment of its own; errors as above."""
    with _locked(implantador, pedido, aplicacao, stop) as app:
        former = journal.alvo_de_volta(app, pedido.id)
        if former is None:
            raise Permanent(f"{aplicacao} in {pedido.ambiente} has no former healthy version to go back to")
        alvo = Alvo(former.release, former.digest, aplicacao)
        return _Tentativa.admitir(implantador, pedido, app, alvo, stop).reimplantar()


@contextmanager
def _locked(implantador: Implantador, pedido: Pedido, aplicacao: str, stop: Stop) -> Iterator[Aplicacao]:
    app = Aplicacao.at(implantador.dados, pedido.ambiente, aplicacao)
    with locks.exclusive(app.trava, stop, espera_s=implantador.espera_s):
        yield app


@dataclass(frozen=True, slots=True)
class Alvo:
    """What is to become current."""

    release: str
    digest: str
    aplicacao: str


@dataclass(slots=True)
class _Nota:
    """What a step found, for the record."""

    detalhe: str = ""
    resultado: journal.Resultado = "feito"


@dataclass(slots=True)
class _Tentativa:
    """One attempt at one deployment, by the holder of the application's lock."""

    implantador: Implantador
    pedido: Pedido
    app: Aplicacao
    alvo: Alvo
    stop: Stop
    anotador: journal.Anotador
    verificacoes: list[Verificacao] = field(default_factory=list)

    @classmethod
    def admitir(cls, implantador: Implantador, pedido: Pedido, app: Aplicacao, alvo: Alvo, stop: Stop) -> _Tentativa:
        clock = journal.Relogio(implantador.agora, implantador.ambient)
        anotador = journal.Anotador.admitir(app, pedido.id, alvo.release, pedido.cerca, clock)
        return cls(implantador, pedido, app, alvo, stop, anotador)

    def implantar(self, release: Release, arquivos: Mapping[str, bytes]) -> Implantacao:
        if newer := self._newer():
            return self._ended(EstadoImplantacao.SUBSTITUIDA, newer)
        contents = arquivos_da_versao(release, arquivos)
        faults = (
            self._conferir(arquivos)
            or self._desempacotar(contents)
            or self._provar(lambda prober, files: [prober.fumaca(files, release)])
        )
        if faults:
            self._podar()
            return self._ended(EstadoImplantacao.FALHOU, faults)
        return self._tornar_atual()

    def reimplantar(self) -> Implantacao:
        """A version that lies here already: it is looked at again, then made current. What came after it is dropped."""
        if newer := self._newer():
            return self._ended(EstadoImplantacao.SUBSTITUIDA, newer)
        if faults := self._provar(lambda _prober, _files: []):
            return self._ended(EstadoImplantacao.FALHOU, faults)
        newest = journal.ler_estado(self.app).saudaveis[-1].release
        return self._tornar_atual(retirada="" if newest == self.alvo.release else newest)

    def _conferir(self, arquivos: Mapping[str, bytes]) -> str:
        """The step `conferir`; what is wrong, or nothing."""
        with self._passo("conferir") as nota:
            found = digest({nome: hashlib.sha256(content).hexdigest() for nome, content in arquivos.items()})
            passou = found == self.alvo.digest
            detalhe = f"{len(arquivos)} files, digest {found}" + (
                "" if passou else f"; the release has {self.alvo.digest}"
            )
            return self._verdict(Verificacao(nome="hashes", passou=passou, detalhe=detalhe), nota)

    def _desempacotar(self, contents: Mapping[str, bytes]) -> str:
        """The step `desempacotar`. Always done in the end, or an error."""
        release = self.alvo.release
        with self._passo("desempacotar") as nota:
            nota.detalhe = f"{len(contents)} files in {self._versao()}"
            if self.app.contem(release, contents):
                nota.resultado = "nada_a_fazer"
            else:
                half = partial(self.implantador.ambient.failpoint, "implantar.desempacotar.meio")
                self.app.desempacotar(release, contents, between=half)
        return ""

    def _provar(self, more: Callable[[Provador, Mapping[str, bytes]], list[Verificacao]]) -> str:
        """The step `provar`: what lies in the folder, before anybody is led to it."""
        with self._passo("provar") as nota:
            files = self.app.ler(self.alvo.release)
            verdicts = [self._prober().responde("importacao", files, self.alvo.release, self.alvo.digest)]
            if verdicts[0].passou:
                verdicts += more(self._prober(), files)
            faults = [self._verdict(verdict, nota) for verdict in verdicts]
        return "; ".join(filter(None, faults))

    def _tornar_atual(self, retirada: str = "") -> Implantacao:
        """`trocar`, `saude` and what follows from it. retirada: the release that is no longer to be gone back to."""
        proven = self._known_healthy()
        try:
            self._trocar()
            faults = self._saude()
            if not faults:
                self._aceitar(retirada)
        except BaseException:
            if not proven and self.app.atual() == self.alvo.release:
                self._voltar("the version was not judged")
            raise
        if faults:
            self._rejeitar()
            former = self._voltar(faults)
            self._podar()
            estado = EstadoImplantacao.REVERTIDA if former else EstadoImplantacao.FALHOU
            return self._ended(estado, f"unhealthy after the switch: {faults}")
        self._podar()
        return self._ended(EstadoImplantacao.ATIVA)

    def _trocar(self) -> None:
        """The step `trocar`."""
        with self._passo("trocar") as nota:
            before = self.app.atual()
            nota.detalhe = f"{before or 'no version'} -> {self.alvo.release}"
            if before == self.alvo.release:
                nota.resultado = "nada_a_fazer"
            else:
                ready = partial(self.implantador.ambient.failpoint, "implantar.trocar.meio")
                self.app.trocar(self.alvo.release, between=ready)

    def _saude(self) -> str:
        """The step `saude`: through the link, as those who use it come."""
        with self._passo("saude") as nota:
            files = self.app.ler(self.app.atual() or self.alvo.release)
            return self._verdict(self._prober().responde("saude", files, self.alvo.release, self.alvo.digest), nota)

    def _voltar(self, why: str) -> str:
        """The step `reverter`: the former healthy version is current again, or none. Why, and how the former one is."""
        former = journal.ler_estado(self.app).anterior(self.alvo.release, self.alvo.digest)
        self.app.trocar(former.release if former else None)  # first the link, then the record: that may fail, too
        with self._passo("reverter", stoppable=False) as nota:
            nota.detalhe = f"{self.alvo.release} -> {former.release if former else 'no version'}: {why}"
        return former.release if former else ""

    def _podar(self) -> None:
        """The step `podar`. That an old version cannot be removed makes no deployment fail; it is in the record."""
        healthy = journal.ler_estado(self.app).saudaveis[-self.implantador.manter - 1 :]
        with self._passo("podar", stoppable=False) as nota:
            try:
                gone = self.app.podar({known.release for known in healthy})
            except OSError as error:
                nota.resultado, nota.detalhe = "falhou", str(error)
            else:
                nota.detalhe = f"removed {', '.join(gone)}" if gone else "nothing to remove"

    def _aceitar(self, retirada: str) -> None:
        """The version is healthy: from now on a rollback may go to it."""
        estado = journal.ler_estado(self.app)
        others = [known for known in estado.sem(self.alvo.release) if known.release != retirada]
        healthy = journal.Saudavel(
            release=self.alvo.release,
            digest=self.alvo.digest,
            implantacao=self.pedido.id,
            geracao=self.anotador.diario.geracao,
        )
        kept = (*others, healthy)[-self.implantador.manter - 1 :]
        journal.gravar_estado(self.app, estado.model_copy(update={"saudaveis": kept}))

    def _rejeitar(self) -> None:
        """The version is unhealthy, even if it was healthy once: no rollback may go to it."""
        estado = journal.ler_estado(self.app)
        journal.gravar_estado(self.app, estado.model_copy(update={"saudaveis": estado.sem(self.alvo.release)}))

    def _known_healthy(self) -> bool:
        """Whether the version is current and was judged so before: then there is nothing to put back."""
        healthy = journal.ler_estado(self.app).saudaveis
        return bool(healthy) and healthy[-1].release == self.alvo.release == self.app.atual()

    def _newer(self) -> str:
        """Why this deployment comes too late: a later one is current; nothing when it does not."""
        healthy = journal.ler_estado(self.app).saudaveis
        if healthy and healthy[-1].geracao > self.anotador.diario.geracao:
            return f"deployment {healthy[-1].implantacao} of {healthy[-1].release} came after this one, and stays"
        return ""

    def _prober(self) -> Provador:
        labels = {"implantacao": self.pedido.id, "release": self.alvo.release}
        return Provador(self.implantador.sandbox, self.stop, labels)

    def _verdict(self, verificacao: Verificacao, nota: _Nota) -> str:
        """Note a verdict; what is wrong, or nothing."""
        self.verificacoes.append(verificacao)
        if verificacao.passou:
            nota.detalhe = nota.detalhe or verificacao.detalhe
            return ""
        nota.resultado, nota.detalhe = "falhou", verificacao.detalhe
        return f"{verificacao.nome}: {verificacao.detalhe}"

    @contextmanager
    def _passo(self, nome: str, *, stoppable: bool = True) -> Iterator[_Nota]:
        """A step: recorded before and after, and left at once when we are told to stop."""
        if stoppable and self.stop.is_set():
            raise Interrompida(f"stopped before the step {nome}")
        failpoint = self.implantador.ambient.failpoint
        failpoint(f"implantar.{nome}.antes")
        self.anotador.comecar(nome)
        nota = _Nota()
        try:
            yield nota
        except BaseException as error:
            self.anotador.terminar("interrompido", f"{type(error).__name__}: {error}")
            raise
        failpoint(f"implantar.{nome}.feito")
        self.anotador.terminar(nota.resultado, nota.detalhe)
        failpoint(f"implantar.{nome}.depois")

    def _versao(self) -> str:
        return self.app.versao(self.alvo.release).relative_to(self.implantador.dados.resolve()).as_posix()

    def _ended(self, estado: EstadoImplantacao, motivo: str = "") -> Implantacao:
        former = journal.ler_estado(self.app).anterior(self.alvo.release, self.alvo.digest)
        return Implantacao(
            id=self.pedido.id,
            release_ref=self.alvo.release,
            digest=self.alvo.digest,
            aplicacao=self.alvo.aplicacao,
            ambiente=self.pedido.ambiente,
            url=self.app.link.as_uri() if estado is EstadoImplantacao.ATIVA else None,
            versao=self._versao(),
            estado=estado,
            motivo=motivo,
            anterior=former.release if former else None,
            geracao=self.anotador.diario.geracao,
            passos=self.anotador.diario.passos,
            verificacoes=tuple(self.verificacoes),
        )
