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

from omnilive_demo.memory.moments import Memories
from omnilive_demo.memory.picture_scores import PictureScale, picture_scores
from omnilive_demo.memory.question_intent import Intent, is_question
from omnilive_demo.models.sound_words import UNNAMED as UNNAMED_SOUND
from omnilive_demo.models.sound_words import asked_for
from omnilive_demo.records import Evidence, EvidenceKind, Heard, TimeSpan

ENOUGH = 0.3
MOST_EVIDENCE = 4
CANDIDATES = 16


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


@dataclass(slots=True)
class _Moment:
    """A candidate: its score by kind, and the text of the best of each kind."""

    clip: int | None  # index into the memories' clips
    start_s: float
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
        past = [self._evidence(moment) for moment in self._moments.values()]
        past = [e for e in past if e.score >= (ENOUGH if now is None else 0.5)]
        past.sort(key=lambda e: (-round(e.score, 3), -e.start_s))
        if now is None:
            return tuple(sorted(_spread(past)[:most], key=lambda e: -e.score))
        others = [_scaled(e, 0.8) for e in past if e.clip_id != now.clip_id]
        return (now, *others[: most - 1])

    @property
    def _asks_now(self) -> bool:
        return self._q.intent.now and self._q.span is None

    # ---- kinds -----------------------------------------------------------------------------------------------------

    def _add_pictures(self) -> None:
        if not len(self._m.clips) or self._asks_now:
            return
        q = self._q
        scores = picture_scores(self._m, q.picture, q.names, q.intent, q.scale, q.search, q.meant)
        fitting = scores * self._fits(self._m.clip_times)
        for i in {*_top(fitting, CANDIDATES), *_best_of_runs(fitting, MOST_EVIDENCE)}:
            self._at_clip(i).add("picture", float(scores[i]), self._m.clips[i].caption)

    def _add_speech(self) -> None:
        intent, words = self._q.intent, self._m.view.words
        scores = self._q.speech.copy()
        if (intent.sound and not intent.speech) or (intent.points and self._q.scale.learned):
            scores *= 0.4
        fits = self._fits(self._m.view.word_times)
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
        for i in range(len(words) - 1, -1, -1):
            spoken = words[i].spoken
            asked = is_question(spoken.text) or spoken.answered is True
            if fits[i] <= 0 or asked != self._q.intent.questions or not self._m.admits(spoken):
                continue
            scores[i] = score if spoken.origin == "visitor" or not mine else score - 0.3
            score -= 0.1
            if score < ENOUGH:
                break
        return scores

    def _add_sounds(self) -> None:
        if not self._q.intent.sound:
            return
        sounds = self._m.view.sounds
        fits = self._fits(self._m.view.sound_times)
        topic = self._q.intent.topic
        asked = asked_for(topic)
        score = 0.9
        for i in range(len(sounds) - 1, -1, -1):
            heard = sounds[i].heard
            if fits[i] <= 0:
                continue
            named = heard.label in asked or _named(heard, topic)
            value = 1.0 if named else score * (0.5 if topic and heard.label == UNNAMED_SOUND else 1.0)
            if topic and not named and (heard.label != UNNAMED_SOUND or self._q.search):
                continue
            self._at_time(("sound", i), heard.start_s, heard.end_s).add("sound", value, heard.label)
            score -= 0.1
            if score < ENOUGH and not topic:
                break
            score = max(score, ENOUGH)

    def _add_time(self) -> None:
        """What lies in the named stretch, for whoever asks what happened there."""
        q, m = self._q, self._m
        if q.span is None or ((q.intent.speech or q.intent.sound) and not q.intent.overview):
            return
        base = 0.45 if q.intent.topic else 0.9
        fits = self._fits(m.clip_times)
        inside = [int(i) for i in np.flatnonzero(fits > 0)]
        for i in self._most_different(inside) if q.intent.overview else _top(fits, CANDIDATES):
            self._at_clip(i).add("time", base, m.clips[i].caption)
        for i in _top(self._fits(m.view.word_times), CANDIDATES):
            spoken = m.view.words[i].spoken
            if m.admits(spoken) and m.clip_at(spoken.start_s, spoken.end_s) is None:
                self._at_time(("words", i), spoken.start_s, spoken.end_s).add("time", base, spoken.text)
        for i in _top(self._fits(m.view.sound_times), CANDIDATES):
            heard = m.view.sounds[i].heard
            if m.clip_at(heard.start_s, heard.end_s) is None:
                self._at_time(("sound", i), heard.start_s, heard.end_s).add("time", base, heard.label)

    def _add_overview(self) -> None:
        """For "what happened?": a few moments that differ most from each other, the newest first among them."""
        q, m = self._q, self._m
        if not q.intent.overview or q.span is not None or q.intent.topic or not len(m.clips):
            return
        for i in self._most_different(list(range(len(m.clips)))):
            self._at_clip(i).add("time", 0.6, m.clips[i].caption)

    def _most_different(self, among: Sequence[int]) -> list[int]:
        """Up to MOST_EVIDENCE of these clips, as far from each other in looks as can be; the newest is one of them."""
        if len(among) <= MOST_EVIDENCE:
            return list(among)
        looks = self._m.directions(among)
        chosen = [len(among) - 1]
        nearest = looks @ looks[-1]
        while len(chosen) < MOST_EVIDENCE:
            nearest[chosen] = np.inf
            chosen.append(int(np.argmin(nearest)))
            nearest = np.maximum(nearest, looks @ looks[chosen[-1]])
        return [among[i] for i in chosen]

    def _now(self) -> Evidence | None:
        m = self._m
        if m.now_clip is None:
            return None
        return m.evidence(m.now_clip, (m.now_s, m.now_s), 1.0, "now", m.now_caption)

    # ---- moments ---------------------------------------------------------------------------------------------------

    def _at_clip(self, index: int) -> _Moment:
        clip = self._m.clips[index]
        return self._moments.setdefault(index, _Moment(index, clip.start_s, clip.end_s))

    def _at_time(self, key: object, start_s: float, end_s: float) -> _Moment:
        clip = self._m.clip_at(start_s, end_s)
        if clip is not None:
            return self._at_clip(clip)
        return self._moments.setdefault(key, _Moment(None, start_s, end_s))

    def _evidence(self, moment: _Moment) -> Evidence:
        times = np.array([[moment.start_s, moment.end_s]])
        fit = float(self._fits(times)[0])
        score = moment.score * (0.6 + 0.4 * fit if self._q.span is not None else 1.0)
        interval = (moment.start_s, moment.end_s)
        return self._m.evidence(moment.clip, interval, score, moment.kind, moment.texts[moment.kind])

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


