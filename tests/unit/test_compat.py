"""What other packages write wrong is corrected."""

from __future__ import annotations

from docutils import nodes
from docutils.utils import new_document
from myst_parser.parsers.docutils_ import Parser

from cartbook.sphinxext.compat import correct_addresses


def test_the_address_of_a_link_with_two_parameters_is_whole() -> None:
    document = new_document("page")
    document.settings.myst_enable_extensions = []
    Parser().parse("[there](https://example.org/?one=1&two=2)", document)
    correct_addresses(document)
    (link,) = document.findall(nodes.reference)
    assert link["refuri"] == "https://example.org/?one=1&two=2"
