from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from memory_stream import ask, heard, open_memory, said, watch

from omnilive_demo.memory import retrieval
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.records import Recall, Spoken, Thread

NOW_S = 306.0


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLM) -> Iterator[SessionMemory]:
    """Red to 60 s, dark to 120 s, blue to 300 s, green since; some words, some sounds."""
    memory = open_memory(tmp_path_factory.mktemp("sessions") / "a", minilm)
    watch(memory, 0, 60, ("bright", "red"))
    memory.add_spoken(said(1, 10, "the meeting is at three on thursday"))
    memory.add_spoken(said(2, 30, "i put my keys on the shelf next to the door"))
    memory.add_heard(heard(40))
    watch(memory, 60, 120, ("dark",))
    memory.add_spoken(said(3, 100, "what did i tell you about the meeting", answered=True))
    watch(memory, 120, 300, ("bright", "blue"))
    memory.add_spoken(said(4, 200, "hmm okay"))
    memory.add_spoken(said(5, 240, "my name is peter"))
    memory.add_heard(heard(280, "doorbell"))
    watch(memory, 300, 306, ("green",))
    yield memory
    memory.close()


def _texts(recall: Recall) -> list[str]:
    return [e.text for e in recall.evidence]


def test_what_did_i_say_about_the_meeting_finds_the_statement_and_not_the_question(stream: SessionMemory) -> None:
    recall = ask(stream, "What did I say about the meeting?", NOW_S)
    assert _texts(recall) == ["the meeting is at three on thursday"]
    best = recall.evidence[0]
    assert (best.kind, best.clip_id) == ("speech", 1)
    assert best.spoken[0].utterance == 1
    assert best.score > 0.7


@pytest.mark.parametrize("question", ["What did I mumble?", "what was i muttering", "What did I say?"])
def test_what_was_said_to_nobody_is_found_without_a_topic(minilm: MiniLM, tmp_path: Path, question: str) -> None:
    memory = open_memory(tmp_path, minilm)
    watch(memory, 0, 20)
    memory.add_spoken(said(1, 10, "i left the blue bag in the car", answered=False))
    assert _texts(ask(memory, question, 21)) == ["i left the blue bag in the car"]
    memory.close()


def test_a_question_about_questions_finds_them(stream: SessionMemory) -> None:
    assert "what did i tell you about the meeting" in _texts(ask(stream, "what did i ask about the meeting", NOW_S))


def test_what_happened_a_minute_ago_finds_that_time(stream: SessionMemory) -> None:
    recall = ask(stream, "What happened a minute ago?", NOW_S)
    assert recall.span is not None
    assert recall.span.phrase == "a minute ago"
    assert recall.evidence[0].start_s <= NOW_S - 60 <= recall.evidence[0].end_s
    assert {e.kind for e in recall.evidence} == {"time"}
    assert any("my name is peter" in [s.text for s in e.spoken] for e in recall.evidence)


@pytest.mark.parametrize("question", ["When was it dark?", "when was it gloomy", "was it ever unlit"])
def test_when_was_it_dark_finds_the_dark_clips(stream: SessionMemory, question: str) -> None:
    recall = ask(stream, question, NOW_S)
    assert len(recall.evidence) == 4
    assert all(e.start_s >= 60 and e.end_s < 120 and e.kind == "picture" for e in recall.evidence)
    assert recall.evidence[0].text == "dark"
    assert recall.looked_at_clips == 21


@pytest.mark.parametrize(
    "question", ["What is this?", "what do you see", "what colour is it", "is it dark", "what is it now"]
)
def test_a_question_about_now_never_loses_to_the_past(stream: SessionMemory, question: str) -> None:
    recall = ask(stream, question, NOW_S)
    assert recall.evidence[0].kind == "now"
    assert recall.evidence[0].clip_id == 21
    assert recall.evidence[0].text == "green"
    assert all(e.score < recall.evidence[0].score for e in recall.evidence[1:])
    assert "picture" not in {e.kind for e in recall.evidence}


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("where did i leave my keys", "i put my keys on the shelf next to the door"),
        ("what is my name", "my name is peter"),
        ("when is our appointment", "the meeting is at three on thursday"),
    ],
)
def test_what_was_said_answers_by_its_words_or_its_meaning(stream: SessionMemory, question: str, text: str) -> None:
    assert _texts(ask(stream, question, NOW_S))[0] == text


