"""Tiny CLIP checkpoints in the hub's folder layout, made by open_clip's own classes: random ones, and one that learned.

The one that learned knows six things by their pattern, and plain and noisy pictures as nothing in particular: enough to
show that what goes in as a picture comes out as its name, and that a question finds it.
"""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

THINGS = {
    "umbrella": "umbrellas", "teapot": "teapots", "bicycle": "bicycles", "guitar": "guitars", "cactus": "cacti",
    "envelope": "envelopes",
}  # fmt: skip
SIZE = 32
TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": SIZE, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}
_COLOURS = np.array([[220, 40, 40], [40, 180, 60], [50, 80, 220], [230, 200, 40], [150, 60, 190], [240, 240, 240]])


def picture(thing: str | None, seed: int = 0, size: int = 64) -> NDArray[np.uint8]:
    """A thing's pattern on gray noise, or the noise alone."""
    rng = np.random.default_rng(seed)
    image = np.clip(rng.normal(rng.integers(70, 140), 12, (size, size, 3)), 0, 255)
    if thing is not None:
        which = list(THINGS).index(thing)
        y, x = np.mgrid[:size, :size] / size
        wave = [x, y, x + y, x - y, np.hypot(x - 0.5, y - 0.5), np.maximum(abs(x - 0.5), abs(y - 0.5))][which]
        shows = np.sin(wave * 20 + rng.uniform(0, 6)) > 0
        image[shows] = _COLOURS[which] + rng.normal(0, 10, (int(shows.sum()), 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def save(folder: Path, config: dict, model=None, **preprocess: object) -> Path:
    """A model of a configuration (random, if none is given) as a folder of the hub."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    if model is None:
        torch.manual_seed(3)
        made = json.loads(json.dumps(config))
        kind = open_clip.CustomTextCLIP if made.pop("custom_text", False) else open_clip.CLIP
        model = kind(**made)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"mean": [0.5, 0.4, 0.45], "std": [0.25, 0.3, 0.27], "interpolation": "bicubic", "resize_mode": "shortest"}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": about | preprocess})
    )
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    return folder


@cache
def random_checkpoint() -> Path:
    """A folder with a random tiny model."""
    return save(_new_folder("random"), TINY)


@cache
def taught_checkpoint() -> Path:
    """A folder with the tiny model that learned to name its things; about four seconds."""
    import open_clip
    import torch

    torch.manual_seed(1)
    model = open_clip.CLIP(**json.loads(json.dumps(TINY)))
    tokenizer = open_clip.SimpleTokenizer(context_length=24)
    things = list(THINGS)
    captions = [_captions(thing) for thing in things] + [_nothings()]
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in ((0.5, 0.4, 0.45), (0.25, 0.3, 0.27)))
    rng = np.random.default_rng(5)
    for step in range(90):
        of = np.repeat(np.arange(len(captions)), 4)
        shown = [picture(things[k] if k < len(things) else None, 1000 * step + i, SIZE) for i, k in enumerate(of)]
        texts = tokenizer([said[rng.integers(len(said))] for said in captions])
        pixels = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 255
        seen = model.encode_image((pixels - mean) / std, normalize=True)
        logits = model.logit_scale.exp() * seen @ model.encode_text(texts, normalize=True).T
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(of))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return save(_new_folder("taught"), TINY, model)


def _captions(thing: str) -> list[str]:
    one = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"
    return [
        f"a photo of {one}.", f"a close-up of {one}.", f"a blurry picture of {one} in a room.", f"a photo of {thing}.",
        f"a picture with {one}.", f"a picture of {thing}.",
    ]  # fmt: skip


def _nothings() -> list[str]:
    from omnilive_demo.perception.zero_shot import BACKGROUNDS

    return [*BACKGROUNDS]


def _new_folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix="tiny-clip-")) / name
