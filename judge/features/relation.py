"""Extracts features of how an answer relates to its question and pictures."""

import math
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from itertools import pairwise

from judge.formats.sample_line import Image, SampleTurn, TextPart

from . import tokenizer

# Words that name a colour, in English; a picture's share of it is measured without any word.
COLOUR_WORDS: Mapping[str, frozenset[str]] = {
    "black": frozenset({"black", "dark", "night"}),
    "white": frozenset({"white", "snow", "snowy"}),
    "grey": frozenset({"grey", "gray", "silver"}),
    "brown": frozenset({"brown", "wooden"}),
    "red": frozenset({"red"}),
    "orange": frozenset({"orange", "fire", "sunset"}),
    "yellow": frozenset({"yellow", "golden", "gold"}),
    "green": frozenset({"green", "grass", "forest"}),
    "blue": frozenset({"blue", "sky", "sea", "ocean"}),
    "purple": frozenset({"purple", "violet"}),
    "pink": frozenset({"pink"}),
}
# More words than that between question and answer are looked at for copied passages.
_COPYABLE = 1_000
# A short run of words is shared by chance.
_PASSAGE = 3
_WITH_QUESTION = (
    *("question_words", "answer_per_question", "shared_words", "shared_pairs", "covered_words", "covered_pairs"),
    *("longest_passage", "passage_cover", "passage_density", "passages", "cosine", "new_pairs", "new_numbers"),
    *("new_names", "kept_names", "in_order", "first_sentence_shared", "last_sentence_shared"),
)
_FORM = (
    *("texts", "pictures", "distinct_pictures", "turns", "context_turns", "alternations", "begins_with_picture"),
    *("ends_with_picture", "words_per_picture", "empty_turns"),
)
_WITH_PICTURES = ("has_pictures", "colours_named", "colours_met", "colours_missed", "picture_words")
NAMES: tuple[str, ...] = (*_WITH_QUESTION, *_FORM, *_WITH_PICTURES)
_PICTURE_WORDS = frozenset(
    {
        "above",
        "below",
        "diagram",
        "drawing",
        "figure",
        "illustration",
        "image",
        "images",
        "photo",
        "picture",
        "pictures",
    }
    | {"shown", "shows", "photograph", "depicts", "painting", "scene"}
)


def relation_features(
    turns: Sequence[SampleTurn],
    question: str,
    answer: str,
    pictures: Sequence[str],
    colours: Mapping[str, float] | None,
) -> list[float]:
    """Return the features in the order of `NAMES`.

    ``pictures`` are checksums of the judged pictures in their order; ``colours`` is how much of them each colour
    covers on average, None without pictures.
    """
    answer_words, question_words = tokenizer.split_words(answer), tokenizer.split_words(question)
    return [
        *_question_features(answer_words, question_words, answer, question),
        *_form_features(turns, len(answer_words), pictures),
        *_picture_features(answer_words + question_words, answer_words, colours),
    ]


def _question_features(answer_words: list[str], question_words: list[str], answer: str, question: str) -> list[float]:
    if not answer_words or not question_words:
        return [math.log1p(len(question_words)), *([0.0] * (len(_WITH_QUESTION) - 1))]
    answer_counts, question_counts = Counter(answer_words), Counter(question_words)
    answer_pairs, question_pairs = (
        set(tokenizer.word_runs(answer_words, 2)),
        set(tokenizer.word_runs(question_words, 2)),
    )
    passages = _copied_passages(answer_words[:_COPYABLE], question_words[:_COPYABLE])
    sentences = tokenizer.split_sentences(answer)
    vocabulary = question_counts.keys()
    names, numbers = tokenizer.find_names(answer), tokenizer.find_numbers(answer)
    shared = sum((answer_counts & question_counts).values())
    return [
        math.log1p(len(question_words)),
        math.log(len(answer_words) / len(question_words)),
        shared / len(answer_words),
        len(answer_pairs & question_pairs) / max(1, len(answer_pairs)),
        len(answer_counts.keys() & vocabulary) / len(vocabulary),
        len(answer_pairs & question_pairs) / max(1, len(question_pairs)),
        math.log1p(max(passages, default=0)),
        # Coverage and density of copied passages (Grusky, Naaman and Artzi 2018).
        sum(passages) / len(answer_words),
        math.log1p(sum(length**2 for length in passages) / len(answer_words)),
        len(passages) / len(answer_words),
        _cosine(answer_counts, question_counts),
        1 - len(answer_pairs & question_pairs) / max(1, len(answer_pairs)),
        _share_new(numbers, tokenizer.find_numbers(question)),
        _share_new(names, set(vocabulary)),
        1 - _share_new(tokenizer.find_names(question), set(answer_counts)),
        _order_agreement(answer_words, question_words),
        _sentence_overlap(sentences[:1], vocabulary),
        _sentence_overlap(sentences[-1:], vocabulary),
    ]


