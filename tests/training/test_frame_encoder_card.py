from __future__ import annotations

import json

import torch

from omnilive_demo.training.frame_encoder_card import card


def test_the_card_says_what_the_file_tells() -> None:
    metadata = {
        "figures": json.dumps({"val_single_top1": 0.871, "false_naming": 0.013, "strangers_named": 0.037}),
        "naming": json.dumps({"weights": [1] * 5, "bias": 0, "threshold": 0.64}),
        "reliability": json.dumps([[0.95, 0.97, 812]]),
        "about": json.dumps({"steps": 4000, "seed": 3}),
    }
    tensors = {"stem": torch.zeros(1000, 2000), "name_vectors": torch.zeros(7, 4), "other_vectors": torch.zeros(5, 4)}
    text = card(metadata, tensors, 4_750_000, 4000)
    for told in (
        "the nearest of the 7 known ones | 0.871 |", "something is named | 0.013 |", "confidence of 0.64",
        "on 544 pictures of 68 things of the third group at most\n4 % (there it is 3.7 %)", "The other 156 things",
        "| 0.95 | 0.97 | 812 |", "steps 4000, seed 3", "2.00 M parameters", "4.8 MB",
    ):  # fmt: skip
        assert told in text
    assert "{" not in text
