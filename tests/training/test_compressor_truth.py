"""What the reader is taught: captions and answers from the truth of a clip, and pieces of clips."""

from __future__ import annotations

import numpy as np
import pytest
from training.fake_clips import clip_of, in_frame

from omnilive_demo.training.compressor import nano_vocabulary
from omnilive_demo.training.compressor_stream import MOMENTS
from omnilive_demo.training.compressor_truth import (
    caption_words,
    cut,
    every_reading,
    facts_of,
    joined,
    moments_of,
    names_in,
    readings_of,
)
from omnilive_demo.training.world.timeline import Happening

WORDS = nano_vocabulary()
BIG = (0.1, 0.1, 0.6, 0.7)
SMALL = (0.7, 0.4, 0.9, 0.6)
RED = {"colour": "red", "place": "right"}


def test_a_clip_is_told_in_words_largest_first() -> None:
    frame = [
        in_frame("mug", box=SMALL, **RED), in_frame("mug", box=SMALL, **RED), in_frame("umbrella", "left", BIG),
        in_frame("abacus", role="rehearsed", box=(0, 0, 0.1, 0.1)), in_frame("dog", visible=0.3),
    ]  # fmt: skip
    facts = facts_of(clip_of([frame] * 4), WORDS)
    assert WORDS.spoken(caption_words(facts)) == "an umbrella, two red mugs and something; the umbrella moves left"
    assert set(names_in(facts)) == {"umbrella", "mug", "something"}  # the dog is hardly seen
    answers = {
        (WORDS.spoken([WORDS.words[i] for i in one.prompt]), WORDS.words[one.answer[0]])
        for one in every_reading(facts, WORDS)
    }
    assert {("<count> mug", "two"), ("<colour> mug", "red"), ("<place> mug", "right"), ("<motion> mug", "still"),
            ("<motion> umbrella", "moves left"), ("<colour> umbrella", "unclear")} <= answers  # fmt: skip


def test_nothing_is_nothing_and_colours_that_differ_are_unclear() -> None:
    assert caption_words(facts_of(clip_of([[], []]), WORDS)) == ["nothing"]
    assert names_in(facts_of(clip_of([[]]), WORDS)) == {"nothing": 1.0}
    both = [in_frame("mug", colour="red"), in_frame("mug", colour="blue")]
    assert facts_of(clip_of([both]), WORDS)[0].colour is None


def test_what_happens_is_told_and_asked() -> None:
    events = (Happening("put_down", "key", 1.0, 3.0),)
    held = [[in_frame("key", held=True)]] * 3 + [[in_frame("key")]]
    facts = facts_of(clip_of(held, events=events), WORDS)
    assert WORDS.spoken(caption_words(facts)) == "a key; the key is put down"
    asked = {one.kind: WORDS.words[one.answer[0]] for one in every_reading(facts, WORDS)}
    assert (asked["put_down"], asked["held"]) == ("key", "key")
    assert "shown" not in asked


def test_what_is_so_in_each_frame_is_told_a_little_around_an_event() -> None:
    held = [[in_frame("key", held=True)]] * 4 + [[in_frame("key")]] * 2
    moments = moments_of(clip_of(held, events=(Happening("put_down", "key", 1.4, 3.0),)))
    assert moments.shape == (6, len(MOMENTS))
    assert moments[:, MOMENTS.index("put_down")].tolist() == [0, 1, 1, 1, 0, 0]  # frame 1 is 0.4 s before it
    assert moments[:, MOMENTS.index("held")].tolist() == [1, 1, 1, 1, 0, 0]
    assert not moments[:, MOMENTS.index("shown")].any()


def test_drawn_readings_begin_with_the_caption_and_ask_about_what_is_not_there_too() -> None:
    facts = facts_of(clip_of([[in_frame("mug")]] * 3), WORDS)
    rng = np.random.default_rng(0)
    drawn = [readings_of(facts, WORDS, rng, 3) for _ in range(60)]
    assert all(readings[0].kind == "caption" and len(readings) <= 4 for readings in drawn)
    absent = [one for readings in drawn for one in readings if one.kind == "absent"]
    assert absent
    assert all(WORDS.words[one.answer[0]] == "nothing" and WORDS.id("mug") not in one.prompt for one in absent)


def test_pieces_of_clips_keep_their_truth() -> None:
    frames = [[in_frame("mug")], [in_frame("mug")], [in_frame("dog")], [in_frame("dog")], [in_frame("dog")]]
    clip = clip_of(frames, first=7, start_s=20.0, events=(Happening("shown", "dog", 22.0, 25.0),))
    late, early = cut(clip, 2, 5), cut(clip, 0, 3)
    assert (late.first, late.frames, late.start_s, late.end_s, late.times_s) == (9, 3, 22.0, 25.0, (22.0, 23.0, 24.0))
    assert late.events[0].start_s == 22.0
    assert not early.events  # one second of showing is not seen as that
    assert joined([cut(clip, 0, 2), late]).truth == clip.truth
    with pytest.raises(ValueError, match="follow each other"):
        joined([late, early])
    with pytest.raises(ValueError, match="not in a clip"):
        cut(clip, 3, 9)
