"""Read studies from version 2 of ClinicalTrials.gov's API, or from saved answers of it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ADDRESS = "https://clinicaltrials.gov/api/v2/studies"
#: the book's search; its words are recorded with each count
SEARCH = {
    "query.intr": '"chimeric antigen receptor" OR CAR-T OR leucel',
    "query.cond": "leukemia OR lymphoma OR myeloma OR hematologic malignancy",
}
PAGE = 1000  # studies of a page, the most that the API gives
TRIES = 4
WAIT = 5.0  # seconds before the second try; each further one waits twice as long
AGAIN = (408, 429, 500, 502, 503, 504)  # answers after which a later try may succeed
Study = dict[str, Any]


class RegistryError(ValueError):
    """The registry's answer cannot be used; the message is one line: what is wrong and what to do."""


def studies(saved: Sequence[Path] = (), ask: Callable[[str], bytes] | None = None) -> list[Study]:
    """Return every study of the book's search.

    ``saved`` names the pages of a saved answer, in their order; without it ``ask`` (by default
    `fetch`) gets each page by its address.

    Raise RegistryError for an answer that is incomplete or not as the API describes it.
    """
    found: list[Study] = []
    total = None
    for number, page in enumerate(_saved(saved) if saved else _pages(ask or fetch), start=1):
        if not isinstance(page, dict) or not isinstance(page.get("studies"), list):
            raise RegistryError(
                f"page {number} of the registry's answer has no list of studies: its format has "
                "changed, or it is no answer of the API; nothing was written"
            )
        total = page.get("totalCount", total)
        found += page["studies"]
    if not found:
        raise RegistryError(
            "the registry's answer has no study at all; check the search and try again"
        )
    if total is not None and total != len(found):
        raise RegistryError(
            f"the registry announces {total} studies and gave {len(found)}: the answer is "
            "incomplete; try again"
        )
    return found


def _saved(paths: Sequence[Path]) -> Iterator[Any]:
    last = None
    for path in paths:
        try:
            last = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RegistryError(f"{path}: it cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise RegistryError(
                f"{path}: it is not JSON ({error}); save the answer again"
            ) from None
        yield last
    if isinstance(last, dict) and last.get("nextPageToken"):
        raise RegistryError(f"{paths[-1]}: further pages follow; save them and name them too")


def _pages(ask: Callable[[str], bytes]) -> Iterator[Any]:
    token = ""
    while True:
        query = {**SEARCH, "countTotal": "true", "pageSize": str(PAGE)}
        query |= {"pageToken": token} if token else {}
        body = ask(f"{ADDRESS}?{urllib.parse.urlencode(query)}")
        try:
            page = json.loads(body)
        except ValueError as error:
            raise RegistryError(f"the registry's answer is not JSON ({error}); try again") from None
        yield page
        token = page.get("nextPageToken", "") if isinstance(page, dict) else ""
        if not token:
            return


def fetch(address: str, sleep: Callable[[float], None] = time.sleep) -> bytes:
    """Return the body of an address; try again after an error that may pass.

    Raise RegistryError when the last try fails, or at once for an answer that will not change.
    """
    request = urllib.request.Request(address, headers={"User-Agent": "car-t-in-numbers"})
    problem = ""
    for attempt in range(TRIES):
        wait = WAIT * 2**attempt
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            problem = f"HTTP {error.code}"
            if error.code not in AGAIN:
                break
            stated = str(error.headers.get("Retry-After", ""))
            wait = float(stated) if stated.isdigit() else wait
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            problem = str(getattr(error, "reason", error))
        if attempt < TRIES - 1:
            sleep(wait)
    host = urllib.parse.urlsplit(address).netloc
    raise RegistryError(f"{host} does not answer ({problem}); try again later")
