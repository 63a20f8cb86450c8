"""Report a problem: a link to the repository's new-issue form, or the text to send without one.

``cartbook_repository`` in _config.yml is the repository's address (GitHub, Forgejo or Gitea). The
form opens with the page's title and address and the version of book and data.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.errors import ConfigError

from cartbook.sphinxext.metadata import book_metadata


def new_issue(repository: str, page: str, text: str) -> str:
    """Return the address of a repository's new-issue form with both fields filled in."""
    fields = urlencode({"title": f"Problem on “{page}”", "body": text})
    return f"{repository.rstrip('/')}/issues/new?{fields}"


def report_text(page: str, address: str, version: str, as_of: str) -> str:
    """Return the lines of a report: what it is about, and what is to be filled in."""
    data = f"; data as of {as_of}" if as_of else ""
    return (
        f"Page: {page}\nAddress: {address}\nVersion: {version}{data}\n"
        "What is wrong: \nWhat the source says, and where: "
    )


@cache
def book_version(top: Path) -> str:
    """Return the book's version, as pyproject.toml gives it."""
    project = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _config_inited(app: Sphinx, config: Any) -> None:
    repository = config.cartbook_repository
    if repository and not re.fullmatch(r"https://[^\s?#]+", repository):
        raise ConfigError(
            "_config.yml: cartbook_repository is an address that begins with https://, or empty; "
            f"{repository!r} is neither"
        )


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    page = Markup(context.get("title") or pagename).striptags()
    address = f"{app.config.html_baseurl}{pagename}.html"
    as_of = str(book_metadata(app.env, pagename).get("as_of", ""))
    text = report_text(page, address, book_version(Path(app.srcdir)), as_of)
    repository = app.config.cartbook_repository
    link = new_issue(repository, page, text) if repository else ""
    context["report"] = {"address": address, "text": text, "link": link}


def setup(app: Sphinx) -> None:
    """Register the setting."""
    app.add_config_value("cartbook_repository", "", "html", [str])
    app.connect("config-inited", _config_inited)
    app.connect("html-page-context", _page)
