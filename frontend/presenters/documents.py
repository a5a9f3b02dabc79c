"""The documentation in `docs/` as HTML pages.

The files are the ones that `make docs` builds a site from. A page keeps the name of its file, so that the relative
links and pictures of a document lead to where they lead on disk.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import nh3
from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = settings.BASE_DIR / "docs"
INDEX = "index.md"
SUFFIXES = (".md", ".png", ".svg")
SCROLLING = '<div class="table-scroll" tabindex="0">'

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
_TAGS = set("p br hr h1 h2 h3 h4 strong em code pre blockquote ul ol li a img table thead tbody tr th td".split())  # noqa: SIM905
_ATTRIBUTES = {
    **{heading: {"id"} for heading in ("h1", "h2", "h3", "h4")},
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "pre": {"tabindex"},
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document, ready to be shown."""

    title: str
    html: str


def find_file(name: str) -> Path | None:
    """Return the file of the documentation with this name.

    The name is compared with those of the folder, so that it can lead nowhere else.
    """
    if not FOLDER.is_dir():
        return None
    return next((path for path in FOLDER.iterdir() if path.name == name and path.suffix in SUFFIXES), None)


def read_document(path: Path) -> Document:
    """Render a document; the result is kept until the file changes."""
    return _render_document(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _render_document(path: Path, _changed_at: int) -> Document:
    tokens = _markdown.parse(path.read_text(encoding="utf-8"))
    titles = _number_headings(tokens)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, set_tag_attribute_values={"pre": {"tabindex": "0"}}, link_rel=None
    )
    # Wide tables scroll by themselves; what scrolls is to be reached by keyboard.
    clean = clean.replace("<table>", '<div class="table-scroll" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )
    return Document(title=titles[0] if titles else path.stem, html=clean)


def _number_headings(tokens: Sequence[Token]) -> list[str]:
    """Set the identifier of each heading, and return the headings' texts.

    The identifiers are those of the built site.
    """
    titles: list[str] = []
    used: set[str] = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            title = "".join(part.content for part in inline.children or ())
            identifier = anchor = _slugify_heading(title)
            repeated = 0
            while identifier in used:
                repeated += 1
                identifier = f"{anchor}_{repeated}"
            used.add(identifier)
            titles.append(title)
            opening.attrSet("id", identifier)
    return titles


def _slugify_heading(title: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_only).strip().lower())
