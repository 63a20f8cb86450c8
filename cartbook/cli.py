"""The command ``cartbook``: build, check, serve and export the book. ``cartbook --help`` lists all of it.

Modules are imported when their command runs, so that one command does not wait for another's libraries.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cartbook.paths import DATA, SITE

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _site() -> None:
    if not (SITE / "index.html").is_file():
        sys.exit("error: there is no site in _build/html; run `make book` first")


@app.command()
def build(
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", envvar="JOBS", min=1, help="Chapters to execute side by side."
        ),
    ] = None,
) -> None:
    """Validate the data, execute the chapters that changed, and write _build/html."""
    from cartbook import build as builder

    sys.exit(builder.main(jobs))


@app.command()
def check(
    signed: Annotated[
        bool, typer.Option("--signed", help="Fail if a table has changed since it was signed off.")
    ] = False,
) -> None:
    """Validate the tables in data/."""
    from cartbook import signoff

    sys.exit(signoff.main(DATA, signed=signed))


@app.command()
def sign_off() -> None:
    """Record that every row of data/ has been read against its source as it is now."""
    from cartbook import signoff

    sys.exit(signoff.main(DATA, signing=True))


add_app = typer.Typer(
    no_args_is_help=True, help="Add a row to a table of data/, after checking it."
)
app.add_typer(add_app, name="add")
update_app = typer.Typer(no_args_is_help=True, help="Take in what has changed elsewhere.")
app.add_typer(update_app, name="update")

Pairs = Annotated[
    list[str] | None, typer.Argument(help="COLUMN=VALUE; other columns are asked for.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing: write the row if it is valid.")]
Fast = Annotated[
    bool, typer.Option("--no-effects", help="Do not execute the chapters that read the table.")
]


def _add(kind: str, pairs: list[str], yes: bool, fast: bool, known: dict[str, str]) -> None:
    from cartbook import authoring

    def ask(question: str) -> str:
        return str(typer.prompt(f"{question}\n"))

    def agree(lines: list[str]) -> bool:
        typer.echo("\n".join(lines or ["nothing in the book changes"]))
        return yes or typer.confirm("Write the row?")

    try:
        authoring.add(
            DATA, kind, pairs, ask=None if yes else ask, agree=agree, show=not fast, known=known
        )
    except authoring.AuthoringError as error:
        sys.exit(f"error: {error}")
    typer.echo("Written. Read the row against its source once more, then run make sign-off.")


@add_app.command()
def outcome(pairs: Pairs = None, yes: Yes = False, no_effects: Fast = False) -> None:
    """Add a reported number to data/outcomes.csv."""
    _add("outcome", pairs or [], yes, no_effects, {})


@add_app.command()
def study(pairs: Pairs = None, yes: Yes = False, no_effects: Fast = False) -> None:
    """Add a trial to data/studies.csv."""
    _add("study", pairs or [], yes, no_effects, {})


@add_app.command()
def source(
    pairs: Pairs = None,
    doi: Annotated[
        str, typer.Option(help="A DOI or PubMed number: its record is fetched and fills the row.")
    ] = "",
    yes: Yes = False,
    no_effects: Fast = False,
) -> None:
    """Add a document to data/sources.csv."""
    from cartbook import authoring
    from cartbook.registry.api import RegistryError, fetch

    try:
        known = authoring.source_of(doi, fetch) if doi else {}
    except (authoring.AuthoringError, RegistryError) as error:
        sys.exit(f"error: {error}")
    _add("source", pairs or [], yes, no_effects, known)


@update_app.command()
def registry(
    answer: Annotated[
        list[Path] | None,
        typer.Option(help="A saved page of the API's answer, instead of asking the registry."),
    ] = None,
    sentences: Annotated[
        bool, typer.Option(help="Execute the chapters that read the counts.")
    ] = True,
) -> None:
    """Count the trials of ClinicalTrials.gov anew; print what has changed, for a person to review."""
    from cartbook.registry.api import RegistryError
    from cartbook.registry.update import update

    try:
        typer.echo(update(DATA, saved=answer or [], sentences=sentences))
    except RegistryError as error:
        sys.exit(f"error: {error}")


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
) -> None:
    """Serve the built site on this computer, with the headers that a careful host sends."""
    from cartbook import serve as server

    _site()
    server.main(port)


@app.command()
def export(formats: Annotated[list[str], typer.Argument(help="pdf, epub, zip")]) -> None:
    """Write the built book as PDF, as EPUB, or as a zip that opens from a folder, to _build/print."""
    from cartbook import export as exporter

    _site()
    sys.exit(exporter.main(formats))


@app.command()
def teaching() -> None:
    """Write questions, notebooks for classes and slides of the built book to _build/teaching."""
    from cartbook.export import teaching as exporter

    _site()
    sys.exit(exporter.main())


@app.command()
def slides() -> None:
    """Write the slides of the built book alone."""
    from cartbook.export import teaching as exporter

    _site()
    sys.exit(exporter.main(only="slides"))


@app.command()
def chromium() -> None:
    """Say whether a Chromium for tests and PDF starts, and what to do if none does."""
    from cartbook.export import chromium as browser

    sys.exit(browser.main())


def main() -> None:
    """Run the command line."""
    app()
