from __future__ import annotations

import pytest
from reader_fake import NAMES, FakeReader, Scene
from reasoning_fakes import Stage, evidence, frame, spoken

from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import Delta, Evidence, Heard

UMBRELLA = Scene(
    {"umbrella": 0.97, "mug": 0.9},
    {
        ("count", "umbrella"): ("one", 0.95),
        ("place", "umbrella"): ("left", 0.9),
        ("count", "mug"): ("two", 0.9),
        ("colour", "mug"): ("red", 0.9),
        ("place", "mug"): ("middle", 0.3),
    },
    {"put_down": ("umbrella", 0.8)},
)


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def stage(reader: FakeReader) -> Stage:
    return Stage(180, frame(179.5, "bright", "still"), reader=reader, names=NAMES)


def hall(reader: FakeReader, clip: int = 4, start_s: float = 132, score: float = 0.6) -> Evidence:
    labels = ["umbrella", "mug", "dark"]
    return evidence(
        clip, start_s, start_s + 8, "picture", labels=labels, score=score, short_term=reader.remember(UMBRELLA)
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where is my umbrella?", "I saw your umbrella 40 seconds ago, on the left."),
        ("Did you see an umbrella?", "Yes, I saw an umbrella 40 seconds ago, on the left."),
        (
            "When did you see the umbrella?",
            "I saw the umbrella 40 seconds ago, on the left. That was 2 minutes 12 seconds in.",
        ),
        ("Tell me about the umbrella.", "I saw the umbrella 40 seconds ago, on the left."),
        ("How many mugs were there?", "I saw two red mugs 40 seconds ago."),
        ("How many umbrellas did you see?", "I saw one umbrella 40 seconds ago, on the left."),
        ("What color was the mug?", "The mugs were red. I saw them 40 seconds ago."),
        ("What colour was the umbrella?", "I can't tell which color the umbrella was. I saw it 40 seconds ago."),
        ("Did you see a dog?", "I haven't noticed a dog so far."),
        ("How many dogs were there?", "I haven't noticed a dog so far."),
        ("Where is the alarm clock?", "I haven't noticed an alarm clock so far."),
        ("Is there an umbrella?", "I don't see an umbrella right now. I last saw the umbrella 40 seconds ago."),
        ("What was that?", "That was an umbrella. I saw it 40 seconds ago, on the left."),
        ("What did I just show you?", "You showed me an umbrella. I saw it 40 seconds ago, on the left."),
        ("What did I just put down?", "You put down an umbrella. I saw it 40 seconds ago, on the left."),
        ("What was there before this?", "Before this there was an umbrella. I saw it 40 seconds ago, on the left."),
        ("What is gone?", "An umbrella is gone. I saw it 40 seconds ago, on the left."),
    ],
)  # fmt: skip
async def test_a_thing_is_told_from_the_memory_of_its_clip(
    stage: Stage, reader: FakeReader, question: str, answer: str
) -> None:
    assert await stage.answer(question, hall(reader)) == answer


async def test_an_answer_names_its_clip(stage: Stage, reader: FakeReader) -> None:
    (delta,) = await stage.deltas("Where is my umbrella?", hall(reader))
    assert delta.evidence == (4,)


async def test_a_need_is_answered_with_a_thing_that_was_seen(stage: Stage, reader: FakeReader) -> None:
    only = Scene({"umbrella": 0.97}, {("place", "umbrella"): ("left", 0.9)})
    found = evidence(4, 132, 140, "picture", labels=["umbrella"], short_term=reader.remember(only))
    take = await stage.answer("How about the weather today, what should I take?", found)
    assert take == "Take the umbrella: I saw it 40 seconds ago, on the left."
    helps = await stage.answer("It's pouring outside, what could keep me dry?", found)
    assert helps == "Maybe the umbrella: I saw it 40 seconds ago, on the left."
    where = await stage.answer("I'm getting wet, where is something to hold over me?", found)
    assert where == "The umbrella: I saw it 40 seconds ago, on the left."


async def test_what_a_need_names_is_not_what_helps(stage: Stage, reader: FakeReader) -> None:
    both = Scene({"egg": 0.97, "pan": 0.97})
    found = evidence(4, 132, 140, "picture", labels=["egg", "pan"], short_term=reader.remember(both))
    assert await stage.answer("What could I fry an egg in?", found) == "Maybe the pan: I saw it 40 seconds ago."


async def test_a_weak_picture_is_no_suggestion(stage: Stage, reader: FakeReader) -> None:
    answer = await stage.answer("It's pouring outside, what could keep me dry?", hall(reader, score=0.25))
    assert answer.startswith("I don't know that.")


