"""One session's long memory: frames in, evidence out.

The writer thread gathers frames into clips, compresses each closed clip once, appends it to the log and hands it to the
store. A question reads a prefix of the log by version on any thread and never changes anything: the clip that was open
at its snapshot is compressed for it alone, from the frames that it may see. Pictures and S_k of old clips stay on the
disk behind a small cache. When the store fails, remembering goes on in RAM: the first call to `see` afterwards raises
`StoreError` once, `store_fault` says so as long as it lasts, and what waits is written as soon as it can be.

A session's folder may have been written by an earlier process (a restart): its clips, words and sounds are read back,
clip numbers go on, and stream time goes on at `start_s`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from omnilive_demo.cancel import CancelToken
from omnilive_demo.events import MemoryFigures
from omnilive_demo.memory import recalling
from omnilive_demo.memory.by_day import ByDay
from omnilive_demo.memory.calendar import Calendar, away_s
from omnilive_demo.memory.clip_builder import ClipBuilder, ClipRule
from omnilive_demo.memory.clip_keeping import ClipKeeper
from omnilive_demo.memory.clip_shelf import ClipShelf, ShelvedClips
from omnilive_demo.memory.compressor import Compressor
from omnilive_demo.memory.figures import figures_of
from omnilive_demo.memory.journal import Journal
from omnilive_demo.memory.key_frames import encode_jpeg
from omnilive_demo.memory.long_term import LongTerm
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.quota import Quota
from omnilive_demo.memory.records_log import ClipEntry, RecordsLog, SoundEntry, WordsEntry
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import MemoryStore, Sitting, StoredMemory, StoreError
from omnilive_demo.models.clip_reader import ClipReader
from omnilive_demo.models.text_encoder import TextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.records import Clip, Heard, KeyFrame, Question, Recall, SeenFrame, Snapshot, Spoken

_log = logging.getLogger(__name__)

RESTART_GAP_S = 1.0
FIRST_ADOPTED = -1_000_000_000  # what is said counts up from 0, what is typed down from -1
SURE_CAPTION = 0.5  # of its words, on average; below it the labels stand for the caption


class SessionMemory:
    """Implements `LongMemory`.

    Args:
        folder: the session's folder (see `store.session_folder`).
        compressor: the paper's three calls.
        text_encoder: sentence vectors for what is said and asked.
        epoch_s: wall-clock seconds since 1970 at which this process takes the session up.
        rule: when a clip closes.
        scale: which picture cosines mean something, for this encoder and compressor.
        store: where to keep it; a SQLite file in `folder` by default.
        names: of things, as the frame encoder's labels and the questions have them.
        captioner: writes a clip's caption from its S_k, when it is asked to.
        space: names the space of S and g, weights included; by default the compressor's name. What an earlier run
            remembered in another space keeps its words, pictures and labels, and its vectors are left alone.
        offset_s: seconds by which the visitor's local time is ahead of UTC, where that is known.
        limit_bytes: most that the memory may take on disk; see `quota` for what makes room then.

    Raises:
        StoreError: the folder cannot be used at all.
    """

    def __init__(
        self,
        folder: Path,
        compressor: Compressor,
        text_encoder: TextEncoder,
        *,
        epoch_s: float,
        rule: ClipRule | None = None,
        scale: PictureScale | None = None,
        store: MemoryStore | None = None,
        names: ThingNames | None = None,
        captioner: ClipReader | None = None,
        space: str = "",
        offset_s: float | None = None,
        limit_bytes: int | None = None,
    ) -> None:
        self._offset_s = offset_s
        self._compressor = compressor
        self._text_encoder = text_encoder
        self._scale = scale or PictureScale()
        self._names = names
        self._captioner = captioner
        self._space = space or compressor.name
        self._store: MemoryStore = store if store is not None else SqliteStore(folder)
        self._journal = Journal(self._store)
        self._log = RecordsLog()
        self._long_term = LongTerm(compressor, self._store)
        self._builder = ClipBuilder(rule)
        self._jpegs: tuple[bytes, ...] = ()  # of the open clip's frames
        self._shelf = ClipShelf(self._store, self._journal, compressor.width)
        self._quota = Quota(self._store, self._journal, limit_bytes)
        self._keeper = ClipKeeper(
            self._store, self._journal, self._log, self._shelf, self._long_term, compressor, self._quota,
            self._builder.rule, names or (), self._scale.same,
        )  # fmt: skip
        self._utterances: dict[tuple[str, int], int] = {}  # (origin, utterance) of this sitting -> row
        self._reported = False
        self._take_up(self._store.load(), epoch_s)

    def _take_up(self, stored: StoredMemory, epoch_s: float) -> None:
        globals_ = stored.globals_in(self._space, self._compressor.width)
        self._log.add_clips([entry for entry, _ in stored.clips], globals_)
        for words, vector in stored.words:
            self._log.add_words(words, vector)
        for sound in stored.sounds:
            self._log.add_sound(sound)
        self.start_s = 0.0 if stored.end_s is None else stored.end_s + RESTART_GAP_S
        self.damage, self.sittings = stored.damage, stored.sittings
        for sentence in stored.damage:
            _log.warning("memory: %s", sentence)
        self._keeper.next_clip, self._next_words = stored.next_clip, stored.next_words
        self._next_sound = stored.next_sound
        self.sit(Sitting(epoch_s, self.start_s, self._space))
        some = bool(stored.clips or stored.words or stored.sounds)
        self._away = (away_s(self.sittings) if some else 0.0, self.start_s)  # now: an import sits on other days

    # ---- writing (one thread) --------------------------------------------------------------------------------------

    def see(self, frame: SeenFrame) -> Clip | None:
        """Take a frame into the open clip. Returns the clip that this frame closed, if any."""
        jpeg = encode_jpeg(frame.image)
        closed = self._builder.add(frame)
        clip = None
        if closed is None:
            self._jpegs = (*self._jpegs, jpeg)
            self._log.add_frame(self._keeper.next_clip, frame.t_s, frame.features, frame.labels)
        elif closed[-1] is frame:
            self._log.add_frame(self._keeper.next_clip, frame.t_s, frame.features, frame.labels)
            clip = self._keeper.keep(closed, (*self._jpegs, jpeg))
            self._jpegs = ()
        else:
            clip = self._keeper.keep(closed, self._jpegs)
            self._jpegs = (jpeg,)
            self._log.add_frame(self._keeper.next_clip, frame.t_s, frame.features, frame.labels)
        self._report(clip)
        return clip

    def caption(self, clip: int) -> Clip | None:
        """Write the caption of a closed clip. Takes a while, and nothing waits for it: call it when there is time.

        Returns the clip with its caption; None when there is no such clip, nobody to write one, or nothing to say.
        """
        entry = self._log.clip_of(clip)
        if self._captioner is None or entry is None:
            return None
        known = self._shelf.load(entry)
        said = self._captioner.caption(known.short_term) if len(known.short_term) else None
        if said is None or said.score < SURE_CAPTION or not said.text:
            return None
        return self.set_caption(clip, f"{said.text[:1].upper()}{said.text[1:]}.")

    def set_caption(self, clip: int, text: str) -> Clip | None:
        """Take the caption of a closed clip down; returns the clip with it, None when there is no such clip."""
        entry = self._log.clip_of(clip)
        if entry is None:
            return None
        captioned = replace(self._shelf.load(entry), caption=text)
        self._log.amend_clip(replace(entry, caption=text))
        self._shelf.put(captioned)
        self._journal.write(lambda: self._store.amend_clip(replace(entry, caption=text)))
        return captioned

    def add_spoken(self, spoken: Spoken) -> None:
        """Remember words; a known `utterance` amends `answered` only."""
        key = (spoken.origin, spoken.utterance)
        row = self._utterances.get(key)
        if row is not None:
            answered = spoken.answered
            self._log.amend_words(row, answered)
            self._journal.write(lambda: self._store.amend_words(row, answered))
            return
        entry = WordsEntry(self._next_words, spoken)
        self._next_words += 1
        self._utterances[key] = entry.row
        vector = self._text_encoder.encode([spoken.text])[0]
        self._log.add_words(entry, vector)
        self._journal.write(lambda: self._store.add_words(entry, vector), words=entry)

    def adopt(self, clip: Clip, comparable: bool) -> Clip:
        """Remember a clip of another memory under the next number. comparable: its S and g are of our space."""
        return self._keeper.adopt(clip, comparable and len(clip.global_) == self._compressor.width)

    def adopt_spoken(self, spoken: Spoken) -> Spoken:
        """Remember words of another memory. Returns them with a number that nothing said in a session has."""
        adopted = replace(spoken, utterance=FIRST_ADOPTED - self._next_words)
        self.add_spoken(adopted)
        del self._utterances[adopted.origin, adopted.utterance]
        return adopted

    def sit(self, sitting: Sitting) -> None:
        """From `sitting.start_s` on the stream is of another time."""
        self.sittings = (*self.sittings, sitting)
        self._journal.write(lambda: self._store.begin(sitting))

    def add_heard(self, heard: Heard) -> None:
        """Remember a sound."""
        entry = SoundEntry(self._next_sound, heard)
        self._next_sound += 1
        self._log.add_sound(entry)
        self._journal.write(lambda: self._store.add_sound(entry), sound=entry.row)

    def rename_heard(self, heard: Heard) -> None:
        """One of the newest sounds, known by its origin and begin, has another name; a forgotten one has none."""
        entry = self._log.rename_sound(heard)
        if entry is not None:
            self._journal.write(lambda: self._store.amend_sound(entry), sound=entry.row)

    def close_clip(self) -> Clip | None:
        """Close the open clip, however short; returns the clip that its frames are in now."""
        frames = self._builder.flush()
        jpegs, self._jpegs = self._jpegs, ()
        return self._keeper.keep(frames, jpegs) if frames else None

    def close(self) -> None:
        """Close the open clip and the store. Safe to call twice."""
        self.close_clip()
        self._journal.flush()
        self._store.close()

    def _report(self, clip: Clip | None) -> None:
        """Raise once for each time that saving stops."""
        fault, was_reported = self._journal.fault, self._reported
        self._reported = fault is not None
        if fault is not None and not was_reported:
            raise StoreError(fault.code, str(fault), fault.hint, clip)

    @property
    def store_fault(self) -> StoreError | None:
        """Why new memories are not being saved just now; None while they are."""
        return self._journal.fault

    @property
    def next_clip(self) -> int:
        """The number that the open clip will have."""
        return self._keeper.next_clip

    # ---- reading (any thread) --------------------------------------------------------------------------------------

    def snapshot(self, t_s: float) -> Snapshot:
        """The memory as it is now."""
        return Snapshot(self._log.version, t_s)

    def recall(self, question: Question, cancel: CancelToken, with_long_term: bool = False) -> Recall:
        """The best evidence for a question within its snapshot, best first."""
        found = self._recalling().recall(question, cancel, with_long_term)
        self._quota.recalled(evidence.clip_id for evidence in found.evidence if evidence.clip_id is not None)
        return found

    def search(self, words: str, limit: int = 20) -> Recall:
        """Full-text and meaning search over everything."""
        return self._recalling().search(words, limit)

    def _recalling(self) -> recalling.Recalling:
        return recalling.Recalling(
            self._log, self._long_term, self._compressor, self._text_encoder, self._journal.match_words, self._scale,
            self._names, Calendar(self.sittings, self._offset_s), self._away,
        )  # fmt: skip

    def clips(self, first: int = 0, last: int | None = None) -> Sequence[Clip]:
        """Closed clips whose number is `first` to `last` (included), read as they are asked for."""
        return ShelvedClips(self._shelf, self._entries(first, last))

    def by_day(self) -> ByDay:
        """What is remembered now, by days, hours and stretches of time."""
        return ByDay(self._log.view(), Calendar(self.sittings, self._offset_s), self._names, self.clips)

    def clip_numbers(self) -> frozenset[int]:
        """The numbers of all closed clips."""
        return frozenset(self._log.view().clip_numbers.tolist())

    def _entries(self, first: int, last: int | None) -> Sequence[ClipEntry]:
        view = self._log.view()
        begin = int(np.searchsorted(view.clip_numbers, first))
        end = len(view.clips) if last is None else int(np.searchsorted(view.clip_numbers, last, side="right"))
        return view.clips[begin:end]

    def check(self, first: int, last: int) -> tuple[str, ...]:
        """Whether pictures and S_k of clips can still be read; sentences about those that cannot."""
        return self._store.check([entry.id for entry in self._entries(first, last)])

    def open_clip(self) -> tuple[float, float, int, KeyFrame] | None:
        """The growing clip: start_s, end_s, frames, newest picture."""
        frames, jpegs = self._builder.frames, self._jpegs
        if not frames or not jpegs:
            return None
        return frames[0].t_s, frames[-1].t_s, len(frames), KeyFrame(frames[-1].t_s, jpegs[-1])

    def spoken(self) -> Sequence[Spoken]:
        """All words, in order."""
        return [entry.spoken for entry in self._log.view().words]

    def heard(self) -> Sequence[Heard]:
        """All sounds, in order."""
        return [entry.heard for entry in self._log.view().sounds]

    def figures(self) -> MemoryFigures:
        """Clips, seconds, bytes, tokens seen and kept. Bytes are those of pictures, memories and words."""
        return figures_of(self._log, self._quota)

    # ---- forgetting (writer thread) --------------------------------------------------------------------------------

    def forget(self, from_s: float | None = None, to_s: float | None = None) -> MemoryFigures:
        """Forget what overlaps a range, or everything: rows, pictures, index entries, what was integrated from them.

        A clip that touches the range goes as a whole; of the open clip, the frames within it.

        Raises:
            StoreError: it is forgotten, but still lies on the disk; the next write that succeeds deletes it there.
        """
        begin_s, end_s = -np.inf if from_s is None else from_s, np.inf if to_s is None else to_s
        view = self._log.view()
        clips = {c.id for c in view.clips if c.end_s >= begin_s and c.start_s <= end_s}
        words = {w.row for w in view.words if w.spoken.end_s >= begin_s and w.spoken.start_s <= end_s}
        sounds = {s.row for s in view.sounds if s.heard.end_s >= begin_s and s.heard.start_s <= end_s}
        self._log.forget(
            clip=lambda c: c.id in clips,
            words=lambda w: w.row in words,
            sound=lambda s: s.row in sounds,
            frame=lambda f: begin_s <= f.t_s <= end_s or f.clip in clips,
        )
        self._forget_open(begin_s, end_s)
        self._shelf.forget(clips)
        self._utterances = {key: row for key, row in self._utterances.items() if row not in words}
        segments = self._long_term.forget(sorted(clips))
        gone = sorted(clips), sorted(words), sorted(sounds), sorted(segments)
        self._journal.forget(clips, words, sounds, segments, lambda: self._store.forget(*gone))
        self._keeper.forget(sorted(clips))
        self._keeper.rebuild(segments)
        if self._journal.fault is not None:
            raise self._journal.fault
        return replace(self.figures(), forgot_from_s=0.0 if from_s is None else from_s, forgot_to_s=to_s)

    def _forget_open(self, begin_s: float, end_s: float) -> None:
        frames = self._builder.frames
        kept = [i for i, frame in enumerate(frames) if not begin_s <= frame.t_s <= end_s]
        self._builder.drop(begin_s, end_s)
        self._jpegs = tuple(self._jpegs[i] for i in kept)
