"""The promise of the evidence reasoner: every quotation, label, time, clip and picture of an answer was given to it."""

from __future__ import annotations

import asyncio
import itertools
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from reader_fake import NAMES, FakeReader, Scene
from reasoning_fakes import Stage, frame

from omnilive_demo.reasoning.when import ago, between, lasting, position
from omnilive_demo.records import Delta, Evidence, Heard, Label, SeenFrame, Spoken

ADJECTIVES = ("dark", "bright", "blue", "red", "green", "plain", "detailed")
THINGS = ("umbrella", "kettle", "giraffe")
MOVEMENT = ("moving", "still")
SOUNDS = ("knock", "siren", "sound")
TEXTS = ("the meeting is at three", "i put the umbrella in the hall", "quokka", "we leave at nine. sharp", "say “yes”")
QUESTIONS = (
    "What did I say about the meeting?", "What did he say?", "When was it dark?", "When was it blue and bright?",
    "Was it red before?", "What happened a minute ago?", "What happened so far?", "Did anybody knock?",
    "What was that noise?", "Where is my umbrella?", "Did you see the kettle?", "What is this?", "Describe it.",
    "Is it dark?", "Is anything moving?", "How long was it dark?", "How often was it dark?", "When did it move?",
    "How long have you been here?", "Hello", "What can you do?", "What is the capital of France?", "Can you hear me?",
    "What was that?", "What did I just put down?", "What color was the kettle?", "How many umbrellas were there?",
    "Is there a giraffe?", "What do you see?", "It rains, what should I take?", "When did you see a giraffe?",
    "How long did you see the umbrella?", "What color is this?",
)  # fmt: skip
READER = FakeReader()
SCENES = [
    READER.remember(scene)
    for scene in (
        Scene({"umbrella": 0.95}, {("count", "umbrella"): ("two", 0.9), ("place", "umbrella"): ("left", 0.7)}),
        Scene({"kettle": 0.9, "giraffe": 0.4}, {("colour", "kettle"): ("pink", 0.5)}, {"shown": ("kettle", 0.8)}),
        Scene({"something": 0.9, "umbrella": 0.1}),
        Scene({"giraffe": 0.75}, {("motion", "giraffe"): ("moves left", 0.9)}, {"put_down": ("umbrella", 0.9)}),
    )
]
NOW_S = 400.0

_LABELS = st.lists(
    st.builds(Label, st.sampled_from(ADJECTIVES + THINGS + MOVEMENT), st.sampled_from([0.1, 0.49, 0.5, 0.9])),
    max_size=4,
)
_NUMBERS = itertools.count(1)


@st.composite
def _evidence(draw: st.DrawFn) -> Evidence:
    start_s = float(draw(st.integers(0, 380)))
    end_s = start_s + draw(st.integers(1, 16))
    words = tuple(
        Spoken(next(_NUMBERS), start_s, start_s + 1, text, draw(st.sampled_from(["visitor", "source"])), False)
        for text in draw(st.lists(st.sampled_from(TEXTS), max_size=2))
    )
    sounds = tuple(Heard(start_s, end_s, label, 0.8) for label in draw(st.lists(st.sampled_from(SOUNDS), max_size=1)))
    kind = draw(st.sampled_from(["now", "picture", "speech", "sound", "time"]))
    text = {"speech": words[0].text if words else "", "sound": sounds[0].label if sounds else ""}.get(kind, "")
    clip = draw(st.none() | st.integers(0, 50))
    score = draw(st.sampled_from([0.1, 0.35, 0.6, 1.0]))
    short_term = draw(st.none() | st.sampled_from(SCENES))
    return Evidence(clip, start_s, end_s, score, kind, text, tuple(draw(_LABELS)), words, sounds, short_term)


@st.composite
def _frames(draw: st.DrawFn) -> list[SeenFrame]:
    frames = []
    for t_s in draw(st.lists(st.sampled_from([300.0, 397.0, 398.0, 399.0, 400.0]), unique=True, max_size=3)):
        one = frame(t_s)
        frames.append(SeenFrame(t_s, one.image, one.features, tuple(draw(_LABELS)), 0.0, 1.0))
    return sorted(frames, key=lambda one: one.t_s)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(QUESTIONS), st.lists(_evidence(), max_size=4), _frames())
