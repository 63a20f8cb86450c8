"""Charts are the same bytes whatever fonts the machine has."""

from __future__ import annotations

import os
import struct
import subprocess
import sys

import pytest
from helpers import TOP

from cartbook.fonts import folder

DRAW = """
import hashlib
import altair as alt, pandas as pd, vl_convert
{first}
import cartbook.theme
rows = pd.DataFrame({{"label": ["ZUMA-7, axicabtagene ciloleucel – 65% (77 of 104)", "grade ≥ 3 × −1, é", "γ → ▼"], "n": [1, 2, 3]}})
base = alt.Chart(rows).encode(y=alt.Y("label:N", title="Complete response"), x="n:Q", color="label:N")
for chart in (base.mark_bar(), base.mark_text(align="left").encode(text="label:N"), base.mark_point().properties(title="A title in bold")):
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    print(svg, hashlib.sha256(vl_convert.svg_to_png(svg)).hexdigest())
"""


def renamed(font: bytes, family: str, units: int) -> bytes:
    """Return a TrueType font under another family name, with letters of another width (units per em)."""
    body = bytearray(font)
    tables = {
        bytes(body[at : at + 4]): at
        for at in range(12, 12 + 16 * struct.unpack_from(">H", body, 4)[0], 16)
    }
    struct.pack_into(">H", body, struct.unpack_from(">I", body, tables[b"head"] + 8)[0] + 18, units)
    words = {1: family, 2: "Regular", 4: family, 6: family}
    texts = [word.encode("utf-16-be") for word in words.values()]
    header = struct.pack(">HHH", 0, len(words), 6 + 12 * len(words))
    for number, text in zip(words, texts, strict=True):
        header += struct.pack(
            ">HHHHHH", 3, 1, 0x409, number, len(text), sum(map(len, texts[: texts.index(text)]))
        )
    name = header + b"".join(texts)
    struct.pack_into(">II", body, tables[b"name"] + 8, len(body), len(name))
    return bytes(body) + name


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The environments of a machine with nothing but its system's fonts, and of two whose users have other fonts."""
    own = next(path for path in folder().iterdir() if "Italic" not in path.name).read_bytes()
    found: dict[str, dict[str, str]] = {"system": {}}
    for kind, units in (("home", 1500), ("fontconfig", 3000)):
        home = tmp_path_factory.mktemp(kind)
        fonts = home / ".local" / "share" / "fonts"
        fonts.mkdir(parents=True)
        for family in ("Inter", "Roboto", "Arial", "system-ui", "Segoe UI"):
            (fonts / f"{family}.ttf").write_bytes(renamed(own, family, units))
        config = home / "fontconfig" / "fonts.conf"
        config.parent.mkdir()
        config.write_text(
            f"<?xml version='1.0'?><fontconfig><dir>{fonts}</dir></fontconfig>", encoding="utf-8"
        )
        place = (
            {"XDG_CONFIG_HOME": str(home)} if kind == "home" else {"FONTCONFIG_FILE": str(config)}
        )
        found[kind] = {"HOME": str(home), **place}
    return found


def drawn(machine: dict[str, str], first: str = "") -> str:
    """Return the pictures that a fresh Python draws on a machine, after a first line of code."""
    environment = {
        name: word
        for name, word in os.environ.items()
        if name not in ("FONTCONFIG_FILE", "XDG_CONFIG_HOME")
    } | machine
    done = subprocess.run(
        [sys.executable, "-c", DRAW.format(first=first)],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_charts_are_the_same_bytes_whatever_fonts_are_installed(
    machines: dict[str, dict[str, str]],
) -> None:
    pictures = [drawn(machine) for machine in machines.values()]
    assert pictures[0].count("<svg") == 3
    assert len(set(pictures)) == 1


def test_the_other_fonts_would_change_the_charts(machines: dict[str, dict[str, str]]) -> None:
    """Measured with the machine's fonts, as vl-convert does by itself, the same charts differ: the test above can fail."""
    measured = (
        "import sys, types; own = types.ModuleType('cartbook.fonts'); "
        "own.use_own_font = lambda: None; sys.modules['cartbook.fonts'] = own"
    )
    assert len({drawn(machine, measured) for machine in machines.values()}) == len(machines)


def test_the_font_settings_of_the_user_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from cartbook.fonts import use_own_font

    monkeypatch.setenv("FONTCONFIG_FILE", "theirs")
    use_own_font()
    assert os.environ["FONTCONFIG_FILE"] == "theirs"
    monkeypatch.delenv("FONTCONFIG_FILE")
    use_own_font()
    assert "FONTCONFIG_FILE" not in os.environ
