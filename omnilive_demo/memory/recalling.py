"""One question's way through the memory: its prefix, its open clip, its feature, its evidence. Changes nothing.

What follows up the last answer is read in `followups` and found in `following`; "the other one?" asks the question that
led to it again, and leaves out what was told. In a question of its own, "before that" means the minute before what the
last answer rested on.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.memory.calendar import Calendar
from omnilive_demo.memory.compressor import TOKENS_PER_FRAME, Array, Compressor
from omnilive_demo.memory.digest import digest
from omnilive_demo.memory.following import Following, followed, given_of, stretch_of
from omnilive_demo.memory.followups import AwayKind, Followup, read_away
from omnilive_demo.memory.given import Given
from omnilive_demo.memory.key_frames import clip_labels, describe
from omnilive_demo.memory.long_term import LongTerm
from omnilive_demo.memory.moments import Memories, memories_of
from omnilive_demo.memory.name_index import words_of
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.question_intent import Intent, plain_words, read_intent, topic_words
from omnilive_demo.memory.question_meaning import meant_time, names_asked, wants_sum, with_overview, with_present
from omnilive_demo.memory.records_log import ClipEntry, LogView, RecordsLog
from omnilive_demo.memory.retrieval import CANDIDATES, MOST_EVIDENCE, Query, Ranking
from omnilive_demo.memory.speech_search import MatchWords, speech_scores
from omnilive_demo.memory.time_expressions import parse_time
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import Absence, Digest, Evidence, Follow, Question, Recall, Thread, TimeSpan

_NOW_FRAMES = 3
RECOGNISED = 0.65  # score of a picture that was found for a thing by its name, though no label has it
OpenClip = tuple[ClipEntry, Array, Array]
"""The open clip of a snapshot: its entry, g and S."""

_REFERS_BACK = re.compile(
    r"\b(?:before|after|since) (?:that|this|then)\b|\bafterwards?\b"
    r"|(?:那|这|此)个?(?:之|以)[前后]|后来|随后|紧接着"
)


class Recalling:
    """Reads a memory for questions; made for one call, and cheap."""

    def __init__(
        self,
        log: RecordsLog,
        long_term: LongTerm,
        compressor: Compressor,
        text_encoder: TextEncoder,
        match: MatchWords,
        scale: PictureScale,
        names: ThingNames | None = None,
        calendar: Calendar | None = None,
        away: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._away = away  # seconds without anybody, and where in the stream they lie
        self._log = log
        self._calendar = calendar
        self._long_term = long_term
        self._compressor = compressor
        self._text_encoder = text_encoder
        self._match = match
        self._scale = scale
        self._names = names

    def recall(self, question: Question, cancel: CancelToken, with_long_term: bool = False) -> Recall:
        """The best evidence for a question within its snapshot. Empty once cancelled (asked between its steps).

        with_long_term: H̄ comes along, for a reasoner that reads it.
        """
        found = self._recalled(question, cancel, with_long_term)
        return replace(found, gaps=self._calendar.gaps()) if self._calendar else found

    def _recalled(
        self,
        question: Question,
        cancel: CancelToken,
        with_long_term: bool,
        given: Given | None = None,
        most: int = MOST_EVIDENCE,
    ) -> Recall:
        view = self._log.view(question.snapshot.version)
        now_s, text = question.snapshot.t_s, question.text
        start_s = _start_of(view, now_s)
        open_clip = self._compress_open(view, now_s)
        memories = memories_of(view, open_clip and open_clip[:2], _now_caption(view), now_s, start_s, text)
        away = read_away(text)
        if away is not None:
            return self._absent(away, memories, view, open_clip)
        how = followed(question)
        if how is not None:
            return self._follow(question, how, memories, view, open_clip, cancel, with_long_term)
        previous = stretch_of(question.thread) if _REFERS_BACK.search(plain_words(text)) else None
        span = self._time_in(text, now_s, start_s, previous)
        if _stopped(cancel):
            return Recall(span=span)
        intent = with_overview(read_intent(text, span.phrase if span else "", self._names), text)
        span = meant_time(span, intent, self._scale.learned)
        wanted = self._wants_pictures(intent, span)
        memory = self._memory(view, open_clip) if wanted or with_long_term else None
        picture = self._compressor.encode_question(text, memory) if wanted and memory is not None else None
        if _stopped(cancel):
            return Recall(span=span)
        visual = picture is not None and not self._scale.learned
        query = Query(
            intent=with_present(intent, text, visual),
            span=span,
            picture=picture,
            speech=self._speech(memories, intent, text),
            scale=self._scale,
            names=names_asked(intent),
            meant=self._meant_names(text, intent) if picture is not None else {},
            first_person=re.search(r"\bi\b", plain_words(text)) is not None,
            given=given or Given(),
        )
        if _stopped(cancel):
            return Recall(span=span)
        summed = self._digest(memories, span, intent) if given is None else None
        best = (summed and summed[1]) or Ranking(memories, query).best(most)
        found = [self._with_memory(one, view, open_clip) for one in best]
        first, last = self._sightings(memories, query, view, open_clip)
        told = memory.astype(np.float16) if with_long_term and memory is not None and len(memory) else None
        total = summed and summed[0]
        return Recall(tuple(found), span, len(memories.clips), first, last, told, digest=total)

    def _time_in(self, text: str, now_s: float, start_s: float, previous: TimeSpan | None = None) -> TimeSpan | None:
        calendar = self._calendar
        span = parse_time(text, now_s, start_s, previous, calendar.day_s(now_s) if calendar else None)
        return calendar.placed(span, now_s) if calendar and span else span

    def search(self, words: str, limit: int) -> Recall:
        """Everything that fits some words: said, heard, seen, or named by a time."""
        view = self._log.view()
        now_s = float(max([view.clip_times[-1, 1] if len(view.clips) else 0.0, *view.word_times[-1:, 1]]))
        open_clip = self._compress_open(view, np.inf)
        if open_clip is not None:
            now_s = max(now_s, open_clip[0].end_s)
        start_s = _start_of(view, now_s)
        memories = memories_of(view, open_clip and open_clip[:2], "", np.inf, start_s, "")
        span = self._time_in(words, now_s, start_s)
        topic = topic_words(words) or tuple(plain_words(words).split()[:12])
        things = self._names.mentioned(words) if self._names else ()
        intent = Intent(sound=True, speech=True, topic=topic, questions=True, things=things)
        if not topic:
            return Recall(looked_at_clips=len(memories.clips))
        scores = self._speech(memories, intent, words)
        query = Query(
            intent,
            span,
            self._compressor.encode_question(words, self._memory(view, open_clip)),
            scores,
            self._scale,
            names=names_asked(intent),
            search=True,
        )
        return Recall(Ranking(memories, query).best(limit), span, len(memories.clips))

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _compress_open(self, view: LogView, now_s: float) -> OpenClip | None:
        """The clip that was open at the snapshot, from its frames up to then: entry, g, S."""
        frames = [frame for frame in view.open_frames if frame.t_s <= now_s]
        if not frames:
            return None
        start_s, end_s = frames[0].t_s, frames[-1].t_s
        short_term, global_ = self._compressor.compress([frame.features for frame in frames], start_s, end_s)
        labels = clip_labels([frame.labels for frame in frames], self._names or ())
        number = view.next_clip
        entry = ClipEntry(number, start_s, end_s, len(frames), labels, describe(labels), 0, 0, 0)
        return entry, global_, short_term

    def _memory(self, view: LogView, open_clip: OpenClip | None) -> Array:
        """H̄ of what a question may see, `[rows, C]`."""
        opened = None if open_clip is None else (open_clip[2], open_clip[1])
        own = view.lengths > 0  # not those that another compressor made
        if own.all():
            return self._long_term.read(view.clip_numbers, view.globals, opened)
        return self._long_term.read(view.clip_numbers[own], view.globals[own], opened)

    def _wants_pictures(self, intent: Intent, span: TimeSpan | None) -> bool:
        """Whether ranking will look at the question feature, see `picture_scores`; it costs more than all the rest."""
        looks_at_now = intent.now and span is None
        return not self._scale.learned or not (intent.chat or intent.speech or intent.sound or looks_at_now)

    def _meant_names(self, text: str, intent: Intent) -> dict[str, float]:
        """Names by how near in meaning they are to a question that may mean a thing but names none."""
        if self._names is None or not self._scale.learned or intent.things or intent.points:
            return {}
        return self._names.meant(text)

    def _sightings(
        self, memories: Memories, query: Query, view: LogView, open_clip: OpenClip | None
    ) -> tuple[Evidence | None, Evidence | None]:
        """The earliest and the latest clip with a label of a thing that is asked about."""
        if not query.intent.things:
            return None, None
        scores = memories.named(query.intent.things)
        shown = np.flatnonzero(scores)
        if not len(shown):
            return None, None
        first, last = (
            memories.whole(i, float(scores[i]), "picture", memories.clips[i].caption)
            for i in (int(shown[0]), int(shown[-1]))
        )
        return self._with_memory(first, view, open_clip), self._with_memory(last, view, open_clip)

    def _with_memory(self, evidence: Evidence, view: LogView, open_clip: OpenClip | None) -> Evidence:
        """The evidence with S_k for the reasoner (the paper hands over S of the selected clips)."""
        if evidence.clip_id is None:
            return evidence
        opened = open_clip is not None and open_clip[0].id == evidence.clip_id
        if evidence.kind == "now" and opened:
            frames = [f for f in view.open_frames if f.t_s <= evidence.end_s][-_NOW_FRAMES:]
            features = [frame.features for frame in frames]
            rows = self._compressor.compress(features, frames[0].t_s, frames[-1].t_s)[0]
        elif open_clip is not None and opened:
            rows = open_clip[2]
        else:
            at = int(np.searchsorted(view.clip_numbers, evidence.clip_id))
            kept = self._long_term.short_term(evidence.clip_id) if view.lengths[at] > 0 else None
            if kept is not None and evidence.kind == "now":
                kept = kept[-_NOW_FRAMES * TOKENS_PER_FRAME :]
            return replace(evidence, short_term=kept)
        return replace(evidence, short_term=rows.astype(np.float16))

    def _speech(self, memories: Memories, intent: Intent, text: str) -> NDArray[np.float64]:
        view = memories.view
        if not len(view.words) or not intent.topic:
            return np.zeros(len(view.words))
        scores = speech_scores(view, self._text_encoder.encode([text])[0], intent, self._match, text)
        scores[view.word_times[:, 1] > memories.now_s] = 0.0
        return scores

    # ---- sums ------------------------------------------------------------------------------------------------------

    def _digest(
        self, memories: Memories, span: TimeSpan | None, intent: Intent
    ) -> tuple[Digest, tuple[Evidence, ...]] | None:
        """The sum of a long stretch, for whoever asks what happened in it."""
        return digest(memories, span, self._names) if span is not None and wants_sum(span, intent) else None

    def _absent(self, away: AwayKind, memories: Memories, view: LogView, open_clip: OpenClip | None) -> Recall:
        """How long nobody was here before this visit; with what was last seen or said before, if that is asked for."""
        gone_s, at_s = self._away
        newest = Thread("", span=TimeSpan(at_s, at_s, ""))
        found = Following(memories, self._names or ()).before(newest) if gone_s and away == "begin" else None
        evidence = () if found is None else (self._with_memory(found, view, open_clip),)
        return Recall(evidence, None, len(memories.clips), absence=Absence(away, gone_s, at_s))

    # ---- follow-ups ------------------------------------------------------------------------------------------------

    def _follow(
        self,
        question: Question,
        how: Followup,
        memories: Memories,
        view: LogView,
        open_clip: OpenClip | None,
        cancel: CancelToken,
        with_long_term: bool,
    ) -> Recall:
        thread = question.thread or Thread("")
        following = Following(memories, self._names or ())
        if how.kind == "other" and thread.evidence and thread.evidence[0].kind == "now":
            again = self.recall(replace(question, text=thread.asked, thread=None), cancel, with_long_term)
            return replace(again, follows=Follow(how.kind, thread))
        if how.kind == "other" and thread.evidence:
            found = self._other(question, thread, following, cancel)
        else:
            found = following.find(how, thread)
        told = self._memory(view, open_clip) if with_long_term else np.zeros(0)
        return Recall(
            tuple(self._with_memory(one, view, open_clip) for one in found),
            looked_at_clips=len(memories.clips),
            follows=Follow(how.kind, thread),
            long_term=told.astype(np.float16) if len(told) else None,
        )

    def _other(
        self, question: Question, thread: Thread, following: Following, cancel: CancelToken
    ) -> tuple[Evidence, ...]:
        """The next best moment for the question that led to the last answer: another scene, other words or sounds."""
        scenes = (following.scene_of(one) for one in thread.given if one.kind not in ("speech", "sound"))
        given = replace(given_of(thread), clips=tuple(scenes))
        asked = replace(question, text=thread.asked, thread=None)
        ranked = self._recalled(asked, cancel, False, given, CANDIDATES)
        things = read_intent(thread.asked, "", self._names).things
        for one in ranked.evidence:
            named = {word for label in one.labels for word in words_of(label)} & set(things)
            if not things or named or one.kind != "picture" or one.score >= RECOGNISED:
                return (one,)
        return ()


def _stopped(cancel: CancelToken) -> bool:
    return cancel.cancelled


def _start_of(view: LogView, now_s: float) -> float:
    """When the memory begins."""
    starts = [now_s, *view.clip_times[:1, 0], *view.word_times[:1, 0], *view.sound_times[:1, 0]]
    starts += [frame.t_s for frame in view.open_frames[:1]]
    return float(min(starts))


def _now_caption(view: LogView) -> str:
    return describe(clip_labels([frame.labels for frame in view.open_frames[-_NOW_FRAMES:]]))
