"""Kill −9 at any point: does the memory keep what it said it had?

A process remembers a stream (clips, clips that go on, words, sounds, captions, forgetting) and says after each what is
kept; at a random moment, opening the store included, it is killed. Then the store is opened again and everything that
was said to be kept must be there and whole, everything forgotten must be gone, and the opening must find no damage.
Half of the stores are over their limit, so that pictures of old clips make room with every clip. The process is a fork
of one that has imported everything, so a trial takes a fraction of a second. `trials` is what other measurements call:

    python -m omnilive_demo.evaluation.kills --kills 200 --json FILE
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory import quota
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.pooling import PoolingCompressor
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.sqlite_store import SqliteStore
from omnilive_demo.memory.store import session_folder
from omnilive_demo.records import Clip, FrameFeatures, Heard, Label, SeenFrame, Spoken

TRIALS_ON_ONE_STORE = 20
MOST_MESSAGES = 30  # before the kill
MOST_DELAY_S = 0.03  # and after them: somewhere within the next write
EARLY = 0.15  # share of kills that come while the store is being opened
STILL_FRAMES = 16  # every other so many show the same, and nothing is said or heard: their clips become one
FULL_BYTES = 1  # the limit of a memory that is always over it


@dataclass(frozen=True, slots=True)
class KillFigures:
    """How often the process was killed, and how many entries that it had said to be kept were lost (or came back)."""

    kills: int
    lost: int


def trials(n: int, seed: int, key: str = "") -> KillFigures:
    """Kill n times, in a process of its own. `key`: the passphrase of an encrypted store."""
    command = [
        sys.executable,
        "-m",
        "omnilive_demo.evaluation.kills",
        "--kills",
        str(n),
        "--seed",
        str(seed),
        "--inside",
    ]
    done = subprocess.run(command, input=key, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the trials did not run: {done.stderr[-2000:]}")
    return KillFigures(**json.loads(done.stdout.splitlines()[-1]))


class _NoWords:
    """Sentence vectors of nothing in particular."""

    name = "none"
    width = 16

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), self.width), 0.25, np.float32)


def _open(folder: Path, key: str, limit_bytes: int | None = None) -> SessionMemory:
    words = _NoWords()
    return SessionMemory(
        folder,
        PoolingCompressor(words, 16),
        words,
        epoch_s=0.0,
        rule=ClipRule(longest=4),
        scale=PictureScale(same=0.9),
        store=SqliteStore(folder, key=key),
        limit_bytes=limit_bytes,
    )


def _frame(t_s: float, look: int | None = None) -> SeenFrame:
    """What is seen at a moment; the same for the same `look`."""
    rng = np.random.default_rng(round(t_s) if look is None else look)
    patches = rng.normal(size=(16, 16)).astype(np.float32)
    vector = patches[0] / np.linalg.norm(patches[0])
    image = rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)
    return SeenFrame(t_s, image, FrameFeatures(vector, patches), (Label("thing", 0.9),), 0.1, 0.99)


def _fill(folder: Path, key: str) -> list[list]:
    """So many clips that, over the limit, there are some that may let their pictures go; what is kept."""
    with contextlib.closing(_open(folder, key)) as memory:
        closed = [memory.see(_frame(float(t_s))) for t_s in range(4 * (quota.UNTOUCHED + 8))]
        return [["clip", clip.id, clip.start_s, clip.end_s] for clip in closed if clip is not None]


def _remember(folder: Path, key: str, out: int, rng: random.Random, limit_bytes: int | None = None) -> None:
    """Remember until killed; a line on `out` for everything that is kept, and before and after all forgetting."""

    def say(*what: object) -> None:
        os.write(out, (json.dumps(what) + "\n").encode())

    with contextlib.closing(_open(folder, key, limit_bytes)) as memory:
        t_s, n = memory.start_s, 0
        while True:
            t_s, n = t_s + 1.0, n + 1
            still = n // STILL_FRAMES % 2 == 1
            clip = memory.see(_frame(t_s, n // STILL_FRAMES if still else None))
            if clip is not None:
                say("clip", clip.id, clip.start_s, clip.end_s)
            if n % 3 == 0 and not still:
                memory.add_spoken(Spoken(n, t_s, t_s + 0.5, f"words at {t_s:.0f}", "visitor"))
                say("words", t_s)
                memory.add_spoken(Spoken(n, t_s, t_s + 0.5, f"words at {t_s:.0f}", "visitor", True))
            if n % 5 == 0 and not still:
                memory.add_heard(Heard(t_s, t_s + 0.5, "sound", 0.5))
                say("sound", t_s)
            if n % 11 == 0 and clip is not None:
                memory.set_caption(clip.id, f"Caption of {clip.id}.")
            if rng.random() < 0.04:
                span = (max(0.0, t_s - 30), t_s - 20)
                say("forgetting", *span)
                memory.forget(*span)
                say("forgot", *span)


@dataclass
class _Told:
    """What the process said: clips by number, times of words and sounds; what may be gone, and what must be."""

    clips: dict[int, tuple[float, float]] = field(default_factory=dict)
    words: set[float] = field(default_factory=set)
    sounds: set[float] = field(default_factory=set)

    def note(self, line: list) -> None:
        kind, *rest = line
        if kind == "clip":
            self.clips[rest[0]] = (rest[1], rest[2])
        elif kind == "words":
            self.words.add(rest[0])
        elif kind == "sound":
            self.sounds.add(rest[0])
        elif kind == "forgetting":  # from here on nobody may count on it
            begin_s, end_s = rest
            self.clips = {n: span for n, span in self.clips.items() if span[1] < begin_s or span[0] > end_s}
            self.words = {t_s for t_s in self.words if t_s + 0.5 < begin_s or t_s > end_s}
            self.sounds = {t_s for t_s in self.sounds if t_s + 0.5 < begin_s or t_s > end_s}


def _trial(folder: Path, key: str, rng: random.Random, told: _Told, limit_bytes: int | None) -> int:
    """One kill; how many entries were lost."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.close(reader)
            _remember(folder, key, writer, random.Random(rng.random()), limit_bytes)
        os._exit(1)
    os.close(writer)
    early = rng.random() < EARLY
    wanted = 0 if early else rng.randrange(1, MOST_MESSAGES)
    delay_s = rng.random() * (0.1 if early else MOST_DELAY_S)
    forgot: list[tuple[float, float]] = []
    with os.fdopen(reader, "r") as lines:
        for _ in range(wanted):
            _note(told, forgot, lines.readline())
        time.sleep(delay_s)
        os.kill(child, signal.SIGKILL)
        for line in lines:
            _note(told, forgot, line)
    os.waitpid(child, 0)
    return _lost(folder, key, told, forgot)


