"""The conversation on scripted words and injected time: who is answered, what interrupts, what is remembered."""

from __future__ import annotations

import asyncio

import pytest
from session_fakes import Stage

from omnilive_demo.ear_events import SoundHeard, SpeechDismissed, SpeechEnded, SpeechPaused, SpeechStarted
from omnilive_demo.events import AnswerGrew, Caption, Fault, Interrupted, Retrieved, StateChanged, TurnLatency
from omnilive_demo.records import Heard
from omnilive_demo.speech.playout import FRAME_S, PAUSE_S

FRAMES_OF_ANSWER = 25 + round(PAUSE_S / FRAME_S) + 25  # two half-second sentences with a pause


async def test_a_spoken_question_is_recognised_answered_and_spoken() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1)
    await stage.settle()
    caption = stage.of(Caption)[-1]
    assert (caption.text, caption.final, caption.answered, caption.turn) == ("What is this?", True, True, 1)
    assert stage.of(Retrieved)[0].evidence[0].clip_id == 7
    final = stage.of(AnswerGrew)[-1]
    assert final.final
    assert final.text == "One two three. Four five six."
    assert final.evidence == (7,)
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()
    assert stage.synthesizer.sentences == ["One two three.", "Four five six."]
    assert stage.of(StateChanged)[-1].state == "idle"


async def test_the_latency_of_a_turn_is_told_by_stage_when_its_first_sound_goes_out() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1)
    await stage.settle()
    assert not stage.of(TurnLatency)
    await stage.play(1)
    latency = stage.of(TurnLatency)[0]
    names = [name for name, _ in latency.stages_ms]
    assert names == ["turn end", "recognise", "decide", "retrieve", "answer", "voice", "playout"]
    assert latency.stages_ms[0][1] == pytest.approx(300, abs=1)
    assert latency.total_ms == pytest.approx(sum(ms for _, ms in latency.stages_ms), abs=1)


async def test_words_that_want_no_answer_are_remembered_and_shown_as_not_answered() -> None:
    stage = Stage({1: "hmm okay"})
    stage.say(1)
    await stage.settle()
    assert stage.of(Caption)[-1].answered is False
    assert stage.memory.words[0].text == "hmm okay"
    assert stage.memory.words[0].answered is False
    assert not stage.of(AnswerGrew)


async def test_the_question_is_answered_on_the_memory_of_its_first_sound() -> None:
    stage = Stage({1: "hmm okay", 2: "What did I say?"})
    stage.say(2, end=False)  # begins when nothing is remembered
    stage.say(1)
    await stage.settle()
    stage.say(2, confirm=False)
    await stage.settle()
    assert stage.reasoner.questions[0].snapshot.version <= 1
    assert stage.memory.recalled[0].snapshot == stage.reasoner.questions[0].snapshot


@pytest.mark.parametrize(
    ("start_s", "end_s", "label"),
    [(-6.0, -5.0, "speech"), (-3.0, -2.0, "laughing"), (0.0, 1.0, "laughing"), (1.2, 1.4, "speech")],
)
async def test_the_sound_before_or_within_an_utterance_goes_with_its_words(
    start_s: float, end_s: float, label: str
) -> None:
    stage = Stage({1: "What is this?"})
    now_s = stage.clock.now_s()
    stage.say(1, end=False)
    stage.conversation.on_ear(SoundHeard(Heard(now_s + start_s, now_s + end_s, "laughing", 0.95)))
    stage.say(1, confirm=False)
    await stage.settle()
    assert stage.memory.words[0].sound_label == stage.reasoner.questions[0].sound_label == label


async def test_confirmed_speech_stops_the_answer_and_only_what_was_heard_is_kept() -> None:
    stage = Stage({1: "What is this?", 2: "And what is that?"})
    stage.say(1)
    await stage.settle()
    await stage.play(35)  # the first sentence and a little
    stage.say(2, end=False)
    assert stage.playout.held
    assert not stage.of(Interrupted)  # what is said is not known yet
    now_s = stage.clock.now_s()
    stage.conversation.on_ear(SpeechPaused(2, now_s + 0.5, now_s + 0.66, "visitor"))
    await stage.settle()
    assert stage.playout.speaking is None
    interrupted = stage.of(Interrupted)[0]
    assert interrupted.reason == "speech"
    assert interrupted.heard_text == "One two three."
    final = stage.of(AnswerGrew)[-1]
    assert final.final
    assert (final.text, final.heard_text) == ("One two three. Four five six.", "One two three.")
    stage.say(2, confirm=False)
    await stage.settle()
    assert stage.reasoner.questions[1].history == (("What is this?", "One two three."),)


