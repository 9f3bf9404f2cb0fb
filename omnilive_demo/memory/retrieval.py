"""Ranking: from a question's features to the moments that answer it, best first.

Each clip of the prefix (and the open clip) and each stretch of words or sound without a picture is a moment. It gets
- picture: see `picture_scores`: cosine of the question feature q with g_k, and the labels that the question names;
- speech: see `speech_search`; a question for words without a topic takes the newest statements (0.8, 0.7, ...);
- sound: for questions about sounds, the newest first (0.9, 0.8, ...); a label that the question names counts 1.0,
  another named sound is left out, one that has no name ("sound") counts half;
- time: when the question names a stretch, everything outside is out, and what lies nearer to what was meant gets more
  (all scores x 0.6..1.0); the time alone scores 0.9, or 0.45 when the question has a topic that was not found there.
A question for words gives pictures 0.4 of their weight, one for sounds gives pictures and words 0.4, and one that
points at something seen ("what was that?") gives words 0.4. A moment's score is its best kind plus a tenth of the
others; the kind of the evidence is the best one. Below 0.3 nothing is evidence: "never seen, never said" is an empty
answer. The newer of two equal moments goes first.

A question about now has the newest pictures as its first evidence, with score 1.0; of the past only words and sounds
come along, those above 0.5, scaled to 0.8, so that they can never win.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.given import Given, left
from omnilive_demo.memory.moments import LONG_S, Memories
from omnilive_demo.memory.picture_scores import PictureScale, picture_scores
from omnilive_demo.memory.question_intent import Intent, is_question
from omnilive_demo.models.sound_words import UNNAMED as UNNAMED_SOUND
from omnilive_demo.models.sound_words import asked_for
from omnilive_demo.records import Evidence, EvidenceKind, TimeSpan

ENOUGH = 0.3
MOST_EVIDENCE = 4
CANDIDATES = 16
MOST_SOUNDS = 64  # of those that a question means, the newest
MOST_STATEMENTS = 512  # that are read for "what did I say?", the newest
MOST_COMPARED = 512  # clips for "what happened?"


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read: what it is after, its time, its features."""

    intent: Intent
    span: TimeSpan | None
    picture: NDArray[np.float32] | None  # q `[C]`
    speech: NDArray[np.float64]  # a score for every utterance
    scale: PictureScale
    first_person: bool = False
    names: tuple[str, ...] = ()  # labels, or words of labels, that it names
    meant: Mapping[str, float] = field(default_factory=dict)  # names by how near their meaning is to the question
    search: bool = False  # the search box: every kind counts in full, and only what is named
    given: Given = field(default_factory=Given)  # what was told already


@dataclass(slots=True)
class _Moment:
    """A candidate: its score by kind, and the text of the best of each kind."""

    clip: int | None  # index into the memories' clips
    start_s: float  # of what is meant: the clip, or a part of one that went on for long
    end_s: float
    scores: dict[EvidenceKind, float] = field(default_factory=dict)
    texts: dict[EvidenceKind, str] = field(default_factory=dict)

    def add(self, kind: EvidenceKind, score: float, text: str) -> None:
        if score > self.scores.get(kind, 0.0):
            self.scores[kind] = score
            self.texts[kind] = text

    @property
    def kind(self) -> EvidenceKind:
        return max(self.scores, key=lambda kind: self.scores[kind])

    @property
    def score(self) -> float:
        best = max(self.scores.values())
        return min(1.0, best + 0.1 * (sum(self.scores.values()) - best))


_Scored = tuple[float, _Moment]


