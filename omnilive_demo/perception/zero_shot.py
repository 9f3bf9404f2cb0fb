"""Names for pictures from words alone: a picture is what its vector lies nearest to, or nothing at all.

Each name is averaged over a few captions. A picture's cosines with all names and with captions of nothing in
particular become shares by the softmax that the model was trained with (its own scale), and a name is said only when
its share is above a threshold: a picture that fits no name, or many alike, is not named.

The names' vectors are kept in a file, since hundreds of captions take a minute on a small machine; a name that is new
to the file is encoded then.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.models.clip_model import ClipSpace
from omnilive_demo.models.thing_names import ThingNames

Array = NDArray[np.float32]

TEMPLATES = ("a photo of {}.", "a close-up of {}.", "a blurry picture of {} in a room.")
"""{} is the name with its article."""
BACKGROUNDS = (
    "a photo.", "a blurry photo.", "a dark photo.", "an overexposed photo.", "a photo of nothing in particular.",
    "a photo of a plain wall.", "a photo of an empty room.", "a photo of the floor.", "a photo of the ceiling.",
    "a photo of the sky.", "a close-up of a surface.", "a photo of something unknown.", "an abstract pattern.",
    "a plain colour.", "noise.",
)  # fmt: skip
THRESHOLD = 0.3
MOST = 4

log = logging.getLogger(__name__)


class ZeroShotNames:
    """Reads names off vectors of pictures. Stateless after it was made; safe from any thread.

    Args:
        space: pictures and text.
        plurals: names of things and their plurals.
        cache: a folder for the names' vectors; None keeps none.
        threshold: the share from which on a name is said.
        most: names of one picture.
    """

    def __init__(
        self,
        space: ClipSpace,
        plurals: Mapping[str, str],
        cache: Path | None = None,
        threshold: float = THRESHOLD,
        most: int = MOST,
    ) -> None:
        self.names = tuple(plurals)
        self.threshold = threshold
        self._most = most
        self._scale = space.scale
        things = ThingNames(plurals)
        captions = {name: [template.format(things.one(name)) for template in TEMPLATES] for name in plurals}
        captions |= {background: [background] for background in BACKGROUNDS}
        vectors = _vectors(space, captions, cache)
        self._texts = np.stack([vectors[text] for text in captions]).T.copy()  # [C, names + backgrounds]

    def of(self, vector: Array) -> list[tuple[str, float]]:
        """Names of a picture with their shares (0..1), surest first; empty when it fits none.

        vector: `[C]`, unit norm.
        """
        logits = self._scale * (vector.astype(np.float64) @ self._texts)
        shares = np.exp(logits - logits.max())
        shares = (shares / shares.sum())[: len(self.names)]
        best = np.argsort(-shares, kind="stable")[: self._most]
        return [(self.names[i], float(shares[i])) for i in best if shares[i] >= self.threshold]


def _vectors(space: ClipSpace, captions: Mapping[str, list[str]], cache: Path | None) -> dict[str, Array]:
    """The unit vector of each entry; those that are not kept yet are encoded, and then kept."""
    about = "\n".join((space.fingerprint, *TEMPLATES))
    path = None if cache is None else cache / f"names-{hashlib.blake2b(about.encode(), digest_size=8).hexdigest()}.npz"
    known = {} if path is None else _kept(path, space.width)
    new = [text for text in captions if text not in known]
    if new:
        rows = space.encode_texts([caption for text in new for caption in captions[text]])
        at = 0
        for text in new:
            mean = rows[at : at + len(captions[text])].mean(0)
            known[text] = mean / max(float(np.linalg.norm(mean)), 1e-8)
            at += len(captions[text])
        if path is not None:
            _keep(path, {text: known[text] for text in captions})
    return known


def _kept(path: Path, width: int) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            texts, rows = file["texts"], file["rows"]
    except FileNotFoundError:
        return {}
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it can be made again
        log.warning("the vectors of names in %s cannot be read (%s) and are made again", path, error)
        return {}
    if rows.shape != (len(texts), width) or rows.dtype != np.float32 or not np.isfinite(rows).all():
        log.warning("the vectors of names in %s do not fit and are made again", path)
        return {}
    return {str(text): row for text, row in zip(texts, rows, strict=True)}


def _keep(path: Path, vectors: Mapping[str, Array]) -> None:
    """Write beside and rename, so that no reader finds half a file. A disk that is full costs a minute next time."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, texts=np.array(list(vectors)), rows=np.stack(list(vectors.values())))
        part.replace(path)
    except OSError as error:
        log.warning("the vectors of names could not be kept in %s: %s", path, error)
        with suppress(OSError):
            part.unlink(missing_ok=True)
