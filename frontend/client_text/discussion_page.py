"""The texts of the discussion page's script, translated by the server.

The script fills ``{names}`` in; a key that ends in ``_one`` is the singular of the key without it.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Post
from frontend.presenters.vocabulary import COUNT_WORDS

from .shared import shared_text, text_with_singular


def discussion_page_text() -> dict[str, str]:
    """Return every text that the script shows or reads out, in the viewer's language."""
    return {
        **shared_text(),
        **{f"count_{number}": str(name) for number, name in COUNT_WORDS.items()},
        **_sample_text(),
        **_case_header_text(),
        **_topic_text(),
        **_settled_topic_text(),
        **_stance_form_text(),
        **_announcement_text(),
        **_refused_write_text(),
        **_bottom_bar_text(),
        **_empty_state_text(),
    }


def discussion_reasons() -> list[dict[str, Any]]:
    """Return the listed reasons of the discussion page.

    Each with its key, the text of its button, the text in the thread, and the steps that it goes with.
    """
    reason = Post.Reason
    return [
        _reason_choice(
            reason.CONVINCED, "c", _("the others convince me"), _("The others’ reasons convince me."), "move"
        ),
        _reason_choice(
            reason.PICTURE, "i", _("what the image shows"), _("Seen in what the image shows."), "reason keep move"
        ),
        _reason_choice(reason.TEXT, "w", _("what the words say"), _("Seen in what the words say."), "reason keep move"),
        _reason_choice(
            reason.RUBRIC, "r", _("the rubric’s wording"), _("The rubric’s wording fits."), "reason keep move"
        ),
        _reason_choice(
            reason.OVERLOOKED, "o", _("I had overlooked something"), _("I had overlooked something."), "move"
        ),
        _reason_choice(reason.MISREAD, "m", _("I had misread the question"), _("I had misread the question."), "move"),
        _reason_choice(reason.SLIP, "s", _("a slip of the finger"), _("It was a slip of the finger."), "move"),
    ]


def _reason_choice(code: Post.Reason, key: str, label: str, thread_text: str, fits: str) -> dict[str, Any]:
    return {"code": code.value, "key": key, "label": label, "said": thread_text, "fits": fits.split()}


def _sample_text() -> dict[str, str]:
    return {
        "sample_text": _("The answer that is discussed"),
        "previous_sample": _("Previous case"),
        "context": _("Context, not judged"),
        "missing_follows": _("Settled by that: {names}."),
    }


def _case_header_text() -> dict[str, str]:
    return {
        **text_with_singular(
            "head_open",
            ngettext("{count} dimension still open", "{count} dimensions still open", 1),
            ngettext("{count} dimension still open", "{count} dimensions still open", 2),
        ),
        "head_closed": _("Settled"),
        "head_handed_over": _("With the admins now"),
        "head_excused": _("You are excused"),
        **text_with_singular(
            "because_scores",
            ngettext("{count} annotator scored this.", "{count} annotators scored this independently.", 1),
            ngettext("{count} annotator scored this.", "{count} annotators scored this independently.", 2),
        ),
        "because_reopened": _("An admin has reopened this sample; everybody speaks again."),
        **text_with_singular(
            "agreed_at_once",
            ngettext("{count} dimension needs no discussion.", "{count} dimensions need no discussion.", 1),
            ngettext("{count} dimension needs no discussion.", "{count} dimensions need no discussion.", 2),
        ),
        **text_with_singular(
            "settled_since",
            ngettext("{count} is settled.", "{count} are settled.", 1),
            ngettext("{count} is settled.", "{count} are settled.", 2),
        ),
        "handed_over_why": _("Its time is over: the admins decide what is still open."),
        "excused_why": _("An admin has excused you from this discussion. What you said stays."),
        "you_are": _("You are {alias} here; names change with every case."),
        "due": _("Due {day}."),
        "due_soon": _("Due {time}, then the admins decide."),
    }


def _topic_text() -> dict[str, str]:
    return {
        "ranges": _("first values {first}, now {now}"),
        "your_turn": _("your turn"),
        "you": _("you"),
        "you_first": _("You"),
        "excused": _("excused"),
        "axis": _("Where they stand on {name}. {said}"),
        "alias_you": _("{alias}, you,"),
        "stands_still": _("{who} first and now {current}."),
        "stands_moved": _("{who} first {first}, now {current}."),
        "stands_nowhere": _("{who} no value yet."),
        "stands_excused": _("{who} excused, at {current}."),
        "legend_first": _("first value"),
        "legend_current": _("current"),
        "legend_still": _("not moved"),
        "legend_band": _("spread now {n}; closes at 0"),
        "alone": _("is your value. The others’ values and reasons appear once you have given your reason."),
        "alone_no_value": _(
            "You come to this case later: choose your value and say why. Then you see what the others gave."
        ),
        "alone_sent": _("Your reason is on its way. What the others gave is shown once it has arrived."),
        "i_am_awaited": _("have yet to answer"),
        "is_awaited": _("has yet to answer"),
        "answered": _("answered {when}"),
        "stands_by": _("stands by it"),
        "thread": _("What was said on {name}"),
        "on_its_way": _("on its way"),
        "new": _("new"),
        "moved": _("moved"),
        "keeps": _("keeps"),
        "at": _("at"),
        "own_reason": _("before seeing the others"),
    }


