"""The remote reasoner against a server that is not ours: `transformers serve`, in a process of its own.

Its model is a tiny one that says a few words on and on; the same files, loaded here, tell what it should say.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from reasoning_fakes import Stage, evidence
from remote_stage import decoded_url, seen_frame, stage_of, text_of
from vlm_checkpoints import teach_words, write_qwen

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_model import VlmModel, load_vlm
from omnilive_demo.reasoning import remote_reasoner
from omnilive_demo.reasoning.answer_text import AnswerText
from omnilive_demo.reasoning.prompt import GO_ON, Prompt, Prompter
from omnilive_demo.reasoning.remote_reasoner import LOST, RemoteReasoner, picture_url
from omnilive_demo.reasoning.vlm_reasoner import chat_of, pictures_of
from omnilive_demo.records import Delta, Question
from omnilive_demo.serving.chat_endpoint import ChatEndpoint, EndpointError, Patience

PATIENT = Patience(first_token_s=60.0, next_token_s=30.0, pause_s=0.05)
LONG = 7000  # tokens: many seconds of work
START_S = 150.0

pytestmark = pytest.mark.timeout(240)  # on a busy machine it takes long to start


class Serve:
    """The process, started anew when it is gone."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self._log = folder, log
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def run(self) -> Serve:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(self.folder)]
            options = ["--host", "127.0.0.1", "--port", "0", "--device", "cpu", "--dtype", "float32"]
            env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
            with self._log.open("wb") as log:
                self._process = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=env)
            self.url = self._address()
            assert httpx.get(f"{self.url}/health", trust_env=False).json() == {"status": "ok"}
        return self

    def _address(self) -> str:
        """Where it listens, which it tells when its model is loaded."""
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            if told := re.search(r"running on (http://127\.0\.0\.1:\d+)", self._log.read_text("utf-8", "replace")):
                return told[1]
            time.sleep(0.05)
        raise RuntimeError(f"transformers serve did not start: {self._log.read_text('utf-8', 'replace')[-2000:]}")

    def endpoint(self, model: str | None = None, patience: Patience = PATIENT) -> ChatEndpoint:
        return ChatEndpoint(f"{self.url}/v1", model or str(self.folder), patience=patience)

    def reasoner(self, **more) -> RemoteReasoner:
        return RemoteReasoner(self.endpoint(**more))

    def answered(self) -> list[int]:
        """The status of each request so far."""
        found = re.findall(r"POST /v1/chat/completions HTTP/1.1\" (\d+)", self._log.read_text("utf-8", "replace"))
        return [int(status) for status in found]

    def worked_s(self) -> float:
        """The processor time that it has taken."""
        times = psutil.Process(self._process.pid).cpu_times()
        return times.user + times.system

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def process(tmp_path_factory) -> Iterator[Serve]:
    folder = tmp_path_factory.mktemp("serve")
    serve = Serve(teach_words(write_qwen(folder / "vision-model")), folder / "log")
    yield serve
    serve.kill()


@pytest.fixture
def serve(process) -> Serve:
    return process.run()


@pytest.fixture(scope="module")
def model(process) -> VlmModel:
    return load_vlm(process.folder, "cpu")


class Endless(AnswerText):
    """An answer that is never long enough."""

    over = property(lambda self: False, lambda self, value: None)  # type: ignore[assignment]


@pytest.fixture
def endless(monkeypatch) -> None:
    monkeypatch.setattr(remote_reasoner, "AnswerText", Endless)
    monkeypatch.setattr(remote_reasoner, "MOST_TOKENS", LONG)


def asked(stage: Stage, **changes) -> tuple[Question, object, Prompt]:
    question, recall = stage.asked("What is this?", evidence(4, 20, 30, "picture", "a dog"))
    question = replace(question, **changes)
    return question, recall, Prompter().ask(question, recall, stage.view.recent(16), stage.view.now_s())


def said_here(model: VlmModel, prompt: Prompt, answer: AnswerText, tokens: int = 300, one: bool = False) -> list[str]:
    """What the model says to the prompt, what was begun in a turn before. one: up to the end of one sentence."""
    chat = chat_of(prompt)
    if answer.text:
        for role, text in (("assistant", answer.text), ("user", GO_ON[prompt.language])):
            chat.append({"role": role, "content": [{"type": "text", "text": text}]})
    pictures = [decoded_url(picture_url(picture)) for picture in pictures_of(prompt)]
    generation, said = model.begin(model.read(chat, pictures)), []
    for _ in range(tokens):
        if answer.over or (text := generation.next(CancelToken())) is None:
            return said
        for piece in answer.push(text):
            said.append(piece.text)
            if one and piece.ends_sentence:
                return said
    return said + [piece.text for piece in answer.finish()]


