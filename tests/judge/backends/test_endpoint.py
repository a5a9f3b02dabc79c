"""Judging through a server: what is sent, what is made of replies, faults, budget, and the key that nobody hears of."""

import base64
import io
import json
import threading
import time
from collections import Counter

import pytest
from PIL import Image

from judge.backends.endpoint import client as client_module
from judge.backends.endpoint.options import EndpointOptions
from judge.backends.interface import BackendError
from judge.context import JudgeContext
from judge.formats.picture_folder import PictureFolder
from judge.formats.sample_line import TextPart, parse_sample
from judge.inference import open_judge
from judge.options import OptionError
from judge.prompt import build_prompt, prompt_sha
from judge.runs import Run, RunConfig
from judge.training import TrainingSpec, train
from tests.judge.release_folders import TOML, write_release

from .chat_server import ChatServer, choice, completion

LINE = '{"TCC": 4, "IQ": 2}'
KEY = "sk-very-secret-4711"


@pytest.fixture(autouse=True)
def quick_waits(monkeypatch):
    monkeypatch.setattr(client_module, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    return tmp_path


def samples(count=1):
    return [
        parse_sample({"id": f"s{n}", "question": "Why?", "answer": f"So {n}.", "image": "a.png"}) for n in range(count)
    ]


def judged(folder, url, some=None, rubric=TOML, **options):
    """Return the predictions of a run without a training."""
    options = {"url": url, "model": "m", "retries": 2} | options
    config = RunConfig(
        *("j1", "endpoint", "zero-shot", options, 1, "R1", "0" * 64, {}, "two@1", "sha", "1.0", {}, "2026-01-01"),
    )
    place = folder / f"run-{time.monotonic_ns()}"
    run = Run.begin(place, config, rubric.encode(), resume=False)
    with open_judge(run, JudgeContext(PictureFolder(folder))) as judge:
        return list(judge.predict(some or samples()))


def always(answer):
    return lambda body, number: answer


def with_logprobs(text=LINE, **chances):
    """Return a completion whose digits had alternatives."""
    top = {}
    for key, others in chances.items():
        top[text.index(f'"{key}": ') + len(key) + 4] = others
    return completion(choice(text, top))


def test_it_is_off_until_it_is_configured(folder):
    with pytest.raises(BackendError, match="off until it is configured"):
        judged(folder, "")
    with pytest.raises(OptionError, match="begins with http"):
        judged(folder, "localhost:8000")


@pytest.mark.parametrize(
    "options",
    [
        {"url": f"https://user:{KEY}@gw/v1"},
        {"url": f"https://{KEY}@gw/v1"},
        {"url": f"https://gw/v1?key={KEY}"},
        {"url": f"https://gw/v1#{KEY}"},
        {"url": f"user:{KEY}@gw/v1"},
        {"url": f"https://[{KEY}/v1"},
        {"url": f"https://{KEY}\u2100@gw/v1"},
        {"url": "https://gw/v1", "key_variable": KEY},
    ],
)
def test_a_secret_in_an_option_is_refused_before_it_is_stored_or_said(tmp_path, options):
    release = write_release(tmp_path / "release", questions=4)
    order = TrainingSpec(release, tmp_path / "run", "endpoint", "zero-shot", {"model": "m"} | options)
    with pytest.raises(OptionError) as refusal:
        train(order)
    assert KEY not in str(refusal.value)
    assert not order.out.exists()


def test_who_put_the_key_into_the_address_is_told_where_it_belongs():
    with pytest.raises(OptionError, match="environment variable OPENAI_API_KEY"):
        EndpointOptions(url="https://user:token@gw/v1").check()


def test_the_prompt_is_the_one_of_every_judge_with_the_pictures_in_their_places(folder):
    with ChatServer(always(with_logprobs())) as server:
        judged(folder, server.url)
    body = server.seen[0]
    assert body["model"] == "m"
    assert body["temperature"] == 0
    assert (body["logprobs"], body["top_logprobs"]) == (True, 20)
    run = next(folder.glob("run-*"))
    parts = build_prompt(Run(run).rubric, samples()[0].turns)
    sent = body["messages"][0]["content"]
    assert [part["type"] for part in sent] == ["text" if isinstance(part, TextPart) else "image_url" for part in parts]
    assert sent[0]["text"] == parts[0].text
    kind, content = sent[1]["image_url"]["url"].split(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(content) == (folder / "a.png").read_bytes()
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_large_pictures_and_foreign_formats_are_sent_smaller(folder):
    Image.new("RGBA", (3000, 1500), (0, 0, 255, 0)).save(folder / "a.png")
    with ChatServer(always(with_logprobs())) as server:
        judged(folder, server.url, longest_side=512)
        Image.new("RGB", (20, 20)).save(folder / "b.bmp")
        judged(folder, server.url, [parse_sample({"id": "b", "question": "Why?", "image": "b.bmp"})])
    pictures = [part["image_url"]["url"] for body in server.seen for part in body["messages"][0]["content"][1:2]]
    assert all(uri.startswith("data:image/jpeg;base64,") for uri in pictures)
    with Image.open(io.BytesIO(base64.b64decode(pictures[0].split(",")[1]))) as image:
        assert image.size == (512, 256)
        # What lets light through is on white, as people saw it.
        assert image.getpixel((5, 5)) == (255, 255, 255)


def test_log_probabilities_become_a_distribution(folder):
    answer = with_logprobs(TCC={"4": 0.5, "3": 0.25, "5": 0.15, "x": 0.1}, IQ={"2": 0.9, "1": 0.1})
    with ChatServer(always(answer)) as server:
        found = judged(folder, server.url)[0]
    assert (found.status, found.readout, found.judge) == ("ok", "logprobs", "j1")
    tcc = found.dimensions["TCC"]
    assert tcc.p == pytest.approx([0, 0, 0, 0.25 / 0.9, 0.5 / 0.9, 0.15 / 0.9])
    assert tcc.mass == pytest.approx(0.9)
    assert found.dimensions["IQ"].p == pytest.approx([0.1, 0.9, 0])


def test_digits_elsewhere_in_the_reply_are_no_scores(folder):
    text = 'There are 3 sentences and 5 colours. {"TCC": 4, "IQ": 2}'
    with ChatServer(always(with_logprobs(text, TCC={"4": 1.0}, IQ={"2": 1.0}))) as server:
        found = judged(folder, server.url)[0]
    assert (found.dimensions["TCC"].expected, found.dimensions["IQ"].expected) == (4, 2)


def test_a_number_that_stands_at_a_name_and_is_not_the_score_is_not_read(folder):
    text = '{"TCC": 4, "IQ": 2} is my answer, though "TCC": 1 came to mind.'
    top = {
        text.index("4"): {"4": 1.0},
        text.index("2"): {"2": 1.0},
        text.index("1"): {"1": 0.6, "4": 0.4},
    }
    with ChatServer(always(completion(choice(text, top)))) as server:
        found = judged(folder, server.url, samples=1)[0]
    assert (found.status, found.readout) == ("ok", "integer")
    assert (found.dimensions["TCC"].expected, found.dimensions["IQ"].expected) == (4, 2)


def test_without_log_probabilities_several_replies_are_drawn(folder):
    replies = ['{"TCC": 4, "IQ": 2}', '{"TCC": 5, "IQ": 2}', '{"TCC": 4, "IQ": 1}', "I would rather not."]

    def script(body, number):
        if body.get("logprobs"):
            return completion(choice(LINE))
        return completion(*(choice(text) for text in replies[: body["n"]]))

    with ChatServer(script) as server:
        found, *others = judged(folder, server.url, samples(5), samples=4, concurrency=1)
    assert (found.status, found.readout) == ("ok", "samples:4")
    assert found.dimensions["TCC"].p == pytest.approx([0, 0, 0, 0, 2 / 3, 1 / 3])
    assert found.dimensions["IQ"].p == pytest.approx([1 / 3, 2 / 3, 0])
    assert {one.readout for one in others} == {"samples:4"}
    # That it has none is remembered once several replies say so.
    assert [bool(body.get("logprobs")) for body in server.seen] == [True, False] * 3 + [False] * 2


def test_a_server_that_refuses_log_probabilities_or_gives_one_reply_at_a_time_is_good_enough(folder):
    def script(body, number):
        if body.get("logprobs"):
            return 400, {"error": {"message": "logprobs are not supported"}}
        return completion(choice(LINE))

    with ChatServer(script) as server:
        found = judged(folder, server.url, samples=3)[0]
    assert found.readout == "samples:3"
    assert found.dimensions["TCC"].p == (0, 0, 0, 0, 1, 0)
    assert len(server.seen) == 4


def test_a_server_that_refuses_log_probabilities_is_not_asked_for_them_for_ever(folder):
    def script(body, number):
        return (400, {"error": "no logprobs here"}) if body.get("logprobs") else completion(choice(LINE))

    with ChatServer(script) as server:
        found = judged(folder, server.url, samples(6), samples=1, concurrency=1)
    assert {(one.status, one.readout) for one in found} == {("ok", "integer")}
    assert sum(bool(body.get("logprobs")) for body in server.seen) == 3


@pytest.mark.parametrize("refused", [400, 422])
def test_a_sample_that_is_refused_however_it_is_asked_fails_alone(folder, refused):
    """As a prompt that is too long does, or one that meets a filter."""

    def script(body, number):
        bad = any(f"So {n}." in json.dumps(body) for n in range(4))
        return (refused, {"error": {"message": "context length"}}) if bad else with_logprobs()

    with ChatServer(script) as server:
        found = judged(folder, server.url, samples(6), concurrency=1)
    assert [one.status for one in found] == ["backend_error"] * 4 + ["ok"] * 2
    assert [one.readout for one in found[4:]] == ["logprobs"] * 2
    assert "context length" in found[0].message


def test_replies_that_lack_log_probabilities_now_and_then_change_nothing_for_the_others(folder):
    def script(body, number):
        bare = any(f"So {n}." in json.dumps(body) for n in (0, 1, 3, 4, 5, 6))
        return completion(choice(LINE)) if bare else with_logprobs()

    with ChatServer(script) as server:
        found = judged(folder, server.url, samples(8), samples=1, concurrency=1)
    readouts = [one.readout for one in found]
    assert readouts == ["integer", "integer", "logprobs", "integer", "integer", "integer", "integer", "logprobs"]


def test_whoever_insists_on_log_probabilities_never_gets_anything_else(folder):
    with ChatServer(always(completion(choice(LINE)))) as server:
        found = judged(folder, server.url, samples(5), readout="logprobs", concurrency=1)
    assert {one.status for one in found} == {"parse_error"}
    assert len(server.seen) == 5


def test_the_number_alone_is_recorded_as_such(folder):
    with ChatServer(always(completion(choice("TCC: 4/5, Picture: 2")))) as server:
        found = judged(folder, server.url, samples=1)[0]
        other = judged(folder, server.url, readout="integer")[0]
    for one in (found, other):
        assert (one.status, one.readout) == ("ok", "integer")
        assert (one.dimensions["TCC"].rounded, one.dimensions["TCC"].sd) == (4, 0)
    assert not server.seen[-1].get("logprobs")


def test_levels_of_several_letters_are_not_read_from_single_tokens(folder):
    long = TOML.replace("levels = [1, 2, 3]", "levels = [1, 5, 10]")
    with ChatServer(always(with_logprobs())) as server:
        with pytest.raises(OptionError, match="one digit"):
            judged(folder, server.url, rubric=long, readout="logprobs")
        found = judged(folder, server.url, rubric=long, samples=1)[0]
    assert (found.status, found.message) == ("parse_error", "IQ is 2, which is none of the levels")


@pytest.mark.parametrize("reply", ["", "As an AI I cannot.", '{"TCC": 9, "IQ": 2}', '{"TCC": 4}'])
def test_what_cannot_be_read_is_a_status_and_no_number(folder, reply):
    with ChatServer(always(completion(choice(reply)))) as server:
        found = judged(folder, server.url, samples=2)[0]
    assert (found.status, found.dimensions) == ("parse_error", {})
    assert found.message


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"error": {"message": "slow down"}}, {"Retry-After": "0"}),
        (500, "oops"),
        (503, {"error": "busy"}),
        "cut",
        "this is no JSON",
        {"object": "error"},
        {"choices": []},
        [1, 2],
    ],
)
def test_a_fault_that_passes_is_waited_for(folder, fault):
    def script(body, number):
        return fault if number <= 2 else with_logprobs()

    with ChatServer(script) as server:
        found = judged(folder, server.url, retries=2)[0]
    assert found.status == "ok"
    assert len(server.seen) == 3


