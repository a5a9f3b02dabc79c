"""Everybody tries every address with every method, and gets what the table says: pages and API alike."""

import json
import re
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse

from annotation.models import Member

from .access_table import BODIES, TABLE
from .access_world import WALKERS, World, make_world, routes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_names")]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def ask(world: World, who: str, name: str, method: str) -> HttpResponse:
    """Send one request and take back whatever it has done."""
    route = routes()[name]
    gaps = world.values(route)
    address = re.sub(r"<(?:\w+:)?(\w+)>", lambda gap: str(gaps[gap[1]]), route)
    kind = "application/json" if address.startswith("/api/") else "application/x-www-form-urlencoded"
    data: Any = BODIES.get((name, method), {})
    filled = json.dumps(data).replace("{secret}", world.secret).replace("{member}", world.members["dan"].public_id)
    body = filled if method not in ("GET", "HEAD") else ""
    with transaction.atomic():
        answer: HttpResponse = world.client(who).generic(method, address, body, content_type=kind)
        if answer.streaming:
            b"".join(answer)
        transaction.set_rollback(True)
    return answer


def outcome(answer: HttpResponse) -> str:
    to_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
    return "login" if to_login else str(answer.status_code)


def test_every_address_is_in_the_table_and_nothing_else_is() -> None:
    assert set(routes()) == set(TABLE)


def test_everybody_gets_what_the_table_says() -> None:
    world = make_world()
    got, expected = {}, {}
    for name, rows in TABLE.items():
        for method, row in rows.items():
            got[f"{name} {method}"] = " ".join(outcome(ask(world, who, name, method)) for who in WALKERS)
            expected[f"{name} {method}"] = row
    assert got == expected


@pytest.mark.one_database
def test_a_method_that_the_table_does_not_name_is_refused_to_all() -> None:
    world = make_world()
    let_in = []
    for name, rows in TABLE.items():
        for method in set(METHODS) - set(rows):
            for who in WALKERS:
                status = ask(world, who, name, method).status_code
                if status not in (302, 401, 403, 404, 405):
                    let_in.append(f"{who}: {method} {name} {status}")
    assert let_in == []


@pytest.mark.one_database
def test_asking_for_the_head_alone_opens_nothing_more() -> None:
    world = make_world()
    for name, rows in TABLE.items():
        if "GET" in rows and not name.startswith("api:"):
            for who in ("nobody", "olga", "ann"):
                assert outcome(ask(world, who, name, "HEAD")) == outcome(ask(world, who, name, "GET")), (name, who)


@pytest.mark.one_database
def test_somebody_from_another_study_cannot_tell_this_study_from_one_that_is_not_there() -> None:
    world = make_world()
    there = world.study.slug
    for name in (name for name, route in routes().items() if "slug" in route):
        for method in TABLE[name]:
            real = ask(world, "olga", name, method)
            world.study.slug = "no-such-study"
            none = ask(world, "olga", name, method)
            world.study.slug = there
            assert (real.status_code, _plain(real)) == (none.status_code, _plain(none)), (name, method)


@pytest.mark.one_database
def test_somebody_who_is_paused_or_has_left_gets_no_further_than_a_stranger_to_their_role() -> None:
    world = make_world()
    for state, told in (("paused", 403), ("left", 404)):
        Member.objects.filter(user__username__in=["ada", "rae"]).update(state=state)
        for who, name in (
            ("ada", "people"),
            ("ada", "settings"),
            ("ada", "samples"),
            ("rae", "samples"),
            ("rae", "study"),
        ):
            if (who, name, state) != ("rae", "study", "paused"):
                assert ask(world, who, name, "GET").status_code == told, (who, name, state)


def _plain(answer: HttpResponse) -> str:
    """Return an answer's text without the parts that differ between any two requests."""
    text = answer.content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text).replace("no-such-study", "birds")
