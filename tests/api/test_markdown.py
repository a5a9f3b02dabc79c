"""Texts of samples as HTML: what models write is shown, never run, and fetches nothing."""

import re

import pytest

from api.markdown import to_html


def test_common_markdown_is_rendered() -> None:
    html = to_html(
        "# One\n\n- **a**\n- `b`\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n1. c\n\n> d\n\n```python\ne = 1\n```\n"
    )
    for part in ("<h4>One</h4>", "<strong>a</strong>", "<code>b</code>", "<td>1</td>", "<ol>", "<blockquote>", "<pre>"):
        assert part in html


def test_headings_begin_below_those_of_the_page() -> None:
    assert re.findall(r"<(h\d)>", to_html("# a\n## b\n### c\n#### d\n")) == ["h4", "h5", "h6", "h6"]


def test_lines_stay_lines() -> None:
    assert to_html("a\nb") == "<p>a<br>\nb</p>\n"


def test_a_link_leads_out_without_telling_from_where() -> None:
    html = to_html("[x](https://example.org/?a=1&b=2)")
    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/x.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        '<a href="javascript:alert(1)">x</a>',
        "<iframe src=https://evil.example></iframe>",
        "<style>*{display:none}</style>",
        '<svg onload="alert(1)">',
        '[x](https://a.example "onmouseover=alert(1)")',
        '```"><script>alert(1)</script>\nx\n```',
        "<!-- x --><form action=//evil.example><input></form>",
    ],
)
def test_nothing_runs_and_nothing_is_fetched(text: str) -> None:
    html = to_html(text)
    tags = re.findall(r"<(/?\w+)([^>]*)>", html)
    allowed = {"p", "a", "pre", "code", "em", "strong", "br"}
    assert {name.lstrip("/") for name, _ in tags} <= allowed
    for _, attributes in tags:
        assert not re.search(r'\bon\w+="|javascript:|vbscript:|data:|src=|style=', attributes.replace('title="', ""))


@pytest.mark.parametrize("text", ["", " ", "\x00", "[" * 5000, "*" * 5000, "> " * 2000, "`" * 3001, "|" * 3000])
def test_odd_texts_are_rendered_too(text: str) -> None:
    assert isinstance(to_html(text), str)
