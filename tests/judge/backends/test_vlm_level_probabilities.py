"""What is read of a model in a few short steps is what the model says when it is given everything at once."""

import numpy as np
import pytest
import torch

from judge.backends.vlm import checkpoints
from judge.backends.vlm.answer_tokens import AnswerLine, rubric_with_digit_levels
from judge.backends.vlm.batches import build_batch
from judge.backends.vlm.inputs import ConversationBuilder
from judge.backends.vlm.level_probabilities import LevelProbabilityReader
from judge.backends.vlm.model_adapters import load_adapter
from judge.formats.picture_folder import PictureFolder
from judge.formats.rubric import parse_rubric
from tests.judge.release_folders import TOML

from .tiny_models import write_model
from .vlm_runs import some_samples

THIRD = """
[[dimensions]]
key = "Sum"
name = "Altogether"
needs = []
levels = [2, 4, 6, 8]
"""
RUBRIC = parse_rubric(TOML + THIRD)


class Kit:
    def __init__(self, folder, kind):
        write_model(folder / "m", kind)
        tokenizer = checkpoints.load_tokenizer(folder / "m")
        self.model = checkpoints.load_model(folder / "m", torch.float32).eval()
        self.items = ConversationBuilder(
            tokenizer, load_adapter(kind, folder / "m", tokenizer, 64), rubric_with_digit_levels(RUBRIC)
        )
        self.line = AnswerLine(rubric_with_digit_levels(RUBRIC), self.items.encode, self.items.end)
        samples = some_samples(folder / "r", 24, questions=12)
        self.samples = [one.sample for one in samples if one.sample.has_text or one.sample.has_image][-12:]
        # Of every kind: both sides, one of them, and texts of other lengths.
        self.made = [self.items.build(one, PictureFolder(folder / "r")) for one in self.samples]
        self.known = [({} if one.has_text else {0: 0}) | ({} if one.has_image else {1: None}) for one in self.samples]

    def read(self, readout):
        return LevelProbabilityReader(self.model, self.items, self.line, readout).read(self.made, self.known)

    def said(self, item, behind, number):
        """Return the chances of the levels, and their sum, by one pass over everything."""
        with torch.inference_mode():
            logits = self.model(**build_batch([item.append(behind)], self.items), use_cache=False).logits[0, -1]
        chances = torch.softmax(logits.double(), -1)[self.line.levels[number]].numpy()
        return chances / chances.sum(), chances.sum()


@pytest.fixture(scope="module", params=["qwen2_5_vl", "internvl"])
def kit(request, tmp_path_factory):
    made = Kit(tmp_path_factory.mktemp("reading"), request.param)
    assert {} in made.known
    assert {1: None} in made.known
    assert {0: 0} in made.known
    return made


def test_in_the_line_of_all_dimensions_each_has_seen_the_likeliest_levels_before_it(kit):
    found = kit.read("joint")
    for row, (item, known) in enumerate(zip(kit.made, kit.known, strict=True)):
        behind = []
        for number, before in enumerate(kit.line.joint_prefixes):
            behind += before
            wanted, mass = kit.said(item, behind, number)
            assert found.chances[number][row] == pytest.approx(wanted, abs=1e-5)
            assert found.masses[number][row] == pytest.approx(mass, abs=1e-5)
            behind += kit.line.level_tokens(number, known.get(number, int(np.argmax(wanted))))


def test_in_lines_of_their_own_dimensions_do_not_see_one_another(kit):
    found = kit.read("independent")
    for row, item in enumerate(kit.made):
        for number, before in enumerate(kit.line.single_prefixes):
            wanted, mass = kit.said(item, before, number)
            assert found.chances[number][row] == pytest.approx(wanted, abs=1e-5)
            assert found.masses[number][row] == pytest.approx(mass, abs=1e-5)


def test_a_batch_of_one_is_read_as_it_is_among_others(kit):
    together = kit.read("joint")
    for row in (0, 5):
        reader = LevelProbabilityReader(kit.model, kit.items, kit.line, "joint")
        alone = reader.read(kit.made[row : row + 1], kit.known[row : row + 1])
        for one, other in zip(alone.chances, together.chances, strict=True):
            assert one[0] == pytest.approx(other[row], abs=1e-5)