async def answered(stage: Stage, question: Question, recall) -> list[Delta]:
    return [delta async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel)]


async def test_it_says_what_the_same_model_says_here(serve, model):
    told = []
    for colour in (40, 200):
        stage = stage_of(serve.reasoner(), seen_frame(179, "cup", colour=colour))
        question, recall, prompt = asked(stage)
        deltas = await answered(stage, question, recall)
        await stage.reasoner.close()
        assert text_of(deltas) == "".join(said_here(model, prompt, AnswerText()))
        assert len(deltas) > 20
        assert {delta.picture_t_s for delta in deltas} == {179}
        told.append(text_of(deltas))
    assert told[0] != told[1]  # it saw the picture


async def test_a_changed_scene_cuts_the_request_and_the_answer_goes_on_in_a_turn(serve, model):
    stage = stage_of(serve.reasoner(), seen_frame(179, "cup", colour=200))
    question, recall, first = asked(stage)
    before, deltas = len(serve.answered()), []
    newest = seen_frame(181, "dog", colour=40, change=0.9)
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        deltas.append(delta)
        if delta.ends_sentence and len(stage.view.recent(16)) == 1:
            stage.time.advance(2)
            stage.view.add(newest)
    answer = AnswerText()
    expected = said_here(model, first, answer, one=True)
    answer.pause()
    expected += said_here(model, Prompter().refresh(first, newest), answer)
    assert text_of(deltas) == "".join(expected)
    assert (deltas[0].picture_t_s, deltas[-1].picture_t_s) == (179, 181)
    assert serve.answered()[before:] == [200, 422, 200]  # it does not know the continuing of a message
    heard = "".join(expected[: len(expected) // 2]).rpartition(".")[0] + "."
    question, recall, again = asked(stage, heard_sentences=1, history=((question.text, heard),))
    deltas = await answered(stage, question, recall)
    assert text_of(deltas) == "".join(said_here(model, again, AnswerText(again.begun)))
    assert serve.answered()[before:] == [200, 422, 200, 200]  # learnt once
    await stage.reasoner.close()


@pytest.mark.usefixtures("endless")
async def test_cancelling_stops_the_server(serve, monkeypatch):
    stage = stage_of(serve.reasoner())
    question, recall, _ = asked(stage)
    count = 0
    async for _delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        count += 1
        if count == 5:
            stage.cancel.cancel()
    assert count == 5
    worked_s = serve.worked_s()
    monkeypatch.setattr(remote_reasoner, "MOST_TOKENS", 30)
    stage.cancel = CancelToken()
    assert len(await answered(stage, question, recall)) > 5
    assert serve.worked_s() - worked_s < 2.0  # it takes one answer after the other: of the first, little was done
    await stage.reasoner.close()


async def test_its_own_errors_are_told(serve):
    endpoint = serve.endpoint()
    hello = [{"role": "user", "content": "Hello"}]
    with pytest.raises(EndpointError, match="could not go on: `max_new_tokens` must be greater than 0"):
        [piece async for piece in endpoint.stream(hello, CancelToken(), 0)]
    # What went wrong holds quotation marks, which it does not escape.
    quoted = {"logit_bias": {"5": 'a "thing"'}}
    with pytest.raises(EndpointError, match=r"""could not go on: `sequence_bias` has.*'a "thing"'\}\.$"""):
        [piece async for piece in endpoint.stream(hello, CancelToken(), 5, quoted)]
    await endpoint.close()
    other = serve.endpoint("other")
    with pytest.raises(EndpointError, match=r"has no model 'other'.*pinned to"):
        [piece async for piece in other.stream(hello, CancelToken(), 5)]
    await other.close()


@pytest.mark.usefixtures("endless")
async def test_a_server_killed_in_mid_stream(serve, model):
    stage = stage_of(serve.reasoner())
    question, recall, prompt = asked(stage)
    deltas = []
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        deltas.append(delta)
        if len(deltas) == 5:
            serve.kill()
    said, lost = text_of(deltas[:-1]), deltas[-1]
    assert len(deltas) > 5
    assert "".join(said_here(model, prompt, Endless(), 2 * len(deltas) + 20)).startswith(said)
    assert lost.text.endswith(f" {LOST['en']}")
    assert lost.ends_sentence
    with pytest.raises(EndpointError, match="cannot be reached"):
        await answered(stage, question, recall)
    await stage.reasoner.close()