async def test_a_picture_that_is_not_sure_is_a_maybe(stage: Stage, reader: FakeReader) -> None:
    only = reader.remember(Scene({"umbrella": 0.97}))
    found = evidence(4, 132, 140, "picture", labels=["umbrella"], short_term=only, score=0.35)
    answer = await stage.answer("How about the weather today, what should I take?", found)
    assert answer == "Maybe the umbrella: I saw it 40 seconds ago."


async def test_what_helps_without_a_name_is_pointed_at(stage: Stage, reader: FakeReader) -> None:
    nameless = evidence(4, 132, 140, "picture", short_term=reader.remember(Scene({"something": 0.9})), score=0.9)
    answer = await stage.answer("What could keep me dry?", nameless)
    assert answer == "Maybe something that I saw 40 seconds ago, but I don't know what it is called."


async def test_a_trace_of_what_is_clearly_meant_is_thought(reader: FakeReader) -> None:
    minilm = MiniLM()
    stage = Stage(180, reader=reader, names=NAMES, text_encoder=minilm)
    faint = Scene({"something": 0.6, "umbrella": 0.2, "dog": 0.3})
    found = evidence(4, 132, 140, "picture", short_term=reader.remember(faint), score=0.6)
    answer = await stage.answer("It rains, what could I open over my head?", found)
    assert answer == "I think there was an umbrella: I saw it 40 seconds ago."


async def test_of_moments_about_as_good_the_one_in_which_it_happens_is_meant(stage: Stage, reader: FakeReader) -> None:
    mug = evidence(6, 150, 158, "picture", labels=["mug"], short_term=reader.remember(Scene({"mug": 0.9})), score=0.55)
    put = Scene({"key": 0.9}, happens={"put_down": ("key", 0.8)})
    key = evidence(5, 140, 148, "picture", labels=["key"], short_term=reader.remember(put), score=0.5)
    assert await stage.answer("What did I just put down?", mug, key) == "You put down a key. I saw it 30 seconds ago."
    assert await stage.answer("What did I just show you?", mug, key) == "You showed me a mug. I saw it 20 seconds ago."


async def test_without_its_short_term_memory_counts_colours_and_places_are_gone(
    stage: Stage, reader: FakeReader
) -> None:
    for rows in (None, 0 * reader.remember(UMBRELLA)):
        found = evidence(4, 132, 140, "picture", labels=["mug"], short_term=rows)
        assert "two" not in await stage.answer("How many mugs were there?", found)
        assert "red" not in await stage.answer("What color was the mug?", found)
        assert "left" not in await stage.answer("Where is the umbrella?", found)


async def test_what_only_one_of_both_sees_is_not_told_plainly(stage: Stage, reader: FakeReader) -> None:
    unshared = evidence(4, 132, 140, "picture", labels=["dog"], short_term=reader.remember(Scene({"mug": 0.95})))
    assert await stage.answer("Did you see a dog?", unshared) == "I think I saw a dog 40 seconds ago."
    assert await stage.answer("Did you see a mug?", unshared) == "I think I saw a mug 40 seconds ago."
    faint = evidence(4, 132, 140, "picture", score=0.6, short_term=reader.remember(Scene({"mug": 0.6})))
    assert await stage.answer("Did you see a mug?", faint) == "I haven't noticed a mug so far."
    sure = evidence(4, 132, 140, "picture", score=0.9, short_term=reader.remember(Scene({"mug": 0.6})))
    assert await stage.answer("Did you see a mug?", sure) == "I think I saw a mug 40 seconds ago."


async def test_first_and_last_sighting_are_told(stage: Stage, reader: FakeReader) -> None:
    stage.first, stage.last = hall(reader, 2, 20), hall(reader, 9, 150)
    answer = await stage.answer("When did you see the umbrella?", hall(reader))
    assert answer == (
        "I saw the umbrella 20 seconds ago, on the left. That was 2 minutes 30 seconds in. "
        "The first time was about three minutes ago."
    )


async def test_words_about_a_thing_come_along(stage: Stage, reader: FakeReader) -> None:
    words = spoken(1, 60, "my umbrella is in the hall")
    heard = evidence(3, 55, 70, "speech", words.text, words=[words], short_term=reader.remember(Scene({})))
    assert (await stage.answer("Where is my umbrella?", heard, hall(reader))).startswith("I saw your umbrella 40")
    only_words = await stage.answer("Where is my umbrella?", heard)
    assert only_words == "You said about two minutes ago: “my umbrella is in the hall”."


