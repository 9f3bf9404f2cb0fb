"""A CLIP model, loaded once for pictures and for text: both become unit vectors of one space.

It is read by open_clip from a local folder in the hub's layout (`open_clip_config.json`, `open_clip_model.safetensors`
and, where the text tower has a tokenizer of its own, its files), or from a weight file of a named architecture. Nothing
is fetched here.

The whole picture is squashed into the model's square, as SigLIP's training does: the usual centre crop would lose
almost half of a wide picture.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnilive_demo.models.clip_towers import check_tower, see

Array = NDArray[np.float32]
T = TypeVar("T")
Precision = Literal["auto", "fp32", "bf16", "fp16"]

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "*.safetensors", "open_clip_pytorch_model.bin", "*.bin", "*.pt", "*.pth")
TOKENIZERS = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "spiece.model", "tokenizer.model")
SIDE = 4
BATCH = 32
TEXT_BATCH = 64


@dataclass(frozen=True, slots=True)
class EncodedPictures:
    """Unit vectors `[n, C]` of pictures and of their patches `[n, P, C]`, row-major."""

    vectors: Array
    patches: Array


class ClipSpace(Protocol):
    """A space in which pictures and text lie together. Safe to use from any thread."""

    name: str
    width: int  # C
    side: int  # patches lie on a grid of side x side
    scale: float  # what cosines are multiplied with before a softmax, learned in training
    fingerprint: str  # the same for the same weights only

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> EncodedPictures:
        """RGB pictures `[H, W, 3]` of any sizes."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """Unit vectors `[n, C]`."""
        ...


class ClipModel:
    """A `ClipSpace` of open_clip's. One copy serves all sessions; nothing of it changes after it was made."""

    def __init__(
        self,
        source: Path,
        architecture: str = "",
        device: str = "cpu",
        precision: Precision = "auto",
        side: int = SIDE,
    ) -> None:
        """Load it; takes seconds.

        Args:
            source: a folder in the hub's layout, or a folder or weight file of the named architecture.
            architecture: open_clip's name of it ("ViT-L-14"), where no configuration lies in the folder.
            device: torch's name of the device.
            precision: "auto" is float32 on the CPU, and half precision elsewhere: bf16 where it is supported.
            side: of the grid of patches, an even number.

        Raises:
            FileNotFoundError: the folder, its weights or its tokenizer are not there.
            ValueError: no such architecture, or one that gives no patches.
            RuntimeError: the weights or the configuration are damaged or incomplete.
        """
        import open_clip  # type: ignore[import-untyped,unused-ignore]
        import torch

        if side < 2 or side % 2:
            raise ValueError(f"the grid of patches has an even side, not {side}")
        self._torch = torch
        self._device = torch.device(device)
        self.precision = _precision(precision, self._device)
        self._dtype = open_clip.get_input_dtype(self.precision) or torch.float32
        self._model, self._tokenizer, self.name = _load(source, architecture, self.precision, device)
        try:
            check_tower(self._model.visual)
        except ValueError as error:
            raise ValueError(f"The picture model {source} cannot be used: {error}.") from error
        self._tokenizing = threading.Lock()  # fast tokenizers may not be used by two threads at once
        about = self._model.visual.preprocess_cfg
        size = about["size"]
        self.pixels = int(size if isinstance(size, int) else size[0])
        self._resampling = Image.Resampling[str(about["interpolation"]).upper()]
        self._mean, self._std = (
            torch.tensor(about[which], device=self._device).reshape(1, 3, 1, 1) for which in ("mean", "std")
        )
        self.side = side
        self.scale = float(self._model.logit_scale.exp())
        self.fingerprint = _fingerprint(self._model)
        probe = self.encode_images([np.zeros((8, 8, 3), np.uint8)])  # the first call is slow anyway
        self.width = probe.vectors.shape[1]

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> EncodedPictures:
        """RGB pictures `[H, W, 3]` of any sizes -> vectors `[n, C]`, patches `[n, side * side, C]`.

        Raises:
            ValueError: one of them is not an RGB picture.
        """
        small = [squashed(image, self.pixels, self._resampling) for image in images]
        made = [self._see(np.stack(batch)) for batch in _batches(small, BATCH)]
        if not made:
            nothing = np.zeros((0, self.width), np.float32)
            return EncodedPictures(nothing, nothing.reshape(0, self.side**2, self.width))
        vectors, patches = (np.concatenate(parts) for parts in zip(*made, strict=True))
        return EncodedPictures(vectors, patches)

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """Unit vectors `[n, C]`; what is longer than the model's context is cut."""
        made = [self._read(batch) for batch in _batches(texts, TEXT_BATCH)]
        return np.concatenate(made) if made else np.zeros((0, self.width), np.float32)

    def _see(self, pictures: NDArray[np.uint8]) -> tuple[Array, Array]:
        with self._torch.inference_mode():
            pixels = self._torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2).float() / 255
            pixels = ((pixels - self._mean) / self._std).to(self._dtype)
            vectors, patches = see(self._model.visual, pixels, self.side)
            return _unit(vectors), _unit(patches)

    def _read(self, texts: Sequence[str]) -> Array:
        with self._tokenizing:
            tokens = self._tokenizer(list(texts))
        with self._torch.inference_mode():
            return _unit(self._model.encode_text(tokens.to(self._device)))


