"""How a service's refusal looks on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError

from annotation.core.errors import WorkflowError
from annotation.models import Study, User


@contextmanager
def print_refusals() -> Iterator[None]:
    """Turn a refusal into a message without a trace, with what is wrong about each argument."""
    try:
        yield
    except WorkflowError as refusal:
        details = [f"  {field}: {what}" for field, what in refusal.fields.items() if what not in refusal.message]
        raise CommandError("\n".join([refusal.message, *details])) from refusal


def the_study(slug: str) -> Study:
    """Return the study of a command's argument."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.values_list("slug", flat=True)[:20])
        raise CommandError(
            f"There is no study {slug!r}. " + (f"There are: {known}." if known else "There is none yet.")
        )
    return study


def the_user(username: str) -> User:
    """Return the person of a command's argument."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is nobody with the username {username!r}. Add them by create_user or add_member.")
    return user
