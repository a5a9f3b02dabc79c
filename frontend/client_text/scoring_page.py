"""The texts of the scoring page's script, translated by the server.

The script fills ``{names}`` in; a key that ends in ``_one`` is the singular of the key without it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Skip

from .shared import shared_text, text_with_singular


def scoring_page_text() -> dict[str, str]:
    """Return every text that the script shows or reads out, in the viewer's language."""
    return {
        **shared_text(),
        **_sample_text(),
        **_panel_text(),
        **_judge_text(),
        **_bottom_bar_text(),
        **_announcement_text(),
        **_refused_write_text(),
        **{f"skip_reason_{reason}": label for reason, label in skip_reasons().items()},
        **_empty_state_text(),
    }


def skip_reasons() -> dict[str, str]:
    """Return the reasons for skipping in the annotator's words, by stored reason.

    They come in the order of the list.
    """
    reason = Skip.Reason
    return {
        reason.PICTURE_BROKEN.value: _("a picture does not load or is cut off"),
        reason.TEXT_BROKEN.value: _("the text is garbled or cut off"),
        reason.LANGUAGE.value: _("not in a language I read"),
        reason.EXPERTISE.value: _("needs knowledge that I do not have"),
        reason.HARMFUL.value: _("harmful or distressing"),
        reason.KNOWN.value: _("I know where it comes from"),
        reason.OTHER.value: _("something else"),
    }


def _sample_text() -> dict[str, str]:
    return {
        "sample_text": _("The answer to score"),
        "previous_sample": _("Previous sample"),
        "next_sample": _("Next sample"),
        "context": _("Context, not to be scored"),
        "missing_follows": _("Settled by that, and not yours to score: {names}."),
    }


def _panel_text() -> dict[str, str]:
    return {
        "what_levels_mean": _("Levels: what each means"),
        "levels": _("Levels"),
        "note": _("Note"),
        "add_note": _("Add a note"),
        "edit_note": _("Edit the note"),
        "note_on": _("Note on {name}"),
        "note_done": _("Done"),
        "not_applicable": _("not applicable"),
        "locked_no_text": _("No text in this answer, so this is {value}."),
        "locked_no_image": _("No image in this answer, so this is {value}."),
        "locked_no_text_no_image": _("The text and the image are missing, so this is {value}."),
        "locked_both_no_text": _(
            "It takes a text and an image to score this; the text is missing, so this is {value}."
        ),
        "locked_both_no_image": _(
            "It takes a text and an image to score this; the image is missing, so this is {value}."
        ),
        "rated": _("{key}: {value} {label}"),
        "rated_all": _("{key}: {value} {label}. All set, Enter submits."),
    }


def _judge_text() -> dict[str, str]:
    return {
        "judge_notice_prefilled": _("What is marked is a judge’s. Nothing counts until you answer it yourself."),
        "judge_notice_revising": _(
            "Your values are locked since {time}. What is marked is the judge’s: keep yours or change it."
        ),
        "judge_notice_answered": _("Your values are locked since {time}. Nothing is left to answer: Enter sends."),
        "past_prefilled": _("What is marked is what the judge had said beforehand."),
        "past_delayed": _("What is marked is what the judge said after your own values were locked."),
        "judge_says": _("The judge says {value}."),
        "judge_same": _("The judge says {value} too."),
        "judge_silent": _("The judge says nothing here, so your own value stands."),
        "judge_expects": _("It expects {expected}."),
        "judge_between": _("It expects {expected}, likely between {low} and {high}."),
        "judge_within": _("It expects {expected}, give or take {sd}."),
        "kept_own": _("You kept {own}."),
        "changed_own": _("You changed {own} to {value}."),
        "left_own": _("You did not answer in time, so {own} stands."),
        "keep": _("Keep {own}"),
        "adopt": _("Take {value}"),
        "key_judged": _("the judge says this"),
        "key_own": _("your own value"),
        "answered_all": _("{key}: {value} {label}. All answered, Enter sends."),
        "answer_yourself": _("{n} to go: where only the judge has said something, answer yourself."),
        "answer_judge": _("{n} to go: where the judge says something else, keep your own value or change it."),
        **text_with_singular(
            "revealed",
            ngettext(
                "Your values are locked. The judge’s are beside them now, and {n} differs.",
                "Your values are locked. The judge’s are beside them now, and {n} differ.",
                1,
            ),
            ngettext(
                "Your values are locked. The judge’s are beside them now, and {n} differs.",
                "Your values are locked. The judge’s are beside them now, and {n} differ.",
                2,
            ),
        ),
    }


