"""The page for lost addresses helps wherever a host shows it."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from cartbook.csp import POLICY
from cartbook.sphinxext.not_found import not_found


class Host(SimpleHTTPRequestHandler):
    """A static host: the site lies in a folder, and what is not there gets the 404 page."""

    folder = "/books/car-t/"

    def log_message(self, *_: object) -> None: ...

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
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


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may leave before all has come."""


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    built = re.search(
        r'<header><a href="([^"]*)index.html">', (site / "404.html").read_text(encoding="utf-8")
    )
    assert built
    Host.folder = (
        built[1] or Host.folder
    )  # a site built for a public address lies in that address's folder
    server = Server(("127.0.0.1", 0), partial(Host, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{Host.folder}"
    server.shutdown()


@pytest.mark.parametrize("asked", ["nowhere", "chapters/nowhere.html", "a/b/c/nowhere.html?x=1"])
def test_its_links_lead_home_from_any_depth(browser: Browser, host: str, asked: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(host + asked, wait_until="load")
    assert answer
    assert answer.status == 404
    assert not page.locator("#hint").count(), "nothing needs to be shortened"
    links = [
        str(one) for one in page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    ]
    assert f"{host}index.html" in links
    assert len(links) > 5
    for link in links:
        with urllib.request.urlopen(link, timeout=20) as found:
            assert found.status == 200
    page.fill("input[name=q]", "cytokine")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{host}search.html?q=cytokine", timeout=30_000)
    context.close()


def test_without_scripts_it_says_what_to_do(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(not_found("A book", {"chapters/one": "One"}))
    assert page.locator("#hint").is_visible()
    context.close()


@pytest.mark.parametrize(
    ("mode", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 20, 23)")]
)
def test_it_is_accessible_fits_a_phone_and_follows_the_dark(
    browser: Browser, host: str, mode: Literal["light", "dark"], paper: str
) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 800}, color_scheme=mode, bypass_csp=True
    )  # axe is no part of the page
    page = context.new_page()
    page.goto(f"{host}nowhere")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    found = (
        Axe()
        .run(
            page,
            options={
                "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
                "preload": False,
            },
        )
        .response
    )
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    context.close()


def test_where_the_address_is_known_its_links_need_no_script() -> None:
    page = not_found("A book", {"chapters/one": "One & two"}, "https://example.org/books/car-t/")
    assert '<a href="/books/car-t/chapters/one.html">One &amp; two</a>' in page
    assert 'action="/books/car-t/search.html"' in page
    assert "<script" not in page
    assert "hint" not in page
