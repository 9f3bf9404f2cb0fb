"""Standing queries of one session: taken on, listed, dropped, and answered once when their evidence appears.

Everything here runs on the event loop and is cheap: it looks at labels and words that were made elsewhere. What is to
be said goes out as a `Remark`; when the floor is free for it is the conversation's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

from omnilive_demo.clock import Clock
from omnilive_demo.events import PageEvent, StandingChanged
from omnilive_demo.models.chinese import Language, is_chinese, language_of
from omnilive_demo.models.sound_words import NAMED
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.reasoning.fixed_phrases import NOT_THAT, NOTHING, SAME
from omnilive_demo.reasoning.novelty import Novelty
from omnilive_demo.reasoning.question_rules import Kind, by_rule
from omnilive_demo.reasoning.sightings import GONE_S, Sightings
from omnilive_demo.reasoning.standing_drop import meant
from omnilive_demo.reasoning.standing_phrases import StandingPhrases, StandingWords
from omnilive_demo.reasoning.standing_phrases_zh import ChineseStandingPhrases
from omnilive_demo.reasoning.standing_request import read_request
from omnilive_demo.reasoning.standing_request_zh import asks_of_words
from omnilive_demo.reasoning.standing_wanted import Dropped, Known, Listed, Unfit, Wait, Wanted
from omnilive_demo.reasoning.standing_watch import JUST_HEARD_S, Watch, already
from omnilive_demo.reasoning.words import plain
from omnilive_demo.records import Evidence, Heard, Origin, SeenFrame
from omnilive_demo.remark import Remark

MOST = 8
EXPIRES_S = 12 * 3600.0
TICK_S = 1.0  # a file may drive the clock faster than life, so nobody sleeps longer than this
REMARK_GOOD_FOR_S = 10.0  # an unasked remark that had to wait for longer is not news any more
LAST_S = 60.0  # "cancel that" means what was asked for within this time

Ended = Literal["answered", "cancelled", "expired"]


@dataclass(slots=True)
class _Query:
    number: int
    said: str  # the words in which it was asked for
    watch: Watch
    due_s: float | None
    begun_s: float  # when it was asked for; of one that repeats, `watch.since_s` is when it was told last

    @property
    def wanted(self) -> Wanted:
        return self.watch.wanted

    @property
    def ends_s(self) -> float:
        """Stream time at which the clock ends it, one way or another."""
        return self.watch.since_s + EXPIRES_S if self.due_s is None else self.due_s


class Standing:
    """The standing queries of one session.

    Args:
        names: of things that the eyes know; None: they know none.
        tell: puts an event into the session's stream.
        say: called with what is to be said unasked, when the floor is free.
        sleep: waits for some seconds of the clock, or less.
        sounds: gives the names that sounds may get, which change with the tagger that runs.
    """

    def __init__(
        self,
        clock: Clock,
        names: ThingNames | None,
        tell: Callable[[PageEvent], None],
        say: Callable[[Remark], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        sounds: Callable[[], tuple[str, ...]] = lambda: NAMED,
    ) -> None:
        self._clock = clock
        self._names = names
        self._tell = tell
        self._say = say
        self._sleep = sleep
        self._sounds = sounds
        self._words: dict[Language, StandingWords] = {"en": StandingPhrases(names), "zh": ChineseStandingPhrases()}
        self._language: Language = "en"  # in which the visitor spoke last: remarks are made in it
        self._sightings = Sightings(names if names is not None else ())
        self._novelty = Novelty()
        self._waiting: dict[int, _Query] = {}
        self._heard: dict[str, float] = {}  # label -> when it was heard last
        self._count = 0
        self._timer: asyncio.Task[None] | None = None

    @property
    def open(self) -> tuple[int, ...]:
        """The numbers of those that wait, oldest first."""
        return tuple(self._waiting)

    @property
    def remark_on_new(self) -> bool:
        """Whether something new is worth a short remark that nobody asked for."""
        return self._novelty.on

    @remark_on_new.setter
    def remark_on_new(self, on: bool) -> None:
        self._novelty.switch(on, self._clock.now_s())

    # ---- asked for ---------------------------------------------------------------------------------------------------

    def take(self, text: str) -> str | None:
        """Do what a visitor's sentence asks for, once; what to say to it, or None when it asks for none of this.

        What is said is in the language of the sentence, then and when it is answered.
        """
        self._language = language_of(text)
        match read_request(text, self._names, self._sounds()):
            case Wanted() as wanted:
                return self._take_on(wanted, text)
            case Unfit() as unfit:
                return self._phrases.refused(unfit)
            case Dropped() as dropped:
                return self._drop(dropped)
            case Listed():
                return self._list()
            case None:
                return None

    def is_about_waiting(self, text: str) -> bool:
        """Whether a text drops or lists standing queries: such words are for us for sure."""
        return isinstance(read_request(text, self._names, self._sounds()), Dropped | Listed) and bool(self._waiting)

    def _take_on(self, wanted: Wanted, said: str) -> str:
        now_s = self._clock.now_s()
        self.tick()
        phrases = self._phrases
        fresh = self._sightings.is_fresh(now_s)
        so_already = fresh and already(wanted, self._sightings)
        if so_already and not wanted.again:
            return phrases.already(wanted)
        if wanted.kind is not Wait.TIME and any(query.wanted == wanted for query in self._waiting.values()):
            return SAME.said(self._language)
        if len(self._waiting) >= MOST:
            return phrases.full(MOST)
        in_view = fresh and wanted.kind is Wait.GONE and any(map(self._sightings.shows, wanted.names))
        armed = in_view if wanted.kind is Wait.GONE else not so_already
        watch = Watch(wanted, now_s, armed)
        watch.last_seen_s = now_s if in_view else None
        self._wait_for(watch, said, now_s)
        just_heard = any(now_s - self._heard.get(label, -JUST_HEARD_S) < JUST_HEARD_S for label in wanted.sounds)
        return phrases.not_yet(wanted) if not armed or just_heard else phrases.taken(wanted)

    def _wait_for(self, watch: Watch, said: str, begun_s: float) -> None:
        self._count += 1
        due_s = watch.since_s + watch.wanted.delay_s if watch.wanted.kind is Wait.TIME else None
        query = _Query(self._count, said, watch, due_s, begun_s)
        self._waiting[query.number] = query
        self._tell(self._changed(query, "waiting"))
        if self._timer is None or self._timer.done():
            self._timer = asyncio.create_task(self._keep_time(), name="standing")

    def _drop(self, dropped: Dropped) -> str | None:
        waiting = {number: query.wanted for number, query in self._waiting.items()}
        if dropped.all:
            numbers = tuple(waiting)
        elif dropped.about:
            numbers = meant(dropped.about, waiting, Known(self._names, self._sounds()))
        else:
            now_s = self._clock.now_s()
            numbers = tuple(n for n, query in self._waiting.items() if now_s - query.watch.since_s <= LAST_S)[-1:]
        if not numbers:
            return (NOT_THAT if waiting else NOTHING).said(self._language) if dropped.sure else None
        wanted = [waiting[number] for number in numbers]
        if len(numbers) > 1 and not dropped.all:
            return self._phrases.which(wanted)
        for number in numbers:
            self.cancel(number)
        return self._phrases.dropped(wanted)

    def _list(self) -> str:
        self.tick()
        now_s = self._clock.now_s()
        return self._phrases.listing(
            [(query.wanted, None if query.due_s is None else query.due_s - now_s) for query in self._waiting.values()]
        )

    def cancel(self, number: int) -> bool:
        """Drop one; whether there was one of that number."""
        query = self._waiting.get(number)
        if query is not None:
            self._end(query, "cancelled")
        return query is not None

    def forget(self, begin_s: float = float("-inf"), end_s: float = float("inf")) -> None:
        """A stretch of the stream was forgotten, and with it what was asked for in it.

        Nobody is told of each: an event would hold the words that are to be forgotten, and whoever shows them knows
        the stretch as well.
        """
        kept = {n: query for n, query in self._waiting.items() if not begin_s <= query.begun_s <= end_s}
        self._waiting = kept
        self._sightings.clear()
        self._heard.clear()
        self._novelty.forget(self._clock.now_s())

    def close(self) -> None:
        """Wait for nothing any more."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    # ---- what was perceived ------------------------------------------------------------------------------------------

    def on_seen(self, frame: SeenFrame) -> None:
        """The next perceived frame."""
        glance = self._sightings.add(frame)
        self.tick()
        if glance is None:
            return
        for query in tuple(self._waiting.values()):
            what = query.watch.sees(self._sightings, frame.t_s)
            if what is not None:
                self._novelty.told(what, frame.t_s)
                self._answer(query, what, self._seen_evidence(query, frame, what), frame.t_s)
        new = self._novelty.sees(glance, self._sightings)
        if new is not None:
            thing = self._names is not None and new in self._names
            clause = self._phrases.came(new) if thing else self._phrases.turned_out(new)
            self._remark(clause, _picture(frame, frame.t_s, new), frame.t_s)

    def on_heard(self, heard: Heard) -> None:
        """A sound ended."""
        self.tick()
        self._heard[heard.label] = max(heard.end_s, self._heard.get(heard.label, heard.end_s))
        evidence = Evidence(None, heard.start_s, heard.end_s, heard.score, "sound", heard.label, sounds=(heard,))
        for query in tuple(self._waiting.values()):
            label = query.watch.hears(heard)
            if label is not None:
                self._novelty.told(f"sound {label}", heard.end_s)
                self._answer(query, label, evidence)
        new = self._novelty.hears(heard)
        if new is not None:
            self._remark(self._phrases.sounded(new), evidence)

    def on_words(self, text: str, start_s: float, end_s: float, origin: Origin) -> None:
        """An utterance was understood. What a visitor asks about words, or of us, is no word that was said."""
        self.tick()
        if origin == "visitor":
            self._language = language_of(text)
        said = [query for query in self._waiting.values() if query.watch.is_said(text, start_s)]
        if not said or (origin == "visitor" and self._is_asked(text)):
            return
        evidence = Evidence(None, start_s, end_s, 1.0, "speech", text)
        for query in said:
            self._answer(query, origin, evidence)

    def tick(self) -> None:
        """End what the clock ends: reminders that are due, and what has waited for too long; and what nobody hears."""
        self._unheard()
        now_s = self._clock.now_s()
        for query in sorted(self._waiting.values(), key=lambda one: one.ends_s):
            if query.ends_s > now_s:
                return
            if query.due_s is None:
                self._end(query, "expired")
            else:
                asked_s = query.begun_s
                self._answer(query, "", Evidence(None, asked_s, asked_s, 1.0, "speech", query.said))

    def _unheard(self) -> None:
        """A larger tagger went away, and with it names that are waited for: that is told, not waited for in vain."""
        for query in [query for query in self._waiting.values() if query.wanted.sounds]:
            wanted, known = query.wanted, self._sounds()
            heard = tuple(label for label in wanted.sounds if label in known)
            if not heard:
                self._end(query, "cancelled")
                self._say(Remark(self._words[language_of(query.said)].unheard(wanted)))
            elif heard != wanted.sounds:
                query.watch.wanted = replace(wanted, sounds=heard)
                self._tell(self._changed(query, "waiting"))

    # ---- inside ------------------------------------------------------------------------------------------------------

    @property
    def _phrases(self) -> StandingWords:
        return self._words[self._language]

    def _is_asked(self, text: str) -> bool:
        said = asks_of_words(text) if is_chinese(text) else by_rule(plain(text)) is Kind.SAID
        return said or read_request(text, self._names, self._sounds()) is not None

    def _seen_evidence(self, query: _Query, frame: SeenFrame, what: str) -> Evidence:
        if query.wanted.kind is not Wait.GONE:
            return _picture(frame, frame.t_s, what)
        last_s = query.watch.last_seen_s
        return _picture(frame, frame.t_s - GONE_S if last_s is None else last_s, f"{what}, seen last")

    def _answer(self, query: _Query, by: str, evidence: Evidence, picture_t_s: float | None = None) -> None:
        self._end(query, "answered")  # first of all: whatever follows, it is not answered twice
        is_visitor = query.wanted.kind is not Wait.WORD or by == "visitor"
        text = self._words[language_of(query.said)].answered(query.wanted, by, is_visitor)
        self._say(Remark(text, (evidence,), picture_t_s, query.number))
        if query.wanted.kind is Wait.TIME and query.wanted.every:  # until it is dropped, as was promised
            self._wait_for(Watch(query.wanted, self._clock.now_s()), query.said, query.begun_s)

    def _remark(self, clause: str, evidence: Evidence, picture_t_s: float | None = None) -> None:
        until_s = self._clock.now_s() + REMARK_GOOD_FOR_S
        self._say(Remark(self._phrases.sentence(clause), (evidence,), picture_t_s, until_s=until_s))

    def _end(self, query: _Query, status: Ended) -> None:
        del self._waiting[query.number]
        self._tell(self._changed(query, status, self._clock.now_s()))

    def _changed(
        self,
        query: _Query,
        status: Literal["waiting", "answered", "cancelled", "expired"],
        ended_s: float | None = None,
    ) -> StandingChanged:
        text = self._words[language_of(query.said)].awaited(query.wanted)
        return StandingChanged(query.number, text, status, query.wanted.kind.value, query.begun_s, query.due_s, ended_s)

    async def _keep_time(self) -> None:
        while self._waiting:
            left_s = min(query.ends_s for query in self._waiting.values()) - self._clock.now_s()
            await self._sleep(min(max(left_s, 0.0), TICK_S))  # whatever is due, the loop goes on in between
            self.tick()


def _picture(frame: SeenFrame, t_s: float, text: str) -> Evidence:
    """What was seen, as evidence: the clip is still open and has no number."""
    score = next((label.score for label in frame.labels if label.text == text), 1.0)
    return Evidence(None, t_s, frame.t_s, score, "picture", text, frame.labels)
