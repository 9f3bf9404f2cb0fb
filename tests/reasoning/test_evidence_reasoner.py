from __future__ import annotations

import pytest
from reasoning_fakes import Stage, evidence, frame, spoken

from omnilive_demo.cancel import CancelToken
from omnilive_demo.records import Delta, Heard, Question, Recall, Snapshot, TimeSpan

MEETING = spoken(1, 118, "the meeting is at three on Friday")
KEYS = spoken(2, 62, "i'm putting my keys in the drawer")
DARK = [
    evidence(1, 20, 28, "picture", "dark", ["dark"]),
    evidence(2, 28, 36, "picture", "dark", ["dark", "moving"]),
]


async def test_what_was_said_is_quoted_with_its_time_and_its_clip() -> None:
    found = evidence(3, 110, 126, "speech", MEETING.text, words=[MEETING])
    (delta,) = await Stage().deltas("What did I say about the meeting?", found)
    assert delta == Delta("You said about a minute ago: “the meeting is at three on Friday”.", (3,), ends_sentence=True)


async def test_what_the_sound_track_said_is_not_put_into_the_visitors_mouth() -> None:
    words = spoken(1, 118, "prices will rise", origin="source")
    answer = await Stage().answer("What did he say?", evidence(3, 110, 126, "speech", words.text, words=[words]))
    assert answer.startswith("The video said")


async def test_what_was_never_said_is_said_to_be_unknown() -> None:
    answer = await Stage().answer("What did I say about the dentist?")
    assert answer == "I haven't heard anything about the dentist so far."


async def test_the_question_itself_is_no_answer_to_it() -> None:
    asked = spoken(1, 178, "what did i say about the meeting")
    found = evidence(3, 170, 180, "speech", asked.text, words=[asked])
    answer = await Stage().answer("What did I say about the meeting?", found)
    assert "“" not in answer


async def test_a_weak_match_is_hedged() -> None:
    found = evidence(3, 110, 126, "speech", MEETING.text, words=[MEETING], score=0.35)
    answer = await Stage().answer("What did I say about the wedding?", found)
    assert answer.startswith("I'm not sure. The closest I heard was")


async def test_a_long_quotation_is_announced_by_a_short_sentence() -> None:
    words = spoken(1, 60, " ".join(["and then we went on to the next town"] * 3))
    deltas = await Stage().deltas("What did I say?", evidence(3, 55, 70, "speech", words.text, words=[words]))
    assert deltas[0].text == "You said it about two minutes ago."
    assert "“" in deltas[1].text


async def test_neighbouring_clips_become_one_stretch() -> None:
    deltas = await Stage().deltas("When was it dark?", *reversed(DARK))
    assert [d.text for d in deltas] == [
        "It was dark about three minutes ago, for 16 seconds.",
        " That was from 20 to 36 seconds in.",
    ]
    assert deltas[0].evidence == (1, 2)


async def test_moments_apart_are_told_apart_the_newest_first() -> None:
    answer = await Stage().answer("When was it dark?", *DARK, evidence(7, 100, 110, "picture", "", ["dark"]))
    assert answer.startswith("It was dark about a minute and a half ago, for 10 seconds.")
    assert "And it was dark about three minutes ago" in answer


async def test_pictures_that_do_not_look_like_it_are_not_passed_off() -> None:
    answer = await Stage().answer("When was it red?", *DARK)
    assert answer == "I found no moment when the picture was mostly red."


async def test_a_yes_or_no_question_about_the_past_gets_yes_or_no() -> None:
    assert (await Stage().answer("Was it dark before?", *DARK)).startswith("Yes, it was dark")
    assert (await Stage().answer("Was it red before?", *DARK)).startswith("No, I found no moment")


async def test_what_happened_is_told_in_order_with_words_and_sounds() -> None:
    bang = Heard(75, 75.5, "sound", 0.8)
    answer = await Stage().answer(
        "What happened two minutes ago?",
        evidence(4, 52, 80, "time", "", ["mostly blue", "moving"], [KEYS], [bang]),
        evidence(1, 20, 36, "time", "", ["dark"]),
        span=TimeSpan(15, 90, "two minutes ago"),
    )
    assert answer == (
        "About three minutes ago, for 16 seconds, the picture was dark. "
        "About two minutes ago, for 28 seconds, the picture was mostly blue and something moved. "
        "You said: “I'm putting my keys in the drawer”. I also heard a sound about two minutes ago."
    )


