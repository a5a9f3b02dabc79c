"""What a model of either family is given: tokens, places and pixels, and what it learns of them."""

import io
import json
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from judge.backends.vlm import checkpoints
from judge.backends.vlm.answer_tokens import AnswerLine
from judge.backends.vlm.batches import build_batch
from judge.backends.vlm.inputs import ConversationBuilder
from judge.backends.vlm.losses import soft_loss, spread_loss, text_loss
from judge.backends.vlm.model_adapters import load_adapter
from judge.backends.vlm.training_targets import LEFT_OUT, TrainingExamples, build_exercises, collate
from judge.formats.picture_folder import MissingPicture, PictureFolder
from judge.formats.release_line import format_labelled_line, parse_labelled
from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import TextPart, parse_sample
from judge.prompt import build_prompt
from tests.judge.release_folders import TOML

from .tiny_models import SEEING, write_model
from .vlm_runs import some_samples

RUBRIC = parse_rubric(TOML)
FAMILIES = ["qwen2_5_vl", "internvl"]


class Kit:
    """A model with all that speaks to it."""

    def __init__(self, folder, kind):
        write_model(folder, kind)
        self.kind = kind
        self.tokenizer = checkpoints.load_tokenizer(folder)
        self.items = ConversationBuilder(self.tokenizer, load_adapter(kind, folder, self.tokenizer, 64), RUBRIC)
        self.line = AnswerLine(RUBRIC, self.items.encode, self.items.end)
        self.model = checkpoints.load_model(folder, torch.float32).eval()


@pytest.fixture(scope="module", params=FAMILIES)
def kit(request, tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("model") / "m", request.param)


@pytest.fixture
def pictures(tmp_path):
    for name, size in (("wide.png", (150, 60)), ("tall.png", (60, 130)), ("small.png", (9, 9))):
        Image.effect_noise(size, 90).convert("RGB").save(tmp_path / name)
    return PictureFolder(tmp_path)


def sample(name="s", *blocks):
    return parse_sample(
        {
            "id": name,
            "turns": [{"question": "Why?", "blocks": [{"image": it} if "." in it else {"text": it} for it in blocks]}],
        }
    )


BOTH = ("So", "wide.png", "and", "tall.png", "small.png")


def test_the_conversation_is_the_prompt_of_every_judge_between_its_marks(kit, pictures):
    item = kit.items.build(sample("s", *BOTH), pictures)
    start, end = SEEING[kit.kind][:2]
    pad = kit.model.config.image_token_id
    text = kit.tokenizer.decode([one for one in item.ids if one != pad])
    prompt = "".join(
        part.text if isinstance(part, TextPart) else start + end
        for part in build_prompt(RUBRIC, sample("s", *BOTH).turns)
    )
    system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" if kit.kind == "qwen2_5_vl" else ""
    assert text == f"{system}<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
    assert len(item.images) == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_text_of_a_sample_can_open_a_role_or_a_picture(kit, data):
    names = list(kit.tokenizer.get_added_vocab())
    text = "".join(data.draw(st.lists(st.one_of(st.sampled_from(names), st.text(max_size=4), st.just("<|")))))
    ids = kit.items.encode(text)
    assert not {kit.tokenizer.get_vocab()[name] for name in names} & set(ids)
    assert kit.tokenizer.decode(ids) == text.encode("utf-8", "replace").decode()


def test_places_are_those_of_the_models_own_code(kit, pictures):
    made = [kit.items.build(sample("a", *BOTH), pictures), kit.items.build(sample("b", "Only text"), pictures)]
    batch = build_batch(made, kit.items)
    counts = batch["attention_mask"]
    if kit.kind == "internvl":
        assert torch.equal(batch["position_ids"], (counts.cumsum(-1) - 1).clamp(min=0) * counts)
        assert [item.next_position for item in made] == [len(item.ids) for item in made]
        return
    pad = kit.model.config.image_token_id
    places, deltas = kit.model.model.get_rope_index(
        batch["input_ids"],
        (batch["input_ids"] == pad).int(),
        image_grid_thw=batch["image_grid_thw"],
        attention_mask=counts,
    )
    assert torch.equal(batch["position_ids"], places)
    assert [item.next_position for item in made] == [
        len(item.ids) + int(delta) for item, delta in zip(made, deltas[:, 0], strict=True)
    ]


