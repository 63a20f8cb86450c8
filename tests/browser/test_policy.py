"""The policy is in force: no other host, no inline code, no eval, no inserted markup that leads readers elsewhere."""

from __future__ import annotations

import pytest

CHAPTER = "chapters/09-hodgkin.html"
WATCH = "window.broken = []; document.addEventListener('securitypolicyviolation', one => broken.push(`${one.violatedDirective} ${one.blockedURI}`))"
INSERT = "document.body.insertAdjacentHTML('beforeend', `{}`)"
HARM = {
    "script-src": "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
    "script-src eval": "try { new Function('1') } catch {}",
    "base-uri": INSERT.format('<base href="https://elsewhere.invalid/">'),
    "form-action": INSERT.format('<form action="https://elsewhere.invalid/x"></form>')
    + "; document.forms[document.forms.length - 1].submit()",
    "object-src": INSERT.format('<object data="chapters/08-b-cell.html"></object>'),
    "img-src": INSERT.format(
        '<img src="https://elsewhere.invalid/x.png" onerror="window.ran = 1">'
    ),
}


@pytest.mark.parametrize("disk", [False, True], ids=["served", "from disk"])
@pytest.mark.parametrize("rule", HARM)
def test_harmful_code_is_blocked(visit, site, rule, disk):
    page = visit((site / CHAPTER).as_uri() if disk else CHAPTER, WATCH, faults=False)
    answered = []
    page.on("response", lambda one: answered.append(one.url))
    before = page.evaluate("document.baseURI")
    page.evaluate(
        f"void setTimeout(() => {{ {HARM[rule]} }})"
    )  # not by the test's own right to eval
    page.wait_for_timeout(400)
    broken = page.evaluate("broken")
    assert [one for one in broken if one.startswith(rule.split()[0])], broken
    assert page.evaluate("document.baseURI") == before
    assert page.evaluate("window.ran") is None
    assert not [one for one in answered if "elsewhere" in one]