@pytest.mark.parametrize(
    "question",
    [
        "what did i say about the dentist",
        "what did i say about football",
        "did you see anything purple",
        "where is the remote control",
        "did i mention my brother",
        "hello there",
        "what did i say an hour ago",
    ],
)
def test_what_was_never_seen_or_said_has_no_evidence(stream: SessionMemory, question: str) -> None:
    assert ask(stream, question, NOW_S).evidence == ()


def test_what_was_that_noise_finds_the_newest_sound(stream: SessionMemory) -> None:
    recall = ask(stream, "what was that noise?", NOW_S)
    assert [(e.kind, e.text) for e in recall.evidence] == [("sound", "doorbell"), ("sound", "sound")]
    assert recall.evidence[0].sounds[0].start_s == 280
    assert recall.evidence[0].score > recall.evidence[1].score


def test_a_sound_that_is_named_is_found_and_another_is_not(stream: SessionMemory) -> None:
    assert _texts(ask(stream, "did you hear the doorbell", NOW_S))[0] == "doorbell"
    assert "doorbell" not in _texts(ask(stream, "did you hear a dog bark", NOW_S))


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("did you hear a dog bark?", "barking"),
        ("was there an alarm?", "alarm"),
        ("did the doorbell ring?", "bell"),
        ("Did anybody laugh?", "laughing"),
        ("did you hear applause", "clapping"),
        ("when did you hear steps", "footsteps"),
        ("did you hear a motor", "engine"),
        ("did it rain", "rain"),
        ("was there a baby crying?", "crying baby"),
        ("did you hear a siren?", "siren"),
        ("did somebody sneeze", "sneezing"),
        ("did you hear a cat?", "meowing cat"),
        ("did you hear the hoover", "vacuum cleaner"),
    ],
)
def test_a_sound_is_found_by_any_word_for_it(minilm: MiniLM, tmp_path: Path, question: str, label: str) -> None:
    memory = open_memory(tmp_path, minilm)
    watch(memory, 0, 90)
    known = (
        "barking", "alarm", "bell", "laughing", "clapping", "footsteps", "engine", "rain", "crying baby", "siren",
        "sneezing", "meowing cat", "vacuum cleaner",
    )  # fmt: skip
    for i, one in enumerate(known):
        memory.add_heard(heard(5.0 + 6 * i, one))
    sounds = [e.text for e in ask(memory, question, 90).evidence if e.kind == "sound"]
    assert sounds == [label]
    memory.close()


def test_a_time_narrows_what_was_seen_said_and_heard(stream: SessionMemory) -> None:
    assert ask(stream, "was there a sound two minutes ago", NOW_S).evidence == ()
    assert _texts(ask(stream, "what did i say a minute ago", NOW_S)) == ["my name is peter"]
    dark = ask(stream, "was it dark four minutes ago", NOW_S)
    assert all(e.text == "dark" for e in dark.evidence[:2])
    bright = ask(stream, "was it dark a minute ago", NOW_S)
    assert {e.kind for e in bright.evidence} == {"time"}


def test_the_beginning_comes_first(stream: SessionMemory) -> None:
    assert ask(stream, "what happened at the beginning", NOW_S).evidence[0].clip_id == 1


def test_before_that_means_before_what_was_spoken_of(stream: SessionMemory) -> None:
    dark = tuple(e for e in ask(stream, "when was it dark", NOW_S).evidence if e.text == "dark")
    recall = ask(stream, "was it red before that", NOW_S, Thread("when was it dark", dark, dark))
    assert recall.evidence[0].end_s == 59.0
    assert all(e.end_s < 60 for e in recall.evidence)


def test_what_happened_shows_moments_that_differ(stream: SessionMemory) -> None:
    assert {e.text for e in ask(stream, "what happened", NOW_S).evidence} >= {"green", "dark", "bright, red"}


def test_what_happened_so_far_spreads_over_the_whole_stream(stream: SessionMemory) -> None:
    recall = ask(stream, "What happened so far?", NOW_S)
    begins = [e.start_s for e in recall.evidence]
    assert any(begin < 60 for begin in begins)  # red
    assert any(60 <= begin < 120 for begin in begins)  # dark
    assert any(120 <= begin < 300 for begin in begins)  # blue


