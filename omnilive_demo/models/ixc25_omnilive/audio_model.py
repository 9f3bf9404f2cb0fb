"""The released audio model, ready to be asked: what was said in a sound, and what it is.

Synchronous and stateless: safe to call from several threads. Several sounds are heard as one batch. At most 30 s at a
time; `audio_long.py` takes longer ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.ixc25_omnilive.audio_greedy import Answer, greedy
from omnilive_demo.models.ixc25_omnilive.audio_loading import load_audio_network
from omnilive_demo.models.ixc25_omnilive.audio_network import LEAST_FRAMES, AudioNetwork
from omnilive_demo.models.ixc25_omnilive.audio_prompt import (
    CLASSIFY,
    RATE_HZ,
    RECOGNISE,
    AudioTokenizer,
    MelExtractor,
)

_MOST_TOKENS = 256  # of an answer, as in the original
_TOKENS_AT_ONCE, _TOKENS_PER_S = 24, 14.0  # nobody says more; a model that loops is stopped
_LABEL_TOKENS = 24
_LEAST_SAMPLES = LEAST_FRAMES * 160


@dataclass(frozen=True, slots=True)
class Told:
    """What the model says of a sound.

    text: without control words. language: where it names one ("en", "zh"). log_prob: mean of its tokens, the end
    included. chance: that it says just this (0..1). whole: it came to its end.
    """

    text: str
    language: str = ""
    log_prob: float = 0.0
    chance: float = 1.0
    whole: bool = True


_NOTHING = Told("")


def load_audio_model(folder: Path, dtype: torch.dtype | None = None, device: str = "cpu") -> AudioModel:
    """The audio model from a folder in the released layout: weights, tokenizer, extractor.

    Args:
        folder: see `load_audio_network`, `AudioTokenizer`, `MelExtractor`.
        dtype: of the weights; None for `default_dtype`.

    Raises:
        WeightsError: a file is missing, damaged or of another kind; the message says which.
        ValueError: float16, in which it says wrong words.
    """
    network = load_audio_network(folder, dtype, device)
    tokenizer = AudioTokenizer(folder, network.config.audio_token)
    return AudioModel(folder.name, network, tokenizer, MelExtractor(folder, network.most_frames))


class AudioModel:
    """Says what was said in sounds, and what they are. Sounds are mono float32 `[n]` at 16 kHz in -1..1."""

    def __init__(self, name: str, network: AudioNetwork, tokenizer: AudioTokenizer, mel: MelExtractor) -> None:
        self.name = name
        self.network = network
        self._tokenizer = tokenizer
        self._mel = mel
        self._prompts = {prompt: tokenizer.ids(prompt) for prompt in (RECOGNISE, CLASSIFY)}

    @property
    def most_samples(self) -> int:
        """Of one sound: 30 s in the release."""
        return self._mel.most_samples

    def transcribe(self, sound: NDArray[np.float32], cancel: CancelToken | None = None) -> str:
        """The words of a sound of at most 30 s; those so far, when it is cancelled.

        Raises:
            ValueError: the sound is too long.
        """
        return self.recognise([sound], _unless(cancel))[0].text

    def classify(self, sound: NDArray[np.float32], cancel: CancelToken | None = None) -> str:
        """The label of a sound of at most 30 s, as the model spells it ("Vacuumcleaner", "Speech").

        Raises:
            ValueError: the sound is too long.
        """
        return self.label([sound], _unless(cancel))[0].text

    def recognise(
        self, sounds: Sequence[NDArray[np.float32]], wanted: Callable[[int], bool] = lambda index: True
    ) -> list[Told]:
        """The words of each sound. wanted: asked between the steps, for each; see `greedy`."""
        return self._told(sounds, RECOGNISE, [_most_tokens(sound) for sound in sounds], wanted)

    def label(
        self, sounds: Sequence[NDArray[np.float32]], wanted: Callable[[int], bool] = lambda index: True
    ) -> list[Told]:
        """What each sound is. wanted: asked between the steps, for each."""
        return self._told(sounds, CLASSIFY, [_LABEL_TOKENS] * len(sounds), wanted)

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _told(
        self, sounds: Sequence[NDArray[np.float32]], prompt: str, most: Sequence[int], wanted: Callable[[int], bool]
    ) -> list[Told]:
        heard = [at for at, sound in enumerate(sounds) if len(sound) >= _LEAST_SAMPLES]
        told = [_NOTHING] * len(sounds)
        answers: Sequence[Answer] = [Answer() for _ in heard]
        if heard:
            chosen, limits = [sounds[at] for at in heard], [most[at] for at in heard]
            for grown in self._answers(chosen, prompt, limits, lambda index: wanted(heard[index])):
                answers = grown
        for at, answer in zip(heard, answers, strict=True):
            text, language = self._tokenizer.text(answer.ids)
            total = sum(answer.log_probs)
            mean = total / max(len(answer.log_probs), 1)
            told[at] = Told(text, language, mean, math.exp(total), answer.ended)
        return told

    def _answers(
        self, sounds: Sequence[NDArray[np.float32]], prompt: str, most: Sequence[int], wanted: Callable[[int], bool]
    ) -> Iterator[Sequence[Answer]]:
        if not any(wanted(index) for index in range(len(sounds))):
            return
        ids = self._prompts[prompt]
        with torch.inference_mode():
            rows = self.network.hear(*self._mel(sounds))
            prompts = [self.network.embed(ids, sound) for sound in rows]
        yield from greedy(self.network, prompts, self._tokenizer.ends, most, wanted)


def _unless(cancel: CancelToken | None) -> Callable[[int], bool]:
    return lambda index: cancel is None or not cancel.cancelled


def _most_tokens(sound: NDArray[np.float32]) -> int:
    return min(_MOST_TOKENS, round(_TOKENS_AT_ONCE + _TOKENS_PER_S * len(sound) / RATE_HZ))
