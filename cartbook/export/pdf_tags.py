"""Complete the tags of a PDF that Chromium has printed, as PDF/UA-1 (ISO 14289-1) asks for.

Chromium tags what is in the page. It leaves page numbers and running heads without a mark, links
without a name, items of lists without a body, and uses two types that PDF 1.7 does not know.
"""

from __future__ import annotations

from collections.abc import Iterator

from pikepdf import (
    Array,
    ContentStreamInlineImage,
    ContentStreamInstruction,
    Dictionary,
    Name,
    Object,
    Operator,
    Page,
    Pdf,
    parse_content_stream,
    unparse_content_stream,
)

#: types of PDF 2.0, and what they are in PDF 1.7
ROLES = {"/Strong": Name.Span, "/Em": Name.Span}
#: operators of a page's content: what opens a mark, what is seen by itself, what begins and ends a path
OPENING = {"BMC", "BDC"}
SEEN = {"Tj", "TJ", "'", '"', "Do", "sh", "INLINE IMAGE"}
PATH = {"m", "re"}
PAINT = {"f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "n"}
BEGIN = ContentStreamInstruction([Name.Artifact], Operator("BMC"))
END = ContentStreamInstruction([], Operator("EMC"))


def finish(pdf: Pdf) -> None:
    """Complete the tags of every page, in place."""
    root = pdf.Root.StructTreeRoot
    root.RoleMap = Dictionary(ROLES)
    for element in list(elements(root)):
        if any(child.get("/Type") == "/OBJR" for child in children(element)):
            element.S = Name.Link
        if element.S == "/LI":
            _give_body(pdf, element)
    _name_links(pdf)
    for page in pdf.pages:
        page.Contents = pdf.make_stream(mark_artifacts(page))


def destinations(pdf: Pdf) -> dict[str, int]:
    """Return the page of each named place, counted from 1."""
    numbers = {page.obj.objgen: at for at, page in enumerate(pdf.pages, start=1)}
    places = {name[1:]: place[0] for name, place in pdf.Root.Dests.items()}
    return {name: numbers[page.objgen] for name, page in places.items()}


def children(element: Object) -> list[Object]:
    """Return the children of a structure element that are dictionaries."""
    return [one for one in _held(element) if isinstance(one, Dictionary)]


def _held(element: Object) -> list[Object]:
    """Return what a structure element holds: other elements, and content by its number."""
    held = element.get("/K", Array())
    return list(held) if isinstance(held, Array) else [held]


def elements(root: Object) -> Iterator[Object]:
    """Yield each structure element below a root."""
    waiting = children(root)
    while waiting:
        element = waiting.pop()
        if "/S" in element:
            yield element
            waiting += children(element)


def _give_body(pdf: Pdf, item: Object) -> None:
    """Put what an item of a list says, all but its number or bullet, into a body."""
    listed = _held(item)
    first = listed[0]
    labels = 1 if isinstance(first, Dictionary) and first.get("/S") == "/Lbl" else 0
    said = listed[labels:]
    body = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.LBody, P=item, K=Array(said)))
    if "/Pg" in item:
        body.Pg = item.Pg
    for one in said:
        if isinstance(one, Dictionary) and "/P" in one:
            one.P = body
    item.K = Array([*listed[:labels], body])


def mark_artifacts(page: Page) -> bytes:
    """Return a page's content with marks around what no mark is around: page number, running head, ground."""
    marked: list[ContentStreamInstruction | ContentStreamInlineImage] = []
    depth, drawing = 0, False
    for one in parse_content_stream(page):
        operator = str(one.operator)
        depth += (operator in OPENING) - (operator == "EMC")
        if depth == 0 and operator in SEEN:
            marked += [BEGIN, one, END]
            continue
        if depth == 0 and operator in PATH and not drawing:
            # before the first point, since no mark may stand between a path's parts
            marked.append(BEGIN)
            drawing = True
        marked.append(one)
        if drawing and operator in PAINT:
            marked.append(END)
            drawing = False
    return unparse_content_stream(marked)


def _name_links(pdf: Pdf) -> None:
    """Say of each link where it leads."""
    places = destinations(pdf)
    for page in pdf.pages:
        for note in page.get("/Annots", []):
            if note.Subtype != "/Link" or "/Contents" in note:
                continue
            action = note.get("/A", Dictionary())
            if "/URI" in action:
                note.Contents = str(action.URI)
                continue
            place = str(note.get("/Dest", action.get("/D", ""))).removeprefix("/")
            note.Contents = f"Page {places[place]}" if place in places else "A place in this book"
