"""The people of these tests: Ann and Ben score, Rae researches, Ada is admin, Sam is a stranger."""

import pytest

from annotation.models import Member, Study, User
from tests.factories import make_member, make_study, make_user

from .caller import Caller


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2)


@pytest.fixture
def ann_member(study: Study) -> Member:
    return make_member(study, "ann")


@pytest.fixture
def ann(ann_member: Member) -> Caller:
    return Caller(ann_member)


@pytest.fixture
def ben(study: Study) -> Caller:
    return Caller(make_member(study, "ben"))


@pytest.fixture
def rae(study: Study) -> Caller:
    return Caller(make_member(study, "rae", "researcher"))


@pytest.fixture
def ada(study: Study) -> Caller:
    return Caller(make_member(study, "ada", "admin"))


@pytest.fixture
def sam() -> Caller:
    return Caller(make_user("sam"))


@pytest.fixture
def root() -> Caller:
    return Caller(make_user("root", is_site_admin=True))


@pytest.fixture
def nobody() -> Caller:
    return Caller()


@pytest.fixture
def root_user(root: Caller) -> User:
    return User.objects.get(username="root")
