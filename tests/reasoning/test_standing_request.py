"""Requests to be told later, read from what people say and from what a recogniser makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standing_fakes import NAMES

from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.standing_request import read_request
from omnilive_demo.reasoning.standing_wanted import Dropped, Listed, Unfit, Wait, Wanted

RINGING = ("bell", "alarm", "ringing phone")


def thing(*names: str, **more: object) -> Wanted:
    return Wanted(Wait.THING, names=names, **more)  # type: ignore[arg-type]


def gone(name: str) -> Wanted:
    return Wanted(Wait.GONE, names=(name,))


def look(word: str, **more: object) -> Wanted:
    return Wanted(Wait.LOOK, look=word, **more)  # type: ignore[arg-type]


def sound(*labels: str, **more: object) -> Wanted:
    return Wanted(Wait.SOUND, sounds=labels, **more)  # type: ignore[arg-type]


def word(words: str) -> Wanted:
    return Wanted(Wait.WORD, words=words)


def after(delay_s: float, note: str = "") -> Wanted:
    return Wanted(Wait.TIME, delay_s=delay_s, note=note)


WANTED = [
    # things
    ("Tell me when you see a dog.", thing("dog")),
    ("Please tell me if you see my keys.", thing("key")),
    ("Let me know as soon as you see two cats", thing("cat")),
    ("Could you let me know when a bus comes?", thing("bus")),
    ("Give me a shout when my parcel arrives", thing("parcel")),
    ("Give me a shot when the car is here", thing("car")),  # as a recogniser wrote it
    ("Warn me if a truck comes by", thing("truck")),
    ("Say something when there's a butterfly", thing("butterfly")),
    ("Notify me when a bike shows up", thing("bicycle")),
    ("Watch out for a bus.", thing("bus")),
    ("keep an eye out for my umbrella and tell me", thing("umbrella")),
    ("I want to know when you see a dog or a cat", thing("dog", "cat")),
    ("When you see a bicycle, tell me.", thing("bicycle")),
    ("tell me went you sea a dog", thing("dog")),
    ("tell me when the dog comes back", thing("dog", again=True)),
    ("let me know when you see another dog", thing("dog", again=True)),
    ("tell me when you see the watch", thing("watch")),
    ("Tell me every time you see a dog", thing("dog", every=True)),
    ("Remind me to buy milk when you see the dog", thing("dog", note="to buy milk")),
    ("when you see the cat remind me to feed it", thing("cat", note="to feed it")),
    # gone
    ("Tell me when the dog is gone.", gone("dog")),
    ("let me know if the parcel disappears", gone("parcel")),
    ("tell me when you don't see the cat any more", gone("cat")),
    ("Tell me if anybody takes my suitcase", gone("suitcase")),
    ("tell me when the bus leaves", gone("bus")),
    ("keep an eye on my backpack for me", gone("backpack")),
    ("watch my suitcase please", gone("suitcase")),
    # looks
    ("Tell me when it gets dark.", look("dark")),
    ("Let me know when the light goes on.", look("bright")),
    ("tell me when somebody turns the light off", look("dark")),
    ("tell me when something moves", look("moving")),
    ("Tell me if anything happens", look("moving")),
    ("tell me when nothing moves any more", look("still")),
    ("Let me know when the picture turns red", look("red")),
    ("As soon as it gets dark, let me know.", look("dark")),
    ("remind me to close the window when it gets dark", look("dark", note="to close the window")),
    ("remind me when it gets dark to close the window", look("dark", note="to close the window")),
    ("watch my box and tell me when it moves", look("moving")),
    # sounds
    ("Let me know when somebody knocks.", sound("knocking")),
    ("tell me if the dog barks", sound("barking")),
    ("tell me when it rings", sound(*RINGING)),
    ("Let me know if the alarm goes off", sound("alarm")),
    ("tell me when you hear music", sound("music")),
    ("Tell me when the kettle boils.", sound("whistling")),
    ("Notify me when the phone rings.", sound("ringing phone")),
    ("alert to me if you hear a siren", sound("siren")),
    ("Listen for the doorbell.", sound("bell")),
    ("tell me when it starts raining", sound("rain")),
    ("tell me when you hear the dog", sound("barking")),
    ("Let me know if you hear anything", sound()),
    ("tell me whenever someone coughs", sound("coughing", every=True)),
    # words
    ("Tell me when somebody says lunch.", word("lunch")),
    ("let me know if anybody mentions the train", word("train")),
    ("tell me if they talk about the good old days", word("good old days")),
    ("Tell me when you hear the word banana", word("banana")),
    # times
    ("Remind me in two minutes to call Anna.", after(120, "to call Anna")),
    ("remind me in to minutes to call and", after(120, "to call and")),
    ("remind me into minutes to call my mother", after(120, "to call your mother")),
    ("Remind me to water the plants in four hours.", after(14400, "to water the plants")),
    ("remind me to water the plants and four hours", after(14400, "to water the plants")),
    ("remind me a half an hour to take my pill", after(1800, "to take your pill")),
    ("Wake me in ten minutes.", after(600)),
    ("wake me in ten in its", after(600)),
    ("Set a timer for five minutes", after(300)),
    ("set a diner for five minutes", after(300)),
    ("Set a reminder for thirty seconds.", after(30)),
    ("Ten minute timer, please.", after(600)),
    ("timer for an hour and a half", after(5400)),
    ("Set a timer for 1 hour and 20 minutes", after(4800)),
    ("In ten minutes remind me to take out the bread.", after(600, "to take out the bread")),
    ("in half an hour tell me to leave", after(1800, "to leave")),
    ("tell me when five minutes are over", after(300)),
    ("remind me in an hour that the cake is ready", after(3600, "that the cake is ready")),
    ("remind me in 2.5 minutes", after(150)),
    ("tell me to get up in five minutes", after(300, "to get up")),
]
UNFIT = [
    ("Tell me when you see a unicorn.", Unfit("thing", "a unicorn")),
    ("watch out for my unicorn", Unfit("thing", "your unicorn")),
    ("let me know when somebody comes in", Unfit("person")),
    ("tell me when you see my brother", Unfit("person")),
    ("tell me when you hear a whale", Unfit("sound", "a whale")),
    ("tell me when the laundry is done", Unfit("event", "the laundry is done")),
    ("let me know if the water boils", Unfit("event", "the water boils")),
    ("tell me when the dog stops barking", Unfit("event", "the dog stops barking")),
    ("let me know when the music stops", Unfit("event", "the music stops")),
    ("remind me later to buy bread", Unfit("when")),
    ("Wake me at seven", Unfit("clock")),
    ("set an alarm for half past 7", Unfit("clock")),
    ("remind me to call my mother", Unfit("when")),
    ("remind me to call Tom tomorrow", Unfit("when")),
    ("set a timer", Unfit("how long")),
]
MANAGED = [
    ("Stop watching for the dog.", Dropped("the dog", sure=True)),
    ("Cancel the reminder.", Dropped("the reminder", sure=True)),
    ("forget about the timer", Dropped("the timer", sure=True)),
    ("Never mind the dog.", Dropped("the dog")),
    ("cancel the five minute timer", Dropped("the 5 minute timer", sure=True)),
    ("cancel the reminder to call Anna", Dropped("the reminder to call anna", sure=True)),
    ("Cancel all of them.", Dropped(all=True)),
    ("cancel all my reminders", Dropped(all=True, sure=True)),
    ("stop waiting for anything", Dropped(all=True, sure=True)),
    ("cancel that", Dropped()),
    ("You don't have to tell me about the dog any more", Dropped("the dog", sure=True)),
    ("I don't need the timer any more", Dropped("the timer", sure=True)),
    ("What are you waiting for?", Listed()),
    ("what did I ask you to tell me", Listed()),
    ("What reminders do I have?", Listed()),
    ("how much time is left on the timer", Listed()),
    ("are you still watching for the dog", Listed()),
]
NOTHING_OF_IT = [
    "tell me when you saw the dog", "Tell me when the dog was here.", "tell me when it got dark",
    "tell me if you saw a cat",
    "Tell me when I said that", "tell me when the meeting is", "tell me when is lunch", "tell me what you see",
    "tell me if this is a dog", "let me know what you think", "let me know if you need anything",
    "call me when you get home",
    "remind me what I said about lunch", "remind me where I put my keys", "remind me of the rent",
    "tell me more about the dog", "do you see a dog", "what do you see when it is dark", "wait for me", "watch this",
    "wait for a minute", "stop", "cancel", "never mind", "forget everything", "forget what I told you about the timer",
    "what are you watching", "when did it ring", "the timer is over", "if it rains we stay at home", "good morning",
    "tell me in ten minutes what you saw", "I'll tell you when I see a dog", "she told me when the dog came", "",
    "how long was it dark", "say that again", "did anybody mention the train", "tell me the time when you can",
    "tell me when I must take my pill",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*WANTED, *UNFIT, *MANAGED])
def test_a_request_is_read(text: str, expected: object) -> None:
    assert read_request(text, NAMES) == expected


@pytest.mark.parametrize("text", NOTHING_OF_IT)
def test_what_is_none_is_left_to_others(text: str) -> None:
    assert read_request(text, NAMES) is None


@pytest.mark.parametrize("text", [text for text, wanted in WANTED if not wanted.note])
def test_it_is_read_alike_as_a_recogniser_writes_it(text: str) -> None:
    heard = text.lower().translate({ord(mark): None for mark in ".,?!"})
    if "2.5" not in text:
        assert read_request(f"um please {heard}", NAMES) == read_request(text, NAMES)


def test_people_can_be_waited_for_by_eyes_that_know_them() -> None:
    names = ThingNames({"person": "people"})
    assert read_request("tell me when somebody comes in", names) == thing("person")


def test_eyes_that_name_nothing_wait_for_no_thing_but_for_all_else() -> None:
    assert read_request("tell me when you see a dog", None) == Unfit("names")
    assert read_request("tell me if the dog barks", None) == sound("barking")
    assert read_request("tell me when it gets dark", None) == look("dark")


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    read_request(text, NAMES)


WORDS = "tell me when if the dog is it gets dark remind in two minutes to and timer stop a"


@given(st.lists(st.sampled_from(WORDS.split(" "))))
def test_any_words_of_requests_are_read_quickly(words: list[str]) -> None:
    read_request(" ".join(words), NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "tell me every minute what time it is", "tell me every minute what you see", "every minute tell me who is here",
        "tell me every ten minutes the time", "remind me every minute if it rains",
        "tell me every hour about what you see", "remind me every hour where my keys are",
    ],
)  # fmt: skip
def test_what_is_to_be_answered_again_and_again_is_no_reminder(text: str) -> None:
    assert read_request(text, NAMES) is None
