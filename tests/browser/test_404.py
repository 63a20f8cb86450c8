"""The page for lost addresses helps wherever a host shows it."""

from __future__ import annotations

import re
import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cartbook.csp import POLICY
from cartbook.sphinxext.not_found import not_found


class Host(SimpleHTTPRequestHandler):
    """A static host: the site lies in a folder, and what is not there gets the 404 page."""

    folder = "/books/car-t/"

    def log_message(self, *_):
        pass

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self):
        asked = self.path.split("?")[0]
        self.path = "/" + asked.removeprefix(self.folder)
        if asked.startswith(self.folder) and Path(self.translate_path(self.path)).is_file():
            return super().do_GET()
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def host(site):
    page = (site / "404.html").read_text(encoding="utf-8")
    built = re.search(r'<header><a href="([^"]*)index.html">', page)
    Host.folder = built[1] or Host.folder  # where a site built for a public address lies
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=str(site)))
    server.handle_error = lambda *_: None  # a browser may leave before all has come
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{Host.folder}"
    server.shutdown()


@pytest.mark.parametrize("asked", ["nowhere", "chapters/nowhere.html", "a/b/c/nowhere.html?x=1"])
def test_links_work_from_any_depth(visit, host, asked):
    page = visit(host + asked, faults=False)
    assert not page.locator("#hint").count(), "nothing needs to be shortened"
    links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    assert f"{host}index.html" in links
    assert len(links) > 5
    for link in links if "/" not in asked else links[:2]:
        with urllib.request.urlopen(link, timeout=20) as found:
            assert found.status == 200
    page.fill("input[name=q]", "cytokine")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{host}search.html?q=cytokine")


@pytest.mark.parametrize(
    ("mode", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 20, 23)")]
)
def test_it_is_accessible_fits_a_phone_and_follows_the_dark(visit, axe, host, mode, paper):
    options = {"viewport": {"width": 320, "height": 800}, "color_scheme": mode}
    page = visit(f"{host}nowhere", faults=False, bypass_csp=True, **options)  # axe is no part of it
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    assert axe(page) == []


def test_without_scripts_it_says_what_to_do(visit):
    page = visit("", java_script_enabled=False)
    page.set_content(not_found("A book", {"chapters/one": "One"}))
    assert page.locator("#hint").is_visible()


def test_with_a_public_address_links_need_no_script():
    page = not_found("A book", {"chapters/one": "One & two"}, "https://example.org/books/car-t/")
    assert '<a href="/books/car-t/chapters/one.html">One &amp; two</a>' in page
    assert 'action="/books/car-t/search.html"' in page
    assert "<script" not in page
    assert "hint" not in page
