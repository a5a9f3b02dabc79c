"""Where participants stand on the levels of a dimension."""

from annotation.core.rubric_cache import DimensionDefinition, LevelDefinition
from annotation.discussions.view_types import ParticipantView, StanceView
from frontend.charts.stance_axis import StanceAxis, build_stance_axis

LEVELS = tuple(LevelDefinition(number, float(value), "", "") for number, value in enumerate((0, 1, 2, 5)))
ITS = DimensionDefinition(1, "ITS", "Synergy", "", True, True, 0.0, LEVELS, {})


def drawn(**stances: tuple[float | None, float | None, bool]) -> StanceAxis:
    """Draw first and current value of each participant, and whether they have been excused."""
    people = [ParticipantView(alias=alias, me=False, state="active", waits=False) for alias in stances]
    rows = [StanceView(alias, first, now, None, None, gone) for alias, (first, now, gone) in stances.items()]
    return build_stance_axis(ITS, rows, people)


def marks(one: StanceAxis) -> dict[str, str]:
    """Return the marks on each level as one text.

    o first, x now, - a line, . nothing; in capitals inside the range held now.
    """
    found = {}
    for row in one.rows:
        line = ""
        for cell in row.cells:
            mark = "x" if cell.now else "o" if cell.first else "-" if cell.left and cell.right else "."
            line += mark.upper() if cell.band else mark
        found[row.stance.alias] = line
    return found


def test_a_line_leads_from_the_first_to_the_current_value_in_either_direction() -> None:
    one = drawn(R1=(0, 5, False), R2=(5, 1, False), R3=(2, 2, False))
    assert marks(one) == {"R1": "o--X", "R2": ".X-O", "R3": "..X."}
    up, down = one.rows[0].cells, one.rows[1].cells
    assert [(cell.left, cell.right) for cell in up] == [(False, True), (True, True), (True, True), (True, False)]
    assert [(cell.left, cell.right) for cell in down] == [(False, False), (False, True), (True, True), (True, False)]
    assert (one.first, one.now) == ((0, 5), (1, 5))


def test_somebody_excused_is_shown_and_does_not_widen_the_range() -> None:
    one = drawn(R1=(1, 1, False), R2=(2, 2, False), R3=(0, 0, True))
    assert marks(one) == {"R1": ".X..", "R2": "..X.", "R3": "x..."}
    assert (one.first, one.now) == ((0, 2), (1, 2))
    assert [cell.band for cell in one.rows[0].cells] == [False, True, True, False]


def test_somebody_new_has_no_value_yet() -> None:
    one = drawn(R1=(1, 1, False), R4=(None, None, False))
    assert marks(one) == {"R1": ".x..", "R4": "...."}
    assert one.now == (1, 1), "one value is no range"


def test_nobody_has_a_value() -> None:
    one = drawn(R4=(None, None, False))
    assert (one.first, one.now) == (None, None)