def _settled_topic_text() -> dict[str, str]:
    return {
        "settled_when": _("settled {when}, from {firsts}"),
        "overridden_when": _("decided by an admin {when}, from {firsts}"),
        "firsts": _("First values, given independently: {firsts}."),
        "firsts_later": _("The first values are shown once you have given your reasons."),
        "by_rule_why": _("A side of the answer is missing, which settles it."),
        "outcome_unanimous": _("agreed at once"),
        "outcome_within_tolerance": _("within the tolerance"),
        "outcome_reviewed": _("agreed at once"),
        "outcome_single": _("one annotator"),
        "outcome_by_rule": _("by rule"),
        "outcome_aggregated": _("aggregated"),
        "outcome_discussed": _("discussed before"),
        "outcome_overridden": _("decided by an admin"),
        "outcome_other": _("settled"),
    }


def _stance_form_text() -> dict[str, str]:
    return {
        "my_stance": _("My stance on {key}"),
        "my_reason": _("My reason on {key}"),
        "stand_here": _("{who} there"),
        "reasons_listed": _("Reasons, one key each"),
        "reasons_to_move": _("Reasons to move, one key each"),
        "why_reason": _("Or in words: why {value}? T1 and I1 become links."),
        "why_move": _("Or in words: what moves you to {value}?"),
        "why_keep": _("Why you keep {value}, or a question to the others. T1 and I1 become links."),
        "give_reason": _("Give my reason"),
        "move_to": _("Move to {value}"),
        "keep_value": _("Keep {value}"),
        "hint_value": _("Choose your value first."),
        "hint_reason": _("A listed reason is sent at once."),
        "hint_sent": _("On its way."),
        "hint_move": _("Moving needs a reason."),
        "hint_adopt": _("A marked level is adopted at once."),
        "hint_stance": _("Choose a level to move."),
        "undo_move": _("{key} moved to {value}."),
        "undo_keep": _("{key} kept at {value}."),
    }


def _announcement_text() -> dict[str, str]:
    return {
        "next_case": _("Next case, sample {sample}: {keys}"),
        "no_other_case": _("No other case waits for you."),
        "no_earlier_case": _("There is no earlier case."),
        "reason_missing": _("Say why, or choose a reason by its key."),
        "move_missing": _("Moving needs a reason: write one, or choose one by its key."),
        "chosen": _("{key}: {value} chosen, not sent yet."),
        "chosen_own": _("{key}: back at your own {value}."),
        "reason_changed": _("Reason changed."),
        "nothing_to_undo": _("There is nothing to take back."),
        "undone": _("{key}: taken back."),
        "done_reason": _("{key}: reason given."),
        "done_keep": _("{key}: kept {value}."),
        "done_move": _("{key}: moved to {value}."),
        "done_comment": _("{key}: comment sent."),
        "heard_reason": _("{who} gave a reason on {key}: {words}"),
        "heard_comment": _("{who} on {key}: {words}"),
        "heard_keep": _("{who} keeps {value} on {key}. {words}"),
        "heard_move": _("{who} moved from {before} to {value} on {key}. {words}"),
        "heard_settled": _("{key} is settled at {value}."),
        "heard_overridden": _("An admin has decided {key}: {value}."),
        "heard_revealed": _("{key}: the others are shown."),
        "heard_closed": _("The case is settled."),
        "heard_handed_over": _("The time for this case is over; the admins decide now."),
        "heard_open": _("The case is open again."),
        "case_closed": _("This case is settled."),
        "case_handed_over": _("The time for this case is over; the admins decide now. You can still read it."),
        "case_gone": _("This case is no longer open to you."),
        "next_case_button": _("Next case"),
    }


def _refused_write_text() -> dict[str, str]:
    return {
        "letter_label": _("Sample {sample}, {key}"),
        "was_refused": _("The server refused what you said: {message} It is set aside and needs you."),
        "aside_reason": _("Your reason of {time}"),
        "aside_stance": _("Your answer of {time}"),
        "aside_comment": _("Your comment of {time}"),
        "aside_moves": _("{key} from {before} to {value}"),
        "aside_settled": _("{key} is settled meanwhile: nothing more can be said there."),
    }


def _bottom_bar_text() -> dict[str, str]:
    return {
        **text_with_singular(
            "cases_wait",
            ngettext("{n} case waits for you", "{n} cases wait for you", 1),
            ngettext("{n} case waits for you", "{n} cases wait for you", 2),
        ),
        "no_case_waits": _("nothing waits for you"),
        "waiting": _("waiting"),
    }


def _empty_state_text() -> dict[str, str]:
    return {
        "look_again": _("Look again"),
        "go_score": _("Score samples"),
        "empty_loading": _("Fetching cases"),
        "empty_loading_why": _("A moment."),
        "empty_nothing_waits": _("Nothing waits for you"),
        "empty_nothing_waits_why": _(
            "Every case of yours is settled or waits for somebody else. "
            "New ones, and answers of the others, are shown here by themselves."
        ),
        "empty_study_paused": _("This study stands still"),
        "empty_study_paused_why": _(
            "Its admins have paused it. Discussions go on when it does; what you said is safe."
        ),
        "empty_study_closed": _("This study is closed"),
        "empty_study_closed_why": _("What was agreed stands, and what you said is safe."),
        "empty_member_paused": _("Your work here is paused"),
        "empty_member_paused_why": _("An admin of the study has paused it for you. What you said is safe."),
        "empty_not_allowed": _("You do not discuss in this study"),
        "empty_not_allowed_why": _("Ask its admins if that is a mistake."),
        "empty_offline": _("No connection"),
        "empty_offline_why": _(
            "The cases at hand are answered. More are fetched when the server can be reached again."
        ),
    }
