from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from reasoning_fakes import Stage, evidence
from remote_stage import decoded_url, seen_frame, stage_of, text_of
from vlm_checkpoints import write_qwen

from omnilive_demo.models.vlm_model import load_vlm
from omnilive_demo.reasoning.answer_text import AnswerText
from omnilive_demo.reasoning.prompt import Prompter
from omnilive_demo.reasoning.remote_reasoner import LOST, RemoteReasoner, picture_url
from omnilive_demo.reasoning.vlm_reasoner import chat_of, pictures_of
from omnilive_demo.records import Delta
from omnilive_demo.serving.chat_endpoint import ChatEndpoint, EndpointError, Patience

QUICK = Patience(connect_s=1, first_token_s=1.0, next_token_s=0.5, attempts=3, pause_s=0.02, longest_pause_s=0.1)
RED = ["It", " is", " red", ".", " It", " is", " on", " the", " table", "."]


class Server:
    """The process, and what it was asked with a certain script."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"

    def reasoner(self, *replies: dict, patience: Patience = QUICK, key: str = "sk-test", **more) -> RemoteReasoner:
        script = json.dumps([*replies[:-1], replies[-1] | {"id": uuid.uuid4().hex}])
        return RemoteReasoner(ChatEndpoint(self.url, script, key, patience), **more)

    def seen(self, reasoner: RemoteReasoner) -> list[dict]:
        everything = httpx.get(self.url.removesuffix("/v1") + "/seen", trust_env=False).json()
        return [one for one in everything if one["body"]["model"] == reasoner._endpoint.model]


@contextmanager
def running(*arguments: str) -> Iterator[Server]:
    command = [sys.executable, str(Path(__file__).parent / "openai_server.py"), *arguments]
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
    try:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()))  # it listens already
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


async def ask(reasoner: RemoteReasoner, text: str = "What is this?", *found) -> list[Delta]:
    try:
        return await stage_of(reasoner).deltas(text, *found)
    finally:
        await reasoner.close()


def sent_pictures(body: dict) -> list[np.ndarray]:
    parts = [
        part for message in body["messages"] if isinstance(message["content"], list) for part in message["content"]
    ]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert all(url.startswith("data:image/jpeg;base64,") for url in urls)
    return [decoded_url(url) for url in urls]


async def test_an_answer_is_streamed_with_picture_and_evidence(server):
    reasoner = server.reasoner({"words": RED})
    deltas = await ask(reasoner, "What is this?", evidence(4, 20, 30, "picture", "a dog"))
    assert text_of(deltas) == "It is red. It is on the table."
    assert len(deltas) > 4
    assert sum(delta.ends_sentence for delta in deltas) == 2
    assert all(delta.evidence == (4,) and delta.picture_t_s == 179 for delta in deltas)
    (asked,) = server.seen(reasoner)
    assert asked["key"] == "Bearer sk-test"
    assert asked["end"] == "done"
    assert asked["body"]["stream"] is True
    (picture,) = sent_pictures(asked["body"])
    assert picture.shape == (48, 64, 3)
    assert abs(int(picture.mean()) - 200) < 4
    assert asked["body"]["messages"][-1]["content"][-1]["text"] == "What is this?"


async def test_an_endpoint_that_does_not_stream_answers_all_the_same(server):
    assert text_of(await ask(server.reasoner({"at_once": "It is red. Yes."}))) == "It is red. Yes."


async def test_an_endpoint_may_call_the_longest_answer_otherwise(server):
    reasoner = server.reasoner({"words": RED, "new_name": True})
    assert text_of(await ask(reasoner)) == "It is red. It is on the table."
    assert text_of(await ask(reasoner)) == "It is red. It is on the table."
    assert ["max_tokens" in one["body"] for one in server.seen(reasoner)] == [True, False, False]


async def test_cancelling_closes_the_connection_at_once(server):
    reasoner = server.reasoner({"words": ["One"] + [" word"] * 500, "pause_s": 0.05})
    stage = stage_of(reasoner)
    question, recall = stage.asked("What is this?")
    count = 0
    async for _ in reasoner.answer(question, recall, stage.view, stage.cancel):
        count += 1
        if count == 3:
            stage.cancel.cancel()
    await asyncio.sleep(0.3)
    (asked,) = server.seen(reasoner)
    assert count == 3
    assert asked["end"] == "closed"
    assert asked["sent"] <= 8
    await reasoner.close()


async def test_cancelling_does_not_wait_for_a_slow_first_token(server):
    reasoner = server.reasoner({"words": RED, "first_s": 30}, patience=Patience())
    stage = stage_of(reasoner)
    asyncio.get_running_loop().call_later(0.2, stage.cancel.cancel)
    before = time.perf_counter()
    assert await stage.deltas("What is this?") == []
    assert time.perf_counter() - before < 1.5
    await reasoner.close()


async def test_a_changed_scene_cuts_the_request_and_the_answer_goes_on(server):
    reasoner = server.reasoner({"words": RED, "pause_s": 0.02}, {"words": [" Now", " a", " dog", " is", " there", "."]})
    stage = stage_of(reasoner)
    question, recall = stage.asked("What is this?", evidence(4, 20, 30, "picture", "a cup"))
    deltas = []
    async for delta in reasoner.answer(question, recall, stage.view, stage.cancel):
        deltas.append(delta)
        if delta.ends_sentence and len(stage.view.recent(16)) == 1:
            stage.time.advance(2)
            stage.view.add(seen_frame(181, "dog", colour=40, change=0.9))
    assert text_of(deltas) == "It is red. Now a dog is there."
    assert (deltas[0].picture_t_s, deltas[-1].picture_t_s) == (179, 181)
    first, second = server.seen(reasoner)
    assert first["end"] == "closed"
    assert second["body"]["continue_final_message"] is True
    assert second["body"]["messages"][-1] == {"role": "assistant", "content": "It is red."}
    assert [round(float(p.mean()), -1) for p in sent_pictures(second["body"])] == [40]
    assert second["body"]["messages"][:-2] == first["body"]["messages"][:-1]
    await reasoner.close()


async def test_an_endpoint_that_cannot_continue_is_asked_to_go_on(server):
    reasoner = server.reasoner({"words": ["It is big."], "no_prefix": True})
    stage = stage_of(reasoner)
    question, recall = stage.asked("What is it?")
    question = replace(question, heard_sentences=1, history=(("What is it?", "It is red. And"),))
    for _ in range(2):
        deltas = [delta async for delta in reasoner.answer(question, recall, stage.view, stage.cancel)]
        assert text_of(deltas) == " It is big."
    asked = server.seen(reasoner)
    assert ["continue_final_message" in one["body"] for one in asked] == [True, False, False]  # learnt once
    said, go_on = asked[-1]["body"]["messages"][-2:]
    assert said["content"] == "It is red."
    assert go_on["role"] == "user"
    assert "without repeating" in go_on["content"]
    await reasoner.close()


async def test_brief_is_one_sentence_and_heard_sentences_are_passed_over(server):
    for change, expected in (({"brief": True}, "It is red."), ({"heard_sentences": 1}, " It is on the table.")):
        reasoner = server.reasoner({"words": RED})
        stage = stage_of(reasoner)
        question, recall = stage.asked("What is it?")
        question = replace(question, **change)
        deltas = [delta async for delta in reasoner.answer(question, recall, stage.view, stage.cancel)]
        assert text_of(deltas) == expected
        await reasoner.close()


async def test_a_busy_server_is_asked_again(server):
    busy = {"status": 429, "headers": {"retry-after": "1"}}
    reasoner = server.reasoner(busy, {"status": 503}, {"words": RED})
    assert text_of(await ask(reasoner)) == "It is red. It is on the table."
    assert [one["end"] for one in server.seen(reasoner)] == ["429", "503", "done"]


@pytest.mark.parametrize("end", ["CUT", "ERROR", "SILENCE"])
async def test_a_server_that_is_cut_off_ends_the_answer_with_a_sentence(server, end):
    silence = {"words": [*RED[:4], " And", " so"], "pause_s": 0.12, "last_s": 3}
    reasoner = server.reasoner(silence if end == "SILENCE" else {"words": [*RED[:4], " And", " so", end]})
    deltas = await ask(reasoner)
    assert text_of(deltas) == f"It is red. And so… {LOST['en']}"
    assert deltas[-1].ends_sentence
    assert len(server.seen(reasoner)) == 1


@pytest.mark.parametrize(
    ("reply", "words", "asked"),
    [
        ({"status": 401, "error": {"error": {"message": "bad key sk-test"}}}, "does not accept the key", 1),
        ({"status": 404}, "has no model", 1),
        ({"status": 400, "error": {"detail": "Server is pinned to 'vision-7b'."}}, "has no model", 1),
        ({"status": 429}, "rate limit", 3),
        ({"status": 429, "error": {"error": {"code": "insufficient_quota"}}}, "rate limit", 1),
        ({"status": 500}, "fault of its own", 3),
        ({"status": 400, "error": {"error": {"message": "maximum context length is 4096 tokens"}}}, "too long", 1),
        ({"status": 400, "error": {"message": "image_url is not supported"}}, "takes no pictures", 1),
        ({"status": 418, "error": {"detail": "I am a teapot"}}, "I am a teapot", 1),
        ({"words": ["CUT"]}, "closed the connection before", 1),
        ({"words": RED, "first_s": 5}, "did not begin to answer within 1 seconds", 1),
    ],
)
async def test_what_goes_wrong_is_said_in_a_sentence(server, reply, words, asked):
    reasoner = server.reasoner(reply)
    with pytest.raises(EndpointError, match=words) as error:
        await ask(reasoner)
    assert "sk-test" not in str(error.value)
    assert len(server.seen(reasoner)) == asked


async def test_a_model_behind_the_wire_says_what_it_says_here(tmp_path):
    folder = write_qwen(tmp_path / "model")
    model = load_vlm(folder, "cpu")
    stage = Stage(180.0, seen_frame(179, "cup", colour=200))
    question, recall = stage.asked("What is this?", evidence(4, 20, 30, "picture", "a dog"))
    question = replace(question, heard_sentences=1, history=((question.text, "It is red."),))
    prompt = Prompter().ask(question, recall, stage.view.recent(16), 180.0)
    sent = [decoded_url(picture_url(picture)) for picture in pictures_of(prompt)]
    here, answer, pieces = model.begin(model.read(chat_of(prompt), sent, prompt.begun)), AnswerText(prompt.begun), []
    for _ in range(24):
        if (text := here.next(stage.cancel)) is None:
            break
        pieces += answer.push(text)
    expected = "".join(piece.text for piece in (*pieces, *answer.finish()))
    with running(str(folder)) as server:
        reasoner = RemoteReasoner(ChatEndpoint(server.url, "vlm", patience=Patience(first_token_s=120.0)))
        deltas = [delta async for delta in reasoner.answer(question, recall, stage.view, stage.cancel)]
        await reasoner.close()
    assert text_of(deltas) == expected
    assert len(expected) > 5


async def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reasoner = RemoteReasoner(ChatEndpoint(f"http://127.0.0.1:{port}/v1", "m", patience=QUICK))
    with pytest.raises(EndpointError, match="cannot be reached"):
        await ask(reasoner)
    with pytest.raises(ValueError, match="http"):
        ChatEndpoint("localhost:8000", "m")