@pytest.mark.parametrize("fault", [(500, "oops"), "cut", "no JSON", (413, {"error": {"message": "too large"}})])
def test_a_fault_that_stays_is_a_status_of_its_sample_alone(folder, fault):
    def script(body, number):
        return fault if "So 1." in json.dumps(body) else with_logprobs()

    with ChatServer(script) as server:
        found = judged(folder, server.url, samples(3), retries=1)
    assert [one.status for one in found] == ["ok", "backend_error", "ok"]
    assert found[1].dimensions == {}
    assert found[1].message


def test_a_picture_that_is_not_there_is_a_status_of_its_sample(folder):
    (folder / "a.png").write_bytes(b"nothing")
    with ChatServer(always(with_logprobs())) as server:
        found = judged(folder, server.url)[0]
    assert (found.status, server.seen) == ("backend_error", [])
    assert "a.png cannot be read" in found.message


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_address_or_key_ends_the_run_and_does_not_tell_the_key(folder, status, caplog):
    with (
        ChatServer(always((status, {"error": {"message": f"no such key {KEY}"}}))) as server,
        pytest.raises(BackendError, match="OPENAI_API_KEY") as refusal,
    ):
        judged(folder, server.url, samples(20))
    assert KEY not in str(refusal.value)
    assert "***" in str(refusal.value)
    assert KEY not in caplog.text
    assert len(server.seen) <= 8


