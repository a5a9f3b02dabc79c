"""Renders texts of samples as sanitised HTML.

Models write Markdown. It is shown, never run: raw HTML appears as text, pictures inside a text are left

Models write Markdown. What they write is shown, never run: raw HTML appears as text, pictures inside a text are left
out (they would be fetched from somewhere else and tell who looks at what), and what remains passes a sanitiser.
"""

from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

HEADINGS_BELOW = 3

_markdown = (
    MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
)
_TAGS = set(
    "p br hr h4 h5 h6 strong em s del code pre blockquote ul ol li a table thead tbody tr th td".split()  # noqa: SIM905
)
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}


def to_html(text: str) -> str:
    """Render Markdown with headings lower than those of the page."""
    tokens = _markdown.parse(text)
    _lower_headings(tokens)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _lower_headings(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + HEADINGS_BELOW)}"
