"""Tests of the documentation's pages: access, links, and nothing else is served."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from frontend.presenters import documents

from .disputes import client_of

pytestmark = pytest.mark.django_db
FILES = sorted(path.name for path in documents.FOLDER.iterdir() if path.suffix in documents.SUFFIXES)
PAGES = [name for name in FILES if name.endswith(".md")]


def page(name: str) -> str:
    answer = Client().get(reverse("document", args=[name]))
    assert answer.status_code == 200
    return answer.content.decode()


def article(name: str) -> str:
    return page(name).partition('<article class="document">')[2].partition("</article>")[0]


def test_the_documents_begin_with_the_overview() -> None:
    answer = Client().get("/docs/")
    assert answer.status_code == 200
    assert "OPERATING.md" in answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_every_document_is_shown_as_a_page(name: str) -> None:
    first = (documents.FOLDER / name).read_text().partition("\n")[0].removeprefix("# ")
    shown = article(name)
    assert len(re.findall("<h1", shown)) == 1
    assert re.search(rf"<h1 [^>]*>{re.escape(first)}</h1>", shown)
    assert "\n|---" not in shown, "a table was left as text"


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_of_a_document_lead_somewhere(name: str) -> None:
    for target in re.findall(r'(?:href|src)="([^"]+)"', article(name)):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            file = file or name
            assert file in FILES, target
            assert not anchor or f'id="{anchor}"' in article(file), target


def test_each_heading_of_a_document_has_an_address_of_its_own() -> None:
    for name in PAGES:
        identifiers = re.findall(r'<h\d id="([^"]*)"', article(name))
        assert all(identifiers)
        assert len(identifiers) == len(set(identifiers)), name


def test_a_picture_is_sent_as_a_picture() -> None:
    answer = Client().get("/docs/scoring.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert b"".join(answer) == (documents.FOLDER / "scoring.png").read_bytes()


@pytest.mark.parametrize(
    "name",
    ["NOTHING.md", "../README.md", "..%2FREADME.md", "%2e%2e/manage.py", "..", ".", "%00", "index.md%00", "docs"],
)
def test_nothing_else_is_served(name: str) -> None:
    answer = Client(raise_request_exception=False).get(f"/docs/{name}")
    assert answer.status_code == 404


def test_where_the_documents_are_not_installed_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FOLDER", settings.BASE_DIR / "not-there")
    assert Client().get("/docs/").status_code == 404


def test_raw_html_of_a_document_is_shown_as_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    (tmp_path / "A.md").write_text("# A\n\n<script>alert(1)</script>\n\n[b](javascript:alert(1))\n\n## A\n")
    shown = article("A.md")
    assert "<script" not in shown
    assert "href" not in shown
    assert re.findall(r'id="(\w+)"', shown) == ["a", "a_1"]


@pytest.mark.usefixtures("study")
def test_every_page_leads_to_the_documents() -> None:
    link = '<a href="/docs/">Documentation</a>'
    assert link in client_of("ann").get("/").content.decode()
    assert '<a class="site-header-end" href="/docs/">Documentation</a>' in Client().get("/login/").content.decode()
    with override_settings(DOCS_URL="https://docs.example/annotation/"):
        assert 'href="https://docs.example/annotation/"' in client_of("ann").get("/").content.decode()
