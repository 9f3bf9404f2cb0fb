from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from world_fakes import bank

from omnilive_demo.training.world.question_bank import Split, shipped_bank
from omnilive_demo.training.world.questions import Asked, ask
from omnilive_demo.training.world.story import FIRST_TEST_SEED, plan_stream
from omnilive_demo.training.world.things import by_name
from omnilive_demo.training.world.timeline import Happening, Seen, Segment, Timeline


def seen(name: str, start_s: float, end_s: float, colour: str | None = None, size: float = 0.3) -> Seen:
    return Seen(name, f"{name}s", "known", ((start_s, end_s),), colour, 1.0, size)


SHOWN = Happening("shown", "pan", 24, 30)


def day() -> Timeline:
    """An umbrella is shown, a key is put down, a mug leaves, a pan is shown, and a dog stands there at the end."""
    return Timeline(
        (
            Segment(0, 8, "desk", (seen("umbrella", 1, 5),), (Happening("shown", "umbrella", 1, 5),), 0),
            Segment(8, 16, "wall", (seen("key", 9, 16, "red"),), (Happening("put_down", "key", 9, 11),), 1),
            Segment(16, 24, "sand", (seen("mug", 16, 21),), (Happening("leaves", "mug", 20, 22),), 2),
            Segment(
                24, 32, "snow", (seen("pan", 24, 30), seen("dog", 24, 32)), (Happening("shown", "pan", 24, 30),), 3
            ),
            Segment(32, 40, "desk", (seen("dog", 32, 40),), (), 4),
        )
    )


def asked(timeline: Timeline, split: Split = "train", seed: int = 0, **wanted: int) -> tuple[Asked, ...]:
    return ask(timeline, np.random.default_rng(seed), split, bank=bank(), **wanted)


def pointing(timeline: Timeline) -> dict[str, Asked]:
    return {
        one.subkind: one
        for seed in range(8)
        for one in asked(timeline, seed=seed, explicit=0, semantic=0, reference=12)
    }


def test_reference_questions_point_at_what_they_say() -> None:
    found = pointing(day())
    truth = {
        "now": ("dog", ((32, 40),)), "last_shown": ("pan", ((24, 30),)), "first_shown": ("umbrella", ((1, 5),)),
        "last_put_down": ("key", ((9, 16),)), "gone": ("mug", ((16, 21),)), "before": ("pan", ((24, 32),)),
    }  # fmt: skip
    assert set(found) == set(truth)
    for pointer, (thing, evidence) in truth.items():
        assert (found[pointer].thing, found[pointer].evidence) == (thing, evidence), pointer
        assert found[pointer].newest == (pointer == "now")
        assert found[pointer].asked_s == 40


def test_what_is_still_shown_is_this_and_not_that() -> None:
    found = pointing(Timeline(day().segments[:4]))
    assert "before" in found
    assert found["before"].thing == "mug"
    late = replace(day().segments[3], things=(seen("pan", 25, 32),), events=(Happening("shown", "pan", 25, 32),))
    found = pointing(Timeline((*day().segments[:3], late)))
    assert found["now"].thing == "pan"
    assert "last_shown" not in found


def test_a_thing_without_a_taught_name_answers_with_no_name() -> None:
    stranger = replace(seen("lion", 24, 30), role="rehearsed")
    shown = replace(day().segments[3], things=(stranger,), events=(Happening("shown", "lion", 24, 30, known=False),))
    timeline = Timeline((*day().segments[:3], shown, day().segments[4]))
    assert pointing(timeline)["last_shown"].thing is None
    every = [one for seed in range(9) for one in asked(timeline, seed=seed, explicit=9, semantic=9, reference=0)]
    assert "lion" not in {one.thing for one in every}


def test_the_parts_of_a_shot_are_one_scene() -> None:
    first = Segment(0, 5, "desk", (seen("pan", 0, 5),), (), 0)
    halves = (
        Segment(5, 10, "wall", (seen("key", 6, 10),), (Happening("shown", "key", 6, 10),), 1),
        Segment(10, 15, "wall", (seen("key", 10, 14),), (Happening("shown", "key", 10, 12),), 1),
    )
    found = pointing(Timeline((first, *halves)))
    assert found["before"].thing == "pan"
    assert Timeline(halves).events("shown") == (Happening("shown", "key", 6, 12),)
    assert found["now"].evidence == ((6, 14),)


