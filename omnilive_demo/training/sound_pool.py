"""A pool of computed sounds on the disk, as log-mel: made once, since making costs more than learning from them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from omnilive_demo.models.nano.log_mel import BANDS, FRAMES, log_mel
from omnilive_demo.models.sound_words import CLASSES
from omnilive_demo.training.world.sounds import take, windows

TRAINING, CHECKING, TESTING = 1, 2, 3
"""First number of a sound's seed: what is learned from, what is tuned on, and what is only measured."""
LABELS = (*CLASSES, "other", "speech", "coughing")  # those with the most variety come twice
SECONDS = 2.0
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Order:
    """What a pool holds: `sounds` computed sounds, `cuts` windows of a second from each; `purpose` is in the seeds."""

    purpose: int
    sounds: int
    cuts: int
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class SoundPool:
    """mel: float16 `[n, 98, 64]` in dB; classes: int64 `[n]`, indices into CLASSES; sounds: int64 `[n]`, which sound
    each window was cut from.
    """

    mel: NDArray[np.float16]
    classes: NDArray[np.int64]
    sounds: NDArray[np.int64]


def label_of(number: int) -> str:
    """The class of the n-th sound of a pool."""
    return LABELS[number % len(LABELS)]


def cut_sound(order: Order, number: int) -> NDArray[np.float32]:
    """The windows of one sound, `[cuts, 16000]`."""
    rng = np.random.default_rng([order.purpose, int(order.beyond), number])
    return np.stack(windows(take(label_of(number), rng, SECONDS, order.beyond), rng, order.cuts))


def make_pool(order: Order, folder: Path | None = None, processes: int = 1) -> SoundPool:
    """The pool, taken from `folder` if it holds just this one, else made (and kept there)."""
    if folder is not None and (folder / "pool.json").exists():
        if json.loads((folder / "pool.json").read_text("utf-8")) == asdict(order):
            return _pool(order, np.load(folder / "mel.npy", mmap_mode="r"))
        (folder / "pool.json").unlink()
    starts = range(0, order.sounds, _CHUNK)
    mel = np.zeros((order.sounds * order.cuts, FRAMES, BANDS), np.float16)
    with get_context("spawn").Pool(processes) if processes > 1 else _Here() as pool:
        made = pool.imap(_mel_of, [(order, start) for start in starts])
        for start, part in tqdm(zip(starts, made, strict=True), total=len(starts), desc="sounds", mininterval=5.0):
            mel[start * order.cuts : start * order.cuts + len(part)] = part
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "mel.npy", mel)
        (folder / "pool.json").write_text(json.dumps(asdict(order)), "utf-8")
    return _pool(order, mel)


class _Here:
    """A pool of processes without processes."""

    imap = staticmethod(map)

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _mel_of(job: tuple[Order, int]) -> NDArray[np.float16]:
    order, start = job
    numbers = range(start, min(start + _CHUNK, order.sounds))
    return log_mel(np.concatenate([cut_sound(order, number) for number in numbers])).astype(np.float16)


def _pool(order: Order, mel: NDArray[np.float16]) -> SoundPool:
    sounds = np.repeat(np.arange(order.sounds), order.cuts)
    classes = np.array([CLASSES.index(label_of(int(number))) for number in sounds])
    return SoundPool(mel, classes, sounds)