@pytest.mark.parametrize(
    ("span", "last"),
    [
        (None, " And just now I see a rocket."),
        (TimeSpan(0, 180, "since the beginning"), " And just now I see a rocket."),
        (TimeSpan(100, 140, "a minute ago"), None),
    ],
)
async def test_what_comes_while_the_past_is_told_is_told_at_last(span: TimeSpan | None, last: str | None) -> None:
    stage = Stage(180, frame(179.5, "doughnut"), names_things=True)
    found = evidence(4, 120, 179, "time", "", ["doughnut"])
    question, recall = stage.asked("What happened?", found, span=span)
    said = []
    async for delta in stage.reasoner.answer(question, recall, stage.view, stage.cancel):
        said.append(delta.text)
        if len(said) == 1:
            stage.time.advance(1)
            stage.view.add(frame(180.8, "rocket"))
    assert said[1:] == ([] if last is None else [last])


async def test_an_empty_memory_has_nothing_to_tell() -> None:
    assert await Stage().answer("What happened so far?") == "I have nothing in memory yet."
    named = await Stage().answer("What happened an hour ago?", span=TimeSpan(0, 1, "an hour ago"))
    assert named == "I have nothing in memory for that time."


async def test_a_sound_without_a_name_is_not_given_one() -> None:
    bang = Heard(138, 139, "sound", 0.8)
    answer = await Stage().answer("Did anybody knock?", evidence(5, 130, 140, "sound", "sound", sounds=[bang]))
    assert answer == "I heard a sound 40 seconds ago. I can't tell what made it."
    assert await Stage().answer("Did anybody knock?") == "I haven't noticed a sound like that."


async def test_a_named_sound_is_confirmed() -> None:
    knock = Heard(138, 139, "knock", 0.9)
    answer = await Stage().answer("Did anybody knock?", evidence(5, 130, 140, "sound", "knock", sounds=[knock]))
    assert answer == "Yes, I heard a knock 40 seconds ago."


@pytest.mark.parametrize(
    ("question", "label", "answer"),
    [
        ("Did you hear a dog bark?", "barking", "Yes, I heard barking 40 seconds ago."),
        ("Was there an alarm?", "alarm", "Yes, I heard an alarm 40 seconds ago."),
        ("Did anybody laugh?", "laughing", "Yes, I heard laughing 40 seconds ago."),
        ("What was that sound?", "ringing phone", "I heard a ringing phone 40 seconds ago."),
        ("Did you hear footsteps?", "footsteps", "Yes, I heard footsteps 40 seconds ago."),
        ("Did it rain?", "rain", "Yes, I heard rain 40 seconds ago."),
        ("Was there a baby crying?", "crying baby", "Yes, I heard a crying baby 40 seconds ago."),
        ("Did somebody sneeze?", "sneezing", "Yes, I heard sneezing 40 seconds ago."),
    ],
)
async def test_every_sound_is_told_in_good_words(question: str, label: str, answer: str) -> None:
    sound = Heard(138, 139, label, 0.9)
    assert await Stage().answer(question, evidence(5, 130, 140, "sound", label, sounds=[sound])) == answer


async def test_where_something_is_comes_from_what_was_said() -> None:
    found = evidence(4, 52, 68, "speech", KEYS.text, words=[KEYS])
    assert "keys in the drawer" in await Stage().answer("Where did I put my keys?", found)
    unknown = await Stage().answer("Where did I put my glasses?")
    assert unknown == "I haven't heard where your glasses could be. I can't recognize objects or people by sight yet."


async def test_eyes_that_name_things_answer_where_by_sight() -> None:
    stage = Stage(names_things=True)
    answer = await stage.answer("Did you see my umbrella?", evidence(4, 52, 68, "picture", "", ["umbrella", "chair"]))
    assert answer == "Yes, I saw an umbrella about two minutes ago. That was 52 seconds in."


