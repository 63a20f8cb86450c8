"""Write what readers can download: notebooks, package, tables in three forms, one archive."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Collection
from importlib.metadata import version as installed
from pathlib import Path

from sphinx.application import Sphinx

from cartbook import changes
from cartbook.figures import csv_of
from cartbook.paths import PACKAGE
from cartbook.render import render, sentence
from cartbook.sphinxext import csvw, database, notebooks, open_data, parquet
from cartbook.sphinxext.downloads import print_files
from cartbook.sphinxext.metadata import book_metadata
from cartbook.sphinxext.store import FOLDER, remembered_files

#: what cartbook.sphinxext.embeds writes of each chart
CHART_FORMS = (".html", ".js", ".svg")
EPOCH = (
    "1767225600"  # 2026-01-01: one time in all archives, so that the same book is the same bytes
)


def build_wheel(top: Path, out: Path) -> Path:
    """Build the package's wheel, with tables and drawings, by the build backend that pip would use."""
    code = "import flit_with_data, sys; print(flit_with_data.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out.resolve())],
        cwd=top,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONPATH": str(top / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    wheel = out / done.stdout.split()[-1]
    wheel.chmod(0o644)
    return wheel


def wheel_of(app: Sphinx) -> Path:
    """Return the wheel of this build."""
    (wheel,) = (Path(app.doctreedir) / "wheel").glob("*.whl")
    return wheel


def archive(path: Path, files: dict[str, bytes]) -> None:
    """Write a zip whose bytes depend on its files alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, body in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            zipped.writestr(entry, body)


def other_forms(data: Path, store: Path) -> list[Path]:
    """Return the tables as SQLite and as Parquet, from a folder of what was made before."""

    def make(folder: Path) -> None:
        database.write_database(data, folder / "car-t-in-numbers.sqlite")
        parquet.write_parquet(data, folder)

    code = [*PACKAGE.glob("*.py"), Path(database.__file__), Path(parquet.__file__)]
    texts = [path.read_text(encoding="utf-8") for path in sorted([*data.iterdir(), *code])]
    made_from = [installed("pandas"), installed("fastparquet"), *texts]
    return remembered_files(store, "tables", "\n".join(made_from), make)


def sync(folder: Path, files: dict[str, bytes], others: Collection[str] = ()) -> None:
    """Make the folder hold just these files, and of the others those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files and path.name not in others:
            path.unlink()
    for name, body in files.items():
        (folder / name).write_bytes(body)


def write(app: Sphinx) -> None:
    """Write the folders downloads/, data/ and figures/ of the site."""
    top, out = Path(app.srcdir), Path(app.outdir)
    data = {
        path.name: path.read_bytes()
        for path in (top / "data").iterdir()
        if path.suffix in (".csv", ".json")
    }
    sync(out / "data", data)
    for path in other_forms(top / "data", Path(app.doctreedir) / FOLDER):
        shutil.copyfile(path, out / "data" / path.name)
    version, day = changes.current(top / "data")
    open_data.write(
        top / "data",
        out / "data",
        published=day,
        version=version,
        address=f"{app.config.html_baseurl}data/" if app.config.html_baseurl else "",
    )
    _figures(app, f"version {version}, {day}")
    wheel = wheel_of(app)
    files = {f"data/{name}": body for name, body in data.items()} | _notebooks(app, wheel.name)
    files[wheel.name] = wheel.read_bytes()
    downloads = {name: body for name, body in files.items() if "/" not in name}
    files["README.txt"] = render("notebooks-readme.txt", wheel=wheel.name).encode()
    sync(out / "downloads", downloads)
    archive(out / "downloads" / notebooks.ZIP_NAME, files)
    for path in print_files(top):
        shutil.copyfile(path, out / "downloads" / path.name)


def _figures(app: Sphinx, version: str) -> None:
    """Write the numbers of each chart, for Excel too, with their description."""
    author, base = str(app.config.author), app.config.html_baseurl
    files: dict[str, bytes] = {}
    forms: set[str] = set()
    for page, metadata in app.env.metadata.items():
        for name, figure in metadata.get("figures", {}).items():
            text = csv_of(figure["table"])
            about = csvw.describe(
                figure,
                citation=f"{sentence(figure['title'])} In: {app.config.html_title}, {version}. {author}.",
                author=author,
                address=f"{base}{page}.html#fig-{name}" if base else "",
            )
            files[f"{name}.csv"] = text.encode()
            files[f"{name}-excel.csv"] = text.encode("utf-8-sig")  # Excel knows UTF-8 by its mark
            described = json.dumps(about, ensure_ascii=False, indent=1)
            files[f"{name}{csvw.SUFFIX}"] = f"{described}\n".encode()
            forms |= {f"{name}{form}" for form in CHART_FORMS}
    sync(Path(app.outdir) / "figures", files, forms)


def _notebooks(app: Sphinx, wheel: str) -> dict[str, bytes]:
    """Return every chapter with cells as a notebook, by file name."""
    top, env, found = Path(app.srcdir), app.env, {}
    executed = Path(app.outdir).parent / "jupyter_execute"
    pages = [name for name in sorted(env.found_docs) if (executed / f"{name}.ipynb").is_file()]
    book = notebooks.Book(wheel, notebooks.ZIP_NAME, address=app.config.html_baseurl)
    for bibliography in app.config.bibtex_bibfiles:
        book.citations |= notebooks.citations(top / bibliography)
    for name in pages:
        book.add(Path(name).name, Path(env.doc2path(name)).read_text(encoding="utf-8"))
    for name in pages:
        numbers = env.toc_fignumbers.get(name, {}).get("exercise", {})
        title, values = book_metadata(env, name).get("title", name), env.metadata[name]["values"]
        exercises = {label: number[0] for label, number in numbers.items()}
        text = notebooks.notebook(executed / f"{name}.ipynb", title, values, book, exercises)
        found[f"{Path(name).name}.ipynb"] = text.encode()
    return found


def _builder_inited(app: Sphinx) -> None:
    if app.builder.name == "html":
        folder = Path(app.doctreedir) / "wheel"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        build_wheel(Path(app.srcdir), folder)


def setup(app: Sphinx) -> None:
    """Build the wheel before pages that name its size."""
    app.connect("builder-inited", _builder_inited)
