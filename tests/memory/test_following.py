"""Follow-ups in the memory: what lies before and after what was told, what else answers, and where that ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from memory_stream import ask, heard, open_memory, said, watch

from omnilive_demo.memory.following import thread_after
from omnilive_demo.memory.given import place_of
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.records import Question, Recall, Thread

LOOKS = ("red", "dark", "blue", "green", "bright")


class Talk:
    """Questions to a memory, one after the other; each answer tells its best evidence."""

    def __init__(self, memory: SessionMemory, now_s: float) -> None:
        self.memory, self.now_s = memory, now_s
        self.thread: Thread | None = None

    def ask(self, text: str, told: int = 1) -> Recall:
        recall = ask(self.memory, text, self.now_s, self.thread)
        cited = [one.clip_id for one in recall.evidence[:told] if one.clip_id is not None]
        question = Question(1, text, self.now_s, self.memory.snapshot(self.now_s), False, thread=self.thread)
        self.thread = thread_after(question, recall, cited, precise=True)
        return recall


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[SessionMemory]:
    """Red, dark, blue, green and bright, 40 s (three clips) each; words, and two knocks."""
    memory = open_memory(tmp_path)
    for i, look in enumerate(LOOKS):
        watch(memory, 40.0 * i, 40.0 * (i + 1), (look,))
    memory.add_spoken(said(1, 15, "the keys are in the drawer"))
    memory.add_spoken(said(2, 65, "we should buy milk"))
    memory.add_spoken(said(3, 90, "what time is it", answered=True))
    memory.add_spoken(said(4, 105, "anna comes on friday"))
    memory.add_heard(heard(30.0, "knock"))
    memory.add_heard(heard(100.0, "ring"))
    memory.add_heard(heard(150.0, "knock"))
    yield memory
    memory.close()


def test_before_that_is_the_scene_before_and_then_the_one_behind(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    assert talk.ask("when was it blue").evidence[0].text == "blue"
    before = talk.ask("And before that?").evidence
    assert [(one.text, one.start_s, one.end_s, one.kind) for one in before] == [("dark", 40.0, 79.0, "picture")]
    assert [one.text for one in talk.ask("and before that").evidence] == ["red"]
    assert talk.ask("And before that?").evidence == ()
    assert [one.text for one in talk.ask("And then?").evidence] == ["dark"]
    assert [one.text for one in talk.ask("然后呢？").evidence] == ["blue"]
    assert [one.text for one in talk.ask("What did I say before that?").evidence] == ["we should buy milk"]


def test_words_and_sounds_are_followed_by_words_and_sounds(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    assert talk.ask("what did i say about anna").evidence[0].text == "anna comes on friday"
    assert [one.text for one in talk.ask("And before that?").evidence] == ["we should buy milk"]  # no question
    assert [one.text for one in talk.ask("那之前呢？").evidence] == ["the keys are in the drawer"]
    assert talk.ask("And before that?").evidence == ()
    assert talk.ask("did you hear a ring").evidence[0].text == "ring"
    assert [one.text for one in talk.ask("And before that?").evidence] == ["knock"]
    assert [one.start_s for one in talk.ask("And after that?").evidence] == [100.0]
    assert [one.start_s for one in talk.ask("And after that?").evidence] == [150.0]
    assert talk.ask("And after that?").evidence == ()


def test_another_time_leaves_out_what_was_told(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    assert [one.sounds[0].start_s for one in talk.ask("did you hear a knock").evidence[:1]] == [150.0]
    other = talk.ask("Any other time?").evidence
    assert [one.sounds[0].start_s for one in other] == [30.0]
    assert talk.ask("The other one?").evidence == ()
    assert talk.ask("another one").evidence == ()


def test_what_was_said_and_heard_and_seen_then(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    talk.ask("did you hear a ring")
    assert [one.text for one in talk.ask("Did anyone say anything then?").evidence] == []
    talk.ask("when was it dark", told=4)
    assert [one.text for one in talk.ask("Did anyone say anything then?").evidence] == ["we should buy milk"]
    assert [one.text for one in talk.ask("What did you see then?").evidence] == ["dark"]
    assert talk.ask("Did you hear anything then?").evidence == ()


def test_when_was_that_is_what_was_told(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    told = talk.ask("when was it green").evidence[0]
    again = talk.ask("When was that?").evidence
    assert [(one.clip_id, one.start_s, one.end_s) for one in again] == [(told.clip_id, told.start_s, told.end_s)]
    assert talk.ask("How long ago was that?").evidence == again


def test_a_new_topic_is_followed_from_then_on(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    talk.ask("when was it blue")
    talk.ask("what did i say about milk")
    assert [one.text for one in talk.ask("And before that?").evidence] == ["the keys are in the drawer"]
    talk.ask("what did i say about elephants", told=0)
    follow = talk.ask("And before that?")
    assert follow.evidence == ()
    assert follow.follows is not None
    assert follow.follows.thread.evidence == ()


def test_without_anything_told_the_other_one_is_nothing(memory: SessionMemory) -> None:
    recall = ask(memory, "The other one?", 200)
    assert recall.evidence == ()
    assert recall.follows is not None
    assert ask(memory, "What was before that?", 200).follows is None  # what was before the present


def test_what_was_forgotten_is_not_walked_to(memory: SessionMemory) -> None:
    talk = Talk(memory, 200)
    talk.ask("when was it blue")
    memory.forget(40.0, 79.5)
    assert [one.text for one in talk.ask("And before that?").evidence] == ["red"]


def test_a_question_sees_no_later_than_it_was_asked(memory: SessionMemory) -> None:
    talk = Talk(memory, 170)
    talk.ask("when was it green", told=4)
    after = talk.ask("And then?").evidence
    assert [one.text for one in after] in ([], ["bright"])
    assert all(one.start_s <= 170 for one in after)


@settings(max_examples=20, deadline=None)
@given(
    scenes=st.lists(st.tuples(st.sampled_from(LOOKS), st.integers(3, 40), st.booleans()), min_size=2, max_size=8),
    question=st.sampled_from(["what happened", "what did i say", "did you hear a sound", "when was it dark"]),
    told=st.integers(1, 4),
)
@example(scenes=[("dark", 4, True), ("red", 3, False), ("dark", 3, False)], question="when was it dark", told=1)
def test_walking_back_visits_strictly_earlier_moments_and_ends(
    scenes: list[tuple[str, int, bool]], question: str, told: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memory = open_memory(Path(folder))
        now_s = 0.0
        for i, (look, seconds, dull) in enumerate(scenes):
            if not dull:
                watch(memory, now_s, now_s + seconds, (look,))
            memory.add_spoken(said(i + 1, now_s + 0.5, f"{look} number {i}"))
            memory.add_heard(heard(now_s + 1.5, "knock"))
            now_s += seconds
        talk = Talk(memory, now_s)
        talk.ask(question, told)
        entries = len(memory.clips()) + len(memory.spoken()) + len(memory.heard())
        told_of = talk.thread.evidence if talk.thread else ()  # what came first of it decides what is stepped over
        before = [place_of(one)[0] for one in told_of if one.kind == told_of[0].kind]
        for _ in range(entries + 2):
            step = talk.ask("And before that?").evidence
            if not step:
                break
            assert len(step) == 1
            assert place_of(step[0])[0] < min(before)
            assert 0.0 < step[0].score <= 1.0
            before = [place_of(step[0])[0]]
        else:
            pytest.fail("the way back has no end")
        memory.close()
