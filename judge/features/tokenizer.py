"""Splits text of any script into words, sentences, numbers and names."""

import re

# Scripts without spaces between words have a word for every character, as a tokeniser for search would do it.
_WORD = re.compile(r"[぀-ヿ㐀-鿿豈-﫿]|[^\W_぀-ヿ㐀-鿿豈-﫿]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CAPITAL = re.compile(r"(?<![.!?。\n]\s)(?<!^)\b[A-Z][\w’'-]+")
# More of a text tells next to nothing more, and costs.
LONGEST = 2_000


def split_words(text: str) -> list[str]:
    """Return the first two thousand words of a text in lower case."""
    words: list[str] = []
    for match in _WORD.finditer(text.casefold()):
        words.append(match[0])
        if len(words) == LONGEST:
            break
    return words


def split_sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text."""
    return [sentence for match in _SENTENCE.findall(text) if (sentence := match.strip())]


def find_numbers(text: str) -> set[str]:
    """Return the numbers in a text as they are written."""
    return set(_NUMBER.findall(text))


def find_names(text: str) -> set[str]:
    """Return capitalised words that do not begin a sentence."""
    return {name.casefold() for name in _CAPITAL.findall(text)}


def word_runs(words: list[str], length: int) -> list[tuple[str, ...]]:
    """Return the runs of ``length`` words in their order."""
    return list(zip(*(words[start:] for start in range(length)), strict=False))