async def test_the_present_is_described_from_the_newest_picture() -> None:
    stage = Stage(180, frame(178, "dark"), frame(179.5, "bright", "mostly green", "still"))
    deltas = await stage.deltas("What do you see?", evidence(9, 170, 180, "now"))
    assert deltas[0] == Delta("Right now the picture is bright and mostly green.", (9,), 179.5, ends_sentence=True)
    assert deltas[1].text == " Nothing is moving."
    assert "can't name objects" in deltas[-1].text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is it bright?", "Yes, right now the picture is bright and mostly green."),
        ("Is it dark in here?", "No, right now the picture is bright and mostly green."),
        ("Is anything moving?", "No, nothing is moving right now."),
    ],
)
async def test_a_yes_or_no_question_about_now(question: str, answer: str) -> None:
    assert await Stage(180, frame(179.5, "bright", "mostly green", "still")).answer(question) == answer


async def test_what_the_labels_do_not_tell_is_not_answered_with_yes_or_no() -> None:
    assert (await Stage(180, frame(179.5, "mostly green")).answer("Is it dark?")).startswith("I can't tell.")


async def test_an_old_picture_is_not_the_present() -> None:
    assert await Stage(180).answer("What is this?") == "No picture is reaching me right now."
    stale = await Stage(180, frame(150, "dark")).answer("What is this?")
    assert stale == "No picture is reaching me right now. The last one, 30 seconds ago, was dark."


async def test_a_picture_that_changes_between_two_sentences_is_noticed() -> None:
    stage = Stage(180, frame(179.5, "dark", "mostly blue"))
    question = Question(1, "Describe what you see.", 180, Snapshot(1, 180), True)
    deltas: list[Delta] = []
    async for delta in stage.reasoner.answer(question, Recall(), stage.view, stage.cancel):
        deltas.append(delta)
        if len(deltas) == 1:
            stage.time.advance(1)
            stage.view.add(frame(180.8, "bright", "mostly red"))
    assert deltas[1] == Delta(" That has just changed: now it is bright and mostly red.", (), 180.8, ends_sentence=True)


async def test_an_interruption_ends_the_answer_between_two_sentences() -> None:
    stage = Stage(180, frame(179.5, "bright", "still"))
    deltas: list[Delta] = []
    question = Question(1, "Describe what you see.", 180, Snapshot(1, 180), True)
    async for delta in stage.reasoner.answer(question, Recall(), stage.view, stage.cancel):
        deltas.append(delta)
        stage.cancel.cancel()
    assert len(deltas) == 1


async def test_a_cancelled_question_is_not_answered_at_all() -> None:
    stage = Stage(180, frame(179.5, "bright"))
    stage.cancel = CancelToken()
    stage.cancel.cancel()
    assert await stage.deltas("What do you see?") == []


async def test_say_that_again_repeats_the_last_answer() -> None:
    history = (("When was it dark?", "It was dark a moment ago, for 3 seconds."), ("Stop", ""))
    assert await Stage().answer("Say that again.", history=history) == "It was dark a moment ago, for 3 seconds."
    assert await Stage().answer("Say that again.") == "I haven't said anything yet."


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Tell me when the kettle boils.", "I didn't understand what I should wait for."),
        ("What is the capital of France?", "I don't know that."),
        ("What can you do?", "Ask me what I see"),
        ("Who are you?", "OmniLive"),
        ("Hello!", "Hello."),
        ("Thank you.", "You're welcome."),
        ("Stop!", "Okay."),
        ("How many people are there?", "I can't count"),
        ("How long have you been watching?", "about three minutes"),
    ],
)
async def test_what_it_is_asked_about_itself(question: str, part: str) -> None:
    assert part in await Stage().answer(question)


async def test_a_question_about_the_world_is_answered_only_by_what_was_said_here() -> None:
    found = evidence(3, 110, 126, "speech", MEETING.text, words=[MEETING])
    answer = await Stage().answer("Why do people hold meetings?", found)
    assert answer == "All I know is what you said: “the meeting is at three on Friday”."
