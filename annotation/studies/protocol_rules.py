"""The rules of a study's protocol: table, presets, people needed, problems. PURE."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

MOST_SLOTS = 15
# Less would leave too few samples whose values no judge has touched.
LEAST_BLIND = 0.3


@dataclass(frozen=True, slots=True)
class ProtocolRule:
    """A protocol rule: its default, its values and when it has an effect.

    API, forms and checks are made from this; what a rule is called on a page is in the front end.
    """

    kind: Literal["choice", "whole number", "number", "flag"]
    default: Any
    choices: tuple[str, ...] = ()
    least: float | None = None
    above: float | None = None
    """A limit that itself is not allowed."""
    most: float | None = None
    optional: bool = False
    """It may be None."""
    expected: str = ""
    """Which values it takes, in a sentence to whoever gave another one."""
    needs: tuple[str, tuple[str, ...]] | None = None
    """Another rule, and the values of it with which this one has an effect; None: always."""
    decides: bool = True
    """It says how scores are decided, so that presets are about it."""

    def accepts(self, value: Any) -> bool:
        """Return whether the rule takes the value."""
        if value is None and self.optional:
            return True
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "flag":
            return isinstance(value, bool)
        if self.kind == "whole number" and not isinstance(value, int):
            return False
        return _is_number(value) and self._is_in_range(value)

    def _is_in_range(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
        )

    def expected_text(self) -> str:
        """Return the sentence that says which values the rule takes."""
        if self.kind == "choice":
            return f"One of {', '.join(self.choices)}."
        if self.kind == "flag":
            return "Yes or no."
        if self.kind == "whole number":
            return f"A whole number from {self.least} to {self.most:,} {self.expected}."
        return self.expected


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)


RULES: dict[str, ProtocolRule] = {
    "annotators_per_sample": ProtocolRule("whole number", 3, least=1, most=MOST_SLOTS - 1, expected="annotators"),
    "tolerance": ProtocolRule("number", 0, least=0, expected="A number from 0, in the units of the levels."),
    "tie_rule": ProtocolRule("choice", "discuss", choices=("discuss", "lower", "third")),
    "decide": ProtocolRule("choice", "discuss", choices=("discuss", "aggregate")),
    "cross_review": ProtocolRule("choice", "none", choices=("none", "all", "share", "high")),
    "review_share": ProtocolRule(
        "number", 0, least=0, most=1, expected="A share from 0 to 1.", needs=("cross_review", ("share",))
    ),
    "review_threshold": ProtocolRule(
        "number",
        None,
        optional=True,
        expected="A number, in the units of the levels.",
        needs=("cross_review", ("high",)),
    ),
    "reason_first": ProtocolRule("flag", True, decides=False),
    "discussion_days": ProtocolRule(
        "whole number", 7, least=1, most=365, optional=True, expected="days; none at all: never", decides=False
    ),
    "suggestions": ProtocolRule("choice", "none", choices=("none", "delayed", "prefilled", "both"), decides=False),
    "blind_share": ProtocolRule(
        "number",
        LEAST_BLIND,
        least=LEAST_BLIND,
        most=1,
        expected=f"A share from {LEAST_BLIND:g} to 1: what the judge does to people can only be told from samples on "
        "which nobody meets it.",
        needs=("suggestions", ("delayed", "prefilled", "both")),
        decides=False,
    ),
    "pull_limit": ProtocolRule(
        "number",
        0.2,
        above=0,
        most=1,
        expected="A number above 0, up to 1: by which part of the way people may follow the judge.",
        needs=("suggestions", ("delayed", "prefilled", "both")),
        decides=False,
    ),
    "work_order": ProtocolRule("choice", "even", choices=("even", "disputed", "label_next"), decides=False),
    "lease_minutes": ProtocolRule("whole number", 30, least=1, most=24 * 60, expected="minutes", decides=False),
    "undo_minutes": ProtocolRule("whole number", 10, least=0, most=10, expected="minutes", decides=False),
}
FIELDS = tuple(RULES)
# Every rule, with what it is where nobody has said anything else.
DEFAULTS: dict[str, Any] = {name: rule.default for name, rule in RULES.items()}

# Rules that say how many people a sample may need.
ABOUT_PEOPLE = ("annotators_per_sample", "tolerance", "tie_rule", "decide", "cross_review")

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "annotators_per_sample": 3,
        "tolerance": 0,
        "tie_rule": "discuss",
        "decide": "discuss",
        "cross_review": "high",
        "review_threshold": 4,
    },
    "single": {"annotators_per_sample": 1, "tolerance": 0, "cross_review": "none"},
    "pair": {"annotators_per_sample": 2, "tolerance": 0, "cross_review": "none"},
    "strict": {"annotators_per_sample": 3, "tolerance": 0, "cross_review": "all"},
    "tolerant": {"annotators_per_sample": 3, "tolerance": 1, "cross_review": "none"},
    "crowd": {"annotators_per_sample": 5, "tolerance": 0, "decide": "aggregate", "cross_review": "none"},
}


class UnspecifiedRule(NamedTuple):
    """A rule that a preset's source does not specify, and the chosen value."""

    field: str
    value: Any
    sentence: str


UNSPECIFIED_RULES: dict[str, tuple[UnspecifiedRule, ...]] = {
    "paper": (
        UnspecifiedRule(
            "annotators_per_sample",
            PRESETS["paper"]["annotators_per_sample"],
            "The paper has each sample scored by several of ten experts and does not say by how many. Three is the "
            "least number in which one of them can stand alone.",
        ),
        UnspecifiedRule(
            "review_threshold",
            PRESETS["paper"]["review_threshold"],
            "The paper checks the high-rated samples once more and does not say from where on one is high-rated. "
            "Here it is 4 or more on every dimension.",
        ),
    ),
}


