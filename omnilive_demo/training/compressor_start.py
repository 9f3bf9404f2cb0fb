"""How the memory module begins: as mean pooling in the text space, which the training then improves on.

The frame encoder's patches can be compared with MiniLM's sentence vectors through its `align` layer. Here text and
patches get into the module by the same directions: the text projector keeps the 256 directions in which names and
questions differ most (of 384), and the patch projector maps the mean of a 2x2 block through `align` into them. What is
left of its width carries how the four patches differ (place, edges). Without this the module has to find out again what
the frame encoder knows already, and forgets what MiniLM knows about words that it is not shown.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.text_rows import ROWS

_QUIET = 0.02  # of the first output of a layer
_REST = 0.4  # size of the directions that do not name
_LOOKS = (ROWS, ROWS + 1, 1)  # how many rows back the positional heads look
_LINEAR = 0.25  # size of what goes through the GELU: small, so that it is nearly linear there


@torch.no_grad()
def start_aligned(
    module: MemoryModule,
    align: Tensor,
    merged: Tensor,
    texts: Tensor,
    states: Tensor,
    generator: torch.Generator,
    known: nn.Linear | None = None,
) -> None:
    """Sets both projectors. To be called after `module.initialise`.

    align: `[text_width, C]` of the frame encoder. merged: a sample of merged features `[n, 4C]`. texts: MiniLM's
    vectors of names and questions `[m, text_width]`; states: some of its token states `[n, text_width]`. known: the
    frame encoder's layer that tells patches with a thing from background, where the module has a gate.

    Raises:
        ValueError: the widths do not fit the module.
    """
    config = module.config
    width = config.feature_width // 4
    if align.shape != (config.text_width, width) or module.text_projector is None:
        raise ValueError(f"align must be [{config.text_width}, {width}], and the module must have a text projector")
    directions = torch.linalg.svd(texts.float(), full_matrices=False).Vh
    if len(directions) < config.hidden:
        raise ValueError(f"at least {config.hidden} texts are needed, not {len(texts)}")
    directions = directions[: config.hidden]  # [H, text_width]
    size = (states.float() @ directions.T).square().mean().sqrt()
    module.text_projector.weight.copy_(directions / size)
    # What all texts have in common points at no clip. `question_rows` makes a text's mean as long as its tokens are.
    common = texts.float().mean(0) * states.float().norm(dim=1).mean() / texts.float().norm(dim=1).mean()
    module.text_projector.bias.copy_(-module.text_projector.weight @ common)
    into = directions @ align.float()  # [H, C]: a patch among the directions of the text
    basis, sizes, rows = torch.linalg.svd(into, full_matrices=True)
    count = min(width, config.hidden // 2)
    mean = (sizes[:count, None] * rows[:count]).repeat(1, 4) / 4  # [count, 4C], in the basis `basis[:, :count]`
    rest = torch.empty(config.hidden - count, config.feature_width)
    nn.init.orthogonal_(rest, generator=generator)
    first, second = cast(nn.Linear, module.projector[0]), cast(nn.Linear, module.projector[2])
    if module.gate is not None and known is not None:
        module.gate.load_state_dict(known.state_dict())
    for layer in cast(Any, module.decoder.layers):  # what is pooled is small at first: the layers must not drown it
        layer.self_attn.o_proj.weight *= _QUIET
        layer.mlp.down_proj.weight *= _QUIET
    sample = module.weighed(merged.float())
    middle = sample.mean(0)
    spread = (sample - middle) @ torch.cat([mean, rest]).T
    named, other = spread[:, :count].square().mean().sqrt(), spread[:, count:].square().mean().sqrt()
    first.weight.copy_(torch.cat([mean / named, rest / other]) * _LINEAR)
    first.bias.copy_(-first.weight @ middle)
    scale = torch.full((config.hidden,), 2 / _LINEAR)  # GELU(x) is x / 2 near 0
    scale[count:] *= _REST  # names weigh more
    second.weight.copy_(basis * scale)
    nn.init.zeros_(second.bias)


@torch.no_grad()
def start_words(words: nn.Parameter, vectors: Tensor) -> None:
    """The reader's word vectors `[words, hidden]` from the text encoder's `[words, text_width]`."""
    centred = vectors.float() - vectors.float().mean(0)
    directions = torch.linalg.svd(centred, full_matrices=False).Vh[: words.shape[1]]
    kept = centred @ directions.T
    words[:, : kept.shape[1]].copy_(kept)
    words.copy_(nn.functional.normalize(words, dim=-1))


@torch.no_grad()
def start_positional(module: MemoryModule, strength: float = 5.0) -> None:
    """Lets the heads of the first key-value head of every layer begin by looking at where a row is, not what it is.

    "What was that?" is answered by a place in the history. Qwen2's biases of queries and keys make scores that depend
    on the distance of two rows alone: for the last row of a question the first head looks at the newest clip and the
    second at the one before, the third looks at the row before its own, the others at what is near. Found from nothing,
    that takes a training longer than ours.
    """
    heads, kv_heads, theta = module.config.heads, module.config.kv_heads, module.config.rope_theta
    size = module.config.hidden // heads
    rates = theta ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)  # radians a row
    for layer in cast(Any, module.decoder.layers):
        attention = layer.self_attn
        attention.k_proj.weight[:size] *= 0.2
        attention.k_proj.bias[:size] = torch.cat([torch.ones(size // 2), torch.zeros(size // 2)]) * strength
        for head in range(heads // kv_heads):
            rows = slice(head * size, (head + 1) * size)
            back, sharp = (_LOOKS[head], strength) if head < len(_LOOKS) else (0, strength / 4)
            attention.q_proj.weight[rows] *= 0.2
            turned = torch.cat([torch.cos(rates * back), -torch.sin(rates * back)])
            attention.q_proj.bias[rows] = turned * sharp
