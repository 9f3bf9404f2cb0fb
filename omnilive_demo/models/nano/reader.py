"""The reader: a small decoder that says what a clip's short-term memory holds. It sees nothing but S_k.

Paper section 3.2 trains its compressor by captioning from the memory tokens; this is the decoder of that task, and the
profile's captioner. One sequence per question:

    [S_k rows, through a Linear and a norm] [prompt words] [answer words] <end>         causal, words of `words.py`

Prompts: `caption` (a sentence), `names` (a set), `held`, `shown`, `put_down`, `picked_up` (a name, or "nothing"),
and `count`, `colour`, `motion`, `place` followed by a name (a word, or "nothing" when the thing is not there).
The names prompt is not written out: the state at its place gives, for each name on its own, the probability that the
thing is in the clip (`presence`), so that several things can be certain at once.

    reader = load_reader(path)
    caption, log_p = reader.caption(S)              # S float32 [rows, memory_width]
    reader.names(S)                                 # [("umbrella", 0.97), ("something", 0.4), ...] best first
    reader.ask(S, "colour", "umbrella")             # ("red", 0.9)

Training packs all questions of a clip behind one S (`answer_states`): block i sees S and itself only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import DynamicCache, Qwen2Config, Qwen2Model

from omnilive_demo.models.nano.words import END, NOTHING, Vocabulary

LONGEST_CAPTION = 40
"""Words; the things and facts of a full clip need about 30."""


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """The sizes of the decoder. memory_width is the width of S_k."""

    memory_width: int = 256
    hidden: int = 256
    layers: int = 2
    heads: int = 8
    kv_heads: int = 2
    intermediate: int = 768
    rope_theta: float = 10_000.0


class Reader(nn.Module):
    """Reads S_k. The word vectors serve as input and, unit long, as output (tied)."""

    name_ids: Tensor

    def __init__(self, config: ReaderConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config, self.vocabulary = config, vocabulary
        self.inlet = nn.Linear(config.memory_width, config.hidden)
        self.inlet_norm = nn.RMSNorm(config.hidden, eps=1e-6)
        self.words = nn.Parameter(functional.normalize(torch.randn(len(vocabulary), config.hidden), dim=-1))
        self.word_scale = nn.Parameter(torch.tensor(8.0 / config.hidden**0.5))  # logits of at most 8 at first
        self.presence_scale = nn.Parameter(torch.tensor(1.0))
        self.presence_bias = nn.Parameter(torch.tensor(-4.0))
        decoder = Qwen2Config(
            vocab_size=1,
            hidden_size=config.hidden,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.kv_heads,
            intermediate_size=config.intermediate,
            max_position_embeddings=4096,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
            attention_dropout=0.0,
        )
        self.decoder = Qwen2Model(decoder)
        del self.decoder.embed_tokens  # rows come in as vectors: the table would only be stored
        self.register_buffer("name_ids", torch.tensor(vocabulary.ids(vocabulary.names)), persistent=False)

    # -- both

    def memory_rows(self, short_term: Tensor) -> Tensor:
        """S `[..., rows, memory_width]` -> the decoder's first rows `[..., rows, hidden]`."""
        rows: Tensor = self.inlet_norm(self.inlet(short_term))
        return rows

    def word_rows(self, ids: Tensor) -> Tensor:
        """Word numbers `[...]` -> rows `[..., hidden]` as long as a normed state."""
        rows: Tensor = functional.embedding(ids, self._unit_words()) * self.config.hidden**0.5
        return rows

    def word_logits(self, states: Tensor) -> Tensor:
        """States `[..., hidden]` -> logits over the vocabulary `[..., words]`."""
        return functional.linear(states, self._unit_words() * self.word_scale)

    def presence_logits(self, states: Tensor) -> Tensor:
        """States at names prompts `[..., hidden]` -> a logit for each of `vocabulary.names` on its own."""
        return self.word_logits(states)[..., self.name_ids] * self.presence_scale + self.presence_bias

    def _unit_words(self) -> Tensor:
        return functional.normalize(self.words.float(), dim=-1)

    # -- training

    def answer_states(self, memory: Tensor, memory_mask: Tensor, words: Tensor, blocks: Tensor) -> Tensor:
        """States at every word of a batch of clips with packed questions, `[B, n, hidden]`.

        memory: S `[B, m, memory_width]`, right-padded; memory_mask: bool `[B, m]`, True for real rows.
        words: `[B, n]` word numbers; blocks: `[B, n]` number of the question that a word belongs to, -1 for padding.
        A word sees the real rows of S and the words of its own question up to itself; its position goes on from the
        last real row of S, so the result equals that of each question asked alone.
        """
        rows = torch.cat([self.memory_rows(memory), self.word_rows(words)], dim=1)
        batch, m = memory_mask.shape
        n = words.shape[1]
        counts = memory_mask.sum(1)
        inside = torch.arange(n, device=words.device)
        starts = torch.where(blocks[:, 1:] != blocks[:, :-1], inside[1:], 0)
        starts = functional.pad(starts, (1, 0)).cummax(1).values
        positions = torch.cat(
            [torch.arange(m, device=words.device).expand(batch, m), counts[:, None] + inside - starts], dim=1
        )
        sees = torch.zeros(batch, m + n, m + n, dtype=torch.bool, device=words.device)
        sees[:, :, :m] = memory_mask[:, None]
        sees[:, m:, m:] = blocks[:, :, None] == blocks[:, None, :]
        sees &= torch.ones(m + n, m + n, dtype=torch.bool, device=words.device).tril()
        sees |= torch.eye(m + n, dtype=torch.bool, device=words.device)  # padding sees itself: no row without any
        states: Tensor = self.decoder(inputs_embeds=rows, attention_mask=sees[:, None], position_ids=positions)[0]
        return states[:, m:]

    # -- inference

    @torch.inference_mode()
    def caption(self, short_term: Tensor) -> tuple[str, float]:
        """What the clip shows as an English sentence, and the mean log-probability of its words. S `[rows, width]`."""
        words, log_p = self.write(short_term, self.vocabulary.prompt("caption"), LONGEST_CAPTION)
        return self.vocabulary.spoken(words), log_p

    @torch.inference_mode()
    def names(self, short_term: Tensor, at_least: float = 0.02) -> list[tuple[str, float]]:
        """What is in the clip: names and "something" with the probability of each, best first."""
        state, _ = self._begin(short_term, self.vocabulary.prompt("names"))
        found = zip(self.vocabulary.names, self.presence_logits(state).sigmoid().tolist(), strict=True)
        return sorted(((name, p) for name, p in found if p >= at_least and name != NOTHING), key=lambda pair: -pair[1])

    @torch.inference_mode()
    def ask(self, short_term: Tensor, kind: str, name: str | None = None) -> tuple[str, float]:
        """One word about the clip, with its probability: kinds of `words.THING_PROMPTS` with a name, others without.

        Raises ValueError for a kind that does not go with (or without) a name, KeyError for a word that is not known.
        """
        state, _ = self._begin(short_term, self.vocabulary.prompt(kind, name))
        best = self.word_logits(state).softmax(-1).max(-1)
        return self.vocabulary.words[int(best.indices)], float(best.values)

    @torch.inference_mode()
    def write(self, short_term: Tensor, prompt: Sequence[int], most: int) -> tuple[list[str], float]:
        """The words that follow a prompt, the likeliest each time, without the end; and their mean log-probability."""
        state, cache = self._begin(short_term, prompt)
        end = self.vocabulary.id(END)
        found: list[str] = []
        log_ps: list[float] = []
        for _ in range(most):
            best = self.word_logits(state).log_softmax(-1).max(-1)
            log_ps.append(float(best.values))
            word = int(best.indices)
            if word == end:
                break
            found.append(self.vocabulary.words[word])
            state = self._go_on(self.word_rows(torch.tensor([[word]], device=state.device)), cache)
        return found, sum(log_ps) / max(len(log_ps), 1)

    def _begin(self, short_term: Tensor, prompt: Sequence[int]) -> tuple[Tensor, DynamicCache]:
        if short_term.ndim != 2 or short_term.shape[1] != self.config.memory_width:
            raise ValueError(f"S_k must be [rows, {self.config.memory_width}], not {list(short_term.shape)}")
        cache = DynamicCache()
        ids = torch.tensor(list(prompt), device=short_term.device)
        rows = torch.cat([self.memory_rows(short_term), self.word_rows(ids)])[None]
        return self._go_on(rows, cache), cache

    def _go_on(self, rows: Tensor, cache: DynamicCache) -> Tensor:
        """The state at the last of some new rows `[1, n, hidden]` -> `[hidden]`; the cache grows."""
        out = self.decoder(inputs_embeds=rows, past_key_values=cache, use_cache=True)
        state: Tensor = out.last_hidden_state[0, -1]
        return state


def save_reader(reader: Reader, path: Path, about: Mapping[str, Any] | None = None) -> None:
    """Write the weights as float16 safetensors; sizes, vocabulary and `about` (as JSON) are the file's metadata."""
    from safetensors.torch import save_file

    tensors = {name: value.detach().cpu().half().contiguous() for name, value in reader.state_dict().items()}
    metadata = {
        "reader": json.dumps(asdict(reader.config)),
        "vocabulary": reader.vocabulary.json(),
        "about": json.dumps(dict(about or {})),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata)


def load_reader(path: Path) -> Reader:
    """Read a file of `save_reader` in float32, ready to read.

    Raises FileNotFoundError when it is missing and ValueError when it is damaged or no reader.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"The reader's weights are missing: {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        config = ReaderConfig(**json.loads(metadata["reader"]))
        reader = Reader(config, Vocabulary.from_json(metadata["vocabulary"]))
        reader.load_state_dict(tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged, or holds no reader: {error}") from error
    return reader.eval()