def test_two_dark_times_are_both_found(minilm: MiniLM, tmp_path: Path) -> None:
    memory = open_memory(tmp_path, minilm)
    watch(memory, 0, 32, ("dark",))
    watch(memory, 32, 64, ("bright",))
    watch(memory, 64, 464, ("dark",))
    watch(memory, 464, 480, ("bright",))
    starts = [e.start_s for e in ask(memory, "when was it dark", 481).evidence]
    assert any(start_s < 32 for start_s in starts[:2])
    assert any(start_s >= 64 for start_s in starts[:2])
    memory.close()


def test_the_questions_own_words_are_not_its_evidence(minilm: MiniLM, tmp_path: Path) -> None:
    memory = open_memory(tmp_path, minilm)
    watch(memory, 0, 20)
    memory.add_spoken(said(1, 10, "what did i say about the boat", answered=None))
    recall = ask(memory, "What did I say about the boat?", 20)
    assert recall.evidence == ()
    memory.add_spoken(said(2, 30, "the boat leaves at noon"))  # still being said at 31 s
    assert ask(memory, "when does the boat leave", 31).evidence == ()
    assert _texts(ask(memory, "when does the boat leave", 33)) == ["the boat leaves at noon"]
    memory.close()


def test_words_without_a_camera_are_evidence_without_a_clip(minilm: MiniLM, tmp_path: Path) -> None:
    memory = open_memory(tmp_path, minilm)
    memory.add_spoken(said(1, 10, "the train leaves at noon"))
    evidence = ask(memory, "when does the train leave", 100).evidence
    assert [(e.clip_id, e.start_s, e.end_s) for e in evidence] == [(None, 10.0, 12.0)]
    assert evidence[0].spoken[0].text == "the train leaves at noon"
    assert ask(memory, "what is this", 100).evidence == ()
    memory.close()


def test_search_finds_words_pictures_and_sounds(stream: SessionMemory) -> None:
    assert _texts(stream.search("meeting"))[:1] != []
    assert {e.kind for e in stream.search("meeting").evidence} == {"speech"}
    assert {e.text for e in stream.search("dark").evidence} == {"dark"}
    assert [e.text for e in stream.search("doorbell").evidence if e.kind == "sound"] == ["doorbell"]
    assert stream.search("").evidence == ()
    assert stream.search('"; DROP TABLE clip; -- OR NEAR(').evidence == ()
    assert len(stream.search("dark", limit=2).evidence) == 2


def test_words_of_a_film_count_less_for_what_i_said(minilm: MiniLM, tmp_path: Path) -> None:
    memory = open_memory(tmp_path, minilm)
    memory.add_spoken(said(1, 10, "i will buy bread"))
    memory.add_spoken(Spoken(2, 20, 22, "tonight at the theatre", "source", False))
    assert _texts(ask(memory, "what did i say", 30)) == ["i will buy bread", "tonight at the theatre"]
    memory.close()


def test_a_doorbell_that_rings_is_no_phone(tmp_path: Path) -> None:
    memory = open_memory(tmp_path)
    watch(memory, 0, 64)
    memory.add_heard(heard(5, "bell"))
    for t_s in (20, 30, 40, 50, 60):
        memory.add_heard(heard(t_s, "ringing phone"))
    found = ask(memory, "When did the doorbell ring?", 70.0).evidence
    assert [(e.kind, e.text) for e in found] == [("sound", "bell")]
    memory.close()


def test_a_sound_that_gets_a_new_name_while_sounds_are_ranked_disturbs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = open_memory(tmp_path)
    memory.add_heard(heard(5, "squeak"))
    memory.add_heard(heard(9, "rustle"))
    named, names = retrieval._named, iter(range(100))

    def renaming(label: str, topic: Sequence[str]) -> bool:
        memory.rename_heard(heard(9, f"another name {next(names)}"))
        return named(label, topic)

    monkeypatch.setattr(retrieval, "_named", renaming)
    found = ask(memory, "When did you hear the squeak?", 20.0).evidence
    assert [(e.kind, e.text) for e in found] == [("sound", "squeak")]
    assert next(names) > 0, "it was renamed meanwhile"
    memory.close()
