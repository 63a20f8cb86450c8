"""The link or the text with which a reader reports a problem."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from cartbook.sphinxext.report import new_issue, report_text


@pytest.mark.parametrize(
    "repository", ["https://github.com/owner/name", "https://codeberg.org/owner/name/"]
)
def test_the_form_for_a_new_issue_opens_filled_in(repository: str) -> None:
    page = "https://example.org/chapters/05-aims.html"
    text = report_text("Aims & targets", page, "0.1.0", "October 2022")
    address = urlsplit(new_issue(repository, "Aims & targets", text))
    assert address.path == "/owner/name/issues/new"
    assert parse_qs(address.query, keep_blank_values=True) == {
        "title": ["Problem on “Aims & targets”"],
        "body": [text],
    }
    assert page in text
    assert "0.1.0; data as of October 2022" in text
