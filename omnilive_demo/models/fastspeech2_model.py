"""FastSpeech 2 with Conformer blocks from a local folder in the hub's layout: ARPAbet in, sound out, in one pass.

Ren et al. 2020 (arXiv 2006.04558) and Guo et al. 2020 (arXiv 2010.13956), as `transformers` implements them, with the
HiFi-GAN that turns their spectrogram into sound. The weights in espnet/fastspeech2_conformer_with_hifigan are ESPnet's,
of one reader (LJ Speech); their card says Apache-2.0. The library's tokenizer needs the package g2p-en, so the list of
sounds is read here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omnilive_demo.models.vits_model import SpokenPhonemes

CONFIG, VOCABULARY = "config.json", "vocab.json"
WEIGHTS, CONVERTED = "pytorch_model.bin", "model.safetensors"
END = "<sos/eos>"
RATE_HZ = 22_050  # of LJ Speech; no file says it

_LONGEST_FRAMES = 50  # of one sound, 0.6 s at normal speed: more is no speech
_MOST_SOUNDS = 1000  # attention over the frames grows with their square; longer texts are cut before


class _Stopped(Exception):
    """Raised between two blocks of the network: nobody wants the sound any more."""


class FastSpeech2Network:
    """One copy of the network; calls from several threads take turns."""

    def __init__(self, model: Any, sounds: dict[str, int]) -> None:
        self._model = model
        self._sounds = sounds
        self._lock = threading.Lock()
        self._stopped: Callable[[], bool] = lambda: False
        self._rate = 1.0
        self._frames: Any = None
        self._hop = int(np.prod(model.config.vocoder_config.upsample_rates))
        self.rate_hz = RATE_HZ
        acoustic, vocoder = model.model, model.vocoder
        self._stretch = float(acoustic.config.speaking_speed)  # a factor on durations, whatever its name says
        acoustic.config.speaking_speed = 1.0  # applied here, so that it is known when each sound begins
        blocks = [*acoustic.encoder.conformer_layers, *acoustic.decoder.conformer_layers]
        for block in [*blocks, *vocoder.upsampler, *vocoder.resblocks]:
            block.register_forward_pre_hook(self._ask)
        acoustic.duration_predictor.register_forward_hook(self._bound)

    def knows(self, sound: str) -> bool:
        """Whether the network was trained on a sound or a mark."""
        return sound in self._sounds

    def speak(self, sounds: Sequence[str], rate: float, stopped: Callable[[], bool]) -> SpokenPhonemes | None:
        """Say sounds, each of them one that it `knows`; None when it was stopped.

        Args:
            rate: a factor on normal speed.
            stopped: asked between the blocks of the network.
        """
        import torch

        if len(sounds) > _MOST_SOUNDS:
            raise ValueError(f"A sentence of {len(sounds)} sounds is too long.")
        ids = [self._sounds[sound] for sound in (*sounds, END)]
        with self._lock, torch.inference_mode():
            self._stopped, self._rate = stopped, rate
            try:
                spoken = self._model(torch.tensor([ids], device=self._model.device), return_dict=True)
            except _Stopped:
                return None
            sound = spoken.waveform[0].float().cpu().numpy()
            ends = self._frames[0].cumsum(0).cpu().numpy() * self._hop
        starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(sounds)]
        return SpokenPhonemes(sound, np.minimum(np.append(starts, sound.size), sound.size))

    def _ask(self, *_: object) -> None:
        if self._stopped():
            raise _Stopped

    def _bound(self, _module: object, _given: object, frames: Any) -> Any:
        """How long each sound lasts, at the asked rate, and never for ever: `[1, sounds]`, in frames of 256 samples."""
        self._frames = (frames.clamp(0, _LONGEST_FRAMES) * (self._stretch / self._rate)).round().long()
        if not self._frames.any():  # a text of nothing but marks, at double speed
            self._frames = self._frames + 1
        return self._frames


def load_fastspeech2(folder: Path, device: str = "cpu") -> FastSpeech2Network:
    """Load the network; nothing is downloaded.

    Args:
        folder: holds `config.json`, `vocab.json` and `pytorch_model.bin`, or `model.safetensors` in its place.

    Raises:
        FileNotFoundError: a file is missing.
        RuntimeError: a file is damaged, or holds another network; the message says which.
    """
    from transformers import FastSpeech2ConformerWithHifiGan
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    weights = CONVERTED if (folder / CONVERTED).is_file() else WEIGHTS
    for name in (CONFIG, VOCABULARY, weights):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"The voice FastSpeech 2 lacks its file {folder / name}. Fetch it again.")
    try:
        sounds = {str(sound): int(number) for sound, number in json.loads((folder / VOCABULARY).read_bytes()).items()}
    except Exception as error:
        raise _damaged(folder / VOCABULARY, error) from error
    try:
        loaded: Any = FastSpeech2ConformerWithHifiGan.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, weights_only=True
        )
        model, told = loaded
    except Exception as error:
        raise _damaged(folder / weights, error) from error
    lacking = sorted(told["missing_keys"])
    if lacking:  # they would be random, and the voice would be noise
        raise RuntimeError(f"The file {folder / weights} is incomplete: it lacks {lacking[0]}. Fetch it again.")
    acoustic = model.config.model_config
    if END not in sounds or max(sounds.values()) >= acoustic.vocab_size:
        raise RuntimeError(f"The file {folder / VOCABULARY} does not fit {weights}. Fetch both again.")
    if (acoustic.num_speakers or 1) > 1 or acoustic.speaker_embed_dim:
        raise RuntimeError(f"The FastSpeech 2 in {folder} has many readers; only a single one can be used here.")
    return FastSpeech2Network(model.to(device).eval(), sounds)


def _damaged(path: Path, error: Exception) -> RuntimeError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return RuntimeError(f"The file {path} is damaged or incomplete ({reason[:120]}). Fetch it again.")
