"""Handlers for daemons of the harness: small, and the same every time; together they need each write of the factory.

What an item is to do is said by its reference: `faltas` lacks two capabilities, `teimosa` fails once, `impossivel` for
good, `lenta` works until a file `abre` lies in the folder, `renovada` until its lease was renewed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from contratos.consumidos import (
    CorrigirBug,
    Desenvolvimento,
    Implantar,
    OrcarSpec,
    ResultadoCorrigir,
    ResultadoDesenvolvimento,
    ResultadoImplantar,
    ResultadoOrcar,
)
from contratos.release import Papel, Release, ResumoTestes
from contratos.tipos import PRODUTOR, derived_id
from prometheus_fabrica import releases
from prometheus_fabrica.backlog.store import Doc, Novo
from prometheus_fabrica.errors import Permanent
from prometheus_fabrica.handlers.contract import Handler, Outcome, Tools, Trabalho
from prometheus_fabrica.parada import Parada

ABRE = "abre"  # the file that lets `lenta` end
DIARIO = "diario"  # the file that tells what the handlers saw, in order
FALTAS = ("api:pagamentos", "gpu")
GRANDE = 300_000  # bytes: more than one chunk of GridFS
OLHA_S = 0.02


def orcamento_id(item: str) -> str:
    """The budget that an `orcar_spec` produces."""
    return derived_id(item, "aprovar_orcamento", 0)


def release_id(item: str) -> str:
    """The release that a `desenvolvimento` or a `corrigir_bug` makes."""
    return derived_id(item, "releases", 0)


def note(pasta: Path, text: str) -> None:
    """Add a line to the diary; lines of several processes stand in the order in which they were written."""
    with (pasta / DIARIO).open("a", encoding="utf-8") as diario:
        diario.write(f"{text}\n")


def diary(pasta: Path) -> list[str]:
    """What the handlers saw so far."""
    path = pasta / DIARIO
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@dataclass(frozen=True, slots=True)
class Elenco:
    """The four handlers of one daemon.

    pasta: the folder in which files tell them what to do. passed: how often this daemon has passed a failpoint.
    """

    pasta: Path
    dono: str
    passed: Callable[[str], int]

    @property
    def table(self) -> Mapping[str, Handler]:
        """Who handles what."""
        return {
            "orcar_spec": self.orcar_spec,
            "desenvolvimento": self.desenvolvimento,
            "implantar": self.implantar,
            "corrigir_bug": self.corrigir_bug,
        }

    def orcar_spec(self, contexto: OrcarSpec, work: Trabalho, _: Tools) -> Outcome:
        """A budget, and gaps that others share."""
        self._behave(contexto.spec_ref, work)
        recursos = {"id": derived_id(work.item, "specs_recursos", 0), "spec_ref": contexto.spec_ref, "total": "$1"}
        gaps = [_gap(work.item, contexto.spec_ref, falta) for falta in FALTAS if "faltas" in contexto.spec_ref]
        waits = [gap.doc["id"] for gap in gaps]
        orcamento = _item(
            work.item,
            "aprovar_orcamento",
            spec_ref=contexto.spec_ref,
            spec_recursos=recursos,
            status="Bloqueado" if waits else "Pendente",
            depende_de=waits,
        )
        resultado = ResultadoOrcar(spec_recursos_id=str(recursos["id"]), spec_recursos=recursos)
        return Outcome(resultado, [_documento("specs_recursos", recursos), *gaps, orcamento])

    def desenvolvimento(self, contexto: Desenvolvimento, work: Trabalho, _: Tools) -> Outcome:
        """A release with its package."""
        self._behave(contexto.spec_ref, work)
        release, pacote = _release(contexto.spec_ref, work)
        caminhos = [artefato.caminho for artefato in release.artefatos]
        resultado = ResultadoDesenvolvimento(release_ref=release.id, artefatos=caminhos)
        return Outcome(resultado, _published(release, work), pacote)

    def corrigir_bug(self, contexto: CorrigirBug, work: Trabalho, _: Tools) -> Outcome:
        """A hotfix with its package."""
        self._behave(contexto.feature_ref, work)
        release, pacote = _release(contexto.feature_ref, work, release_pai=release_id("des"))
        return Outcome(ResultadoCorrigir(release_ref=release.id), _published(release, work), pacote)

    def implantar(self, contexto: Implantar, work: Trabalho, _: Tools) -> Outcome:
        """A deployment."""
        self._behave(contexto.release_ref, work)
        implantacao = {"id": derived_id(work.item, "implantacoes", 0), "release_ref": contexto.release_ref}
        validar = _item(
            work.item,
            "validar_implantacao",
            release_ref=contexto.release_ref,
            implantacao_ref=implantacao["id"],
            ambiente=contexto.ambiente,
        )
        resultado = ResultadoImplantar(implantacao_ref=implantacao["id"], ambiente=contexto.ambiente)
        return Outcome(resultado, [_documento("implantacoes", implantacao), validar])

    def _behave(self, ref: str, work: Trabalho) -> None:
        note(self.pasta, f"{work.item} comeca {self.dono}")
        if ref.startswith("impossivel"):
            raise Permanent("nobody can do this")
        if ref.startswith("teimosa") and not (self.pasta / "teimosa").exists():
            (self.pasta / "teimosa").touch()
            raise RuntimeError("not at the first try")
        if ref.startswith("renovada"):
            before = self.passed("renovar.depois")
            self._wait(work, lambda: self.passed("renovar.depois") > before)
        if ref.startswith("lenta"):
            self._wait(work, (self.pasta / ABRE).exists)

    def _wait(self, work: Trabalho, done: Callable[[], bool]) -> None:
        while not done():
            if work.stop.wait(OLHA_S):
                assert isinstance(work.stop, Parada)
                note(self.pasta, f"{work.item} para {work.stop.motivo} {self.dono}")
                return


def _documento(colecao: str, doc: Doc) -> Novo:
    return Novo(colecao, {"_id": doc["id"], **doc})


def _item(pai: str, tipo: str, lugar: int | str = 0, chave: str | None = None, **fields: object) -> Novo:
    own = derived_id(pai, tipo, lugar)
    return Novo("backlog_items", {"_id": own, "id": own, "tipo": tipo, "produtor": PRODUTOR, **fields}, chave)


def _gap(pai: str, spec: str, falta: str) -> Novo:
    dor = {
        "sintoma": f"no {falta}",
        "frequencia": "always",
        "afetados": [spec],
        "impacto": "cannot be built",
        "tentativas": [],
        "criterio_sucesso": f"{falta} answers",
    }
    waiting = [orcamento_id(pai)]
    return _item(pai, "entrevistar_dor", falta, chave=falta, contexto=dor, spec_origem_ref=spec, bloqueando=waiting)


def _release(spec: str, work: Trabalho, release_pai: str | None = None) -> tuple[Release, releases.Pacote]:
    arquivos = {"pacote/__init__.py": b"", "pacote/dados.txt": spec.encode() * (GRANDE // len(spec))}
    pacote = releases.empacotar(arquivos)
    release = Release(
        id=release_id(work.item),
        spec_ref=spec,
        spec_versao="1",
        spec_commit=None,
        tipo="hotfix" if release_pai else "normal",
        release_pai=release_pai,
        artefatos=releases.artefatos(arquivos, lambda _: Papel.CODIGO),
        digest=pacote.digest,
        arquivo=releases.arquivo_id(work.item, work.token),
        testes=ResumoTestes(passaram=1, falharam=0, total=1, cobertura_linhas=1, cobertura_ramos=1, duracao_s=0),
    )
    return release, pacote


def _published(release: Release, work: Trabalho) -> list[Novo]:
    doc = release.model_dump(mode="json", exclude_none=True)
    aprovar = _item(
        work.item,
        "aprovar_release",
        release_ref=release.id,
        spec_ref=release.spec_ref,
        artefatos=[artefato.caminho for artefato in release.artefatos],
        testes_passaram=True,
        cobertura=1.0,
    )
    return [_documento("releases", doc), aprovar]
