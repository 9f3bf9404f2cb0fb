"""From patches to names: which of the taught names can be said of a picture, and how sure that is.

Every cell is compared with all names (those that may not be said, and "nothing", included), times how known the thing
in it looks. What the best cell, its neighbours and the picture as a whole say about a name becomes one confidence, by
a logistic rule that was fitted on held-out drawn pictures; below its threshold nothing is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.nano.frame_network import LARGEST_SCALE

Array = NDArray[np.float32]

LEAST = 0.05  # of a cell's probability, for a name to be considered at all
CONSIDERED = 12  # names a picture
FEATURES = 5
HEADS = ("align", "gaze", "known", "known_anywhere")


@dataclass(frozen=True, slots=True)
class NamingRule:
    """Weights `[FEATURES]` and bias of the logistic rule, and the confidence from which on a name is said."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """From the metadata of a weight file. Raises ValueError or KeyError for anything else."""
        weights, bias, threshold = values["weights"], values["bias"], values["threshold"]
        if not isinstance(weights, list) or len(weights) != FEATURES:
            raise ValueError(f"a naming rule has {FEATURES} weights, not {weights}")
        return cls(tuple(float(weight) for weight in weights), float(str(bias)), float(str(threshold)))


class NameReader:
    """Reads names off a picture's patches. Stateless after it was made."""

    def __init__(self, tensors: Mapping[str, Array], names: Array, others: Array, rule: NamingRule | None) -> None:
        """`tensors`: the frame network's, of which the heads are used; names `[m, 384]`, others `[k, 384]`: unit
        vectors of what may and may not be said."""
        self._heads = {head: (tensors[f"{head}.weight"].T, tensors[f"{head}.bias"]) for head in HEADS}
        nothing = tensors["background"] / np.linalg.norm(tensors["background"])
        self._texts = np.concatenate([names, others, nothing[None]]).T.copy()
        self._known = len(names)
        self._scale = min(float(np.exp(tensors["log_scale"])), LARGEST_SCALE)
        self._rule = rule

    def aligned(self, patches: Array) -> Array:
        """Patches `[P, 128]` in text space: unit vectors `[P, 384]`."""
        return _unit(self._head("align", patches))

    def names(self, patches: Array, vector: Array) -> list[tuple[int, float]]:
        """Names (as rows of `names`) and their confidences, surest first: those above the threshold.

        patches: `[P, 128]` of a square grid; vector: `[384]`, the picture's.
        """
        if self._rule is None:
            raise ValueError("this reader has no rule: it was not calibrated")
        rows, features = self.candidates(patches, vector)
        confidences = 1 / (1 + np.exp(-(features @ np.array(self._rule.weights) + self._rule.bias)))
        order = np.argsort(-confidences)
        return [(int(rows[k]), float(confidences[k])) for k in order if confidences[k] >= self._rule.threshold]

    def candidates(self, patches: Array, vector: Array) -> tuple[NDArray[np.intp], Array]:
        """Names to consider `[k]` and what speaks for each of them `[k, FEATURES]`."""
        shown = _softmax(self._scale * (self.aligned(patches) @ self._texts))[:, : self._known]
        by_cell = shown * _sigmoid(self._head("known", patches))  # [P, names]
        best = by_cell.max(0)
        rows = np.argsort(-best)[:CONSIDERED]
        rows = rows[best[rows] >= LEAST]
        whole = _softmax(self._scale * (vector[None] @ self._texts))[0, rows]
        gaze = _softmax(self._head("gaze", patches).T)
        anywhere = self._head("known_anywhere", gaze @ patches)[0, 0]
        side = round(len(patches) ** 0.5)
        around = np.pad(by_cell[:, rows].reshape(side, side, -1), ((1, 1), (1, 1), (0, 0)))
        top, left = np.divmod(by_cell[:, rows].argmax(0), side)
        block = np.array(
            [around[y : y + 3, x : x + 3, k].sum() for k, (y, x) in enumerate(zip(top, left, strict=True))]
        )
        features = np.stack(
            [
                _logit(best[rows]),
                np.log(block + 1e-3),
                np.log(by_cell[:, rows].sum(0) + 1e-3),
                _logit(whole),
                np.full(len(rows), anywhere),
            ],
            axis=1,
        )
        return rows, features.astype(np.float32)

    def _head(self, name: str, rows: Array) -> Array:
        weight, bias = self._heads[name]
        made: Array = rows @ weight + bias
        return made


def _unit(rows: Array) -> Array:
    unit: Array = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6)
    return unit


def _softmax(rows: Array) -> Array:
    powers: Array = np.exp(rows - rows.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def _sigmoid(rows: Array) -> Array:
    shares: Array = (1 / (1 + np.exp(-np.clip(rows, -30, 30)))).astype(np.float32)
    return shares


def _logit(shares: Array) -> Array:
    inside = np.clip(shares, 1e-4, 1 - 1e-4)
    odds: Array = np.log(inside / (1 - inside))
    return odds
