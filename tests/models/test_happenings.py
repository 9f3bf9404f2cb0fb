"""What happens in a clip: read from the order of its frames, whatever clips it is read with."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.happenings import Happenings
from omnilive_demo.models.memory_module.module import ClipRows, MemoryModule

SMALL = MemoryModuleConfig(
    hidden=32, layers=2, heads=4, kv_heads=2, intermediate=48, feature_width=48, text_width=24, happenings=True
)


def rows(frames: int, seed: int) -> Tensor:
    return torch.randn(frames * 16, SMALL.feature_width, generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def test_a_clip_reads_alike_alone_and_among_others() -> None:
    happenings = Happenings(12, 32).eval()
    clips, frames = [rows(3, 1), rows(7, 2), rows(1, 3)], [3, 7, 1]
    of_frames, of_clips = happenings(clips, frames)
    assert (of_frames.shape, of_clips.shape) == ((11, 32), (3, 32))
    for clip, count, together, whole in zip(clips, frames, torch.split(of_frames, frames), of_clips, strict=True):
        alone = happenings([clip], [count])
        torch.testing.assert_close(alone[0], together)
        torch.testing.assert_close(alone[1][0], whole)


@torch.inference_mode()
def test_the_order_of_the_frames_counts() -> None:
    happenings = Happenings(12, 32).eval()
    clip = rows(5, 4)
    backwards = clip.view(5, 16, -1).flip(0).flatten(0, 1)
    assert (happenings([clip], [5])[1] - happenings([backwards], [5])[1]).abs().max() > 1e-3


@torch.inference_mode()
def test_it_reaches_the_slots_of_its_frame_and_the_global_row_and_nothing_else() -> None:
    module = MemoryModule(SMALL)
    module.initialise(torch.Generator().manual_seed(1))
    plain = MemoryModule(replace(SMALL, happenings=False))
    plain.load_state_dict({k: v for k, v in module.state_dict().items() if not k.startswith("happenings")})
    clip = rows(3, 5)
    patches, slots, globals_ = module.project_clips([clip], [3])
    without = plain.project_clips([clip], [3])
    assert module.happenings is not None
    of_frames, of_clips = module.happenings([clip], [3])
    torch.testing.assert_close(patches[0], without[0][0])
    torch.testing.assert_close(slots[0] - without[1][0], of_frames.repeat_interleave(4, 0), atol=1e-5, rtol=0)
    torch.testing.assert_close(globals_ - without[2], of_clips, atol=1e-5, rtol=0)
    short_term, g = module.compress(torch.randn(4, 32), clip, 3)
    assert (short_term.shape, g.shape) == ((12, 32), (32,))


def test_everything_of_it_learns() -> None:
    module = MemoryModule(SMALL)
    module.initialise(torch.Generator().manual_seed(1))
    _, g = module.compress_batch([ClipRows(torch.randn(4, 32), rows(n, n), n) for n in (2, 5)])
    g.square().sum().backward()
    assert module.happenings is not None
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in module.happenings.to_clip.parameters())
    assert all(p.grad is not None for p in module.happenings.order.parameters())
