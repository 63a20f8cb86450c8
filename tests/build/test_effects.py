"""What a change of a table does to the book is said before it is written: sentences, numbers, figures."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers import small_book

from cartbook.effects import effects, pages_that_read

PAGE = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
book:
  data: [outcomes.csv]
---

# A page

```{code-cell} ipython3
from cartbook import quote

rate = quote("jacobson2022.single-group.complete-response.text")
assert rate.events > 50  # "more than fifty"
assert rate.events > 1
```

Of all patients {eval}`rate.fraction` had a complete response, which is {eval}`rate.share`.
"""


def test_each_sentence_and_number_that_a_change_affects_is_named(tmp_path: Path) -> None:
    book = small_book(tmp_path / "book", texts={"page": PAGE, "other": "# No cells\n"})
    assert [path.name for path in pages_that_read(["outcomes"], book)] == ["page.md"]
    assert pages_that_read(["products"], book) == []
    new = Path(shutil.copytree(book / "data", tmp_path / "new"))
    table = new / "outcomes.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(
        n
        for n, line in enumerate(lines)
        if line.startswith("jacobson2022.single-group.complete-response.text,")
    )
    assert ",77,104," in lines[place]
    new_line = lines[place].replace(",74,percent,77,104,", ",9,percent,9,104,")
    lines[place] = new_line.replace("74% (77/104)", "9% (9/104)")
    table.write_text("".join(lines), encoding="utf-8")
    said = effects(["outcomes"], book / "data", new, book)
    assert said[0].startswith("no longer true: chapters/page.md, line 15: assert rate.events > 50")
    assert "number: chapters/page.md, line 19: 77 of 104 becomes 9 of 104" in said
    assert effects(["outcomes"], book / "data", book / "data", book) == []