async def test_an_interruption_ends_the_reasoning_and_no_old_sound_follows() -> None:
    stage = Stage({1: "What is this?", 2: "No, not that"})
    stage.reasoner.sentences = ("One two three.", " Four five six.", " Seven eight nine.")
    stage.reasoner.hold = asyncio.Event()
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.say(2, end=False)
    now_s = stage.clock.now_s()
    stage.conversation.on_ear(SpeechPaused(2, now_s + 0.5, now_s + 0.66, "visitor"))
    await stage.settle()
    stage.reasoner.hold.set()
    await stage.settle()
    assert stage.reasoner.stopped_early
    assert stage.synthesizer.sentences == ["One two three."]


async def test_a_cough_only_ducks_the_answer() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    now = stage.clock.now_s()
    stage.conversation.on_ear(SpeechStarted(2, now, "visitor"))
    assert stage.of(StateChanged)[-1].state == "ducked"
    ducked = (await stage.play(3))[-1]
    stage.conversation.on_ear(SpeechDismissed(2, now + 0.15, "visitor"))
    assert stage.of(StateChanged)[-1].state == "speaking"
    restored = (await stage.play(3))[-1]
    assert abs(int(ducked.samples.max())) < 0.3 * abs(int(restored.samples.max()))
    assert stage.recognizer.cancelled == [2]
    assert not stage.of(Interrupted)


