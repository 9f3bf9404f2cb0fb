"""When was each sentence of an answer played? Its text, its own voice's length, and the onsets that were heard.

The voice is deterministic in its lengths, so the peer says the sentences to itself, lays them end to end behind the
first sound as the playout does, and moves each one to the onset that was really heard there: later when the voice was
late or the answer was held, never earlier than the sentence before it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from omnilive_demo.cancel import CancelToken
from omnilive_demo.evaluation.record import Record
from omnilive_demo.speech.espeak import ESpeakSynthesizer
from omnilive_demo.speech.playout import PAUSE_S
from omnilive_demo.speech.sentences import split_sentences
from omnilive_demo.speech.synthesizer import SpokenSentence, Voice

EARLY_S, LATE_S = 0.10, 0.25  # an onset this far from where a sentence is due is its own
OVER_S = 0.05  # a sentence that is due later than this before the last sound was never played
LONGEST_S = 60.0  # of an answer

Say = Callable[[str], SpokenSentence]


@dataclass(frozen=True, slots=True)
class Played:
    """A sentence and when it was heard, on the monotonic clock, in seconds; `words_s`: when each word began."""

    text: str
    start_s: float
    end_s: float
    words_s: tuple[float, ...]


def own_voice(sentence: str) -> SpokenSentence:
    """A sentence as the app says it by default."""
    spoken = ESpeakSynthesizer().synthesize(sentence, Voice(), CancelToken())
    assert spoken is not None  # nobody cancels
    return spoken


def played(
    sentences: Sequence[str], record: Record, from_s: float, to_s: float | None = None, say: Say = own_voice
) -> list[Played]:
    """The sentences of an answer that were heard within a span, in order."""
    to_s = from_s + LONGEST_S if to_s is None else to_s
    onsets, last_s = record.onsets_s(from_s, to_s), record.last_audible_s(from_s, to_s)
    found: list[Played] = []
    if not onsets or last_s is None:
        return found
    due_s = onsets[0]
    for sentence in sentences:
        spoken = say(sentence)
        length_s = spoken.samples.size / spoken.rate_hz
        start_s = _start_s(record, onsets, due_s)
        if start_s > last_s - OVER_S and found:
            break
        words_s = tuple(start_s + s for _, s in spoken.word_starts_s)
        found.append(Played(sentence, start_s, start_s + length_s, words_s))
        due_s = start_s + length_s + PAUSE_S
    return found


def sentences_of(answer: str) -> list[str]:
    """The sentences of an answer's text, as the app parts them."""
    return split_sentences(answer)


def words_after(spoken: Sequence[Played], onset_s: float, silent_s: float) -> int:
    """How many words were begun after an onset and before the silence: said into an interruption."""
    return sum(onset_s < word_s < silent_s for one in spoken for word_s in one.words_s)


def gaps_ms(spoken: Sequence[Played], record: Record) -> list[float]:
    """How long nothing was audible between each sentence and the next."""
    gaps = []
    for before, after in pairwise(spoken):
        last_s = record.last_audible_s(before.start_s, after.start_s)
        gaps.append(round(1000 * max(0.0, after.start_s - (last_s or before.end_s)), 1))
    return gaps


def _start_s(record: Record, onsets: Sequence[float], due_s: float) -> float:
    near = [t for t in onsets if due_s - EARLY_S <= t <= due_s + LATE_S]
    if near:
        return min(near, key=lambda t: abs(t - due_s))
    later = [t for t in onsets if t > due_s + LATE_S]
    flows = record.audible_s(due_s, due_s + EARLY_S).size > 0
    return due_s if flows or not later else later[0]