def squashed(image: NDArray[np.uint8], side: int, resampling: Image.Resampling) -> NDArray[np.uint8]:
    """An RGB picture `[H, W, 3]` as `[side, side, 3]`, its proportions given up.

    Raises:
        ValueError: not an RGB picture.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"expected an RGB picture [H, W, 3] of bytes, not {image.shape} of {image.dtype}")
    if image.shape[:2] == (side, side):
        return image
    picture = Image.fromarray(image)
    factor = min(image.shape[:2]) // (2 * side)
    if factor > 1:
        picture = picture.reduce(factor)  # a box average, many times cheaper than resampling
    return np.asarray(picture.resize((side, side), resampling))


def _precision(asked: Precision, device: Any) -> str:
    if asked != "auto":
        return asked
    if device.type == "cpu":
        return "fp32"
    import torch

    return "bf16" if device.type != "cuda" or torch.cuda.is_bf16_supported() else "fp16"


def _load(source: Path, architecture: str, precision: str, device: str) -> tuple[Any, Any, str]:
    """The model, its tokenizer, and what to call it."""
    import open_clip

    if not source.exists():
        raise FileNotFoundError(f"The picture model {source} is missing. Fetch it first.")
    folder = source if source.is_dir() else source.parent
    weights = _weights_in(source) if source.is_dir() else source
    described = source.is_dir() and (source / CONFIG).is_file()
    if not described and architecture not in open_clip.list_models():
        known = f"open_clip has no architecture {architecture!r}" if architecture else f"it has no {CONFIG}"
        raise ValueError(f"The picture model {source} cannot be read: {known}. Name one of open_clip's architectures.")
    try:
        place = f"local-dir:{folder}" if described else architecture
        text = open_clip.get_model_config(place)["text_cfg"]
        _check_text(text, folder)
        # a configuration and weights by other names than open_clip's own are both found: it looks for any weights
        model = open_clip.create_model(
            place,
            pretrained=None if described else str(weights),
            precision=precision,
            device=device,
            require_pretrained=True,
        ).eval()
        own = described or not text.get("hf_tokenizer_name")
        tokenizer = (
            open_clip.get_tokenizer(place)
            if own
            else open_clip.HFTokenizer(
                str(folder), context_length=text.get("context_length", 77), **text.get("tokenizer_kwargs", {})
            )
        )
    except FileNotFoundError:
        raise
    except Exception as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        message = f"The picture model {source} is damaged, incomplete or of another kind ({why}). Fetch it again."
        raise RuntimeError(message) from error
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model, tokenizer, architecture or folder.name


def _check_text(text: dict[str, Any], folder: Path) -> None:
    """Refuse a text tower that would be looked for elsewhere, which open_clip does without asking."""
    if text.get("hf_model_name"):
        raise ValueError(f"its text tower is another repository's, {text['hf_model_name']}")
    if text.get("hf_tokenizer_name") and not any((folder / name).is_file() for name in TOKENIZERS):
        raise FileNotFoundError(f"The picture model in {folder} lacks its tokenizer ({TOKENIZERS[0]}). Fetch it again.")


def _weights_in(folder: Path) -> Path:
    found = (path for pattern in WEIGHTS for path in sorted(folder.glob(pattern)))
    path = next(found, None)
    if path is None:
        raise FileNotFoundError(f"The picture model in {folder} has no weights ({WEIGHTS[0]}). Fetch it again.")
    return path


def _fingerprint(model: Any) -> str:
    """Of the shape and a few values of each tensor: files of gigabytes need not be read again."""
    digest = hashlib.blake2b(digest_size=6)
    for name, tensor in sorted(model.state_dict().items()):
        few = tensor.flatten()[:: max(1, tensor.numel() // 8)][:9].float().cpu().numpy()
        digest.update(f"{name} {tuple(tensor.shape)} ".encode() + few.tobytes())
    return digest.hexdigest()


def _batches(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    return (items[i : i + most] for i in range(0, len(items), most))


def _unit(rows: Any) -> Array:
    from torch.nn.functional import normalize

    unit: Array = normalize(rows.float(), dim=-1).cpu().numpy()
    return unit