def test_pictures_take_as_many_tokens_as_the_model_makes_of_them(kit, pictures):
    batch = build_batch([kit.items.build(sample("s", *BOTH), pictures)], kit.items)
    inputs = {name: batch[name] for name in ("pixel_values", "image_grid_thw") if name in batch}
    features = kit.model.get_image_features(**inputs).pooler_output
    count = sum(len(one.reshape(-1, one.shape[-1])) for one in features)
    assert (batch["input_ids"] == kit.model.config.image_token_id).sum() == count


def test_a_picture_costs_no_more_than_it_may(kit, tmp_path):
    Image.new("RGB", (3000, 2000), "red").save(tmp_path / "large.png")
    item = kit.items.build(sample("s", "large.png"), PictureFolder(tmp_path))
    assert 4 < item.ids.count(kit.model.config.image_token_id) <= 64


def test_texts_alone_and_pictures_alone_in_one_batch_are_what_each_is_by_itself(kit, pictures):
    made = [
        kit.items.build(one, pictures)
        for one in (sample("a", *BOTH), sample("b", "Only text"), sample("c", "tall.png"))
    ]
    with torch.inference_mode():
        together = kit.model(**build_batch(made, kit.items), logits_to_keep=1).logits[:, 0]
        alone = [kit.model(**build_batch([item], kit.items), logits_to_keep=1).logits[0, 0] for item in made]
    for one, other in zip(together, alone, strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    assert "pixel_values" not in build_batch([made[1]], kit.items)


def test_a_blank_picture_among_what_does_not_count_changes_nothing_and_reaches_all_weights(kit, pictures):
    item = kit.items.build(sample("b", "Only text"), pictures)
    with_blank = build_batch([item], kit.items, blank=True)
    assert "pixel_values" in with_blank
    found = kit.model(**with_blank, logits_to_keep=1).logits
    plain = kit.model(**build_batch([item], kit.items), logits_to_keep=1).logits
    assert torch.allclose(found, plain, atol=1e-4)
    found.sum().backward()
    grads = [weight.grad for _, weight in kit.model.named_parameters()]
    assert all(grad is not None and grad.isfinite().all() for grad in grads)
    kit.model.zero_grad()
    seeing = kit.items.build(sample("c", "tall.png"), pictures)
    assert torch.equal(
        build_batch([seeing], kit.items, blank=True)["input_ids"], build_batch([seeing], kit.items)["input_ids"]
    )


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_picture_that_cannot_be_shown_is_named(kit, tmp_path, content):
    if content is None:
        file = io.BytesIO()
        Image.effect_noise((90, 90), 90).save(file, "PNG")
        content = file.getvalue()[:500]
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(MissingPicture, match=r"bad\.png cannot be shown"):
        kit.items.build(sample("s", "bad.png"), PictureFolder(tmp_path))


def test_what_lets_light_through_is_shown_on_white(kit, tmp_path):
    Image.new("RGBA", (60, 60), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGB", (60, 60), "white").save(tmp_path / "white.png")
    clear, white = (kit.items.build(sample("s", f"{it}.png"), PictureFolder(tmp_path)) for it in ("clear", "white"))
    assert torch.equal(clear.images[0].pixels, white.images[0].pixels)


# --- what is learned ------------------------------------------------------------------------------


def lessons_of(kit, samples, folder, readout="joint"):
    made = build_exercises(samples, RUBRIC, readout)
    return TrainingExamples(made, RUBRIC, kit.items, kit.line, PictureFolder(folder))


def test_only_the_answer_is_learned_and_of_it_nothing_that_rules_say(kit, tmp_path):
    samples = some_samples(tmp_path / "r", raters=3)
    lessons = lessons_of(kit, samples, tmp_path / "r")
    both = next(n for n, one in enumerate(samples) if one.sample.has_text and one.sample.has_image)
    no_picture = next(n for n, one in enumerate(samples) if one.sample.has_text and not one.sample.has_image)
    batch = collate([lessons[both], lessons[no_picture]], kit.items, kit.line)
    end = len("<|im_end|>")
    written = []
    for row in range(2):
        learned = batch["labels"][row]
        assert torch.equal(batch["input_ids"][row, -len(learned) :][learned != LEFT_OUT], learned[learned != LEFT_OUT])
        written.append(kit.tokenizer.decode(learned[learned != LEFT_OUT]))
    final = samples[both].final
    assert written[0][:-end] == f'{{"TCC": {final["TCC"]:g}, "IQ": {final["IQ"]:g}}}'
    assert written[1][:-end] == f'{{"TCC": {samples[no_picture].final["TCC"]:g}, "IQ": }}'
    marks = batch["spreads"].sum(-1)
    assert marks.sum(-1).tolist() == pytest.approx([2, 1])
    counts = samples[both].histogram["TCC"]
    place = int((marks[0] > 0).nonzero()[0])
    assert batch["spreads"][0, place].tolist() == pytest.approx([count / sum(counts) for count in counts])
    assert kit.tokenizer.decode(batch["levels"][0, place]) == "012345"


def test_for_independent_reading_each_dimension_is_a_line_of_its_own(kit, tmp_path):
    samples = some_samples(tmp_path / "r", raters=3)
    lessons = lessons_of(kit, samples, tmp_path / "r", "independent")
    asked = sum(len([key for key in one.final if any(one.histogram[key])]) for one in samples)
    assert len(lessons) == asked
    written = {kit.tokenizer.decode(lessons[n].answer.ids[:-1]) for n in range(len(lessons))}
    assert all(set(json.loads(line)) in ({"TCC"}, {"IQ"}) for line in written)


def test_a_sample_of_which_all_follows_from_rules_or_that_nobody_scored_is_not_learned():
    line = {"id": "a", "question": "Why?", "part": "train", "final": {"TCC": 0}, "histogram": {"TCC": [0] * 6}}
    assert build_exercises([parse_labelled(line, RUBRIC)], RUBRIC, "joint") == []
    line |= {"answer": "So.", "image": "a.png", "final": {}}
    assert build_exercises([parse_labelled(line, RUBRIC)], RUBRIC, "joint") == []
    line |= {"histogram": {"TCC": [0, 0, 1, 0, 0, 0]}}
    assert len(build_exercises([parse_labelled(line, RUBRIC)], RUBRIC, "independent")) == 1


def test_a_labelled_sample_written_and_read_is_the_same(tmp_path):
    for one in some_samples(tmp_path / "r", raters=3):
        read = parse_labelled(json.loads(format_labelled_line(one)), RUBRIC)
        # A line with turns names its pictures in other places.
        for turn in [*read.sample.turns, *one.sample.turns]:
            turn.blocks = [it if isinstance(it, TextPart) else replace(it, field="") for it in turn.blocks]
        assert read == one


def test_losses_are_what_their_formulas_say():
    logits = torch.log(torch.tensor([[[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.4, 0.1]]]))
    labels = torch.tensor([[LEFT_OUT, 2]])
    assert text_loss(logits, labels).item() == pytest.approx(-math.log(0.4))
    levels = torch.tensor([[[0, 0], [1, 2]]])
    spreads = torch.tensor([[[0.0, 0.0], [0.25, 0.75]]])
    wanted = 0.25 * math.log(0.25 / 0.25) + 0.75 * math.log(0.75 / 0.4)
    assert spread_loss(logits, levels, spreads).item() == pytest.approx(wanted)
    assert soft_loss(logits, labels, levels, spreads, 0.05).item() == pytest.approx(wanted - 0.05 * math.log(0.4))
    assert spread_loss(logits, levels, torch.zeros(1, 2, 2)).item() == 0
