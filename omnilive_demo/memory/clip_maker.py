"""A closed clip, made of its frames: compressed, labelled, with a few of its pictures."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from omnilive_demo.memory.compressor import Compressor, DropsTokens, TokenCount
from omnilive_demo.memory.key_frames import choose_key_frames, clip_labels, describe
from omnilive_demo.records import Clip, KeyFrame, SeenFrame


def make_clip(
    number: int,
    frames: Sequence[SeenFrame],
    jpegs: Sequence[bytes],
    compressor: Compressor,
    names: Container[str] = (),
) -> Clip:
    """The clip of some frames, with their pictures as JPEG. Its caption is what its labels say, until it gets one.

    names: which labels are things, see `clip_labels`. A compressor that drops tokens counts them, and says which frames
    show something new; of another, the rows of its memory count, and the pictures that changed most are kept.
    """
    features = [frame.features for frame in frames]
    start_s, end_s = frames[0].t_s, frames[-1].t_s
    short_term, global_ = compressor.compress(features, start_s, end_s)
    drops = compressor if isinstance(compressor, DropsTokens) else None
    chosen = choose_key_frames([frame.change for frame in frames], drops.key_frames(features) if drops else None)
    patches = sum(len(frame.patches) for frame in features)
    count = drops.kept(features) if drops else TokenCount(patches, len(short_term) + 1)
    labels = clip_labels([frame.labels for frame in frames], names)
    return Clip(
        id=number,
        start_s=start_s,
        end_s=end_s,
        frame_times_s=tuple(frame.t_s for frame in frames),
        key_frames=tuple(KeyFrame(frames[i].t_s, jpegs[i]) for i in chosen),
        short_term=short_term.astype(np.float16),
        global_=global_.astype(np.float16),
        labels=labels,
        caption=describe(labels),
        tokens_seen=count.seen,
        tokens_kept=count.kept,
    )