def _note(told: _Told, forgot: list[tuple[float, float]], line: str) -> None:
    if not line.endswith("\n"):
        return
    kind, *rest = json.loads(line)
    told.note([kind, *rest])
    if kind == "forgot":
        forgot.append((rest[0], rest[1]))


def _lost(folder: Path, key: str, told: _Told, forgot: Sequence[tuple[float, float]]) -> int:
    memory = _open(folder, key)
    try:
        clips = memory.clips()
        untouched = memory.next_clip - 1 - quota.UNTOUCHED
        whole = {c.id: (c.start_s, c.end_s) for c in clips if _is_whole(c, may_be_bare=c.id <= untouched)}
        words = {said.start_s for said in memory.spoken()}
        sounds = {heard.start_s for heard in memory.heard()}
        newest = max(told.clips, default=0)
        lost = sum(not _is_kept(whole.get(n), span, goes_on=n == newest) for n, span in told.clips.items())
        if newest in told.clips:  # it may have gone on before that could be said
            told.clips[newest] = whole.get(newest, told.clips[newest])
        lost += len(told.words - words) + len(told.sounds - sounds) + len(memory.damage)
        for begin_s, end_s in forgot:
            lost += sum(span[1] >= begin_s and span[0] <= end_s for span in whole.values())
            lost += sum(begin_s <= t_s <= end_s for t_s in words | sounds)
        return lost
    finally:
        memory.close()


def _is_whole(clip: Clip, may_be_bare: bool) -> bool:
    """Whether all is there that a clip is to have: pictures and S_k, but of one that made room; each frame's time."""
    there = bool(clip.key_frames) and len(clip.short_term) == clip.tokens_kept - 1
    made_room = may_be_bare and not clip.key_frames and not len(clip.short_term) and clip.tokens_kept == 1
    frames = round(clip.end_s - clip.start_s) + 1
    return (there or made_room) and len(clip.frame_times_s) == frames and clip.frame_times_s[-1] == clip.end_s


def _is_kept(found: tuple[float, float] | None, told: tuple[float, float], goes_on: bool) -> bool:
    """Whether a clip is where it was; that it went on may have been kept before it was said."""
    return found == told or (goes_on and found is not None and found[0] == told[0] and found[1] > told[1])


def _run(n: int, seed: int, key: str) -> KillFigures:
    rng = random.Random(seed)
    lost = 0
    on_one = min(TRIALS_ON_ONE_STORE, max(1, n // 2))
    with _scratch() as root:
        told, folder, limit_bytes = _Told(), root, None
        for number in range(n):
            if number % on_one == 0:
                told, folder = _Told(), session_folder(root, f"store{number}")
                limit_bytes = FULL_BYTES if number // on_one % 2 == 1 else None
                for line in _fill(folder, key) if limit_bytes is not None else ():
                    told.note(line)
            lost += _trial(folder, key, rng, told, limit_bytes)
    return KillFigures(n, lost)


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="omnilive-kills-"))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main(argv: Sequence[str]) -> int:
    """Measure; the exit status."""
    parser = argparse.ArgumentParser(prog="kills", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--inside", action="store_true", help="run here; the key comes on standard input")
    given = parser.parse_args(argv)
    key = sys.stdin.read() if given.inside and select.select([sys.stdin], [], [], 5.0)[0] else ""
    figures = _run(given.kills, given.seed, key) if given.inside else trials(given.kills, given.seed)
    text = json.dumps(asdict(figures))
    print(text)
    if given.json:
        given.json.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
