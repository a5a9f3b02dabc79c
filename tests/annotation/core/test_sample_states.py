"""Every state meets every event: allowed as the table says, refused otherwise."""

from itertools import product
from pathlib import Path

import pytest

from annotation.core.errors import WrongState
from annotation.core.sample_states import TRANSITIONS, Event, SampleState, draw_state_diagram, next_state
from annotation.models import Sample


def test_the_states_are_those_that_a_sample_can_be_stored_in() -> None:
    assert [state.value for state in SampleState] == list(Sample.State.values)


@pytest.mark.parametrize(("state", "event"), list(product(SampleState, Event)))
def test_an_event_is_allowed_where_the_table_has_it_and_refused_elsewhere(state: SampleState, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(WrongState, match="cannot be"):
            next_state(state, event)


def test_nothing_happens_to_a_withdrawn_or_agreed_sample_by_scoring() -> None:
    for state in (SampleState.WITHDRAWN, SampleState.AGREED):
        for event in (Event.LEASED, Event.SCORED, Event.UNDONE, Event.SKIPPED):
            assert (state, event) not in TRANSITIONS


def test_the_architecture_document_shows_the_table_as_it_is() -> None:
    document = (Path(__file__).resolve().parents[3] / "docs" / "ARCHITECTURE.md").read_text()
    assert f"```mermaid\n{draw_state_diagram()}\n```" in document