def test_an_answer_holds_nothing_but_evidence(question: str, found: list[Evidence], frames: list[SeenFrame]) -> None:
    check(asyncio.run(Stage(NOW_S, *frames).deltas(question, *found)), found, frames)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(QUESTIONS), st.lists(_evidence(), max_size=4), _frames())
def test_an_answer_by_sight_holds_nothing_but_evidence(
    question: str, found: list[Evidence], frames: list[SeenFrame]
) -> None:
    stage = Stage(NOW_S, *frames, reader=READER, names=NAMES)
    deltas = asyncio.run(stage.deltas(question, *found))
    check(deltas, found, frames)
    answer = "".join(delta.text for delta in deltas)
    if all(one.short_term is None for one in found):
        assert not re.search(r"\b(?:two umbrellas|pink|on the left|moves left)\b", answer)


def check(deltas: list[Delta], found: list[Evidence], frames: list[SeenFrame]) -> None:
    answer = "".join(delta.text for delta in deltas)
    assert answer.strip()
    check_references(deltas, found, frames)
    check_quotations(answer, found)
    check_labels(answer, found, frames)
    check_times(answer, found, frames)
    check_form(answer)


def check_references(deltas: list[Delta], found: list[Evidence], frames: list[SeenFrame]) -> None:
    for delta in deltas:
        assert set(delta.evidence) <= {one.clip_id for one in found}
        assert delta.picture_t_s is None or delta.picture_t_s in [one.t_s for one in frames]


def check_quotations(answer: str, found: list[Evidence]) -> None:
    said = [_letters(spoken.text) for one in found for spoken in one.spoken]
    for quoted in re.findall("“([^”]*)”", answer):
        assert _letters(quoted) in said


def check_labels(answer: str, found: list[Evidence], frames: list[SeenFrame]) -> None:
    """A look, thing or sound is claimed only if a label with enough score, or a sound, says so."""
    claims = [s for s in _sentences(answer) if not re.match(r"(?:No, )?I (?:found no moment|haven't|can't|don't)", s)]
    text = " ".join(claims)
    given_labels = {
        label.text
        for labels in [*(one.labels for one in found), *(one.labels for one in frames)]
        for label in labels
        if label.score >= 0.5
    }
    read = [READER.names(one.short_term) for one in found if one.short_term is not None]
    given_labels |= {label.text for labels in read for label in labels if 0.7 * label.score >= 0.5}
    for word in (*ADJECTIVES, *THINGS):
        assert word in given_labels or not re.search(rf"\b{word}\b", text)
    assert "moving" in given_labels or not re.search(r"\bsomething (?:moved|is moving)", text, re.IGNORECASE)
    assert "still" in given_labels or not re.search(r"\bnothing (?:moved|is moving)", text, re.IGNORECASE)
    sounds = {sound.label for one in found for sound in one.sounds}
    for word in SOUNDS:
        assert word in sounds or not re.search(rf"\b(?:heard|also) an? {word}\b", text)


def check_times(answer: str, found: list[Evidence], frames: list[SeenFrame]) -> None:
    edges = [(one.start_s, one.end_s) for one in found]
    pairs = [(start, end) for start, _ in edges for _, end in edges if end > start]
    moments = [*(t for edge in edges for t in edge), *(one.t_s for one in frames), *((a + b) / 2 for a, b in pairs)]
    moments += [spoken.start_s for one in found for spoken in one.spoken]
    distances = {ago(NOW_S - t) for t in moments}
    lengths = {lasting(b - a) for a, b in pairs} | {lasting(NOW_S)}
    places = {between(a, b) for a, b in pairs} | {position(t) for t in moments}
    text = " ".join(_sentences(answer)).lower()
    for distance in re.findall(r"just now|a moment ago|\d+ seconds ago|about [\w ]+? ago", text):
        assert distance in distances
    for length in re.findall(r"\bfor (\d+ seconds?|about [\w ]+?)(?=[.,])", text):
        assert length in lengths
    for place in re.findall(r"that was ([^.]* in)\.", text):
        assert place in places


def check_form(answer: str) -> None:
    assert "  " not in answer
    assert answer == answer.strip()
    for sentence in _sentences(answer):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence[-1] == "."


def _sentences(answer: str) -> list[str]:
    """The sentences, with what stands in quotation marks taken out."""
    return [s for s in re.split(r"(?<=\.) ", re.sub("“[^”]*”", "“”", answer)) if s]


def _letters(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower()).strip()