class Ranking:
    """Ranks the moments of one question."""

    def __init__(self, memories: Memories, query: Query) -> None:
        self._m = memories
        self._q = query
        self._moments: dict[object, _Moment] = {}

    def best(self, most: int = MOST_EVIDENCE) -> tuple[Evidence, ...]:
        """The evidence, best first."""
        self._add_pictures()
        self._add_speech()
        self._add_sounds()
        self._add_time()
        self._add_overview()
        now = self._now() if self._asks_now else None
        moments = self._ranked(ENOUGH if now is None else 0.5)
        if now is None:
            past = [self._evidence(score, moment) for score, moment in _spread(moments)[:most]]
            return tuple(sorted(past, key=lambda e: -e.score))
        past = [self._evidence(score, moment) for score, moment in moments[: most + 1]]
        others = [_scaled(e, 0.8) for e in past if e.clip_id != now.clip_id]
        return (now, *others[: most - 1])

    def _ranked(self, least: float) -> list[_Scored]:
        """The moments that are enough with their scores, best first, the newer of two equal ones first."""
        moments = list(self._moments.values())
        fits = np.ones(len(moments))
        if self._q.span is not None:
            fits = 0.6 + 0.4 * self._fits(np.array([(m.start_s, m.end_s) for m in moments]).reshape(-1, 2))
        scored = [(round(m.score * fit, 4), m) for m, fit in zip(moments, fits.tolist(), strict=True)]
        return sorted((one for one in scored if one[0] >= least), key=lambda one: (-round(one[0], 3), -one[1].start_s))

    @property
    def _asks_now(self) -> bool:
        return self._q.intent.now and self._q.span is None

    # ---- kinds -----------------------------------------------------------------------------------------------------

    def _add_pictures(self) -> None:
        if not len(self._m.clips) or self._asks_now:
            return
        q = self._q
        scores = picture_scores(self._m, q.picture, q.names, q.intent, q.scale, q.search, q.meant)
        fitting = scores * self._clip_fits
        for i in {*_top(fitting, CANDIDATES), *_best_of_runs(fitting, MOST_EVIDENCE)}:
            self._at_clip(i).add("picture", float(scores[i]), self._m.clips[i].caption)

    def _add_speech(self) -> None:
        intent, words = self._q.intent, self._m.view.words
        scores = self._q.speech.copy()
        if (intent.sound and not intent.speech) or (intent.points and self._q.scale.learned):
            scores *= 0.4
        fits = self._word_fits
        if intent.speech and not intent.topic:
            scores = self._newest_statements(fits)
        for i in _top(scores * fits, CANDIDATES):
            spoken = words[i].spoken
            self._at_time(("words", i), spoken.start_s, spoken.end_s).add("speech", float(scores[i]), spoken.text)

    def _newest_statements(self, fits: NDArray[np.float64]) -> NDArray[np.float64]:
        """What was said last, for "what did I say?"; questions only when it is about questions."""
        words = self._m.view.words
        scores = np.zeros(len(words))
        score = 0.8
        mine = self._q.first_person and any(entry.spoken.origin == "visitor" for entry in words[-100:])
        for i in np.flatnonzero(fits > 0)[::-1][:MOST_STATEMENTS].tolist():
            spoken = words[i].spoken
            asked = is_question(spoken.text) or spoken.answered is True
            if asked != self._q.intent.questions or not self._m.admits(spoken):
                continue
            scores[i] = score if spoken.origin == "visitor" or not mine else score - 0.3
            score -= 0.1
            if score < ENOUGH:
                break
        return scores

    def _add_sounds(self) -> None:
        if not self._q.intent.sound:
            return
        view, topic = self._m.view, self._q.intent.topic
        fits = self._sound_fits
        asked = asked_for(topic)
        codes = view.sound_codes.copy()  # first: a sound that gets another name meanwhile has a newer code
        labels = dict(view.sound_names)
        named = np.zeros(len(labels), np.bool_)
        known = [code for label, code in labels.items() if label in asked]
        # Only where people have no word for any of them: "did the doorbell ring?" is about no ringing phone.
        named[known or [code for label, code in labels.items() if _named(label, topic)]] = True
        unnamed = labels.get(UNNAMED_SOUND, -1)
        mine = named[codes]
        if topic:
            self._add_newest_sounds(np.where(mine, fits, 0.0), 1.0, 0.0)
            others = np.zeros(0) if self._q.search else np.where(~mine & (codes == unnamed), fits, 0.0)
            self._add_newest_sounds(others, 0.45, 0.05)
        else:
            self._add_newest_sounds(fits, 0.9, 0.1)

    def _add_newest_sounds(self, fits: NDArray[np.float64], score: float, less: float) -> None:
        """The newest of the sounds that fit, each one by so much `less` than the one after it, while it is enough."""
        for i in np.flatnonzero(fits > 0)[::-1][:MOST_SOUNDS].tolist():
            heard = self._m.view.sounds[i].heard
            self._at_time(("sound", i), heard.start_s, heard.end_s).add("sound", score, heard.label)
            score -= less
            if score < ENOUGH:
                break

    def _add_time(self) -> None:
        """What lies in the named stretch, for whoever asks what happened there."""
        q, m = self._q, self._m
        if q.span is None or ((q.intent.speech or q.intent.sound) and not q.intent.overview):
            return
        base = 0.45 if q.intent.topic else 0.9
        fits = self._clip_fits
        inside = np.flatnonzero(fits > 0)
        for i in self._most_different(inside) if q.intent.overview else _top(fits, CANDIDATES):
            self._at_clip(i).add("time", base, m.clips[i].caption)
        for i in _top(self._word_fits, CANDIDATES):
            spoken = m.view.words[i].spoken
            if m.admits(spoken) and not spoken.answered and m.clip_at(spoken.start_s, spoken.end_s) is None:
                self._at_time(("words", i), spoken.start_s, spoken.end_s).add("time", base, spoken.text)
        for i in _top(self._sound_fits, CANDIDATES):
            heard = m.view.sounds[i].heard
            if m.clip_at(heard.start_s, heard.end_s) is None:
                self._at_time(("sound", i), heard.start_s, heard.end_s).add("time", base, heard.label)

    def _add_overview(self) -> None:
        """For "what happened?": a few moments that differ most from each other, the newest first among them."""
        q, m = self._q, self._m
        if not q.intent.overview or q.span is not None or q.intent.topic or not len(m.clips):
            return
        for i in self._most_different(np.flatnonzero(self._clip_fits > 0)):
            self._at_clip(i).add("time", 0.6, m.clips[i].caption)

    def _most_different(self, among: NDArray[np.int64]) -> list[int]:
        """Up to MOST_EVIDENCE of these clips, as far from each other in looks as can be; the newest is one of them.

        Of very many, an even selection is compared.
        """
        if len(among) <= MOST_EVIDENCE:
            return [int(i) for i in among]
        if len(among) > MOST_COMPARED:
            among = among[np.linspace(0, len(among) - 1, MOST_COMPARED).round().astype(np.int64)]
        looks = self._m.directions(among.tolist())
        chosen = [len(among) - 1]
        nearest = looks @ looks[-1]
        while len(chosen) < MOST_EVIDENCE:
            nearest[chosen] = np.inf
            chosen.append(int(np.argmin(nearest)))
            nearest = np.maximum(nearest, looks @ looks[chosen[-1]])
        return [int(among[i]) for i in chosen]

    def _now(self) -> Evidence | None:
        m = self._m
        if m.now_clip is None:
            return None
        return m.whole(m.now_clip, 1.0, "now", m.now_caption)

    # ---- moments ---------------------------------------------------------------------------------------------------

    def _at_clip(self, index: int) -> _Moment:
        clip = self._m.clips[index]
        return self._moments.setdefault(index, _Moment(index, clip.start_s, clip.end_s))

    def _at_time(self, key: object, start_s: float, end_s: float) -> _Moment:
        """The clip at a time; where it is a long one in which nothing changed, the time itself."""
        clip = self._m.clip_at(start_s, end_s)
        if clip is not None and self._m.clips[clip].end_s - self._m.clips[clip].start_s <= LONG_S:
            return self._at_clip(clip)
        return self._moments.setdefault(key, _Moment(clip, start_s, end_s))

    def _evidence(self, score: float, moment: _Moment) -> Evidence:
        interval = (moment.start_s, moment.end_s)
        return self._m.evidence(moment.clip, interval, score, moment.kind, moment.texts[moment.kind])

    @property
    def _clip_fits(self) -> NDArray[np.float64]:
        return self._fits(self._m.clip_times) * left(self._m.clip_times, self._q.given.clips)

    @property
    def _word_fits(self) -> NDArray[np.float64]:
        return self._fits(self._m.view.word_times) * left(self._m.view.word_times, self._q.given.words)

    @property
    def _sound_fits(self) -> NDArray[np.float64]:
        return self._fits(self._m.view.sound_times) * left(self._m.view.sound_times, self._q.given.sounds)

    def _fits(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """How well intervals `[n, 2+]` fit the named time: 0 outside, up to 1 where it was meant; 1 without one."""
        span = self._q.span
        if span is None:
            return np.ones(len(times))
        start_s, end_s = times[:, 0], times[:, 1]
        touches = (end_s >= span.start_s) & (start_s <= span.end_s)
        anchor_s = self._anchor_s(span)
        if anchor_s is None:
            return touches.astype(np.float64)
        length_s = max(1.0, span.end_s - span.start_s)
        away_s = np.maximum(0.0, np.maximum(start_s - anchor_s, anchor_s - end_s))
        return np.where(touches, np.clip(1.0 - away_s / length_s, 0.05, 1.0), 0.0)

    def _anchor_s(self, span: TimeSpan) -> float | None:
        """The moment that is meant within a stretch; None when all of it is."""
        if span.end_s >= self._m.now_s - 1.0 or "before that" in span.phrase:
            return span.end_s
        if "after that" in span.phrase:
            return span.start_s
        if span.start_s <= self._m.start_s:
            return span.start_s if span.end_s - span.start_s <= 60.0 else None
        return (span.start_s + span.end_s) / 2


def _named(label: str, topic: Sequence[str]) -> bool:
    return any(
        word[: max(4, len(word) - 3)] == part[: max(4, len(word) - 3)] for word in topic for part in label.split()
    )


def _top(scores: NDArray[np.float64], most: int) -> list[int]:
    """The indices of the best scores above 0, best first, the newest first among equals."""
    at = np.flatnonzero(scores > 0)
    if len(at) > most:
        least = np.partition(scores[at], len(at) - most)[len(at) - most]
        better, equal = at[scores[at] > least], at[scores[at] == least]
        at = np.concatenate([better, equal[len(equal) - (most - len(better)) :]])
    return [int(i) for i in sorted(at.tolist(), key=lambda i: (-scores[i], -i))]


def _best_of_runs(scores: NDArray[np.float64], most: int) -> list[int]:
    """The best of each run of neighbours that are enough, of the best runs."""
    enough = np.flatnonzero(scores >= ENOUGH)
    if not len(enough):
        return []
    begins = np.concatenate([[0], np.flatnonzero(np.diff(enough) > 1) + 1])
    best = np.maximum.reduceat(scores[enough], begins)
    ends = np.append(begins[1:], len(enough))
    found: list[int] = []
    for run in _top(best, most):
        inside = enough[begins[run] : ends[run]]
        found.append(int(inside[::-1][np.argmax(scores[inside[::-1]])]))
    return found


def _spread(ranked: Sequence[_Scored]) -> tuple[_Scored, ...]:
    """Of pictures that follow each other and are about equal, the best one first and the others after what differs.

    Otherwise a long evening would hide the dark morning.
    """
    first: list[_Scored] = []
    later: list[_Scored] = []
    for score, m in ranked:
        follows = m.kind == "picture" and any(
            other.kind == "picture" and m.start_s - 2.0 <= other.end_s and other.start_s - 2.0 <= m.end_s
            for _, other in (*first, *later)
        )
        (later if follows else first).append((score, m))
    close = [one for one in first if one[0] >= ranked[0][0] - 0.2] if ranked else []
    rest = sorted([one for one in (*first, *later) if one not in close], key=lambda one: -one[0])
    return (*close, *rest)


def _scaled(evidence: Evidence, factor: float) -> Evidence:
    return replace(evidence, score=evidence.score * factor)
