"""VITS from a local folder in the hub's layout: phonemes in, sound out, fast enough for a CPU.

Kim et al. 2021 (arXiv 2106.06103), as `transformers` implements it. The authors' weights, which they release under the
MIT licence, are in kakao-enterprise/vits-ljs (one voice) and kakao-enterprise/vits-vctk (109 voices).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.json"
_MOST_PHONEMES = 1000  # attention grows with their square; longer texts are cut before


class _Stopped(Exception):
    """Raised between two blocks of the network: nobody wants the sound any more."""


@dataclass(frozen=True, slots=True)
class SpokenPhonemes:
    """Mono float32 `[n]`, and for each phoneme (and the end) its first sample `[phonemes + 1]`."""

    samples: NDArray[np.float32]
    starts: NDArray[np.int64]


class VitsNetwork:
    """One copy of the network; calls from several threads take turns."""

    def __init__(self, model: Any, phonemes: dict[str, int], blanks: bool) -> None:
        self._model = model
        self._phonemes = phonemes
        self._blanks = blanks
        self._lock = threading.Lock()
        self._stopped: Callable[[], bool] = lambda: False
        self._log_durations: Any = None
        self.rate_hz = int(model.config.sampling_rate)
        self.speakers = int(model.config.num_speakers)
        self._hop = int(np.prod(model.config.upsample_rates))
        steps = [model.duration_predictor, *model.flow.flows, *model.decoder.upsampler, *model.decoder.resblocks]
        for step in steps:
            step.register_forward_pre_hook(self._ask)
        model.duration_predictor.register_forward_hook(self._keep_durations)

    def knows(self, phoneme: str) -> bool:
        """Whether the network was trained on a symbol."""
        return phoneme in self._phonemes

    def speak(self, phonemes: str, speaker: int, rate: float, stopped: Callable[[], bool]) -> SpokenPhonemes | None:
        """Say phonemes, each of them one that it `knows`; None when it was stopped.

        Args:
            speaker: 0 to `speakers` - 1.
            rate: a factor on normal speed.
            stopped: asked between the blocks of the network.
        """
        import torch

        if len(phonemes) > _MOST_PHONEMES:
            raise ValueError(f"A sentence of {len(phonemes)} sounds is too long.")
        ids = [self._phonemes[phoneme] for phoneme in phonemes]
        if self._blanks:
            ids = [0, *(number for one in ids for number in (one, 0))]
        with self._lock, torch.inference_mode():
            self._stopped = stopped
            speaking_rate = float(self._model.config.speaking_rate) * rate
            try:
                spoken = self._model(
                    torch.tensor([ids], device=self._model.device),
                    speaker_id=speaker if self.speakers > 1 else None,
                    speaking_rate=speaking_rate,
                    return_dict=True,
                )
            except _Stopped:
                return None
            durations = torch.ceil(torch.exp(self._log_durations.double()) / speaking_rate).reshape(-1)
            sound = spoken.waveform[0, : int(spoken.sequence_lengths[0])].float().cpu().numpy()
        ends = np.cumsum(durations.cpu().numpy()).astype(np.int64) * self._hop
        begins = np.concatenate([np.zeros(1, np.int64), ends])
        kept = begins[1::2] if self._blanks else begins
        return SpokenPhonemes(sound, np.minimum(np.append(kept[: len(phonemes)], sound.size), sound.size))

    def _ask(self, *_: object) -> None:
        if self._stopped():
            raise _Stopped

    def _keep_durations(self, _module: object, _given: object, log_durations: Any) -> None:
        self._log_durations = log_durations


def load_vits(folder: Path, device: str = "cpu") -> VitsNetwork:
    """Load the network; nothing is downloaded.

    Args:
        folder: holds `config.json`, `model.safetensors`, `vocab.json` and `tokenizer_config.json`.

    Raises:
        FileNotFoundError: a file is missing.
        RuntimeError: a file is damaged, or the network reads letters and no phonemes; the message says which.
    """
    from transformers import VitsModel, VitsTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for name in (CONFIG, WEIGHTS, VOCABULARY):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"The voice VITS lacks its file {folder / name}. Fetch it again.")
    try:
        tokenizer = VitsTokenizer.from_pretrained(folder, local_files_only=True)
        phonemes, blanks, reads_phonemes = dict(tokenizer.encoder), tokenizer.add_blank, tokenizer.phonemize
    except Exception as error:
        raise _damaged(folder / VOCABULARY, error) from error
    try:
        loaded: Any = VitsModel.from_pretrained(folder, local_files_only=True, output_loading_info=True)
        model, told = loaded
    except Exception as error:
        raise _damaged(folder / WEIGHTS, error) from error
    lacking = sorted(name for name in told["missing_keys"] if not name.startswith("posterior_encoder."))
    if lacking:  # they would be random, and the voice would be noise
        raise RuntimeError(f"The file {folder / WEIGHTS} is incomplete: it lacks {lacking[0]}. Fetch it again.")
    if not reads_phonemes:
        raise RuntimeError(f"The VITS voice in {folder} reads letters; only those that read phonemes can be used here.")
    if not phonemes or max(phonemes.values()) >= model.config.vocab_size:
        raise RuntimeError(f"The file {folder / VOCABULARY} does not fit {WEIGHTS}. Fetch both again.")
    _merge_weight_norm(model)
    return VitsNetwork(model.to(device).eval(), phonemes, blanks)


def _merge_weight_norm(model: Any) -> None:
    """Weights are kept as direction and length for training; for speaking they are computed once."""
    from torch.nn.utils import parametrize

    for module in list(model.modules()):
        if parametrize.is_parametrized(module):
            for name in list(module.parametrizations):
                parametrize.remove_parametrizations(module, name)


def _damaged(path: Path, error: Exception) -> RuntimeError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return RuntimeError(f"The file {path} is damaged or incomplete ({reason[:120]}). Fetch it again.")
