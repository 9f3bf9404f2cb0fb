"""What the measuring visitors say: a few statements first, then questions about them, about now and about the scene.

Each visitor has a voice of its own and tells of other things, so that an answer that leaks from one visitor to
another shows itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from omnilive_demo.evaluation.media import OpusClip, speech_clip
from omnilive_demo.evaluation.speech import VOICES, from_file, synthesize


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say. `expects`: words of the fact that are not in the question; an answer with none misses it."""

    clip: OpusClip
    question: bool
    expects: tuple[str, ...] = ()


_FACTS = (
    ("The meeting with Anna is on Thursday morning.", "What did I say about the meeting?", ("thursday",)),
    ("My keys are on the kitchen table.", "What did I say about my keys?", ("kitchen", "table")),
    ("The train to London leaves at seven.", "What did I say about the train?", ("london", "seven")),
    ("My sister bought a yellow bicycle.", "What did I say about my sister?", ("yellow", "bicycle")),
    ("The doctor wants to see me on Monday.", "What did I say about the doctor?", ("monday",)),
    ("We need more coffee and bread.", "What did I say about the coffee?", ("bread", "more")),
    ("The garden needs water every evening.", "What did I say about the garden?", ("water", "evening")),
    ("My brother plays football on Sunday.", "What did I say about my brother?", ("football", "sunday")),
)
_ALWAYS = ("What happened a minute ago?", "When was it dark?", "What is this?")
_FACTS_EACH = 2


def script(visitor: int, questions: int) -> list[Line]:
    """The lines of one visitor: statements, then this many questions, in turn about everything."""
    voice = VOICES[visitor % len(VOICES)]
    facts = [_FACTS[(visitor * _FACTS_EACH + i) % len(_FACTS)] for i in range(_FACTS_EACH)]
    told = [_line(statement, voice, False) for statement, _, _ in facts]
    asked = [_line(question, voice, True, expects) for _, question, expects in facts]
    asked[1:1] = [_line(question, voice, True) for question in _ALWAYS[:2]]
    asked.append(_line(_ALWAYS[2], voice, True))
    return told + list(islice(cycle(asked), questions))


def script_from_files(paths: Sequence[Path], questions: int) -> list[Line]:
    """The given sentences as questions, in turn."""
    lines = [Line(speech_clip(from_file(path)), True) for path in paths]
    return list(islice(cycle(lines), questions))


_made: dict[tuple[str, str], OpusClip] = {}


def _line(text: str, voice: str, question: bool, expects: tuple[str, ...] = ()) -> Line:
    if (text, voice) not in _made:
        _made[text, voice] = speech_clip(synthesize(text, voice))
    return Line(_made[text, voice], question, expects)
