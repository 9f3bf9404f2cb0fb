"""What a sound is: a small network over seconds of log-mel, which abstains when it is not sure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.nano.log_mel import RATE_HZ, WINDOW_SAMPLES, log_mel
from omnilive_demo.models.sound_words import CLASSES, NAMED, UNNAMED, UNTOLD

_HOP_SAMPLES = RATE_HZ // 2
_MOST_WINDOWS = 4  # of one sound: more do not make it surer, and the ears wait


@dataclass(frozen=True, slots=True)
class Tag:
    """What a sound is.

    label: a named sound, "speech", "silence", or "sound" when it is of no class or the tagger is not sure. score: how
    likely the best class is (0..1, calibrated), also when it is not named.
    """

    label: str
    score: float


class SoundTagger(Protocol):
    """Tags stretches of sound; stateless, safe to call from any thread.

    names: that it may give to a sound and that may be told.
    """

    name: str
    names: tuple[str, ...]

    def tag(self, sound: NDArray[np.float32]) -> Tag:
        """The class of a stretch: mono at 16 kHz, `[n]` in -1..1, best a second or more."""
        ...


class NanoSoundTagger:
    """`SoundTagger` by the network of `models/nano/sound_network.py`, trained on computed sounds only.

    Args:
        weights: safetensors with the classes, the temperature and the least confidence in its metadata.

    Raises:
        FileNotFoundError: there is no such file; the message says what to do.
        ValueError: the file holds other classes than this version has.
    """

    name = "nano sound tagger"
    names: tuple[str, ...] = NAMED

    def __init__(self, weights: Path) -> None:
        import torch
        from safetensors import safe_open

        from omnilive_demo.models.nano.sound_network import SoundNetwork

        if not weights.is_file():
            raise FileNotFoundError(
                f"The sound tagger is missing: {weights}. Make it with: python -m omnilive_demo.training sound_tagger"
            )
        with safe_open(weights, "pt") as file:
            facts = file.metadata()
            tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 - not a dict
        if json.loads(facts["classes"]) != list(CLASSES):
            raise ValueError(
                f"{weights} was trained for other sounds. Train it again, or take the file of this version."
            )
        self._torch = torch
        self._network = SoundNetwork(len(CLASSES))
        self._network.load_state_dict(tensors, strict=False)  # the counters of the norms are not kept
        self._network.eval().fuse()
        self._temperature = float(facts["temperature"])
        self._confidence = float(facts["confidence"])
        self.tag(np.zeros(WINDOW_SAMPLES, np.float32))  # the first call is slow: pay for it now

    def tag(self, sound: NDArray[np.float32]) -> Tag:
        """See the protocol."""
        chances = self.chances(cut(sound)).mean(0)
        best = int(chances.argmax())
        label, score = CLASSES[best], float(chances[best])
        if label == "other" or score < self._confidence:
            return Tag(UNNAMED, score)
        return Tag(label, score)

    def chances(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The chance of each class, `[n, classes]`, for windows of a second `[n, 16000]`."""
        torch = self._torch
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(log_mel(windows)))
            chances: NDArray[np.float32] = torch.softmax(logits / self._temperature, 1).numpy()
        return chances


def told(tag: Tag) -> bool:
    """Whether a sound of this tag has a name that may be told."""
    return tag.label not in UNTOLD and tag.label != UNNAMED


def names_known(namer: SoundTagger | None) -> tuple[str, ...]:
    """The names that sounds may get: those of the embedded tagger, and of a larger one that listens after it."""
    return NAMED if namer is None else tuple(dict.fromkeys((*NAMED, *namer.names)))


def cut(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Windows of a second every half second, `[1..4, 16000]`; spread evenly over a longer stretch."""
    if len(sound) < WINDOW_SAMPLES:
        sound = np.pad(sound, (WINDOW_SAMPLES - len(sound), 0))
    room = len(sound) - WINDOW_SAMPLES
    count = min(_MOST_WINDOWS, 1 + -(-room // _HOP_SAMPLES))
    starts = np.linspace(0, room, count).round().astype(int)
    return np.stack([sound[at : at + WINDOW_SAMPLES] for at in starts])