async def test_the_sound_track_of_a_film_does_not_interrupt() -> None:
    stage = Stage({1: "What is this?", 2: "Who is there?"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.say(2, origin="source")
    await stage.settle()
    assert stage.playout.speaking == 1
    assert stage.of(Caption)[-1].answered is False
    assert stage.memory.words[-1].origin == "source"


async def test_a_question_in_a_film_is_answered_when_nothing_else_is() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1, origin="source")
    await stage.settle()
    assert stage.of(Caption)[-1].answered is True


async def test_what_may_be_meant_for_others_in_a_film_is_left_alone_and_the_visitor_is_not() -> None:
    stage = Stage({1: "Can you? Perhaps", 2: "Can you? Perhaps"})
    stage.say(1, origin="source")
    await stage.settle()
    assert stage.of(Caption)[-1].answered is False
    stage.say(2)
    await stage.settle()
    assert stage.of(Caption)[-1].answered is True


async def test_a_typed_question_replaces_the_answer_under_way() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.conversation.ask("When was it dark?")
    await stage.settle()
    assert stage.of(Interrupted)[0].reason == "question"
    typed = next(caption for caption in stage.of(Caption) if caption.typed)
    assert typed.turn == 2
    assert stage.playout.speaking is None
    frames = await stage.play(3)
    assert {frame.turn for frame in frames} == {2}


async def test_stop_silences_and_the_next_question_still_works() -> None:
    stage = Stage({1: "What is this?", 2: "What is that?"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.conversation.stop("stop")
    assert stage.of(Interrupted)[0].reason == "stop"
    assert stage.of(StateChanged)[-1].state == "idle"
    stage.say(2)
    await stage.settle()
    assert {frame.turn for frame in await stage.play(3)} == {2}


async def test_stopping_nothing_says_nothing() -> None:
    stage = Stage()
    stage.conversation.stop("stop")
    assert not stage.told


async def test_a_finished_answer_joins_the_history_whole() -> None:
    stage = Stage({1: "What is this?", 2: "What is that?"})
    stage.say(1)
    await stage.settle()
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()
    stage.say(2)
    await stage.settle()
    assert stage.reasoner.questions[1].history == (("What is this?", "One two three. Four five six."),)
    assert not stage.of(Interrupted)


async def test_in_text_only_an_answer_is_complete_without_sound() -> None:
    stage = Stage()
    stage.voice = None
    stage.conversation.ask("What is this?")
    await stage.settle()
    assert stage.of(AnswerGrew)[-1].final
    assert stage.of(TurnLatency)[0].turn == 1
    assert stage.of(StateChanged)[-1].state == "idle"
    assert not stage.synthesizer.sentences


async def test_a_voice_that_fails_leaves_the_answer_on_the_page() -> None:
    stage = Stage()
    stage.synthesizer.failure = RuntimeError("The voice data are missing.")
    stage.conversation.ask("What is this?")
    await stage.settle()
    assert stage.of(Fault)[0].message == "The voice data are missing."
    assert stage.of(AnswerGrew)[-1].final
    assert stage.of(StateChanged)[-1].state == "idle"


async def test_a_recogniser_that_fails_is_a_sentence_and_a_counted_loss() -> None:
    stage = Stage({1: RuntimeError("its worker ended")})
    stage.say(1)
    await stage.settle()
    assert "could not make out" in stage.of(Fault)[0].message
    assert stage.conversation.figures["lost_utterances"] == 1
    assert stage.of(StateChanged)[-1].state == "idle"


@pytest.mark.parametrize("sees", [False, True])
async def test_who_looks_at_pictures_gets_those_of_the_memories_and_no_page_does(sees: bool) -> None:
    stage = Stage({1: "What is this?"})
    stage.reasoner.sees_pictures = sees
    stage.say(1)
    await stage.settle()
    (given,) = stage.reasoner.recalls[0].evidence
    assert [frame.jpeg for frame in given.key_frames] == ([b"jpeg"] if sees else [])
    assert stage.of(Retrieved)[0].evidence[0].key_frames == ()


async def test_an_unfinished_sentence_gets_a_longer_pause() -> None:
    stage = Stage({1: "where is the?", 2: "where is it?"})
    for utterance in (1, 2):
        stage.conversation.on_ear(SpeechStarted(utterance, 0.0, "visitor"))
        stage.conversation.on_ear(SpeechPaused(utterance, 1.0, 1.2, "visitor"))
        await stage.settle()
    assert stage.pauses == [0.9, 0.3]
    partial = stage.of(Caption)[0]
    assert (partial.text, partial.final) == ("where is the?", False)


async def test_perception_never_waits_unless_the_counter_case_is_measured() -> None:
    free, serial = Stage({1: "What is this?"}), Stage({1: "What is this?"}, serial=True)
    for stage, may in ((free, True), (serial, False)):
        stage.say(1)
        await stage.settle()
        await stage.play(3)
        assert stage.perceiving.may_perceive.is_set() is may
        await stage.play(FRAMES_OF_ANSWER - 3)
        await stage.settle()
        assert stage.perceiving.may_perceive.is_set()


async def test_a_visitor_who_goes_on_at_once_is_answered_once_on_all_of_it() -> None:
    stage = Stage({1: "What is this?", 2: "on the table?"})
    stage.say(1, confirm=False)
    stage.say(2, end=False)  # confirmed before the first was understood
    await stage.settle()
    assert not stage.of(AnswerGrew)
    first_snapshot = stage.memory.snapshot(0.0)
    stage.conversation.on_ear(SpeechEnded(2, 1.5, 2.5, 2.8, "visitor"))
    await stage.settle()
    assert [question.text for question in stage.reasoner.questions] == ["What is this? on the table?"]
    assert stage.reasoner.questions[0].snapshot.version < first_snapshot.version
    assert [said.text for said in stage.memory.words] == ["What is this?", "on the table?"]


@pytest.mark.parametrize("rest", ["", "hmm okay"])
async def test_a_question_is_not_lost_when_what_followed_it_was_nothing(rest: str) -> None:
    stage = Stage({1: "What is this?", 2: rest})
    stage.say(1, confirm=False)
    stage.say(2, end=False)
    await stage.settle()
    stage.conversation.on_ear(SpeechEnded(2, 1.5, 2.5, 2.8, "visitor"))
    await stage.settle()
    assert [question.text for question in stage.reasoner.questions] == [f"What is this? {rest}".strip()]
