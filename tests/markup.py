"""Pages without the line breaks that only make templates readable."""

import re

# Elements that stand within a sentence: white space beside them is read.
TEXT_LEVEL = frozenset(
    re.findall(
        r"\w+",
        "a abbr b bdi br cite code data dfn em i ins kbd mark q s samp small span strong sub sup time u var wbr",
    )
)
KEPT = re.compile(r"(<(pre|textarea|script)\b.*?</\2>)", re.DOTALL)
TAG = re.compile(r"""(<(/?)([a-zA-Z][\w-]*)(?:[^>"']|"[^"]*"|'[^']*')*>)""")
# A line break of a text of its own is followed by no indentation.
BREAK = re.compile(r"\s*\n[ \n]* |\s*\n(?=$)")


def without_line_breaks(html: str) -> str:
    """Remove the line breaks and the indentation that a browser does not show."""
    kept = KEPT.split(html)
    return "".join(part if place % 3 else _join(part) for place, part in enumerate(kept) if place % 3 != 2)


def _join(html: str) -> str:
    # Text, and then tag, slash and name in turns.
    parts = TAG.split(html)
    joined: list[str] = []
    starts = False
    for place in range(0, len(parts), 4):
        text = parts[place]
        tag, closing, name = parts[place + 1 : place + 4] if place + 1 < len(parts) else ("", "", "br")
        block = name.lower() not in TEXT_LEVEL
        if starts:
            text = re.sub(r"^\s*\n\s*", "", text)
        if closing or block:
            text = re.sub(r"\s*\n\s*$", "", text)
        joined += [BREAK.sub(" ", text), re.sub(r" (?=/?>$)", "", BREAK.sub(" ", tag))]
        starts = block or not closing
    return "".join(joined)
