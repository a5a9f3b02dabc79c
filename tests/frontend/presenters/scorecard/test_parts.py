"""Tests of the parts that pages include: text, content security policy, screen readers."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from django.template.loader import render_to_string

from frontend.presenters.scorecard import ShownSample, comparison_view, curve_charts, scorecard_view
from judge.evaluation.comparison import compare_judges
from tests.judge.labelled_samples import RUBRIC, certain, labelled

from .scorecards import card, dimension, measured, miss, nothing

VOID = {"img", "link", "meta", "br", "hr", "input"}


class Page(HTMLParser):
    """The elements of a part with their attributes.

    It also tells whether every element that opens is closed.
    """

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def part(name, **context):
    return render_to_string(f"frontend/parts/{name}.html", context)


def scorecard(data, samples=None):
    return part("scorecard", scorecard=scorecard_view(data, samples or {}))


def comparison():
    test = [labelled(f"s{n}", [3, 3], question=f"q{n // 2}") for n in range(20)]
    one, other = [certain(f"s{n}", 3) for n in range(20)], [certain(f"s{n}", n % 4) for n in range(20)]
    found = comparison_view(compare_judges(RUBRIC, test, one, other, "final"), first="run 7", second="run 5")
    return part("judge_comparison", comparison=found)


def curves():
    return part("judge_curves", curves=curve_charts([{"series": "loss", "x": n, "y": 1 / n} for n in range(1, 500)]))


EVERYTHING = {
    "final": lambda: scorecard(measured()),
    "mean": lambda: scorecard(measured("mean")),
    "hidden generators": lambda: scorecard(measured(generators=False)),
    "nothing": lambda: scorecard(nothing()),
    "no dimension": lambda: scorecard(card()),
    "one, nulls everywhere": lambda: scorecard(card(dimension("TCC", None, None, ceiling=None))),
    "ten": lambda: scorecard(card(*(dimension(f"D{n}", constant=1.2, worst=[miss("a", 1, 3)]) for n in range(10)))),
    "other levels": lambda: scorecard(nothing((-1, 0.5, 40))),
    "comparison": comparison,
    "curves": curves,
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_part_is_whole_and_the_content_policy_takes_it(name):
    html = EVERYTHING[name]()
    page = Page(html)
    for tag, attributes in page.elements:
        assert tag not in ("style", "script")
        assert not [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")]
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert not [one for one, times in ids.items() if times > 1]
    named = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert set(named) <= set(ids)
    assert "None" not in html
    assert "nan" not in html.casefold().replace("finan", "")


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_drawing_is_named_or_hidden_beside_figures_that_say_the_same(name):
    for tag, attributes in Page(EVERYTHING[name]()).elements:
        if tag == "svg" and ("viewbox" in attributes or attributes.get("class") == "responsive-chart"):
            inner = attributes.get("preserveaspectratio") == "none"
            assert inner or attributes.get("aria-hidden") == "true" or attributes.get("aria-label"), attributes


def test_both_scorecards_of_a_run_fit_on_one_page():
    html = scorecard(measured()) + scorecard(measured("mean"))
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 9


def test_a_scorecard_shows_its_parts_in_the_order_of_the_argument():
    html = scorecard(measured())
    order = [
        "finding",
        "run-facts",
        "legend",
        ">RMSE<",
        ">A@1<",
        "The same in figures",
        "How far off",
        "Calibration",
        "Worst misses",
    ]
    places = [html.index(words) for words in order]
    assert places == sorted(places)
    assert "measured on 40 samples of 20 unseen questions" in html
    assert "with 2 set by rule" in html


def test_a_judge_of_nothing_has_a_finding_and_no_empty_charts():
    html = scorecard(nothing())
    assert "No sample has both a score and a prediction yet" in html
    assert "<svg" not in html


def test_a_miss_leads_to_its_sample_and_shows_what_it_may():
    data = card(dimension("TCC", worst=[miss("heron-1", 1, 4, sd=0.5), miss("heron-2", 5, 2, sd=1)]))
    shown = ShownSample("/studies/birds/samples/x/", "Why <b>?", "/pictures/x/", "sample X7")
    html = scorecard(data, {"heron-1": shown})
    assert 'href="/studies/birds/samples/x/"' in html
    assert "Why &lt;b&gt;?" in html
    assert 'src="/pictures/x/"' in html
    assert "sample X7" in html
    assert "not in the study any more" in html
    assert "heron" not in html, "ids may name generators"


def test_a_judge_without_misses_is_not_given_any():
    html = scorecard(card(dimension("TCC", constant=1.2, worst=[miss("a", 3, 3.2)])))
    assert "No miss: every expected score rounds to people’s own." in html.replace("\n", " ")


def test_failures_and_what_is_left_out_are_counted():
    html = scorecard(card(statuses={"ok": 1200, "parse_error": 3, "missing": 1}, not_blind=2, foreign=1))
    assert "1,200 judged, 3 not understood, 1 without a prediction" in html
    assert "2 samples left out: a judge may have been seen before they were scored" in html
    assert "1 prediction of a sample that is not in the test part" in html


def test_generators_stand_only_where_the_release_names_them():
    assert "heron" in scorecard(measured())
    hidden = scorecard(measured(generators=False))
    assert "Generator by generator" not in hidden
    assert "heron" not in hidden


def test_curves_without_points_say_so_and_thinned_ones_too():
    assert "No points yet." in part("judge_curves", curves=[])
    assert "Each point is the mean of 3." in curves()


def test_a_comparison_names_both_judges_beside_their_figures():
    html = comparison()
    assert html.count('<th scope="col" class="number-cell">run 5</th>') == 3
    assert "run 7 nearer" in html
    assert "too few questions" not in html
