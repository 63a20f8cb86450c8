"""The command ``cartbook``: build, check, serve and export the book. ``cartbook --help`` lists all of it.

Modules are imported when their command runs, so that one command does not wait for another's libraries.
"""

from __future__ import annotations

import sys
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