def _named(heard: Heard, topic: Sequence[str]) -> bool:
    return any(
        word[: max(4, len(word) - 3)] == part[: max(4, len(word) - 3)] for word in topic for part in heard.label.split()
    )


def _top(scores: NDArray[np.float64], most: int) -> list[int]:
    """The indices of the best scores above 0, best first, the newest first among equals."""
    if not len(scores):
        return []
    newest_first = scores[::-1]
    order = np.argsort(-newest_first, kind="stable")[:most]
    return [len(scores) - 1 - int(i) for i in order if newest_first[i] > 0]


def _best_of_runs(scores: NDArray[np.float64], most: int) -> list[int]:
    """The best of each run of neighbours that are enough, of the best runs."""
    enough = np.flatnonzero(scores >= ENOUGH)
    if not len(enough):
        return []
    runs = np.split(enough, np.flatnonzero(np.diff(enough) > 1) + 1)
    best = [int(run[::-1][np.argmax(scores[run[::-1]])]) for run in runs[-1000:]]
    return sorted(best, key=lambda i: -scores[i])[:most]


def _spread(ranked: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Of pictures that follow each other and are about equal, the best one first and the others after what differs.

    Otherwise a long evening would hide the dark morning.
    """
    first: list[Evidence] = []
    later: list[Evidence] = []
    for e in ranked:
        follows = any(
            e.kind == other.kind == "picture" and e.start_s - 2.0 <= other.end_s and other.start_s - 2.0 <= e.end_s
            for other in (*first, *later)
        )
        (later if follows else first).append(e)
    close = [e for e in first if e.score >= ranked[0].score - 0.2] if ranked else []
    rest = sorted([e for e in (*first, *later) if e not in close], key=lambda e: -e.score)
    return (*close, *rest)


def _scaled(evidence: Evidence, factor: float) -> Evidence:
    return replace(evidence, score=evidence.score * factor)
