"""The released memory module as the app's compressor, and what its cosines mean.

It reads patches of its own tower (`perception/ixc25_encoder.py`) and words by its own token table.
"""

from __future__ import annotations

import hashlib

from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.models.ixc25_omnilive.memory import VideoMemory

SCALE = PictureScale(nothing=0.15, certain=0.6, learned=True)
"""The released demos take a clip from a cosine of 0.25 or 0.3 on, and ranking takes a score from 0.3 on: here the two
meet at 0.285. Not measured on the released weights."""


def released_compressor(memory: VideoMemory) -> LearnedCompressor:
    """Compress, integrate and ask through a released module; it shares the weights of what it is made of.

    At the released size in bfloat16 a prefix of 64 full clips takes 117 MB, and at most 12 of the latest are kept.
    """
    return LearnedCompressor(memory.module, memory.text_rows)


def fingerprint(memory: VideoMemory) -> str:
    """The same for the same weights only: memories of two modules cannot be compared.

    Of the shape and a few values of each tensor: files of gigabytes need not be read again.
    """
    digest = hashlib.blake2b(digest_size=6)
    for name, tensor in sorted(memory.module.state_dict().items()):
        few = tensor.flatten()[:: max(1, tensor.numel() // 8)][:9].float().cpu().numpy()
        digest.update(f"{name} {tuple(tensor.shape)} ".encode() + few.tobytes())
    return digest.hexdigest()
