"""The texts that both scripts of the annotators' pages share, translated by the server.

The scripts fill ``{names}`` in; a key that ends in ``_one`` is the singular of the key without it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def shared_text() -> dict[str, str]:
    """Return the texts of the modules in `common`, in the viewer's language."""
    return {**_sample_text(), **_save_status_text(), **_session_text(), **_refused_writes_text()}


def _sample_text() -> dict[str, str]:
    return {
        "sample": _("Sample {id}"),
        **text_with_singular("turns", ngettext("{n} turn", "{n} turns", 1), ngettext("{n} turn", "{n} turns", 2)),
        **text_with_singular(
            "pictures", ngettext("{n} picture", "{n} pictures", 1), ngettext("{n} picture", "{n} pictures", 2)
        ),
        "text_only": _("text only"),
        "picture_on_top": _("picture at the top"),
        "picture_alt": _("Picture {name} of the answer"),
        "open_picture": _("Open {name} in the viewer"),
        "opens_it": _("opens it"),
        "picture_none": _("not loaded"),
        "picture_not_here": _("not loaded, failed"),
        "picture_loaded": _("loaded, not yet at 1:1"),
        "picture_seen": _("seen at 1:1"),
        "picture_failed": _("This picture has not arrived."),
        "picture_failed_why": _("It is fetched again when the connection is back."),
        "try_again": _("Try again"),
        "cannot_score": _("Cannot score"),
        "missing_no_image": _("No image came with this answer."),
        "missing_no_text": _("No text came with this answer."),
        "missing_no_text_no_image": _("Nothing came with this answer."),
        "viewing": _("{name}, picture {n} of {of}, {percent}%"),
        "full_failed": _("{name}: the full picture did not load"),
    }


def _save_status_text() -> dict[str, str]:
    return {
        "saved": _("saved {time}"),
        "draft_saved": _("draft saved {time}"),
        "saving": _("saving"),
        "nothing_saved": _("nothing to save"),
        "not_kept": _("this browser keeps no drafts"),
        "offline": _("offline"),
        "offline_waiting": _("offline, {n} waiting"),
        "signed_out": _("signed out"),
        "signed_out_waiting": _("signed out, {n} waiting"),
        "kept_since": _("Kept in this browser since {time}; sent when the connection is back."),
        **text_with_singular(
            "needs_you", ngettext("{n} needs you", "{n} need you", 1), ngettext("{n} needs you", "{n} need you", 2)
        ),
        "sign_in": _("Sign in"),
    }


def _session_text() -> dict[str, str]:
    return {
        "signed_out_line": _("You are signed out. What you gave is kept in this browser and sent once you are back."),
        "signed_in": _("Signed in again."),
        "other_signed_in": _("{name} has signed in in this browser. Nothing of yours is sent meanwhile."),
        "other_person": _(
            "{name} is signed in now. "
            "What {person} has not sent yet stays in this browser until {person} signs in again."
        ),
        "not_reached": _("The server cannot be reached just now. Try again in a moment."),
    }


def _refused_writes_text() -> dict[str, str]:
    return {
        "aside_open": _("Open it again"),
        "aside_copy": _("Copy"),
        "aside_copied": _("Copied."),
        "aside_not_copied": _("The browser does not let us copy; mark the text by hand."),
        "aside_discard": _("Discard"),
    }


def text_with_singular(key: str, singular: str, plural: str) -> dict[str, str]:
    """Return a text with its singular."""
    return {f"{key}_one": singular, key: plural}
