"""Report a problem: on every page a link to the repository's new-issue form, or the text to send where there is none.

``cartbook_repository`` in _config.yml is the repository's address. The form opens with the page's title, its
address where the site's is known, and the version of book and data, so that a report says what it is about.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from sphinx.application import Sphinx
from sphinx.errors import ConfigError

TITLE = "Problem on “{page}”"


def new_issue(repository: str, title: str, text: str) -> str:
    """Return the address of a repository's new-issue form with both fields filled in (GitHub, Forgejo and Gitea; GitLab)."""
    gitlab = "gitlab" in urlsplit(repository).netloc
    form, names = (
        ("/-/issues/new", ("issue[title]", "issue[description]"))
        if gitlab
        else ("/issues/new", ("title", "body"))
    )
    fields = "&".join(
        f"{quote(name)}={quote(value)}" for name, value in zip(names, (title, text), strict=True)
    )
    return f"{repository.rstrip('/')}{form}?{fields}"


def text_of(page: str, address: str, version: str, as_of: str) -> str:
    """Return the lines of a report: what it is about, and what is to be filled in."""
    about = [
        f"Page: {page}",
        f"Address: {address}",
        f"Version: {version}" + (f"; data as of {as_of}" if as_of else ""),
    ]
    return "\n".join([*about, "What is wrong: ", "What the source says, and where: "])


@cache
def version(top: Path) -> str:
    """Return the book's version, as pyproject.toml gives it."""
    return str(
        tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    )


def _check(app: Sphinx, config: Any) -> None:
    if config.cartbook_repository and not re.fullmatch(
        r"https://[^\s?#]+", config.cartbook_repository
    ):
        raise ConfigError(
            f"_config.yml: cartbook_repository is an address that begins with https://, or empty; {config.cartbook_repository!r} is neither"
        )


def _page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    about = getattr(app.env, "cartbook_about", {}).get(pagename, {})
    page = re.sub(r"<[^>]+>", "", context.get("title") or pagename)
    name = f"{pagename}.html"
    address = urljoin(app.config.html_baseurl, name) if app.config.html_baseurl else name
    text = text_of(page, address, version(Path(app.srcdir)), str(about.get("as_of", "")))
    repository = app.config.cartbook_repository
    context["report"] = {
        "address": address,
        "text": text,
        "link": new_issue(repository, TITLE.format(page=page), text) if repository else "",
    }


def setup(app: Sphinx) -> None:
    """Join the build (called by cartbook.sphinxext)."""
    app.add_config_value("cartbook_repository", "", "html", [str])
    app.connect("config-inited", _check)
    app.connect("html-page-context", _page)
