from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnilive_demo.perception.end_of_turn import PauseAndCompleteness, Said

PATIENCE = PauseAndCompleteness()


def pause_s(text, speech_s, **more):
    return PATIENCE.pause_s(Said(text, speech_s, **more))


COMPLETE = """
What did I say about the meeting
What happened a minute ago
When was it dark
The meeting is at three on Friday
Where did I leave my keys
What did you look at
Who are they
Do you know where they are
What was I talking about
Can you turn it on
I have never heard of it
What does it look like
Why
Tell me what happened after that
What did you see
What are you sitting on
How many people were there
How are you
What is he working on
What do you have
Where is it
Where did you put it
Did you see that
"""

OPEN = """
What did I say about the
I put the keys on
Where is my
I would go but
The meeting is
Do you remember when
Um
And then he
I think that
Remember that the doctor is coming on
What happened after
Because if
Can you
Where did I put
Did you see
Could you describe
What do you see on
Why is it
So when did you
How do you
Is it
Where did we put
How many
How many people
What is that on
The thing that I'd
"""

ANNOUNCING = """
I wanted to ask you
Tell me
Can you tell me
I was wondering
Hey
Okay I just want to ask you something
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("text", lines(COMPLETE))
def test_whole_sentence_waits_a_short_pause(text):
    assert 0.35 <= pause_s(text, 2.0) <= 0.4


@pytest.mark.parametrize("text", lines(OPEN) + lines(ANNOUNCING))
def test_half_a_sentence_waits_longer(text):
    assert 1.5 <= pause_s(text, 2.0) <= 1.6


@pytest.mark.parametrize("text", ["Stop", "stop please", "Yes", "What is this", "No thank you", "Please be quiet"])
def test_short_command_waits_least(text):
    assert pause_s(text, 0.5) < pause_s("The door is open", 0.5)


def test_nothing_understood_yet_waits_a_little_longer():
    assert pause_s("", 1.0) > pause_s("The door is open", 1.0)


def test_case_and_punctuation_do_not_matter():
    assert pause_s("WHAT did I say about the…", 1) == pause_s("what did i say about the", 1)


@settings(deadline=None)
@given(st.text(), st.floats(0, 60), st.booleans(), st.floats(0, 5))
def test_nothing_waits_for_less_than_a_quarter_second_or_more_than_1_6(text, speech_s, drawn_out, speaker_pause_s):
    assert 0.25 <= pause_s(text, speech_s, drawn_out=drawn_out, speaker_pause_s=speaker_pause_s) <= 1.6


def test_long_rambling_text_is_judged_quickly():
    begun_s = time.process_time()
    pause_s("what is " + "that thing you have with it on the " * 20, 14.0)
    assert time.process_time() - begun_s < 0.1


def test_a_held_last_sound_waits_longer_whatever_was_understood():
    assert pause_s("The door is open", 2.0, drawn_out=True) > 1.0
    assert pause_s("", 2.0, drawn_out=True) > 1.0
    assert pause_s("Stop", 0.5, drawn_out=True) < 0.4


def test_a_slow_speaker_is_given_the_time_they_take_within_limits():
    quick, slow, slower = (pause_s("The door is open", 2.0, speaker_pause_s=s) for s in (0.3, 0.6, 2.0))
    assert quick == pause_s("The door is open", 2.0)
    assert 0.6 < slow < 0.8
    assert slower == PATIENCE.patient_s
    assert pause_s("Stop", 0.5, speaker_pause_s=2.0) < 0.4
