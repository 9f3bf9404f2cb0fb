"""What the recalled evidence comes to: moments in order, neighbours joined, words and sounds once each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omnilive_demo.reasoning.phrases import Look, look_of
from omnilive_demo.reasoning.words import plain
from omnilive_demo.records import Evidence, Heard, Recall, Spoken

JOIN_S = 3.0  # pictures come once a second: clips this near to each other adjoin
CLEAR_SPEECH = 0.3
MOST_THINGS = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """Adjoining evidence that looks alike (the same adjectives)."""

    start_s: float
    end_s: float
    clips: tuple[int, ...]
    look: Look
    spoken: tuple[Spoken, ...]
    sounds: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """Words that answer, the clips that they belong to, and how well they answer."""

    spoken: Spoken
    clips: tuple[int, ...]
    score: float


def stretches(evidence: Iterable[Evidence], words: Sequence[str] = ()) -> list[Stretch]:
    """Evidence with a clip, oldest first, neighbours joined.

    Args:
        evidence: in any order.
        words: plain visual words; with them, only pictures that have them all count and join.
    """
    found: list[Stretch] = []
    for one in sorted(evidence, key=lambda e: (e.start_s, e.end_s)):
        look = look_of(one.labels)
        if one.clip_id is None or not all(look.has(word) for word in words):
            continue
        last = found[-1] if found else None
        if (
            last is not None
            and one.start_s - last.end_s <= JOIN_S
            and (words or last.look.adjectives == look.adjectives)
        ):
            found[-1] = _joined(last, one)
        else:
            found.append(Stretch(one.start_s, one.end_s, (one.clip_id,), look, one.spoken, one.sounds))
    return found


def said(recall: Recall, question: str) -> list[Said]:
    """The utterances that evidence was recalled for, best first; the question's own words are none."""
    best: dict[int, Said] = {}
    for one in recall.evidence:
        if one.kind != "speech" or one.score < CLEAR_SPEECH:
            continue
        for spoken in one.spoken:
            fits = plain(spoken.text) == plain(one.text) and plain(spoken.text) != plain(question)
            if fits and one.score > (best[spoken.utterance].score if spoken.utterance in best else 0.0):
                best[spoken.utterance] = Said(spoken, _ids(one), one.score)
    return sorted(best.values(), key=lambda found: (-found.score, -found.spoken.start_s))


def all_spoken(evidence: Iterable[Evidence]) -> list[Said]:
    """Every utterance within the evidence, oldest first."""
    found = {s.utterance: Said(s, _ids(one), one.score) for one in evidence for s in one.spoken}
    return sorted(found.values(), key=lambda one: one.spoken.start_s)


def heard(recall: Recall) -> list[tuple[Heard, tuple[int, ...]]]:
    """The sounds that evidence was recalled for, newest first, each with its clips."""
    found: dict[tuple[float, str], tuple[Heard, tuple[int, ...]]] = {}
    for one in recall.evidence:
        if one.kind == "sound":
            for sound in one.sounds:
                if sound.label == one.text:
                    found.setdefault((sound.start_s, sound.label), (sound, _ids(one)))
    return sorted(found.values(), key=lambda pair: -pair[0].start_s)


def _ids(evidence: Evidence) -> tuple[int, ...]:
    return () if evidence.clip_id is None else (evidence.clip_id,)


def _joined(stretch: Stretch, one: Evidence) -> Stretch:
    spoken = {s.utterance: s for s in (*stretch.spoken, *one.spoken)}
    sounds = {(s.start_s, s.label): s for s in (*stretch.sounds, *one.sounds)}
    return Stretch(
        min(stretch.start_s, one.start_s),
        max(stretch.end_s, one.end_s),
        tuple(dict.fromkeys((*stretch.clips, *_ids(one)))),
        _together(stretch.look, look_of(one.labels)),
        tuple(spoken.values()),
        tuple(sounds.values()),
    )


def _together(one: Look, other: Look) -> Look:
    """What can be said of both as one stretch: looks that hold throughout, movement and things from anywhere in it."""
    moving = True if one.moving or other.moving else one.moving if one.moving == other.moving else None
    return Look(
        tuple(a for a in one.adjectives if a in other.adjectives),
        moving,
        tuple(dict.fromkeys((*one.things, *other.things)))[:MOST_THINGS],
    )
