"""What open_clip's picture towers make of pixels: the picture's vector, and a small grid of patches in the same space.

A CLIP model is trained to place whole pictures; its patches are placed by the same last steps, one at a time:

- open_clip's own vision transformer: the last layer's patch tokens, normed, averaged over the cells of the grid, and
  projected as the class token is.
- a timm trunk (SigLIP, PE, MobileCLIP): its features averaged over the cells, and each cell through the trunk's own
  pooling and head as if it were a picture of one patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def check_tower(visual: Any) -> None:
    """Refuse towers whose patches cannot be placed.

    Raises:
        ValueError: such a tower.
    """
    native = hasattr(visual, "transformer") and getattr(visual, "attn_pool", None) is None
    if not native and not hasattr(visual, "trunk"):
        raise ValueError(f"a picture tower of the kind {type(visual).__name__} gives no patches in the joint space")


def see(visual: Any, pixels: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Pixels `[n, 3, S, S]`, normalised -> vectors `[n, C]` and patches `[n, side * side, C]`, of any length."""
    return _see_by_trunk(visual, pixels, side) if hasattr(visual, "trunk") else _see_natively(visual, pixels, side)


def _see_natively(visual: Any, pixels: Tensor, side: int) -> tuple[Tensor, Tensor]:
    made = visual.forward_intermediates(pixels, indices=1, normalize_intermediates=True, output_fmt="NCHW")
    cells = _cells(made["image_intermediates"][-1], side)
    return made["image_features"], cells if visual.proj is None else cells @ visual.proj


def _see_by_trunk(visual: Any, pixels: Tensor, side: int) -> tuple[Tensor, Tensor]:
    trunk = visual.trunk
    features = trunk.forward_features(pixels)
    vectors = visual.head(trunk.forward_head(features))
    if features.ndim == 4:  # a convolutional trunk, [n, W, h, w]
        cells = _cells(features, side)
        placed = visual.head(trunk.forward_head(cells.flatten(0, 1)[..., None, None]))
    else:
        tokens = features[:, trunk.num_prefix_tokens :]  # [n, h * w, W]
        high = round(tokens.shape[1] ** 0.5)
        cells = _cells(tokens.transpose(1, 2).unflatten(2, (high, -1)), side)
        alone = cells.flatten(0, 1)[:, None]
        pooled = alone[:, 0] if trunk.attn_pool is None else trunk.attn_pool(alone)
        placed = visual.head(trunk.head(trunk.fc_norm(pooled)))
    return vectors, placed.unflatten(0, cells.shape[:2])


def _cells(maps: Tensor, side: int) -> Tensor:
    """Feature maps `[n, W, h, w]` -> means over a grid, row-major `[n, side * side, W]`."""
    from torch.nn.functional import adaptive_avg_pool2d

    return adaptive_avg_pool2d(maps, (side, side)).flatten(2).transpose(1, 2)
