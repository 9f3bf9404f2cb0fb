"""What goes into the audio model and comes out of it, in text and in mel frames: its folder's tokenizer and extractor.

The prompts and the chat around them are those that the release was used with (specification 3); own wordings were never
seen in training.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnilive_demo.models.memory_module.weight_files import WeightsError, read_json

RATE_HZ = 16_000
RECOGNISE = "Detect the language and recognize the speech."
CLASSIFY = "Classify the audio."
_CHAT = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\nAudio 1: <|audio_bos|><|AUDIO|><|audio_eos|>\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
)
_MARKS = ("<|im_start|>", "<|im_end|>", "<|audio_bos|>", "<|AUDIO|>", "<|audio_eos|>", "<|endoftext|>")
_ENDS = ("<|im_end|>", "<|endoftext|>")
_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_CONTROL = re.compile(r"<\|[^|<>]*\|>")
_EXTRACTOR = {"feature_size": 128, "sampling_rate": RATE_HZ, "hop_length": 160, "n_fft": 400}


class AudioTokenizer:
    """Prompts as ids, answers as text.

    Args:
        folder: `tokenizer.json`, or `vocab.json` and `merges.txt`; and `tokenizer_config.json`.
        audio_token: of the model's configuration.

    Raises:
        WeightsError: a file is missing or damaged, or they are another model's.
    """

    def __init__(self, folder: Path, audio_token: int) -> None:
        from transformers import Qwen2Tokenizer

        files = ("tokenizer.json",) if (folder / "tokenizer.json").is_file() else ("vocab.json", "merges.txt")
        if missing := [name for name in (*files, "tokenizer_config.json") if not (folder / name).is_file()]:
            raise WeightsError(f"The audio model's tokenizer is incomplete: {folder / missing[0]} is missing.")
        try:
            self._tokenizer: Any = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            raise WeightsError(f"The audio model's tokenizer in {folder} is damaged. Fetch it again.") from error
        ids = {mark: self._tokenizer(mark, add_special_tokens=False)["input_ids"] for mark in _MARKS}
        if unknown := [mark for mark, of in ids.items() if len(of) != 1]:
            raise WeightsError(f"The tokenizer in {folder} is not the audio model's: it does not know {unknown[0]}.")
        if ids["<|AUDIO|>"] != [audio_token]:
            raise WeightsError(
                f"The tokenizer in {folder} has its audio token at {ids['<|AUDIO|>'][0]}, not {audio_token}."
            )
        self.ends = frozenset(ids[mark][0] for mark in _ENDS) | _ends_of(folder)

    def ids(self, prompt: str) -> list[int]:
        """A prompt with the chat around it; one audio token stands for the sound."""
        ids: list[int] = self._tokenizer(_CHAT.format(prompt=prompt), add_special_tokens=False)["input_ids"]
        return ids

    def text(self, ids: Sequence[int]) -> tuple[str, str]:
        """An answer without its control words, and the language that it names among them; empty when it names none."""
        text: str = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        language = _LANGUAGE.search(text)
        plain = " ".join(_CONTROL.sub(" ", text).rstrip("�").split())
        return plain, language[1] if language else ""


class MelExtractor:
    """Whisper's log-mel of 128 bands, padded to the model's window (30 s in the release).

    Args:
        folder: holds `preprocessor_config.json`.
        most_frames: that the model's encoder has positions for.

    Raises:
        WeightsError: the file is missing or damaged, or another model's.
    """

    def __init__(self, folder: Path, most_frames: int) -> None:
        from transformers import WhisperFeatureExtractor

        path = folder / "preprocessor_config.json"
        values = read_json(path)
        asked = {**_EXTRACTOR, "chunk_length": most_frames * 160 // RATE_HZ}
        if wrong := [key for key, only in asked.items() if values.get(key, only) != only]:
            raise WeightsError(
                f"{path} asks for {wrong[0]} {values[wrong[0]]!r}, but the audio model needs {asked[wrong[0]]}."
            )
        self._extract: Any = WhisperFeatureExtractor(**asked)  # type: ignore[no-untyped-call]
        self.most_samples = most_frames * 160

    def __call__(self, sounds: Sequence[NDArray[np.float32]]) -> tuple[Tensor, list[int]]:
        """Mono sounds `[n]` at 16 kHz, of at most `most_samples` -> log-mel `[B, 128, M]`, and the frames of each.

        Raises:
            ValueError: one is too long: cut it first (`audio_long.py`).
        """
        longest = max(map(len, sounds))
        if longest > self.most_samples:
            raise ValueError(
                f"The audio model hears {self.most_samples / RATE_HZ:g} seconds at a time, not {longest / RATE_HZ:.1f}."
            )
        features = self._extract(list(sounds), sampling_rate=RATE_HZ, return_tensors="np")["input_features"]
        return torch.from_numpy(features), [-(-len(one) // 160) for one in sounds]


def _ends_of(folder: Path) -> frozenset[int]:
    """What ends an answer by `generation_config.json`, where there is one."""
    path = folder / "generation_config.json"
    ends = read_json(path).get("eos_token_id") if path.is_file() else None
    return frozenset([ends] if isinstance(ends, int) else ends or ())
