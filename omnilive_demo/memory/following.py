"""Follow-ups: from the evidence of the last answer to the moments beside it, within the same snapshot.

A step back or forth goes to the next moment of the same kind: the words before, the sound before, the scene before, or,
after "what happened?", whichever of them is nearest. A scene is a run of clips that adjoin and look alike: half of the
things that either names are named by both (of plain pictures without names: the words for their looks). The step leaves
the scene of the last answer first. It always ends before the last answer's moment began, so that "and before that?"
walks back to the beginning of the memory and ends there, with no evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.followups import Followup, is_chat, read_followup
from omnilive_demo.memory.given import Given, place_of
from omnilive_demo.memory.moments import AROUND_S, Memories
from omnilive_demo.memory.question_intent import is_question, read_intent
from omnilive_demo.memory.records_log import ClipEntry
from omnilive_demo.records import Evidence, EvidenceKind, FollowKind, Question, Recall, Spoken, Thread, TimeSpan

ADJOINS_S = 3.0  # pictures come once a second: clips this near to each other adjoin
ALIKE = 0.5  # of the names of both
LONGEST_RUN = 4096  # clips that are looked at for where a scene begins
STEP_SCORE = 0.9  # a time that fits counts so much in `retrieval` as well
THEN_S = 8.0  # "then" is at least so long: a word or a sound is in the middle of it
MOST_THEN = 4
SAYS = 0.6  # an answer also told what scores this share of its best evidence
MOST_TOLD = 3
NEEDS_A_THREAD: frozenset[FollowKind] = frozenset(("other", "after"))
"""These mean nothing when nothing was spoken of; "what was before that?" then asks for what was before the present."""


def followed(question: Question) -> Followup | None:
    """How a question follows up the last answer; None where it stands on its own."""
    how = read_followup(question.text)
    if how is None or (question.thread is None and how.kind not in NEEDS_A_THREAD):
        return None
    return how


def thread_after(question: Question, recall: Recall, cited: Collection[int], precise: bool) -> Thread | None:
    """What is spoken of once a question was answered.

    Args:
        cited: clips that the answer names.
        precise: the answer rests on every one of them; a language model names all that it was given.
    """
    before = question.thread
    now_s = question.snapshot.t_s
    if recall.follows is not None:
        thread = recall.follows.thread
        if recall.follows.kind in ("when", "else") or not recall.evidence:
            return replace(thread, t_s=now_s)
        return Thread(thread.asked, recall.evidence, (*thread.given, *map(_light, recall.evidence)), now_s)
    if not recall.evidence and recall.absence is None and is_chat(question.text):
        return before
    told = tuple(map(_light, _told(recall, cited) if precise else _likeliest(recall.evidence)))
    return Thread(question.text, told, told, now_s, recall.span if recall.digest is not None else None)


def stretch_of(thread: Thread | None) -> TimeSpan | None:
    """When that was which was spoken of last, for "did you see the dog before that?"."""
    if thread is None or not thread.evidence:
        return thread.span if thread is not None else None
    places = _places(thread)
    return TimeSpan(min(start for start, _ in places), max(end for _, end in places), thread.asked)


def given_of(thread: Thread) -> Given:
    """What is left out when another moment is asked for."""
    by: dict[str, list[tuple[float, float]]] = {"speech": [], "sound": [], "picture": []}
    for one in thread.given:
        by[one.kind if one.kind in by else "picture"].append(place_of(one))
    return Given(tuple(by["picture"]), tuple(by["speech"]), tuple(by["sound"]))


@dataclass(frozen=True, slots=True)
class Following:
    """Finds what a follow-up asks for; "the other one" is ranking's to find.

    names: of things, where the labels of pictures have some.
    """

    memories: Memories
    names: Container[str] = ()

    def find(self, how: Followup, thread: Thread) -> tuple[Evidence, ...]:
        """The evidence; empty where there is nothing left in that direction."""
        if not thread.evidence:
            return ()
        match how.kind:
            case "before" | "after":
                step = self._step(how.of or thread.evidence[0].kind, thread, -1 if how.kind == "before" else 1)
                return () if step is None else (step,)
            case "said" | "heard":
                return self._then(thread, how.kind)
            case "seen":
                return self._seen(thread)
            case _:
                return tuple(self._again(one) for one in thread.evidence[:MOST_TOLD])

    def before(self, thread: Thread) -> Evidence | None:
        """The last that was seen, said or heard before a stretch."""
        return self._step("time", thread, -1)

    def scene_of(self, evidence: Evidence) -> tuple[float, float]:
        """The scene that a moment belongs to."""
        at = self._index_of(evidence)
        if at is None:
            return evidence.start_s, evidence.end_s
        first, last = self._run(at, -1), self._run(at, 1)
        return self.memories.clips[first].start_s, self.memories.clips[last].end_s

    # ---- steps -----------------------------------------------------------------------------------------------------

    def _step(self, kind: EvidenceKind, thread: Thread, way: int) -> Evidence | None:
        edge_s = self._edge(thread, way)
        if kind == "speech":
            return self._words(edge_s, way, self._speaker(thread), read_intent(thread.asked).questions)
        if kind == "sound":
            return self._sound(edge_s, way)
        scene = self._scene(thread, edge_s, way)
        if kind != "time":
            return scene
        loose = [self._words(edge_s, way, None, False), self._sound(edge_s, way)]
        steps = [one for one in (scene, *loose) if one is not None and (one is scene or one.clip_id is None)]
        best = min(steps, key=lambda one: -one.end_s if way < 0 else one.start_s, default=None)
        return None if best is None else replace(best, kind="time", text=best.text)

    def _edge(self, thread: Thread, way: int) -> float:
        if thread.span is not None:
            return thread.span.start_s if way < 0 else thread.span.end_s
        places = _places(thread)
        return min(start for start, _ in places) if way < 0 else max(end for _, end in places)

    def _scene(self, thread: Thread, edge_s: float, way: int) -> Evidence | None:
        """The scene that ends before a moment, or begins after it, and is not the scene of that moment."""
        m = self.memories
        if not len(m.clips):
            return None
        times = m.clip_times
        if way < 0:  # ends are in the order of begins: clips never overlap
            at = int(np.searchsorted(times[:, 1], edge_s, side="left")) - 1
        else:
            at = int(np.searchsorted(times[:, 0], edge_s, side="right"))
        if thread.span is None and thread.evidence[0].kind not in ("speech", "sound"):
            origin = min(thread.evidence, key=lambda one: way * -one.end_s)
            here = self._index_of(origin)
            if here is not None:
                at = self._run(here, way) + way
        if not 0 <= at < len(m.clips) or m.clips[at].start_s > m.now_s:
            return None
        far = self._run(at, way)
        interval = (m.clips[min(at, far)].start_s, m.clips[max(at, far)].end_s)
        return m.evidence(at, interval, STEP_SCORE, "picture", m.clips[at].caption)

    def _run(self, at: int, way: int) -> int:
        """The last clip of a scene in a direction."""
        clips = self.memories.clips
        for _ in range(LONGEST_RUN):
            after = at + way
            if not 0 <= after < len(clips):
                return at
            one, other = sorted((clips[at], clips[after]), key=lambda clip: clip.start_s)
            if other.start_s - one.end_s > ADJOINS_S or not self._alike(clips[at], clips[after]):
                return at
            at = after
        return at

    def _alike(self, one: ClipEntry, other: ClipEntry) -> bool:
        mine, others = ({label.text for label in clip.labels} for clip in (one, other))
        things = tuple({name for name in labels if name in self.names} for labels in (mine, others))
        if any(things):
            mine, others = things
        return not (mine | others) or len(mine & others) >= ALIKE * len(mine | others)

    def _words(self, edge_s: float, way: int, speaker: str | None, questions: bool) -> Evidence | None:
        m = self.memories
        for i in _beyond(m.view.word_times, edge_s, way):
            spoken = m.view.words[i].spoken
            asked = is_question(spoken.text) or spoken.answered is True
            if m.admits(spoken) and asked == questions and speaker in (None, spoken.origin):
                return self._quoted(spoken, STEP_SCORE)
        return None

    def _sound(self, edge_s: float, way: int) -> Evidence | None:
        m = self.memories
        for i in _beyond(m.view.sound_times, edge_s, way):
            heard = m.view.sounds[i].heard
            if heard.end_s <= m.now_s:
                interval = (heard.start_s, heard.end_s)
                return m.evidence(m.clip_at(*interval), interval, STEP_SCORE, "sound", heard.label)
        return None

    # ---- at that time ----------------------------------------------------------------------------------------------

    def _then(self, thread: Thread, kind: FollowKind) -> tuple[Evidence, ...]:
        m = self.memories
        found: list[Evidence] = []
        for start_s, end_s in _places(thread):
            slack_s = max(AROUND_S, (THEN_S - (end_s - start_s)) / 2)
            span = start_s - slack_s, end_s + slack_s
            if kind == "said":
                words = (m.view.words[i].spoken for i in _within(m.view.word_times, span))
                told = {place_of(one) for one in thread.evidence if one.kind == "speech"}
                found += [
                    self._quoted(spoken, STEP_SCORE)
                    for spoken in words
                    if m.admits(spoken) and spoken.answered is not True and (spoken.start_s, spoken.end_s) not in told
                ]
            else:
                for i in _within(m.view.sound_times, span):
                    heard = m.view.sounds[i].heard
                    clip = m.clip_at(heard.start_s, heard.end_s)
                    found.append(m.evidence(clip, (heard.start_s, heard.end_s), STEP_SCORE, "sound", heard.label))
        return tuple({(one.start_s, one.text): one for one in found}.values())[:MOST_THEN]

    def _seen(self, thread: Thread) -> tuple[Evidence, ...]:
        m = self.memories
        clips = dict.fromkeys(m.clip_at(*place) for place in _places(thread))
        return tuple(m.whole(i, STEP_SCORE, "picture", m.clips[i].caption) for i in clips if i is not None)[:MOST_THEN]

    def _again(self, evidence: Evidence) -> Evidence:
        """A moment with all that was around it."""
        return self.memories.evidence(
            self._index_of(evidence), (evidence.start_s, evidence.end_s), evidence.score, evidence.kind, evidence.text
        )

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _quoted(self, spoken: Spoken, score: float) -> Evidence:
        interval = (spoken.start_s, spoken.end_s)
        return self.memories.evidence(self.memories.clip_at(*interval), interval, score, "speech", spoken.text)

    def _index_of(self, evidence: Evidence) -> int | None:
        """Where the clip of a moment is now: an open one may have closed, and a closed one may have gone on."""
        if evidence.clip_id is None:
            return None
        clip = self.memories.clip_at(evidence.start_s, evidence.end_s)
        return clip if clip is not None and self.memories.clips[clip].end_s >= evidence.start_s else None

    def _speaker(self, thread: Thread) -> str | None:
        """Whose words are meant: whose were told last."""
        spoken = [one for evidence in thread.evidence[:1] if evidence.kind == "speech" for one in evidence.spoken]
        told = [one for one in spoken if (one.start_s, one.end_s) == place_of(thread.evidence[0])]
        return told[0].origin if told else None


def _places(thread: Thread) -> list[tuple[float, float]]:
    """Where that lies which the answer told, of the kind that answered best."""
    return [place_of(one) for one in thread.evidence if one.kind == thread.evidence[0].kind]


def _beyond(times: NDArray[np.float64], edge_s: float, way: int) -> list[int]:
    """The intervals that begin before a moment, the newest first; or those that begin behind it, the oldest first."""
    starts = times[:, 0]
    found: list[int] = (np.flatnonzero(starts < edge_s)[::-1] if way < 0 else np.flatnonzero(starts > edge_s)).tolist()
    return found


def _within(times: NDArray[np.float64], span: tuple[float, float]) -> list[int]:
    return [int(i) for i in np.flatnonzero((times[:, 1] >= span[0]) & (times[:, 0] <= span[1]))]


def _told(recall: Recall, cited: Collection[int]) -> list[Evidence]:
    """The evidence of an answer that names its clips; words and sounds without a clip as far as they answer well."""
    pool = {(one.clip_id, one.kind, one.start_s): one for one in recall.evidence}
    for one in (recall.first, recall.last):
        if one is not None and not any(known.clip_id == one.clip_id for known in recall.evidence):
            pool[one.clip_id, one.kind, one.start_s] = one
    best = max((one.score for one in recall.evidence), default=0.0)
    loose = [one for one in pool.values() if one.clip_id is None and one.score >= SAYS * best][:MOST_TOLD]
    return [one for one in pool.values() if one.clip_id in cited or one in loose]


def _likeliest(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence, with that of its kind which adjoins it."""
    found: list[Evidence] = list(evidence[:1])
    for one in (*evidence[1:], *reversed(evidence[1:])):
        start_s, end_s = min(e.start_s for e in found), max(e.end_s for e in found)
        adjoins = one.start_s <= end_s + AROUND_S and one.end_s >= start_s - AROUND_S
        if adjoins and one.kind == found[0].kind and one not in found:
            found.append(one)
    return found


def _light(evidence: Evidence) -> Evidence:
    """Without what a reasoner reads of it."""
    return replace(evidence, short_term=None, key_frames=())
