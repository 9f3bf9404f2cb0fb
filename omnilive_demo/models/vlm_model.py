"""A language model that sees, from a folder in the hub's layout, through transformers' image-text-to-text classes.

It reads a conversation with the model's own chat template and gives the answer token by token, to be asked for one at a
time: so an answer ends within one token, and several sessions take turns on one worker. What it holds of a session is
only the keys and values of `vlm_prefix`. Synchronous; one call at a time.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models.vlm_prefix import PrefixShelf, Read, VlmInput

if TYPE_CHECKING:
    from torch import Tensor

Chat = Sequence[Mapping[str, Any]]
"""Messages `{"role", "content": [{"type": "text", "text"} | {"type": "image"}]}`, as chat templates take them."""

_BROKEN = "\ufffd"  # what stands for bytes that are no character, or not yet
_NOT_PASSED = frozenset(("input_ids", "attention_mask", "pixel_values_videos", "video_grid_thw"))


def load_vlm(folder: Path, device: str | None = None, keep_prefixes: bool = True) -> VlmModel:
    """Load a model: bfloat16 on a GPU, float32 on a CPU.

    Raises:
        FileNotFoundError: the folder holds no model.
        RuntimeError: it cannot be loaded; the message says why.
    """
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"There is no model in {folder}: it has no config.json. Fetch the model again.")
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from omnilive_demo.models.memory_module.after_loading import default_dtype

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)  # type: ignore[no-untyped-call]
        model: Any = AutoModelForImageTextToText.from_pretrained(
            folder, local_files_only=True, dtype=default_dtype(device), use_safetensors=True
        )
    except ImportError as error:
        raise RuntimeError(f"The model in {folder} needs a package that is not installed: {error}") from error
    except torch.cuda.OutOfMemoryError as error:
        raise RuntimeError(f"The model in {folder} does not fit into the memory. Choose a smaller one.") from error
    except Exception as error:
        raise RuntimeError(f"The model in {folder} is damaged, or not one that sees: {error}") from error
    if not getattr(processor, "chat_template", None) or not hasattr(processor, "image_processor"):
        raise RuntimeError(f"The model in {folder} has no chat template, or takes no pictures. Choose another one.")
    return VlmModel(folder.name, model.to(device).eval(), processor, keep_prefixes)


class VlmModel:
    """Reads conversations and answers them, token by token (greedy).

    Args:
        model: of `AutoModelForImageTextToText`.
        processor: its `AutoProcessor`.
        keep_prefixes: whether what was read is kept for the next prompt.
    """

    def __init__(self, name: str, model: Any, processor: Any, keep_prefixes: bool = True) -> None:
        import torch

        self.name = name
        self.shelf = PrefixShelf() if keep_prefixes else PrefixShelf(kept=0)
        self.read_tokens = 0  # all that went through the model, answers included
        self._torch, self._model, self._processor = torch, model, processor
        self._tokenizer = processor.tokenizer
        if hasattr(processor.image_processor, "do_image_splitting"):
            processor.image_processor.do_image_splitting = False  # a tile a picture: a camera's needs no dozen
        self._parameters = frozenset(inspect.signature(model.forward).parameters)
        self._cache_name = "cache" if "cache" in self._parameters else "past_key_values"
        self._rope = getattr(getattr(model, "model", None), "get_rope_index", None)
        self._image_token = int(processor.image_token_id)
        self._lengths: dict[tuple[int, ...], int] = {}  # size of a picture -> its tokens
        ends = model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else set(ends or ())
        if self._tokenizer.eos_token_id is not None:
            ends.add(self._tokenizer.eos_token_id)
        self._ends = frozenset(ends)
        control = {token for token, one in self._tokenizer.added_tokens_decoder.items() if one.special}
        self._control = sorted(one.content for one in self._tokenizer.added_tokens_decoder.values() if one.special)
        self._never = torch.tensor(sorted((control | {self._image_token}) - self._ends), device=model.device)

    def read(self, chat: Chat, pictures: Sequence[NDArray[np.uint8]], begun: str = "") -> VlmInput:
        """A conversation in tokens, the beginning of its answer behind it.

        Args:
            pictures: RGB `[H, W, 3]`, one for each image in `chat`.

        Raises:
            ValueError: more or fewer pictures than the conversation has.
        """
        if sum(part["type"] == "image" for message in chat for part in message["content"]) != len(pictures):
            raise ValueError("A conversation needs as many pictures as it speaks of.")
        pictures = [np.require(picture, requirements="W") for picture in pictures]  # or torch warns
        text = self._processor.apply_chat_template(self._clean(chat), add_generation_prompt=True, tokenize=False)
        # The template has written its own beginning already.
        head = self._tokenizer.bos_token
        special = {"add_special_tokens": not (head and text.startswith(head))}
        read = self._processor(text=[text], images=pictures or None, return_tensors="pt", **special)
        ids = read["input_ids"]
        digests = tuple(_digest(picture) for picture in pictures)
        spans = self._spans(ids[0].tolist(), pictures)
        rest = self._tokenizer(self._plain(begun), add_special_tokens=False)["input_ids"] if begun else []
        ids = self._torch.cat((ids, ids.new_tensor([rest])), 1) if rest else ids
        types = tuple(
            (name, self._torch.nn.functional.pad(value, (0, len(rest))))
            for name in ("mm_token_type_ids", "token_type_ids")
            if (value := read.get(name)) is not None
        )
        positions, shift = self._positions(ids, dict(types), read.get("image_grid_thw"))
        return VlmInput(tuple(ids[0].tolist()), tuple(pictures), digests, spans, positions, shift, types)

    def begin(self, asked: VlmInput) -> Generation:
        """The answer to a conversation. Nothing is computed yet."""
        return Generation(self, asked)

    def text_of(self, ids: Sequence[int]) -> str:
        """Tokens in words."""
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def ends(self, token: int) -> bool:
        """Whether a token ends the answer."""
        return token in self._ends

    def feed(self, asked: VlmInput, read: Read | None, cancel: CancelToken) -> tuple[Read, int] | None:
        """Read what is not read yet of a prompt, picture by picture: the next token. None: cancelled."""
        from transformers import DynamicCache

        read = read or Read(DynamicCache(config=self._model.config), [])
        token, start = -1, len(read.ids)
        ends = [span[0] for span in asked.spans if span[0] > start] + [len(asked.ids)]
        for end in ends:
            if cancel.cancelled:
                self.shelf.put(read)
                return None
            inputs: dict[str, Any] = {name: value[:, start:end] for name, value in asked.types}
            if asked.positions is not None:
                inputs["position_ids"] = asked.positions[:, :, start:end]
            numbers = [n for n, span in enumerate(asked.spans) if start <= span[0] < end]
            if numbers:
                inputs |= self._processor.image_processor([asked.pictures[n] for n in numbers], return_tensors="pt")
            token = self._forward(read, asked.ids[start:end], inputs)
            read.digests += tuple(asked.digests[n] for n in numbers)
            read.spans += tuple(asked.spans[n] for n in numbers)
            start = end
        return read, token

    def step(self, asked: VlmInput, read: Read, token: int) -> int:
        """Read one token of the answer: the next one."""
        inputs = {}
        if asked.positions is not None:
            inputs["position_ids"] = self._torch.full((3, 1, 1), len(read.ids) + asked.shift)
        return self._forward(read, (token,), inputs)

    def _forward(self, read: Read, ids: Sequence[int], inputs: Mapping[str, Any]) -> int:
        torch, device = self._torch, self._model.device
        ready = {
            name: value.to(device)
            for name, value in inputs.items()
            if name in self._parameters and name not in _NOT_PASSED and isinstance(value, torch.Tensor)
        }
        mask = torch.ones((1, len(read.ids) + len(ids)), dtype=torch.long, device=device)
        only_last = {"logits_to_keep": 1} if "logits_to_keep" in self._parameters else {}
        with torch.inference_mode():
            out = self._model(
                input_ids=torch.tensor([ids], device=device), attention_mask=mask, use_cache=True,
                **{self._cache_name: read.cache}, **ready, **only_last,
            )  # fmt: skip
            logits = out.logits[0, -1].float().index_fill(0, self._never, -torch.inf)
            token = int(logits.argmax())
        read.ids += ids
        self.read_tokens += len(ids)
        return token

    def _spans(self, ids: Sequence[int], pictures: Sequence[NDArray[np.uint8]]) -> tuple[tuple[int, int], ...]:
        places = [i for i, token in enumerate(ids) if token == self._image_token]
        spans, at = [], 0
        for picture in pictures:
            count = self._length(picture)
            spans.append((places[at], places[at + count - 1] + 1))
            at += count
        if at != len(places):
            raise ValueError(f"The prompt has {len(places)} places for pictures, where {at} were expected.")
        return tuple(spans)

    def _length(self, picture: NDArray[np.uint8]) -> int:
        """How many tokens stand for a picture: depends on its size alone."""
        if picture.shape not in self._lengths:
            one = self._processor(text=[self._processor.image_token], images=[picture], return_tensors="pt")
            self._lengths[picture.shape] = int((one["input_ids"] == self._image_token).sum())
        return self._lengths[picture.shape]

    def _positions(self, ids: Tensor, types: Mapping[str, Tensor], grid: Tensor | None) -> tuple[Tensor | None, int]:
        if self._rope is None:
            return None, 0
        if grid is None:
            return self._torch.arange(ids.shape[1]).view(1, 1, -1).expand(3, 1, -1), 0
        known = {"mm_token_type_ids": types.get("mm_token_type_ids"), "attention_mask": self._torch.ones_like(ids)}
        known = {name: v for name, v in known.items() if name in inspect.signature(self._rope).parameters}
        positions, shift = self._rope(ids, image_grid_thw=grid, **known)
        return positions, int(shift)

    def _clean(self, chat: Chat) -> list[dict[str, Any]]:
        def clean(part: Mapping[str, Any]) -> dict[str, Any]:
            return {**part, "text": self._plain(part["text"])} if part["type"] == "text" else dict(part)

        return [{**message, "content": [clean(part) for part in message["content"]]} for message in chat]

    def _plain(self, text: str) -> str:
        """Without the control words of this model, which nobody may say to it."""
        for word in self._control:
            text = text.replace(word, " ")
        return text


class Generation:
    """One answer under way. `close` it, or what was read is lost."""

    def __init__(self, model: VlmModel, asked: VlmInput) -> None:
        self._model = model
        self._asked = asked
        self._read: Read | None = None
        self._token = -1
        self._ids: list[int] = []
        self._given = 0  # characters

    def next(self, cancel: CancelToken) -> str | None:
        """What the next token adds ("" while a character is incomplete). None: the end, or cancelled."""
        if cancel.cancelled:
            return None
        if self._read is None:
            fed = self._model.feed(self._asked, self._model.shelf.take(self._asked), cancel)
            if fed is None:
                return None
            self._read, self._token = fed
        else:
            self._token = self._model.step(self._asked, self._read, self._token)
        if self._model.ends(self._token):
            return None
        self._ids.append(self._token)
        text = self._model.text_of(self._ids)
        if text.endswith(_BROKEN):
            return ""
        piece, self._given = text[self._given :], len(text)
        return piece.replace(_BROKEN, "")

    def close(self) -> None:
        """Keep what was read for the next prompt."""
        if self._read is not None:
            self._model.shelf.put(self._read)
            self._read = None


def _digest(picture: NDArray[np.uint8]) -> bytes:
    digest = hashlib.blake2b(picture.tobytes(), digest_size=16)
    digest.update(str(picture.shape).encode())
    return digest.digest()
