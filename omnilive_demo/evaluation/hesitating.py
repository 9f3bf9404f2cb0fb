"""Questions whose speaker hesitates: a pause of 0.4 to 1.5 s after words that cannot be a whole question yet.

Each is two utterances of one flite voice around a quiet pause. Who takes the pause for the end cuts the speaker off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omnilive_demo.evaluation.inbox import Arrived
from omnilive_demo.evaluation.speech import RATE_HZ, VOICES, Speech, speech_limits, synthesize

PAUSE_S = (0.4, 1.5)
HALVES = (
    ("Where did I put", "my keys?"), ("What is", "this?"), ("I wanted to ask", "what did I say about the meeting?"),
    ("Can you tell me", "what you see?"), ("The thing that I", "put on the table, where is it?"),
    ("Do you know where", "my glasses are?"), ("What did I say about", "the doctor?"),
    ("When was the last time that", "you saw a dog?"), ("How many", "doughnuts did you see?"),
    ("What happened after", "the phone rang?"), ("Did you see the", "umbrella?"), ("What color is the", "parcel?"),
    ("Can you remember what my", "sister bought?"), ("I was wondering if", "anybody knocked at the door?"),
    ("Where is the", "camera now?"), ("What was the", "noise a minute ago?"), ("Could you", "describe what you see?"),
    ("How long did", "it rain?"), ("What should I take if", "it rains today?"), ("Is there a", "cat in the picture?"),
    ("Tell me what", "happened a minute ago."), ("When does the", "train to London leave?"),
    ("What do you see on", "the table?"), ("Did I say anything about", "the garden?"),
    ("So where have I", "left the book?"), ("What is the name of", "this thing?"),
    ("When did you", "hear the bell?"), ("Have you seen my", "phone anywhere?"),
    ("I would like to know", "what I said about the coffee."), ("What is that on", "the left?"),
    ("How many people", "came into the room?"), ("Why is it", "so dark?"), ("Who was", "at the door?"),
    ("Do you remember when", "it was dark?"), ("The umbrella that", "I held up, where is it now?"),
    ("What did you see before", "the picture was dark?"), ("Was there a", "bus in the street?"),
    ("Can you show me", "where the cake is?"), ("What were the words that", "I said first?"),
    ("Where can I", "warm up my lunch?"), ("Did somebody", "call me?"), ("What are", "these things?"),
    ("Which of them was", "the last one?"), ("I think that I", "lost my wallet, did you see it?"),
)  # fmt: skip
"""What is said before the pause, and after it."""

Outcome = Literal["whole", "mended", "cut off", "not heard"]


@dataclass(frozen=True, slots=True)
class Hesitation:
    """A question with a pause. first_end_s, second_s: where the pause lies, seconds after the speech's onset."""

    speech: Speech
    first: str
    pause_s: float
    first_end_s: float
    second_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a question with a pause: final captions of the visitor, and when sound was first played after it."""

    captions: Sequence[Arrived]
    premature: bool  # the answer was audible before the question was over


def hesitations(count: int = len(HALVES)) -> list[Hesitation]:
    """The questions, with pauses spread evenly over their range and voices in turn.

    Raises:
        SpeechError: flite is not installed.
    """
    pauses_s = np.random.default_rng(4).permutation(np.linspace(*PAUSE_S, len(HALVES)))
    return [
        hesitation(*halves, VOICES[number % len(VOICES)], round(float(pauses_s[number]), 2))
        for number, halves in enumerate(HALVES[:count])
    ]


def hesitation(first: str, second: str, voice: str, pause_s: float) -> Hesitation:
    """Say two parts with a pause of exactly `pause_s` between their last and first sound.

    Raises:
        SpeechError: flite is not installed.
    """
    before, after = synthesize(first, voice), synthesize(second, voice)
    head, tail = before.samples[: before.end_sample], after.samples[after.onset_sample :]
    samples = np.concatenate([head, np.zeros(round(pause_s * RATE_HZ), np.float32), tail])
    speech = Speech(f"{first} {second}", voice, samples, *speech_limits(samples))
    first_end_s = (before.end_sample - before.onset_sample) / RATE_HZ
    return Hesitation(speech, first, pause_s, first_end_s, first_end_s + pause_s)


def outcome(heard: Heard, question_end_s: float) -> Outcome:
    """Whether the speaker was let finish.

    *cut off*: something was played, or a turn begun, before the question was over, or its end was taken without its
    beginning. *mended*: it was parted, but answered as a whole.

    Args:
        question_end_s: when the last sample of the question was sent, on the monotonic clock.
    """
    if not heard.captions:
        return "cut off" if heard.premature else "not heard"
    early = [caption for caption in heard.captions if caption.at_s < question_end_s]
    if heard.premature or any(caption.message.get("turn") is not None for caption in early):
        return "cut off"
    if len(heard.captions) == 1:
        return "cut off" if early else "whole"
    first, last = heard.captions[0], heard.captions[-1]
    return "mended" if first["text"] and str(last["text"]).startswith(first["text"]) else "cut off"
