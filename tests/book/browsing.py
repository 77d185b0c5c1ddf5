"""Pages of the built book in a Chromium: cut off from the network, or served as a web server would, with gzip."""

import functools
import gzip
import mimetypes
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recscale.book.execute import Layout, pages

LAYOUT = Layout()
WIDTHS = (1440, 820, 390)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-angle=swiftshader",  # a 3D figure needs WebGL; this one draws it on the CPU
    "--enable-unsafe-swiftshader",
]
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach((element) => { element.open = true; });
  document.querySelectorAll('.toggle-hidden > .admonition-title').forEach((title) => title.click());
}"""
DRAW_ALL = "() => document.dispatchEvent(new Event('recscale:draw-all'))"
ALL_DRAWN = "() => [...document.querySelectorAll('.recscale-plot')].every((plot) => plot.dataset.drawn === 'yes')"
SET = """() => window.MathJax && MathJax.startup && MathJax.startup.promise
  ? MathJax.startup.promise.then(() => document.fonts.ready).then(() => 1) : 1"""


def built_pages() -> list[str]:
    """Every page a reader can open: those of the table of contents and those Sphinx adds."""
    made = sorted(path.relative_to(LAYOUT.html).with_suffix("").as_posix() for path in LAYOUT.html.rglob("*.html"))
    listed = pages(LAYOUT)
    apart = (*listed, "index", "404")  # one leads elsewhere, one is for any address and tested with a server
    return listed + [page for page in made if page not in apart and not page.startswith("_")]


def unavailable(reason: str) -> None:
    """No browser, no book: skipped with the reason, a failure under ``CI=true``."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator:
    """A Chromium of this machine."""
    if not (LAYOUT.html / "index.html").exists():
        unavailable("there is no built book; `make book` makes one")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        unavailable("there is no Chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


@dataclass
class Watched:
    """A page and everything it complained about or tried to fetch."""

    page: object
    complaints: list[str] = field(default_factory=list)


@contextmanager
def opened(browser, name: str, width: int) -> Iterator[Watched]:
    """A page without a network, all its parts unfolded, all its figures drawn and all its formulas set."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    context.set_default_timeout(120_000)  # a machine that builds and trains beside it is slow
    watched = Watched(context.new_page())
    page, said = watched.page, watched.complaints
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(f"wants {request.url}") if request.url.startswith("http") else None)
    page.goto((LAYOUT.html / f"{name}.html").as_uri())
    page.evaluate(OPEN_ALL)
    page.evaluate(DRAW_ALL)
    page.wait_for_function(ALL_DRAWN)
    page.evaluate(SET)
    try:
        yield watched
    finally:
        context.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which ``folder`` is served, text compressed as every web server does."""

    @functools.cache
    def content(path: Path) -> bytes:
        data = path.read_bytes()
        return gzip.compress(data, 6) if compressed(path) else data

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            path = folder / self.path.partition("?")[0].lstrip("/")
            data = content(path) if path.is_file() else b""
            self.send_response(200 if path.is_file() else 404)
            self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "application/octet-stream")
            if path.is_file() and compressed(path):
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a browser that leaves hangs up in the middle of a file
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def compressed(path: Path) -> bool:
    """Whether a web server would compress this file."""
    return path.suffix in (".html", ".js", ".css", ".svg", ".json", ".txt")
