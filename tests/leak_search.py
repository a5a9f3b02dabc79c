"""Words that nobody may meet, searched for in what goes over the wire."""

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"\d+(\.\d+)?")


def leaked(words: Iterable[str], text: str) -> list[str]:
    """Return those of ``words`` that stand in a text, in upper or lower case.

    A number is met where one begins, however many digits follow; the middle of a moment, a hash or a version is none.
    """
    text = text.lower()
    return [word for word in words if _stands(word.lower(), text)]


def _stands(word: str, text: str) -> bool:
    if _NUMBER.fullmatch(word):
        return re.search(rf"(?<![\w.]){re.escape(word)}", text) is not None
    return word in text