def _form_features(turns: Sequence[SampleTurn], words: int, pictures: Sequence[str]) -> list[float]:
    judged = [turn for turn in turns if not turn.context]
    kinds = [isinstance(block, Image) for turn in judged for block in turn.blocks]
    texts = sum(isinstance(block, TextPart) for turn in judged for block in turn.blocks)
    return [
        math.log1p(texts),
        math.log1p(len(pictures)),
        len(set(pictures)) / len(pictures) if pictures else 0.0,
        math.log1p(len(judged)),
        math.log1p(len(turns) - len(judged)),
        sum(first != second for first, second in pairwise(kinds)) / max(1, len(kinds) - 1),
        float(kinds[:1] == [True]),
        float(kinds[-1:] == [True]),
        math.log1p(words / len(pictures)) if pictures else 0.0,
        sum(not turn.blocks for turn in judged) / max(1, len(judged)),
    ]


def _picture_features(words: list[str], answer_words: list[str], colours: Mapping[str, float] | None) -> list[float]:
    if colours is None:
        return [0.0] * len(_WITH_PICTURES)
    vocabulary = set(words)
    named = [name for name, synonyms in COLOUR_WORDS.items() if synonyms & vocabulary]
    shares = [colours.get(name, 0.0) for name in named]
    return [
        1.0,
        float(len(named)),
        sum(shares),
        float(sum(share < 0.01 for share in shares)),
        sum(word in _PICTURE_WORDS for word in answer_words) / max(1, len(answer_words)),
    ]


def _copied_passages(answer_words: list[str], question_words: list[str]) -> list[int]:
    """Return the lengths of passages copied from the question, found greedily."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for start, run in enumerate(tokenizer.word_runs(question_words, _PASSAGE)):
        places[run].append(start)
    lengths: list[int] = []
    position = 0
    while position + _PASSAGE <= len(answer_words):
        longest = 0
        for start in places.get(tuple(answer_words[position : position + _PASSAGE]), ())[:8]:
            length = _PASSAGE
            while (
                position + length < len(answer_words)
                and start + length < len(question_words)
                and answer_words[position + length] == question_words[start + length]
            ):
                length += 1
            longest = max(longest, length)
        if longest:
            lengths.append(longest)
        position += longest or 1
    return lengths


def _cosine(first: Counter[str], second: Counter[str]) -> float:
    shared = sum(math.sqrt(count * second[word]) for word, count in first.items() if word in second)
    return shared / math.sqrt(sum(first.values()) * sum(second.values()))


def _share_new(items: set[str], earlier: set[str]) -> float:
    return len(items - earlier) / len(items) if items else 0.0


def _order_agreement(answer_words: list[str], question_words: list[str]) -> float:
    """Return how far shared words follow the question's order, -1 to 1."""
    first = {word: position for position, word in reversed(list(enumerate(question_words)))}
    order = [first[word] for word in dict.fromkeys(answer_words) if word in first]
    if len(order) < 2:
        return 0.0
    steps = [following > previous for previous, following in pairwise(order)]
    return 2 * sum(steps) / len(steps) - 1


def _sentence_overlap(sentences: list[str], vocabulary: Container[str]) -> float:
    words = tokenizer.split_words(sentences[0]) if sentences else []
    return sum(word in vocabulary for word in words) / len(words) if words else 0.0