def test_explicit_questions_have_all_sightings_as_evidence_and_a_colour_only_where_it_is_told() -> None:
    questions = [one for seed in range(30) for one in asked(day(), seed=seed, explicit=8, semantic=0, reference=0)]
    dog = next(one for one in questions if one.thing == "dog")
    assert dog.evidence == ((24, 40),)
    keys = {one.text: one for one in questions if one.thing == "key"}
    assert {"Where is the red key?", "Where is the key?", "Did you see a red key?"} <= set(keys)
    assert keys["Where is the red key?"].subkind == "colour"
    assert keys["Where is the key?"].subkind == "plain"
    plain_key = Segment(40, 48, "sand", (seen("key", 40, 48),), (), 5)
    both = Timeline((*day().segments, plain_key))
    questions = [one for seed in range(30) for one in asked(both, seed=seed, explicit=8, semantic=0, reference=0)]
    assert not any("red" in one.text for one in questions), "the other key may be red by itself"
    blue = Timeline((*day().segments, replace(plain_key, things=(seen("key", 40, 48, "blue"),))))
    questions = [one for seed in range(30) for one in asked(blue, seed=seed, explicit=8, semantic=0, reference=0)]
    assert {one.evidence for one in questions if "blue" in one.text} == {((40, 48),)}
    assert {one.evidence for one in questions if one.text == "Where is the key?"} == {((9, 16), (40, 48))}


def test_semantic_questions_keep_to_their_split_and_are_not_asked_when_two_things_fit() -> None:
    def things(timeline: Timeline, split: Split) -> set[str | None]:
        return {
            one.thing
            for seed in range(20)
            for one in asked(timeline, split, seed, explicit=0, semantic=5, reference=0)
            if one.text.startswith(split)
        }

    assert things(day(), "train") == {"umbrella", "key", "mug"}, "the pan is held out"
    assert things(day(), "test") == {"umbrella", "key", "mug", "pan"}
    glass = Segment(40, 48, "sand", (seen("wine glass", 40, 48),), (), 5)
    assert things(Timeline((*day().segments, glass)), "test") == {"umbrella", "key", "pan"}


def test_what_came_after_the_moment_of_asking_is_no_evidence() -> None:
    for seed in range(20):
        for one in asked(day(), "test", seed, explicit=4, semantic=4, reference=6, moments=4):
            assert one.evidence
            assert all(end_s <= one.asked_s for _, end_s in one.evidence)
    times = {one.asked_s for seed in range(20) for one in asked(day(), seed=seed, moments=4)}
    assert times == {16, 24, 32, 40}


def test_an_empty_memory_is_asked_nothing() -> None:
    assert asked(Timeline(())) == ()
    assert asked(Timeline((Segment(0, 4, "sand", (), (), 0),))) == ()


@pytest.fixture(scope="module")
def tests() -> list[tuple[Asked, ...]]:
    return [
        ask(plan_stream(FIRST_TEST_SEED + n).timeline(), np.random.default_rng(n), "test", reference=6, moments=4)
        for n in range(12)
    ]


def test_every_test_stream_is_asked_all_kinds(tests: list[tuple[Asked, ...]]) -> None:
    for questions in tests:
        assert len(questions) >= 8
        assert {one.kind for one in questions} == {"explicit", "semantic", "reference"}
        reference = [one for one in questions if one.kind == "reference"]
        assert sum(one.newest for one in reference) <= len(reference) / 2
    again = ask(plan_stream(FIRST_TEST_SEED).timeline(), np.random.default_rng(0), "test", reference=6, moments=4)
    assert again == tests[0]


def test_no_shipped_phrasing_is_in_both_splits() -> None:
    shipped = shipped_bank()

    def plain(text: str) -> str:
        return re.sub(r"\W+", " ", text.lower()).strip()

    def texts(split: Split) -> set[str]:
        reference = [text for of in shipped.reference.values() for text in of[split]]
        semantic = [text for (_, of), texts in shipped.semantic.items() if of == split for text in texts]
        return {plain(text) for text in [*shipped.explicit[split], *reference, *semantic]}

    assert not texts("train") & texts("test")
    assert len(shipped.held_out) >= 20
    assert "umbrella" not in shipped.held_out
    assert all(shipped.semantic_of(name, "test") for name in by_name())
    assert not any(shipped.semantic_of(name, "train") for name in shipped.held_out)
    assert set().union(*shipped.purposes) <= set(by_name())