def complete_rules(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return all rules, filling those that are missing with defaults.

    A rule that another rule leaves without effect has its default, too.
    """
    completed = {name: rules.get(name, rule.default) for name, rule in RULES.items()}
    for name, rule in RULES.items():
        if rule.needs is not None and completed[rule.needs[0]] not in rule.needs[1]:
            completed[name] = rule.default
    return completed


def find_preset_of_rules(rules: Mapping[str, Any]) -> str:
    """Return the preset with these deciding rules, or an empty text.

    Other rules, as how long a lease lasts, make no other preset.
    """
    rules = complete_rules(rules)
    for name, preset in PRESETS.items():
        wanted = complete_rules(preset)
        if all(rules[name] == wanted[name] for name, rule in RULES.items() if rule.decides):
            return name
    return ""


def asks_one_more(rules: Mapping[str, Any]) -> bool:
    """Return whether the rules may ask one more annotator.

    They may where the middle of the values can be no level.
    """
    if rules["tie_rule"] != "third" or rules["decide"] != "discuss" or not rules["tolerance"]:
        return False
    return rules["annotators_per_sample"] % 2 == 0 or rules["cross_review"] != "none"


def people_needed(rules: Mapping[str, Any]) -> int:
    """Return how many people a sample may need.

    These are k, one for the cross-review and one for a tie.
    """
    review = rules["cross_review"] != "none" and rules["decide"] != "aggregate"
    return int(rules["annotators_per_sample"]) + review + asks_one_more(rules)


def needs_judge(rules: Mapping[str, Any]) -> bool:
    """Return whether a rule has an effect only while a judge is active."""
    return rules["suggestions"] != "none" or rules["work_order"] != "even"


def rule_problems(
    rules: Mapping[str, Any], *, levels: Sequence[Sequence[float]], people: int | None = None
) -> dict[str, str]:
    """Return the problems of rules by field, with the remedies.

    Args:
        rules: all of them, as `complete_rules` returns them.
        levels: the levels of each dimension that is scored.
        people: how many could score now; None where that is not asked yet, as while a study is prepared.
    """
    problems = _find_out_of_range(rules)
    if problems:
        # What follows compares the rules with one another, so each has to make sense by itself first.
        return problems
    return {
        **_find_contradictions(rules),
        **_find_threshold_problem(rules, levels),
        **_find_people_problems(rules, people),
    }


def format_too_few(needed: int, people: int) -> str:
    """Return the message for too few people, with the remedy."""
    short = needed - people
    return (
        f"These rules may need {needed} different people for one sample, and {people or 'nobody'} could score here. "
        f"Invite {short} more, or let fewer score each sample."
    )


def _find_out_of_range(rules: Mapping[str, Any]) -> dict[str, str]:
    return {name: rule.expected_text() for name, rule in RULES.items() if not rule.accepts(rules[name])}


def _find_contradictions(rules: Mapping[str, Any]) -> dict[str, str]:
    problems: dict[str, str] = {}
    k = rules["annotators_per_sample"]
    if rules["decide"] == "discuss" and rules["tolerance"] and k % 2 == 0 and rules["tie_rule"] == "discuss":
        problems["tie_rule"] = (
            f"With {k} annotators the middle of two neighbouring values is no level, so what the tolerance lets pass "
            "would be discussed all the same. Let the lower value or one more annotator decide, choose an odd number "
            "of annotators, or a tolerance of 0."
        )
    if rules["decide"] == "aggregate" and rules["cross_review"] != "none":
        problems["cross_review"] = (
            "Where the lower median decides, a review can change nothing. Choose no cross-review, or let differences "
            "be discussed."
        )
    if rules["cross_review"] == "share" and not rules["review_share"]:
        problems["review_share"] = "More than 0, up to 1: the share that is reviewed. Or choose no cross-review."
    if rules["suggestions"] != "none" and k == 1:
        problems["suggestions"] = (
            "On each sample one annotator never meets the judge, and with 1 annotator nobody would be left to meet it. "
            "Let at least 2 score each sample, or choose no suggestions."
        )
    if people_needed(rules) > MOST_SLOTS:
        problems["annotators_per_sample"] = (
            f"A sample has {MOST_SLOTS} places, and these rules may need {people_needed(rules)}. "
            "Let fewer score each sample."
        )
    return problems


def _find_threshold_problem(rules: Mapping[str, Any], levels: Sequence[Sequence[float]]) -> dict[str, str]:
    if rules["cross_review"] != "high" or not levels:
        return {}
    lowest = min(min(values) for values in levels)
    # A sample is high-rated on every dimension, so the one that ends first sets the end.
    highest = min(max(values) for values in levels)
    threshold = rules["review_threshold"]
    if threshold is None:
        return {"review_threshold": f"Say from which level on a sample is high-rated: from {lowest:g} to {highest:g}."}
    if not lowest <= threshold <= highest:
        return {
            "review_threshold": f"The levels of this rubric go from {lowest:g} to {highest:g}, so {threshold:g} would "
            f"mean {'all samples' if threshold < lowest else 'none'}. Choose a level among them."
        }
    return {}


def _find_people_problems(rules: Mapping[str, Any], people: int | None) -> dict[str, str]:
    needed = people_needed(rules)
    if people is None or needed <= people:
        return {}
    problems = {"annotators_per_sample": format_too_few(needed, people)}
    if rules["annotators_per_sample"] <= people:
        if rules["cross_review"] != "none":
            problems["cross_review"] = (
                "A review takes one person who has not scored the sample, and there is none left."
            )
        if asks_one_more(rules):
            problems["tie_rule"] = "One more annotator takes one more person, and there is none left."
    return problems
