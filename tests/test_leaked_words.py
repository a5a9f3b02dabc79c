"""The search for leaks itself: it finds a figure wherever one stands, and none by chance."""

from .leak_search import leaked


def test_a_word_is_found_in_whatever_case_and_within_others() -> None:
    assert leaked(["Quillfeather", "NOTE-OF-BEN"], "said by: quillfeather's") == ["Quillfeather"]


def test_a_figure_is_found_however_many_digits_follow() -> None:
    for text in ('{"expected":3.227}', "[0.5,3.227104]", "<td>3.2271</td>", "-3.227", "3.227"):
        assert leaked(["3.227"], text) == ["3.227"], text


def test_moments_hashes_and_versions_have_digits_that_are_no_figures() -> None:
    text = (
        '{"at":"2026-03-02T10:15:43.227905Z","version":"8af3.2271c","sha256":"e90617","seconds":1.90617,"count":490617}'
    )
    assert leaked(["3.227", "90617"], text) == []