def _bottom_bar_text() -> dict[str, str]:
    return {
        "today": _("{n} today"),
        "submit": _("Submit"),
        "submit_to_go": _("Submit, {n} to go"),
        "send": _("Send"),
        "send_to_go": _("Send, {n} to go"),
        "undo": _("Undo"),
    }


def _announcement_text() -> dict[str, str]:
    return {
        "lease_lost": _(
            "This sample is no longer reserved for you. What you set is kept here; "
            "it still counts if you submit before somebody else takes the place."
        ),
        "lease_lost_next": _("Leave it and go on"),
        "revision_over": _("The time to answer the judge’s values has passed. Your own values stand."),
        "done_elsewhere": _("That sample was finished in another tab."),
        "viewing_past_waiting": _("You scored this at {time}. It is on its way to the server."),
        "viewing_past": _("You scored this at {time}. It stands."),
        "viewing_past_undo": _("You scored this at {time} and may change it until {until}."),
        "no_earlier": _("There is no earlier sample of yours."),
        "past_unreachable": _("Your earlier samples cannot be reached just now."),
        "undone": _("Undone. The sample is yours to score again."),
        "undone_revision": _("Undone. The judge’s values wait for your answer again."),
        "undo_revealed": _("What you locked can no longer be undone: the judge’s values were shown to you."),
        "undo_too_late": _("The time to undo this one has passed."),
        "undo_refused": _("Not undone. {message}"),
        "nothing_to_undo": _("There is nothing to undo."),
        "skip_needs_reason": _("Choose a reason."),
        "skip_needs_words": _("Say in a few words why."),
    }


def _refused_write_text() -> dict[str, str]:
    return {
        "was_refused_submit": _("The server refused a score: {message} It is set aside and needs you."),
        "was_refused_revise": _("The server refused an answer to the judge: {message} It is set aside and needs you."),
        "was_refused_skip": _("The server refused a skip: {message} It is set aside and needs you."),
        "aside_submit": _("Your score of {time}"),
        "aside_revise": _("Your answer of {time} to the judge"),
        "aside_revision_over": _("The time to answer the judge’s values has passed; your own values stand."),
        "aside_skip": _("Your skip of {time}"),
        "aside_scored": _("The server already holds a score of yours for this sample; see My samples."),
        "aside_skipped": _("You have skipped this sample."),
    }


def _empty_state_text() -> dict[str, str]:
    return {
        "look_again": _("Look again"),
        "empty_loading": _("Fetching samples"),
        "empty_loading_why": _("A moment."),
        "empty_nothing_left": _("Nothing left to score"),
        "empty_nothing_left_why": _(
            "Every sample of this study has its annotators, or you have had it already. "
            "Samples that come back into play are shown here by themselves."
        ),
        "empty_study_not_running": _("This study takes no scores now"),
        "empty_study_not_running_why": _("Its admins have paused or closed it. What you have scored is safe."),
        "empty_member_paused": _("Your work here is paused"),
        "empty_member_paused_why": _("An admin of the study has paused it for you. What you have scored is safe."),
        "empty_not_allowed": _("You do not score in this study"),
        "empty_not_allowed_why": _("Ask its admins if that is a mistake."),
        "empty_offline": _("No connection"),
        "empty_offline_why": _(
            "The samples at hand are scored. More are fetched when the server can be reached again."
        ),
    }
