"""Commands about budgets: price a file, explain a budget, capabilities, calibration, evaluation of the effort model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from contratos.capacidade import Capacidades, TipoCapacidade, chave
from contratos.problems import Malformed
from contratos.recursos import SpecRecursos
from prometheus_fabrica import commands
from prometheus_fabrica.approvals import Decisao
from prometheus_fabrica.cli.output import Json, out, print_json, print_table
from prometheus_fabrica.cli.settings import open_backlog
from prometheus_fabrica.errors import Refused


class Formato(StrEnum):
    """How `explicar` speaks."""

    TEXTO = "texto"
    MARKDOWN = "markdown"
    HTML = "html"
    K6 = "k6"


capacidades = typer.Typer(no_args_is_help=True, help="What the factory has: APIs, hardware, containers.")


def register(app: typer.Typer) -> None:
    """Hang the commands up."""
    for command in (precificar, explicar, calibrar, avaliar):
        app.command()(command)
    app.add_typer(capacidades, name="capacidades")


@capacidades.command("listar")
def capacidades_listar(context: typer.Context, json: Json = False) -> None:
    """List capabilities, and whether each holds now."""
    from prometheus_fabrica import capacidades as store

    found = store.listar(open_backlog(context).db)
    if json:
        print_json(found)
        return
    rows = (
        (
            doc["id"],
            "sim" if doc["vigente"] else "expirada",
            doc["como"],
            doc.get("verificada_em"),
            doc.get("expira_em"),
        )
        for doc in found
    )
    print_table(("id", "vigente", "como", "verificada em", "expira em"), rows)
    if not found:
        out.print(
            "none: 'fabrica capacidades adicionar api NOME' adds one, 'fabrica capacidades sondar' looks for some"
        )


@capacidades.command("adicionar")
def capacidades_adicionar(
    context: typer.Context,
    tipo: Annotated[TipoCapacidade, typer.Argument(help="api, hardware or container")],
    nome: Annotated[str, typer.Argument(help="Its name, as specs write it: whisper, gpu, postgres:16")],
    detalhe: Annotated[list[str] | None, typer.Option(help="Something known of it: nome=valor")] = None,
    validade_s: Annotated[float | None, typer.Option(min=1, help="Seconds until it must be seen again")] = None,
    concluir: Annotated[bool, typer.Option("--concluir", help="Also conclude the open gaps that it closes")] = False,
    json: Json = False,
) -> None:
    """Register a capability, and name the open gaps that it closes, or conclude them."""
    from prometheus_fabrica import capacidades as store

    backlog = open_backlog(context)
    details = dict(_pair(each) for each in detalhe or ())
    doc = store.adicionar(backlog.db, tipo, nome, por=backlog.ambient.dono, detalhes=details, validade_s=validade_s)
    gaps = store.dores(backlog.db, doc["id"])
    if concluir:
        seen = Decisao(aprovado=True, por=backlog.ambient.dono, motivo=f"{doc['id']} is there")
        for gap in gaps:
            commands.concluir(backlog, gap, {"capacidade": doc["id"]}, seen)
    if json:
        print_json({**doc, "fecha": gaps, "concluidas": gaps if concluir else []})
        return
    out.print(f"{doc['id']} is registered")
    if concluir:
        out.print(f"concluded: {', '.join(gaps) or 'nothing waited for it'}")
        return
    for gap in gaps:
        out.print(f"it closes the gap {gap}: 'fabrica concluir {gap}' concludes it and frees what waits")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"expected nome=valor, found {text!r}", param_hint="--detalhe")
    return name, value


@capacidades.command("remover")
def capacidades_remover(
    context: typer.Context,
    tipo: Annotated[str, typer.Argument(help="api, hardware or container; or the whole id, e.g. api:whisper")],
    nome: Annotated[str | None, typer.Argument(help="Its name")] = None,
    json: Json = False,
) -> None:
    """Remove a capability: specs that need it have a gap again."""
    from prometheus_fabrica import capacidades as store

    try:
        ident = tipo if nome is None else chave(TipoCapacidade(tipo), nome)
    except ValueError as error:
        raise typer.BadParameter(f"expected api, hardware or container, found {tipo!r}", param_hint="TIPO") from error
    if not store.remover(open_backlog(context).db, ident):
        raise Refused(f"there is no capability {ident!r}: 'fabrica capacidades listar' shows what there is")
    if json:
        print_json({"id": ident, "removida": True})
    else:
        out.print(f"{ident} is removed")


@capacidades.command("sondar")
def capacidades_sondar(
    context: typer.Context,
    api: Annotated[list[str] | None, typer.Option(help="An endpoint to ask: nome=URL")] = None,
    credencial: Annotated[
        list[str] | None, typer.Option(help="Environment variable with an endpoint's key: nome=VARIAVEL")
    ] = None,
    validade_s: Annotated[float, typer.Option(min=1, help="Seconds that what is found holds")] = 86400.0,
    json: Json = False,
) -> None:
    """Look for capabilities: GPU driver, Docker images, endpoints that you name. Records when and how."""
    from prometheus_fabrica import probing

    backlog = open_backlog(context)
    found = probing.sondar(
        backlog.db,
        dict(_pair(each) for each in api or ()),
        por=backlog.ambient.dono,
        validade_s=validade_s,
        credenciais=dict(_pair(each) for each in credencial or ()),
    )
    if json:
        print_json(found)
        return
    print_table(("capacidade", "achado"), ((each["id"], each["achado"]) for each in found))


def precificar(
    arquivo: Annotated[Path, typer.Argument(help="A spec in YAML", exists=True, dir_okay=False, readable=True)],
    capacidade: Annotated[list[str] | None, typer.Option(help="Assume this capability, e.g. api:whisper")] = None,
    json: Json = False,
) -> None:
    """Price a spec without any database: what its budget would be, and what the factory may lack."""
    from prometheus_fabrica.definitions import ler_spec
    from prometheus_fabrica.pricing import explain, parametros
    from prometheus_fabrica.pricing.precificar import precificar as price

    spec = ler_spec(_text(arquivo), str(arquivo))
    budget, gaps = price(spec, Capacidades.of(capacidade or ()), parametros.padrao())
    if json:
        print_json(
            {"spec_recursos": budget.model_dump(mode="json"), "gaps": [gap.model_dump(mode="json") for gap in gaps]}
        )
        return
    explain.imprimir(out, budget, gaps)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed.one(str(path), f"expected UTF-8 text: {error}") from error


def explicar(
    context: typer.Context,
    item: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a budget, of its item, or of the spec's newest budget")
    ],
    formato: Annotated[Formato, typer.Option(help="texto, markdown, html, or k6: a load test of it")] = Formato.TEXTO,
    contra: Annotated[str | None, typer.Option(help="Another budget: what differs from it to this one")] = None,
    json: Json = False,
) -> None:
    """Explain a budget: each figure, its formula with the numbers put in, its range, and what would change it most."""
    from prometheus_fabrica.pricing import explain, load_plan

    db = open_backlog(context).db
    budget = _budget(db, item)
    if contra is not None:
        typer.echo(explain.comparacao(_budget(db, contra), budget))
    elif json:
        print_json(budget.model_dump(mode="json"))
    else:
        match formato:
            case Formato.TEXTO:
                explain.imprimir(out, budget, [])
            case Formato.MARKDOWN:
                typer.echo(explain.markdown(budget))
            case Formato.HTML:
                typer.echo(explain.html(budget))
            case Formato.K6:
                typer.echo(load_plan.k6(budget))


def _budget(db: Any, ident: str) -> SpecRecursos:
    doc = db["specs_recursos"].find_one({"id": ident})
    if doc is None:
        item = db["backlog_items"].find_one({"id": ident, "spec_recursos.id": {"$exists": True}})
        wanted = {"id": item["spec_recursos"]["id"]} if item else {"spec_ref": ident}
        doc = db["specs_recursos"].find_one(wanted, sort=[("criado_em", -1)])
    if doc is None:
        raise Refused(
            f"there is no budget {ident!r}: 'fabrica listar --tipo aprovar_orcamento' shows the items that have one"
        )
    return SpecRecursos.from_dict({name: value for name, value in doc.items() if name != "criado_em"})


def calibrar(
    context: typer.Context,
    historia: Annotated[bool, typer.Option("--historia", help="List the versions instead")] = False,
    voltar: Annotated[str | None, typer.Option(help="Go back to this version, as a new one")] = None,
    motivo: Annotated[str, typer.Option(help="Why; kept with the version")] = "",
    json: Json = False,
) -> None:
    """Fit the effort model to what developments really took, as a new version that can be undone."""
    from prometheus_fabrica import calibracoes
    from prometheus_fabrica.pricing import parametros

    backlog = open_backlog(context)
    if historia:
        versions = calibracoes.historia(backlog.db)
    elif voltar is not None:
        versions = [calibracoes.voltar(backlog.db, voltar, por=backlog.ambient.dono, motivo=motivo)]
    else:
        versions = [calibracoes.calibrar(backlog.db, parametros.padrao(), por=backlog.ambient.dono, motivo=motivo)]
    if json:
        print_json([version.to_dict() for version in versions])
        return
    rows = ((v.id, v.versao, v.posterior.n, v.por, v.motivo, v.criada_em) for v in versions)
    print_table(("id", "versão", "observações", "por", "motivo", "criada em"), rows)
    if not versions:
        out.print("no calibration yet: budgets are priced with published sets alone")


def avaliar(
    pasta: Annotated[Path, typer.Argument(help="Folder with CSV files and sets.yaml", exists=True, file_okay=False)],
    conjunto: Annotated[list[str] | None, typer.Option(help="Only this set; may be given again")] = None,
    em_ordem: Annotated[
        bool, typer.Option("--em-ordem", help="Learn from earlier rows only, instead of leave-one-out")
    ] = False,
    json: Json = False,
) -> None:
    """Judge the effort model on published data, beside the baselines that the field demands."""
    from prometheus_fabrica.pricing import evaluation, evaluation_report

    report = evaluation.avaliar(pasta, conjunto or None, em_ordem=em_ordem)
    if json:
        print_json(report.to_dict())
    else:
        typer.echo(evaluation_report.markdown(report))