def test_nothing_that_is_written_holds_the_key(folder):
    with ChatServer(always((400, {"error": {"message": f"bad header Bearer {KEY}"}}))) as server:
        found = judged(folder, server.url, readout="integer")[0]
    assert "***" in found.message
    for path in folder.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_no_more_requests_at_once_than_allowed_and_the_order_is_kept(folder):
    gate = threading.Semaphore(0)

    def script(body, number):
        gate.acquire(timeout=0.2)
        time.sleep(0.01 * (number % 3))
        return with_logprobs()

    with ChatServer(script) as server:
        found = judged(folder, server.url, samples(12), concurrency=3)
    assert [one.id for one in found] == [f"s{n}" for n in range(12)]
    assert server.most_at_once == 3


def test_a_budget_that_is_used_up_keeps_what_is_known_and_can_be_gone_on_with(tmp_path):
    release = write_release(tmp_path / "release", questions=12)
    asked = Counter()

    def script(body, number):
        asked[json.dumps(body["messages"])] += 1
        return with_logprobs()

    spent = 0
    with ChatServer(script) as server:
        settings = {"url": server.url, "model": "m", "concurrency": 1, "max_requests": 3}
        while True:
            order = TrainingSpec(
                release, tmp_path / "run", "endpoint", "zero-shot", settings, name="j", resume=spent > 0
            )
            try:
                run = train(order)
            except BackendError as error:
                assert "budget of 3 requests" in str(error)  # noqa: PT017 - it comes several times, then no more
                spent += 1
            else:
                break
    assert spent >= 2
    # Not asked again but for what was under way, one request at most each time.
    assert sum(asked.values()) <= len(asked) + spent
    metrics = run.metrics()["final"]
    assert metrics["statuses"]["ok"] > 5
    assert metrics["prompts"] == [prompt_sha(run.rubric)]
    assert "logprobs" in metrics["readouts"]
    assert run.state == "done"
