"""Chooses the naming rule of a frame encoder's weight file again, without a training: the weights stay as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.models.nano.frame_network import load_frame_network
from omnilive_demo.training.export import replace_metadata
from omnilive_demo.training.frame_encoder_card import write_card
from omnilive_demo.training.frame_encoder_check import calibrated
from omnilive_demo.training.frame_encoder_data import Pool
from omnilive_demo.training.frame_encoder_names import name_table_of


def recalibrated(path: Path, val: Pool, strangers: NDArray[np.uint8]) -> dict[str, float]:
    """Calibrates the file's network as it is shipped, in its float16 weights and names' vectors, and writes the rule
    and its figures into the file's metadata and the card beside it; the figures.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it is not a frame encoder's, or of another list of things.
    """
    network, _, vectors = load_frame_network(path)
    try:
        table = name_table_of(torch.cat([vectors["name_vectors"], vectors["other_vectors"]]).float().numpy())
    except KeyError as error:
        raise ValueError(f"{path} lacks {error}") from error
    figures, naming, reliability = calibrated(network.eval(), table, val, strangers)
    replace_metadata(path, {"naming": naming, "figures": figures, "reliability": reliability.round(3).tolist()})
    write_card(path, len(val.rows))
    return figures
