"""Writes the frame encoder's model card from what its weight file tells.

python -m omnilive_demo.training.frame_encoder_card
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from omnilive_demo.config import ASSETS
from omnilive_demo.training.frame_encoder_check import FALSE_NAMING, PRECISION, STRANGERS_NAMED
from omnilive_demo.training.world.strangers import EACH
from omnilive_demo.training.world.things import strangers_of

WEIGHTS = ASSETS / "nano" / "frame_encoder.safetensors"
FIGURES = {
    "val_single_top1": "one known thing in the picture: its name is the nearest of the {known} known ones",
    "val_single_top5": "the same, among the five nearest",
    "val_cells_right": "cells of things: the right name among all {names} names and \"nothing\"",
    "val_known_auc": "AUC of \"a known thing is in the picture\"",
    "val_known_cell_auc": "AUC of \"a known thing is in this cell\"",
    "name_precision": "names said that are true",
    "name_recall": "known things in pictures that are named",
    "one_thing_named": "pictures of one known thing in which it is named",
    "false_naming": "pictures without a known thing in which something is named",
}  # fmt: skip

CARD = """# Frame encoder

Turns a picture into 8 x 8 patches of 128 numbers, which the memory is made of, and a vector in the text space of
all-MiniLM-L6-v2, so that pictures can be compared with any name or sentence; and names the {known} kinds of things that
`names.json` lists, when it is sure enough. A residual convolutional network with one block of self-attention:
{parameters:.2f} M parameters, {size:.1f} MB in float16 with the names' vectors, 192 x 192 pixels. The text model was
never trained (as in LiT).

## Training data

No photographs. `training/world/snapshots.py` draws pictures with drawings of a colour emoji font (Noto Color Emoji) on
painted backgrounds, with camera-like defects. {known} things are taught with their names; {rehearsed} more are shown as
things whose name must not be said, so that there is something to abstain from. The {strangers} things of a third group,
and the drawings of another style (OpenMoji), are in no training picture. First come close-ups of single things, then
parts of pictures, then whole ones.

Make it again with `python -m omnilive_demo.training frame_encoder` (`training/configs/frame_encoder.toml`; {about}).

## Figures

On {val} drawn pictures of another seed, same style; the lower four were measured on the half that the naming rule was
not fitted on. A name is said from a confidence of {threshold:.2f} on. That is the lowest threshold at which on the
other half at least {precision:.0f} % of what is said is true and at most {false_naming:.0f} % of the pictures without a
known thing are falsely named, and on {stranger_pictures} pictures of {calibrated_on} things of the third group at most
{most_named:.0f} % (there it is {strangers_named:.1f} %). The other {measured_on} things of that group had no part in
this choice: false naming is measured with them.

| what | share |
| --- | --- |
{figures}

Confidence against truth (that half of the pictures):

| mean confidence | true | names |
| --- | --- | --- |
{reliability}

`python -m omnilive_demo.evaluation recognise` measures more: the other style, those {measured_on} things, photographs.
To choose the rule again and leave the weights: `python -m omnilive_demo.training frame_encoder --calibrate FILE`.

## Where it fails

It knows drawings. A photograph of a mug is not what it learnt, and it should rather stay silent than name it: what it
says of a real camera's picture is a trial, and the plain words for light, colour and motion beside the names do not
depend on it. Small things (less than a cell of 24 pixels), things that are mostly covered, and things dyed in another
colour are missed more often. It does not count, and does not see what a text says.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the card beside the weight file."""
    parser = argparse.ArgumentParser(description="The frame encoder's model card.")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--val", type=int, default=4000, help="how many pictures the figures are of")
    given = parser.parse_args(argv)
    write_card(given.weights, given.val)
    return 0


def write_card(weights: Path, val: int) -> None:
    """Writes the card of a weight file whose figures are of `val` pictures."""
    with safe_open(weights, "pt") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights.with_suffix(".md").write_text(card(metadata, tensors, weights.stat().st_size, val), "utf-8")


def card(metadata: Mapping[str, str], tensors: Mapping[str, torch.Tensor], size: int, val: int) -> str:
    """The text of the card."""
    known, rehearsed = len(tensors["name_vectors"]), len(tensors["other_vectors"])
    figures: dict[str, float] = json.loads(metadata["figures"])
    about: dict[str, Any] = json.loads(metadata.get("about", "{}"))
    calibrated_on, measured_on = len(strangers_of("calibration")), len(strangers_of("test"))
    named = {"known": known, "names": known + rehearsed}
    own = [tensor for name, tensor in tensors.items() if not name.endswith("_vectors") and "running" not in name]
    return CARD.format(
        known=known,
        rehearsed=rehearsed,
        parameters=sum(tensor.numel() for tensor in own) / 1e6,
        size=size / 1e6,
        about=", ".join(f"{name} {value}" for name, value in about.items()),
        val=f"{val:,}",
        precision=100 * PRECISION,
        false_naming=100 * FALSE_NAMING,
        most_named=100 * STRANGERS_NAMED,
        strangers=calibrated_on + measured_on,
        stranger_pictures=calibrated_on * EACH,
        calibrated_on=calibrated_on,
        measured_on=measured_on,
        strangers_named=100 * figures["strangers_named"],
        threshold=json.loads(metadata["naming"])["threshold"],
        figures="\n".join(
            f"| {text.format(**named)} | {figures[name]:.3f} |" for name, text in FIGURES.items() if name in figures
        ),
        reliability="\n".join(
            f"| {mean:.2f} | {true:.2f} | {count:.0f} |" for mean, true, count in json.loads(metadata["reliability"])
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
