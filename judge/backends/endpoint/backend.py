"""The backend ``endpoint``: sends several samples at a time to a server."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from judge import missing_side_rules
from judge.atomic_files import write_json
from judge.backends.interface import BackendError, Judge
from judge.context import JudgeContext
from judge.formats.picture_folder import MissingPicture
from judge.formats.prediction_line import DimensionPrediction, SamplePrediction
from judge.formats.release_line import LabelledSample
from judge.formats.sample_line import SampleRecord
from judge.options import OptionError, parse_options
from judge.runs import Run

from .client import ChatClient, RequestRefused
from .level_probabilities import (
    UnreadableReply,
    levels_are_tokens,
    predict_from_integer,
    predict_from_logprobs,
    predict_from_samples,
    reply_text,
)
from .logprob_support import LogprobSupport
from .messages import build_messages
from .options import EndpointOptions

# As many as any server gives.
TOP_LOGPROBS = 20
# Servers that have no log-probabilities say so with one of these, and so do those that a prompt is too long for.
UNSUPPORTED_STATUSES = frozenset({400, 422, 501})


class EndpointBackend:
    """The backend ``endpoint``; see `judge.backends.interface.Backend`."""

    name = "endpoint"
    predicts_out_of_fold = False
    path_options: frozenset[str] = frozenset()
    # A reply costs money: none is lost.
    batch_size = 1

    def options(self, data: dict[str, Any]) -> EndpointOptions:
        options = parse_options(EndpointOptions, data)
        options.check()
        return options

    def check(self, options: EndpointOptions) -> None:
        if not options.url or not options.model:
            raise BackendError(
                "The endpoint is off until it is configured, as it sends samples to whoever runs the server: "
                "give --set url=http://…/v1 --set model=NAME."
            )

    def train(self, run: Run, samples: Sequence[LabelledSample], context: JudgeContext) -> None:
        """Learn nothing: the model is as it is."""
        options = self.options(dict(run.config.options))
        write_json(run.model / "model.json", {"url": options.url, "model": options.model})

    def read_out_of_fold(self, run: Run) -> None:
        """Return None: no model has seen any sample."""

    @contextmanager
    def open_judge(self, run: Run, context: JudgeContext) -> Iterator[Judge]:
        options = self.options(dict(run.config.options))
        self.check(options)
        client = ChatClient(options)
        judge = EndpointJudge(run, options, client, context)
        try:
            yield judge
        finally:
            client.stop()
            context.progress.note(f"{client.requests:,} requests, {client.tokens:,} tokens")


BACKEND = EndpointBackend()


class EndpointJudge:
    """A judge that asks one server."""

    def __init__(self, run: Run, options: EndpointOptions, client: ChatClient, context: JudgeContext) -> None:
        self._run = run
        self._options = options
        self._client = client
        self._pictures = context.pictures
        self._readable = levels_are_tokens(run.rubric)
        self._support = LogprobSupport()
        if options.readout == "logprobs" and not self._readable:
            raise OptionError("readout logprobs needs levels of one digit each; use samples.")

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        """Yield predictions in the samples' order, some requests ahead of them."""
        pending: deque[Future[SamplePrediction]] = deque()
        with ThreadPoolExecutor(self._options.concurrency, thread_name_prefix="endpoint") as pool:
            try:
                for sample in samples:
                    pending.append(pool.submit(self._predict_sample, sample))
                    if len(pending) >= 2 * self._options.concurrency:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()
                self._client.stop()

    def _predict_sample(self, sample: SampleRecord) -> SamplePrediction:
        config = self._run.config
        empty = SamplePrediction(sample.id, config.name, config.prompt_sha, "ok", "")
        try:
            keys = missing_side_rules.asked_keys(sample, self._run.rubric)
            messages = build_messages(sample, self._run.rubric, self._pictures, self._options.longest_side)
            readout, dimensions = self._predict_dimensions(messages, keys)
        except UnreadableReply as problem:
            return replace(empty, status="parse_error", message=str(problem))
        except (RequestRefused, MissingPicture) as problem:
            return replace(empty, status="backend_error", message=str(problem))
        return replace(empty, readout=readout, dimensions=dimensions)

    def _predict_dimensions(
        self, messages: list[dict[str, Any]], keys: list[str]
    ) -> tuple[str, dict[str, DimensionPrediction]]:
        if not self._tries_logprobs():
            return self._predict_without_logprobs(messages, keys)
        choice = self._request_logprobs(messages)
        if choice is None:
            predicted = self._predict_without_logprobs(messages, keys)
            # Answered now: it was the question for log-probabilities that the server refused, and not the sample.
            self._support.record_missing()
            return predicted
        by_token = predict_from_logprobs(choice, self._run.rubric, keys)
        if by_token is not None:
            return "logprobs", by_token
        if self._options.readout == "logprobs":
            raise UnreadableReply("the reply has no log-probabilities at the places of its scores")
        return self._predict_without_logprobs(messages, keys, choice)

    def _tries_logprobs(self) -> bool:
        if self._options.readout == "logprobs":
            return True
        return self._options.readout == "auto" and self._readable and self._support.is_likely()

    def _predict_without_logprobs(
        self, messages: list[dict[str, Any]], keys: list[str], likeliest: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, DimensionPrediction]]:
        """Return the readout and predictions from several replies, or from one.

        One is the ``likeliest`` where it is there already.
        """
        rubric = self._run.rubric
        if self._options.readout != "integer" and self._options.samples > 1:
            texts = self._request_replies(messages)
            return f"samples:{len(texts)}", predict_from_samples(texts, rubric, keys)
        choice = likeliest or self._client.complete(self._build_body(messages, temperature=0.0))["choices"][0]
        return "integer", predict_from_integer(reply_text(choice), rubric, keys)

    def _request_logprobs(self, messages: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the likeliest reply, with alternatives where the server gives them.

        None where it refuses the request; whether because of that question, it has to be asked without it to know.
        """
        body = self._build_body(messages, temperature=0.0) | {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        try:
            choice: dict[str, Any] = self._client.complete(body)["choices"][0]
        except RequestRefused as refusal:
            if self._options.readout == "logprobs" or refusal.status not in UNSUPPORTED_STATUSES:
                raise
            return None
        if choice.get("logprobs"):
            self._support.record_present()
        else:
            self._support.record_missing()
        return choice

    def _request_replies(self, messages: list[dict[str, Any]]) -> list[str]:
        """Return several replies.

        Servers that give one at a time are asked again.
        """
        texts: list[str] = []
        while len(texts) < self._options.samples:
            body = self._build_body(messages, temperature=self._options.temperature) | {
                "n": self._options.samples - len(texts)
            }
            choices = self._client.complete(body)["choices"]
            for choice in choices[: self._options.samples - len(texts)]:
                try:
                    texts.append(reply_text(choice))
                except UnreadableReply:
                    texts.append("")
        return texts

    def _build_body(self, messages: list[dict[str, Any]], *, temperature: float) -> dict[str, Any]:
        return {"messages": messages, "max_tokens": self._options.max_tokens, "temperature": temperature}
