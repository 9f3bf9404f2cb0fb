"""What a sound is, by an Audio Spectrogram Transformer trained on AudioSet (`MIT/ast-finetuned-audioset-*`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.perception.audioset_labels import Sureness, judge, name_of, told_names
from omnilive_demo.perception.loudness import level_db
from omnilive_demo.perception.sound_tagger import Tag

RATE_HZ = 16_000
_HOP_S, _FRAME_S = 0.01, 0.025
_MOST_WINDOWS = 3  # of one sound: more do not make it surer, and somebody waits
_NOTHING_DB = -75.0
_LEAST_SAMPLES = RATE_HZ  # a second: what is shorter has silence before it


class AudioSetTagger:
    """`SoundTagger` by an AST model in the hub's layout: config.json, preprocessor_config.json, model.safetensors.

    Safe to call from several threads: nothing is changed after the model is loaded.

    Args:
        folder: with those files.
        device: "cpu" or "cuda"; empty for the GPU where there is one.
        window_s: heard at a time, at most what the model was trained for (10.24 s), which is the default. The work
            grows with it, however short a sound is. A shorter one uses the middle of the model's position embeddings,
            as its authors do for shorter clips.
        sureness: from the model's chances to scores.
        name: shown on the page.

    Raises:
        FileNotFoundError: a file is missing; the message says which.
        ValueError: it is no model of AudioSet, or `window_s` is not possible with it.
        RuntimeError: the files cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        device: str = "",
        window_s: float | None = None,
        sureness: Sureness | None = None,
        name: str = "",
    ) -> None:
        missing = [file for file in ("config.json", "preprocessor_config.json") if not (folder / file).is_file()]
        if not any((folder / file).is_file() for file in ("model.safetensors", "pytorch_model.bin")):
            missing.append("model.safetensors")
        if missing:
            raise FileNotFoundError(f"The sound tagger in {folder} lacks {', '.join(missing)}. Fetch it again.")
        import torch
        from safetensors import SafetensorError
        from transformers import ASTFeatureExtractor, ASTForAudioClassification

        self.name = name or folder.name
        self._torch = torch
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            self._extract: Any = ASTFeatureExtractor.from_pretrained(folder, local_files_only=True)
            model: Any = ASTForAudioClassification.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise RuntimeError(f"The sound tagger in {folder} cannot be read: {error}. Fetch it again.") from error
        self._labels = tuple(model.config.id2label[index] for index in range(model.config.num_labels))
        if "speech" not in map(name_of, self._labels):
            raise ValueError(f"The model in {folder} does not know AudioSet's sounds, so it cannot tag any.")
        self.names = told_names(self._labels)
        frames = model.config.max_length if window_s is None else round(window_s / _HOP_S)
        _hear_at_a_time(model, frames)
        self._extract.max_length = frames
        self._samples = round((frames * _HOP_S + _FRAME_S - _HOP_S) * RATE_HZ)
        self._sureness = sureness or Sureness()
        self._model = model.eval().to(self._device)
        self.chances(np.zeros(_LEAST_SAMPLES, np.float32))  # the first call is slow: pay for it now

    def tag(self, sound: NDArray[np.float32]) -> Tag:
        """See the protocol. Beyond the names of `sound_words.NAMED` it has some more, told only when it is sure."""
        if level_db(sound) < _NOTHING_DB:
            return Tag("silence", 1.0)  # the model heard recordings only, in which it is never quite still
        return judge(self.chances(sound), self._labels, self._sureness)

    def chances(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely each AudioSet label is heard (0..1), `[windows, labels]`, in mono sound at 16 kHz, `[n]`."""
        torch = self._torch
        windows = cut(sound, self._samples)
        pictures = self._extract(windows, sampling_rate=RATE_HZ, return_tensors="pt")[
            "input_values"
        ]  # [w, frames, 128]
        with torch.inference_mode():
            logits = self._model(pictures.to(self._device)).logits
            chances: NDArray[np.float32] = torch.sigmoid(logits.float()).cpu().numpy()
        return chances


def cut(sound: NDArray[np.float32], samples: int) -> list[NDArray[np.float32]]:
    """1 to 3 windows of at most `samples`, spread evenly over the sound, half over each other where that is enough."""
    if len(sound) < _LEAST_SAMPLES:
        sound = np.pad(sound, (_LEAST_SAMPLES - len(sound), 0))
    room = max(0, len(sound) - samples)
    count = min(_MOST_WINDOWS, 1 + -(-room // (samples // 2)))
    starts = np.linspace(0, room, count).round().astype(int)
    return [np.asarray(sound[at : at + samples], np.float32) for at in starts]


def _hear_at_a_time(model: Any, frames: int) -> None:
    """Cut the position embeddings, `[1, 2 + bands x times, C]`, to the times of so many frames."""
    import torch

    config = model.config
    size, stride = config.patch_size, config.time_stride
    bands = (config.num_mel_bins - size) // config.frequency_stride + 1
    before, times = (config.max_length - size) // stride + 1, (frames - size) // stride + 1
    if not 1 <= times <= before:
        raise ValueError(
            f"The sound tagger hears between {size * _HOP_S:.2f} and {config.max_length * _HOP_S:.2f} seconds at a "
            f"time, not {frames * _HOP_S:.2f}."
        )
    if times == before:
        return
    embeddings = model.audio_spectrogram_transformer.embeddings
    whole = embeddings.position_embeddings.detach()
    first = (before - times) // 2
    grid = whole[:, 2:].unflatten(1, (bands, before))[:, :, first : first + times].flatten(1, 2)
    embeddings.position_embeddings = torch.nn.Parameter(torch.cat([whole[:, :2], grid], 1))
    config.max_length = frames
