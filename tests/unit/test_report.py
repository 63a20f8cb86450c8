"""The link or the text with which a reader reports a problem."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from cartbook.sphinxext.report import new_issue, text_of


@pytest.mark.parametrize(
    ("repository", "path", "names"),
    [
        ("https://github.com/owner/name", "/owner/name/issues/new", ("title", "body")),
        ("https://codeberg.org/owner/name/", "/owner/name/issues/new", ("title", "body")),
        (
            "https://gitlab.com/group/name",
            "/group/name/-/issues/new",
            ("issue[title]", "issue[description]"),
        ),
    ],
)
def test_the_form_for_a_new_issue_opens_filled_in(
    repository: str, path: str, names: tuple[str, str]
) -> None:
    text = text_of(
        "Aims & targets", "https://example.org/chapters/05-aims.html", "0.1.0", "October 2022"
    )
    address = urlsplit(new_issue(repository, "Problem on “Aims & targets”", text))
    assert address.path == path
    assert parse_qs(address.query, keep_blank_values=True) == {
        names[0]: ["Problem on “Aims & targets”"],
        names[1]: [text],
    }
    assert "https://example.org/chapters/05-aims.html" in text
    assert "0.1.0; data as of October 2022" in text
