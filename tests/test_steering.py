"""Words that steer the talk, standing queries, what is said unasked, and work that begins before the turn ends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from session_fakes import Stage

from omnilive_demo.cancel import CancelToken
from omnilive_demo.ear_events import SpeechAudio, SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted
from omnilive_demo.events import AnswerGrew, Caption, Interrupted, Retrieved, StandingChanged
from omnilive_demo.reasoning.fixed_phrases import SLOWER
from omnilive_demo.reasoning.instruction import Instruction
from omnilive_demo.reasoning.spoken_command import Command, is_surely_command, read_command
from omnilive_demo.records import Evidence
from omnilive_demo.remark import Remark
from omnilive_demo.speculating import Guess, Speculating
from omnilive_demo.speech.playout import FRAME_S, PAUSE_S
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice

FRAMES_OF_ANSWER = 25 + round(PAUSE_S / FRAME_S) + 25


async def answered(stage: Stage) -> None:
    """The question of utterance 1 is asked and its answer heard to the end."""
    stage.say(1)
    await stage.settle()
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Stop.", Command.STOP), ("okay stop it please", Command.STOP), ("be quiet", Command.STOP),
        ("never mind", Command.STOP), ("Wait a second please.", Command.STOP), ("hold on", Command.STOP),
        ("wait for the bus", None), ("nevermind", Command.STOP), ("stop stop", Command.STOP),
        ("go on", Command.GO_ON), ("please continue", Command.GO_ON), ("You were saying?", Command.GO_ON),
        ("say that again", Command.REPEAT), ("can you repeat that please", Command.REPEAT), ("Pardon?", Command.REPEAT),
        ("shorter please", Command.SHORTER), ("keep it short", Command.SHORTER), ("that's too long", Command.SHORTER),
        ("tell me more", Command.LONGER), ("in more detail please", Command.LONGER),
        ("can you slow down a bit", Command.SLOWER), ("please speak slowly", Command.SLOWER),
        ("you're talking too fast", Command.SLOWER), ("you speak too fast", Command.SLOWER),
        ("slow down a little please", Command.SLOWER), ("speed up a bit", Command.FASTER),
        ("you're speaking too slowly", Command.FASTER), ("talk a bit louder", Command.LOUDER),
        ("speak up a little", Command.LOUDER), ("you're talking too loudly", Command.QUIETER),
        ("slowly", None), ("slow down the video", None), ("he's talking too fast", None),
        ("the car is going too fast", None),
        ("stop the car", None), ("where does it stop", None), ("the short one", None), ("what is this", None),
        ("go on the table", None), ("never mind the dog", None), ("", None),
    ],
)  # fmt: skip
def test_commands_are_whole_sentences(text: str, command: Command | None) -> None:
    assert read_command(text) is command


@pytest.mark.parametrize(
    "text",
    [
        "slower, please", "can you speak slower", "speak up", "you're too loud", "you're talking too fast",
        "louder please", "turn the volume down", "shorter please", "tell me more", "in more detail", "stop", "go on",
        "be brief", "说慢点",
    ],
)  # fmt: skip
def test_what_names_us_or_the_voice_is_for_us_for_sure(text: str) -> None:
    assert is_surely_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "too loud", "that's too loud", "too fast", "slower", "okay slower", "not so fast", "slow down", "turn it up",
        "more", "longer", "too long", "that was too long", "much shorter",
    ],
)  # fmt: skip
def test_what_may_be_about_anything_is_done_only_where_it_was_said_to_us(text: str) -> None:
    assert read_command(text) is not None
    assert not is_surely_command(text)


@pytest.mark.parametrize("text", ["it was too loud in there", "he drives too fast", "the slower one", "too loud music"])
def test_talk_to_another_person_is_no_command(text: str) -> None:
    assert read_command(text) is None


async def test_too_loud_said_in_the_room_is_remembered_and_not_answered() -> None:
    stage = Stage({1: "Too loud.", 2: "Slower, please."})
    stage.engine.instructions = SimpleNamespace(predict=lambda text: Instruction(False, 0.9))
    stage.say(1)
    await stage.settle()
    assert [spoken.text for spoken in stage.memory.words] == ["Too loud."]
    assert not stage.of(AnswerGrew)
    stage.say(2)
    await stage.settle()
    assert stage.of(AnswerGrew)[-1].text == SLOWER.en


async def test_too_fast_said_over_an_answer_is_about_the_answer() -> None:
    stage = Stage({1: "What is this?", 2: "Too fast."})
    stage.engine.instructions = SimpleNamespace(predict=lambda text: Instruction("what" in text.lower(), 0.9))
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.say(2)
    await stage.settle()
    assert len(stage.of(Interrupted)) == 1
    assert stage.of(AnswerGrew)[-1].text == SLOWER.en


async def test_stop_by_voice_ends_the_answer_and_says_nothing() -> None:
    stage = Stage({1: "What is this?", 2: "stop"})
    stage.say(1)
    await stage.settle()
    await stage.play(5)
    stage.say(2)
    await stage.settle()
    assert len(stage.of(Interrupted)) == 1
    assert stage.of(Caption)[-1].answered is True
    assert len(stage.reasoner.questions) == 1
    assert stage.playout.speaking is None


async def test_go_on_continues_behind_what_was_heard_whole() -> None:
    stage = Stage({1: "What is this?", 2: "no wait", 3: "go on"})
    stage.say(1)
    await stage.settle()
    await stage.play(35)  # the first sentence, and a little of the second
    stage.say(2)
    await stage.settle()
    assert stage.of(Interrupted)[0].heard_text == "One two three."
    stage.say(3)
    await stage.settle()
    again = stage.reasoner.questions[-1]
    assert (again.text, again.heard_sentences) == ("What is this?", 1)
    assert again.history[-1] == ("What is this?", "One two three."), "a language model needs the words"


async def test_go_on_works_behind_another_question() -> None:
    stage = Stage({1: "What is this?", 2: "Where is the red one?", 3: "go on"})
    stage.say(1)
    await stage.settle()
    await stage.play(35)
    stage.say(2)
    await stage.settle()
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()
    stage.say(3)
    await stage.settle()
    assert [q.text for q in stage.reasoner.questions] == ["What is this?", "Where is the red one?", "What is this?"]
    assert stage.reasoner.questions[-1].heard_sentences == 1


async def test_go_on_without_anything_left_says_so() -> None:
    stage = Stage({1: "What is this?", 2: "go on"})
    await answered(stage)
    stage.say(2)
    await stage.settle()
    assert stage.of(AnswerGrew)[-1].text == "I had said all of it."


async def test_shorter_asks_the_last_question_again_in_short_and_stays_short() -> None:
    stage = Stage({1: "What is this?", 2: "shorter please", 3: "Where is it?"})
    await answered(stage)
    stage.say(2)
    await stage.settle()
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()
    stage.say(3)
    await stage.settle()
    assert [(q.text, q.brief) for q in stage.reasoner.questions] == [
        ("What is this?", False), ("What is this?", True), ("Where is it?", True),
    ]  # fmt: skip


async def test_a_standing_query_is_acknowledged_and_its_answer_waits_for_silence() -> None:
    stage = Stage({1: "Remind me in one minute to call Anna?", 2: "What is this?"})
    stage.say(1)
    await stage.settle()
    assert stage.of(StandingChanged)[0].status == "waiting"
    assert stage.of(AnswerGrew)[-1].final
    assert not stage.reasoner.questions
    await stage.play(1)
    stage.say(2, end=False)
    stage.time.advance(70.0)
    stage.standing.tick()
    await stage.settle()
    assert stage.of(StandingChanged)[-1].status == "answered"
    assert not [one for one in stage.of(AnswerGrew) if one.standing]  # somebody speaks
    stage.conversation.on_ear(SpeechEnded(2, 1.0, 2.0, 2.3, "visitor"))
    await stage.settle()
    assert not [one for one in stage.of(AnswerGrew) if one.standing]  # a question was asked
    await stage.play(FRAMES_OF_ANSWER)
    await stage.settle()
    told = [one for one in stage.of(AnswerGrew) if one.standing]
    assert len(told) == 1
    assert told[0].unasked
    assert "Anna" in told[0].text
    stage.standing.close()


async def test_a_remark_that_came_too_late_is_not_said_and_an_answer_always_is() -> None:
    stage = Stage({1: "What is this?"})
    stage.say(1, end=False)
    evidence = (Evidence(None, 1.0, 2.0, 0.9, "sound", "knocking"),)
    stage.conversation.remark(Remark("News.", until_s=5.0))
    stage.conversation.remark(Remark("You asked.", evidence, standing=3))
    for number in range(30):
        stage.conversation.remark(Remark(f"Flood {number}.", until_s=5.0))
    stage.time.advance(10.0)
    stage.recognizer.words[1] = "hmm okay"
    stage.conversation.on_ear(SpeechEnded(1, 0.0, 1.0, 1.3, "visitor"))
    await stage.settle()
    assert [one.text for one in stage.of(AnswerGrew)] == ["You asked."]
    assert stage.of(Retrieved)[-1].evidence == evidence


async def test_what_is_said_unasked_stays_that_when_it_is_cut_off() -> None:
    stage = Stage()
    stage.conversation.remark(Remark("You asked.", standing=3, picture_t_s=7.0))
    await stage.settle()
    await stage.play(3)
    stage.conversation.stop("stop")
    last = stage.of(AnswerGrew)[-1]
    assert (last.final, last.unasked, last.standing, last.picture_t_s) == (True, True, 3, 7.0)
    assert last.heard_text is not None


async def test_work_begins_at_the_first_pause_and_is_used_when_the_words_stay_the_same() -> None:
    stage = Stage({1: "What is this?"})
    stage.conversation.on_ear(SpeechStarted(1, 0.0, "visitor"))
    stage.conversation.on_ear(SpeechPaused(1, 1.0, 1.16, "visitor"))
    await stage.settle()
    assert len(stage.memory.recalled) == 1
    assert not stage.of(Retrieved)  # nothing is shown before the turn ends
    assert not stage.of(AnswerGrew)
    stage.conversation.on_ear(SpeechEnded(1, 0.0, 1.0, 1.3, "visitor"))
    await stage.settle()
    assert len(stage.memory.recalled) == 1  # not again
    assert stage.of(AnswerGrew)[-1].final
    assert stage.conversation.figures["speculation_hits"] == 1


async def test_a_speaker_who_goes_on_revokes_it_and_nothing_was_said() -> None:
    stage = Stage({1: "What is this?"})
    stage.conversation.on_ear(SpeechStarted(1, 0.0, "visitor"))
    stage.conversation.on_ear(SpeechPaused(1, 1.0, 1.16, "visitor"))
    await stage.settle()
    stage.conversation.on_ear(SpeechResumed(1, 1.3, "visitor"))
    stage.recognizer.words[1] = "What is this thing there?"
    stage.conversation.on_ear(SpeechPaused(1, 2.0, 2.16, "visitor"))
    stage.conversation.on_ear(SpeechEnded(1, 0.0, 2.0, 2.4, "visitor"))
    await stage.settle()
    assert [question.text for question in stage.reasoner.questions] == ["What is this thing there?"]
    assert stage.conversation.figures["speculation_revoked"] == 1


async def test_no_sentence_is_made_long_before_it_is_spoken() -> None:
    stage = Stage({1: "What is this?"})
    stage.reasoner.sentences = tuple(f"Sentence number {n} is here. " for n in range(5))
    ahead_s: list[float] = []
    synthesize = stage.synthesizer.synthesize

    def noted(sentence: str, voice: Voice, cancel: CancelToken) -> SpokenSentence | None:
        ahead_s.append(stage.playout.ahead_s(1))
        return synthesize(sentence, voice, cancel)

    stage.synthesizer.synthesize = noted  # type: ignore[method-assign]

    async def pull() -> None:
        while True:
            await stage.playout.next_frame()

    puller = asyncio.create_task(pull())
    stage.say(1)
    while len(ahead_s) < 5:
        await asyncio.sleep(0)
    puller.cancel()
    # The splitter is sure of a sentence only when the next one begins, so one may be ahead of the one that plays.
    assert max(ahead_s) <= stage.reasoner.ahead_s + 0.02


async def test_a_page_without_sound_does_not_hold_the_text_up() -> None:
    stage = Stage({1: "What is this?"})
    stage.reasoner.sentences = tuple(f"Sentence number {n} is here. " for n in range(5))
    stage.say(1)
    await stage.settle()
    assert stage.of(AnswerGrew)[-1].final


async def test_words_are_shown_while_they_are_spoken_and_never_taken_back() -> None:
    stage = Stage({1: ""})
    stage.say(1, end=False)
    for words in ("what", "what did i", "what did he say", "what did he say about", "what did he say about it"):
        stage.recognizer.words[1] = words
        stage.time.advance(0.7)
        stage.conversation.on_ear(SpeechAudio(1, np.zeros(512, np.float32), "visitor"))
        await stage.settle()
    shown = [caption.text for caption in stage.of(Caption)]
    assert shown == ["what", "what did", "what did he say", "what did he say about"]
    assert not any(caption.final for caption in stage.of(Caption))


async def test_a_guess_that_is_waited_for_cannot_be_revoked_any_more() -> None:
    speculating, ready = Speculating(), asyncio.Event()

    async def work(cancel: CancelToken) -> Guess:
        await ready.wait()
        return Guess("What is this?", True, None)

    speculating.begin(1, "What is this?", work)
    taken = asyncio.create_task(speculating.take(1, "What is this?"))
    await asyncio.sleep(0)
    speculating.revoke()  # somebody speaks again
    ready.set()
    assert await taken == Guess("What is this?", True, None)
    assert (speculating.hits, speculating.revoked) == (1, 0)
