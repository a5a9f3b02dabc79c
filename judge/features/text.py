"""Extracts text features of an answer: length, form, variety and repetition."""

import math
import re
import zlib
from collections import Counter

from . import tokenizer

_LIST = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^\s*(?:#{1,6}\s|\*\*[^*]+\*\*\s*$)", re.MULTILINE)
_REFUSAL = re.compile(
    r"\b(?:i(?:'m| am)? (?:sorry|unable|not able)|i can(?:not|'t)|as an ai|unfortunately)\b", re.IGNORECASE
)
_HEDGE = re.compile(r"\b(?:may|might|could|perhaps|possibly|probably|seems?|likely)\b", re.IGNORECASE)
_LINK = re.compile(r"https?://|!\[|<[a-z]+|```", re.IGNORECASE)
_OPEN_END = re.compile(r"[\w,;:\-–(]\s*$")
NAMES: tuple[str, ...] = (
    *("has_text", "log_words", "log_characters", "log_sentences", "words_per_sentence", "sentence_variation"),
    *("word_length", "long_words", "variety", "once_only", "repeated_pairs", "repeated_fours", "repeated_sentences"),
    *("compressed", "digits", "capitals", "punctuation", "beyond_ascii", "questions", "exclamations", "quotes"),
    *("list_items", "headings", "lines", "refusal", "hedges", "links", "open_end", "first_is_capital", "entropy"),
    "longest_word",
)


def text_features(text: str) -> list[float]:
    """Return the features of a text in the order of `NAMES`.

    Without text all are 0.
    """
    if not text.strip():
        return [0.0] * len(NAMES)
    all_words = tokenizer.split_words(text) or ["_"]
    sentences = tokenizer.split_sentences(text) or [text]
    sentence_lengths = [len(tokenizer.split_words(one)) for one in sentences]
    mean_length = sum(sentence_lengths) / len(sentence_lengths)
    counts = Counter(all_words)
    encoded = text.encode()[:20_000]
    size = len(text)
    return [
        1.0,
        math.log1p(len(all_words)),
        math.log1p(size),
        math.log1p(len(sentences)),
        min(mean_length, 100.0),
        math.sqrt(sum((one - mean_length) ** 2 for one in sentence_lengths) / len(sentence_lengths))
        / (mean_length + 1),
        sum(map(len, all_words)) / len(all_words),
        sum(len(word) > 6 for word in all_words) / len(all_words),
        # Words over the root of their number: types over tokens alone fall as a text grows (Guiraud 1954).
        len(counts) / math.sqrt(len(all_words)),
        sum(count == 1 for count in counts.values()) / len(counts),
        _share_repeated(all_words, 2),
        _share_repeated(all_words, 4),
        1 - len({one.casefold() for one in sentences}) / len(sentences),
        len(zlib.compress(encoded, 1)) / len(encoded),
        sum(letter.isdigit() for letter in text) / size,
        sum(letter.isupper() for letter in text) / size,
        sum(not letter.isalnum() and not letter.isspace() for letter in text) / size,
        sum(letter > "\x7f" for letter in text) / size,
        min(text.count("?") + text.count("？"), 10) / 10,
        min(text.count("!") + text.count("！"), 10) / 10,
        min(sum(text.count(mark) for mark in '"“”«»„'), 20) / 20,
        math.log1p(len(_LIST.findall(text))),
        math.log1p(len(_HEADING.findall(text))),
        math.log1p(text.count("\n")),
        float(bool(_REFUSAL.search(text))),
        min(len(_HEDGE.findall(text)) / len(all_words), 0.2),
        math.log1p(len(_LINK.findall(text))),
        float(bool(_OPEN_END.search(text))),
        float(text.lstrip()[0].isupper()),
        _entropy(counts, len(all_words)),
        math.log1p(max(map(len, all_words))),
    ]


def _share_repeated(all_words: list[str], length: int) -> float:
    runs = tokenizer.word_runs(all_words, length)
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _entropy(counts: Counter[str], total: int) -> float:
    """Return the normalised entropy of the words, 0 to 1."""
    if total < 2:
        return 0.0
    bits = -sum(count / total * math.log2(count / total) for count in counts.values())
    return bits / math.log2(total)