@pytest.mark.parametrize(
    ("scene", "labels", "question", "answer"),
    [
        (Scene({"umbrella": 0.9}), ["umbrella"], "What is this?", "This is an umbrella."),
        (Scene({"sunglasses": 0.9}), ["sunglasses"], "What am I holding?", "These are sunglasses."),
        (Scene({"umbrella": 0.9}), [], "What is this?", "I think this is an umbrella."),
        (
            Scene({"mug": 0.9, "umbrella": 0.8}, {("count", "mug"): ("two", 0.9)}), ["mug", "umbrella"],
            "What do you see?", "I see two mugs and an umbrella. Nothing is moving.",
        ),
        (
            Scene({"mug": 0.9}, {("colour", "mug"): ("red", 0.9)}), ["mug"], "What color is this?",
            "This is a red mug.",
        ),
        (
            Scene({}), [], "What is this?",
            "Right now the picture is bright. Nothing is moving. I don't know what it is.",
        ),
        (
            Scene({"something": 0.9}), [], "What do you see?",
            "Right now the picture is bright. Nothing is moving. I see something that I don't know.",
        ),
        (Scene({"mug": 0.9}), ["mug"], "Do you see a mug?", "Yes, I see a mug."),
    ],
)  # fmt: skip
async def test_the_present_is_named_as_sure_as_it_is(
    reader: FakeReader, scene: Scene, labels: list[str], question: str, answer: str
) -> None:
    stage = Stage(180, frame(179.5, *labels, "bright", "still"), reader=reader, names=NAMES)
    now = evidence(9, 170, 180, "now", labels=labels, short_term=reader.remember(scene))
    assert await stage.answer(question, now) == answer


async def test_a_held_thing_is_what_is_meant(reader: FakeReader) -> None:
    scene = Scene({"mug": 0.95, "key": 0.8}, happens={"held": ("key", 0.9)})
    stage = Stage(180, frame(179.5, "mug", "key"), reader=reader, names=NAMES)
    now = evidence(9, 170, 180, "now", labels=["mug", "key"], short_term=reader.remember(scene))
    assert await stage.answer("What is this?", now) == "This is a key. I also see a mug."


async def test_a_thing_that_comes_between_two_sentences_is_noticed(reader: FakeReader) -> None:
    stage = Stage(180, frame(179.5, "mug"), reader=reader, names=NAMES)
    now = evidence(9, 170, 179.5, "now", labels=["mug"], short_term=reader.remember(Scene({"mug": 0.95})))
    said = []
    question, recall = stage.asked("What is this?", now)
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        said.append(delta.text)
        stage.time.advance(1.0)
        stage.view.add(frame(stage.view.now_s(), "dog"))
    assert said == ["This is a mug.", " That has just changed: now I see a dog."]


@pytest.mark.parametrize(
    ("labels", "second"),
    [
        (["dog"], " That has just changed: now I see a dog."),
        (["mug", "key"], " I also see a key."),
        (["mug", "dog"], None),  # the key is gone, the mug still there
        (["dark"], " That has just changed: now the picture is dark."),
        ([], None),  # nothing is known any more: no change is claimed, and the key is not either
    ],
)
async def test_what_the_newest_picture_contradicts_is_not_said_any_more(
    reader: FakeReader, labels: list[str], second: str | None
) -> None:
    stage = Stage(180, frame(179.5, "mug", "key", "bright"), reader=reader, names=NAMES)
    seen = reader.remember(Scene({"mug": 0.97, "key": 0.95}, happens={"held": ("mug", 0.9)}))
    now = evidence(9, 170, 179.5, "now", labels=["mug", "key"], short_term=seen)
    said: list[Delta] = []
    question, recall = stage.asked("What is this?", now)
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        said.append(delta)
        if len(said) == 1:
            stage.time.advance(1.0)
            stage.view.add(frame(180.4, *labels))
    assert said[0].text == "This is a mug."
    assert [delta.text for delta in said[1:]] == ([] if second is None else [second])
    assert all(delta.picture_t_s == 180.4 for delta in said[1:])


async def test_a_thing_with_a_name_comes_while_an_unknown_one_is_described(reader: FakeReader) -> None:
    stage = Stage(180, frame(179.5, "bright", "still"), reader=reader, names=NAMES)
    now = evidence(9, 170, 179.5, "now", short_term=reader.remember(Scene({})))
    said = []
    question, recall = stage.asked("What is this?", now)
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        said.append(delta.text)
        if len(said) == 2:
            stage.time.advance(1.0)
            stage.view.add(frame(180.4, "dog", "bright"))
    assert said[-1] == " That has just changed: now I see a dog."
    assert len(said) == 3


async def test_sounds_stay_sounds(stage: Stage) -> None:
    barking = Heard(138, 139, "barking", 0.9)
    answer = await stage.answer("Did you hear the dog?", evidence(5, 130, 140, "sound", "barking", sounds=[barking]))
    assert answer == "Yes, I heard barking 40 seconds ago."


async def test_what_cannot_be_seen_is_still_unknown(stage: Stage) -> None:
    assert (await stage.answer("What is the capital of France?")).startswith("I don't know that.")
    assert (await stage.answer("What was that?")).startswith("I don't know what you mean.")
