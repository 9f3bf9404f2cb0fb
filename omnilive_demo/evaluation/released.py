"""`released`: time and memory of the OmniLive models at their released size, with random weights, on a GPU.

What it measures does not depend on what the weights are: compressing clips, integrating 10 to 5,000 of them, the first
token and the tokens a second of an answer to 32 frames and memory rows, looking again while answering, one and four
sessions, recognition, and the most memory that each takes. `--tiny` runs all of it on small models, as a test.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.cancel import CancelToken
from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.released_random import StandInWords, random_audio, random_memory, random_reasoner
from omnilive_demo.evaluation.stats import summary
from omnilive_demo.memory.learned_compressor import LearnedCompressor
from omnilive_demo.models.ixc25_omnilive.audio_greedy import greedy
from omnilive_demo.models.ixc25_omnilive.beginnings import BeginningReader
from omnilive_demo.models.ixc25_omnilive.canvas import film_canvas
from omnilive_demo.models.ixc25_omnilive.film_strip import film_strip
from omnilive_demo.models.ixc25_omnilive.generation import Reader, Sampling, TokenStream
from omnilive_demo.models.ixc25_omnilive.prompt import Part, Recalled, length_of, memory_prompt
from omnilive_demo.models.memory_module.segments import MOST_ROWS, SEGMENT_CLIPS

PARTS = ("memory", "audio", "reasoner")
CLIP_COUNTS = (10, 100, 500, 5000)
_FRAMES, _CLIP_FRAMES = 32, 16
_CAMERA = (480, 640, 3)
_QUESTION = "Where did I leave my keys, and what was on the table when you saw them?"

Figures = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    """Make the models one after the other, measure, and write the figures."""
    options = argparse.ArgumentParser(prog="python -m omnilive_demo.evaluation released", description=__doc__)
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="which models (default all)")
    options.add_argument("--device", default="cuda", help="where they run (default cuda)")
    options.add_argument("--bits", type=int, choices=(4, 8), help="of the reasoner's matrices")
    options.add_argument("--times", type=int, default=5, metavar="N", help="how often each is measured (default 5)")
    options.add_argument("--tokens", type=int, default=64, metavar="N", help="of each answer (default 64)")
    options.add_argument("--tiny", action="store_true", help="small models, on the CPU unless --device says otherwise")
    options.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the figures go")
    chosen = options.parse_args(argv)
    device = "cpu" if chosen.tiny and "--device" not in argv else chosen.device
    if device.startswith("cuda") and not torch.cuda.is_available():
        print("The released sizes are measured on a GPU, and there is none here. --tiny runs without.", file=sys.stderr)
        return 1
    result = report.header("released", argv)
    on_gpu = device.startswith("cuda")
    result |= {"device": torch.cuda.get_device_name(device) if on_gpu else "cpu", "tiny": chosen.tiny}
    dtype = torch.bfloat16 if on_gpu else torch.float32
    bench = Bench(device, dtype, chosen.tiny, chosen.times, chosen.tokens)
    measures: dict[str, Callable[[], Figures]] = {
        "memory": bench.memory, "audio": bench.audio, "reasoner": lambda: bench.reasoner(chosen.bits),
    }  # fmt: skip
    for part in chosen.parts:
        result[part] = bench.watched(measures[part])
        report.write(chosen.json, result)  # what is measured stays, should a later part not fit
        print(f"{part}: {result[part]}", flush=True)
    print(f"\nwritten to {chosen.json}")
    return 0


class Bench:
    """Measures on one device.

    Args:
        times: how often each figure is taken; the first call of all is not counted.
        tokens: of each answer.
    """

    def __init__(self, device: str, dtype: torch.dtype, tiny: bool, times: int, tokens: int) -> None:
        self._device, self._dtype, self._tiny = device, dtype, tiny
        self._times, self._tokens = times, tokens
        self._gpu = device.startswith("cuda")
        self._random = np.random.default_rng(0)
        self._weights_gb: float | None = None

    def watched(self, measure: Callable[[], Figures]) -> Figures:
        """Figures of one model, with its weights alone and the most memory that was taken (None without a GPU)."""
        if self._gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self._device)
        self._weights_gb = None
        with torch.inference_mode():
            figures = measure()
        peak = torch.cuda.max_memory_allocated(self._device) / 1e9 if self._gpu else None
        return {"weights_gb": self._weights_gb, "peak_gb": peak and round(peak, 2), **figures}

    def memory(self) -> Figures:
        """The memory module, as the app uses it."""
        memory = random_memory(self._device, self._dtype, self._tiny)
        self._made()
        clip = self._pictures(_CLIP_FRAMES), 0.0, float(_CLIP_FRAMES)
        figures: Figures = {
            "compress_ms": self._ms(lambda: memory.compress(*clip)),
            "compress_four_ms": self._ms(lambda: memory.compress_many([clip] * 4)),
        }
        rows = 4 * _CLIP_FRAMES
        many = CLIP_COUNTS[:2] if self._tiny else CLIP_COUNTS
        slots = [self._rows(rows, memory.width) for _ in range(min(many[-1], 2 * SEGMENT_CLIPS))]
        for count in many:  # of old clips only the size matters: they share their rows
            short_term = [slots[i % len(slots)] for i in range(count)]
            globals_ = [one[0] for one in short_term]
            figures[f"integrate_{count}_ms"] = self._ms(partial(memory.integrate, short_term, globals_), 1)
        compressor = LearnedCompressor(memory.module, memory.text_rows)
        for count in sorted({min(count, SEGMENT_CLIPS) for count in many}):
            figures[f"one_clip_more_behind_{count - 1}_ms"] = self._ms(partial(self._grow, compressor, count))
        for rows in sorted({min(count, MOST_ROWS) for count in many}):
            long_term = self._rows(rows, memory.width)
            compressor.encode_question(_QUESTION, long_term)
            figures[f"question_behind_{rows}_ms"] = self._ms(partial(self._ask, compressor, long_term))
        return figures

    def audio(self) -> Figures:
        """Recognition of five seconds, of as many tokens as are said in them, alone and four together."""
        network = random_audio(self._device, self._dtype, self._tiny)
        self._made()
        frames, tokens = 500, 8 if self._tiny else 24
        mel = torch.from_numpy(self._random.normal(size=(4, 128, frames)).astype(np.float32))

        def hear(many: int) -> None:
            sounds = network.hear(mel[:many], [frames] * many)
            prompts = [network.embed((1, 2, network.config.audio_token, 3, *range(6, 20)), sound) for sound in sounds]
            for _ in greedy(network, prompts, frozenset(), [tokens] * many):
                pass

        return {f"{many}_of_5_s_{tokens}_tokens_ms": self._ms(partial(hear, many)) for many in (1, 4)}

    def reasoner(self, bits: Any = None) -> Figures:
        """Answers to 32 frames with all of H̄ that a question reads, and S of four clips."""
        reasoner = random_reasoner(self._device, self._dtype, self._tiny, bits)
        self._made()
        words = StandInWords(reasoner.decoder.tok_embeddings)
        frames = 2 if self._tiny else _FRAMES
        seen = Recalled(self._tensor(MOST_ROWS, reasoner), self._tensor(4 * 4 * _CLIP_FRAMES, reasoner))

        def asked(begun: str = "") -> tuple[Part, ...]:
            canvas = film_canvas(film_strip(list(self._pictures(frames))))
            shown = Recalled(seen.long_term, seen.short_term, canvas)
            return memory_prompt(words, _QUESTION, shown, begun=begun)

        parts = asked()
        figures: Figures = {"bits": bits, "frames": frames, "rows": length_of(parts)}
        figures["film_strip_ms"] = self._ms(asked)
        self._answer(reasoner, parts, 2)  # the first call of all is slow
        alone = [self._answer(reasoner, parts, self._tokens) for _ in range(self._times)]
        figures["first_token_ms"] = summary([first for first, _ in alone])
        figures["tokens_per_s"] = summary([rate for _, rate in alone])
        reader = BeginningReader(reasoner)
        self._answer(reader, parts, 1)
        again = [self._answer(reader, asked("The keys are on the table."), 1)[0] for _ in range(self._times)]
        figures["refresh_ms"] = summary(again)
        figures["refresh_rows"] = (reader.read_rows - length_of(parts)) // self._times
        figures["four_sessions"] = self._together(reasoner, [asked() for _ in range(4)])
        return figures

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _made(self) -> None:
        self._wait()
        if self._gpu:
            self._weights_gb = round(torch.cuda.memory_allocated(self._device) / 1e9, 2)

    def _wait(self) -> None:
        if self._gpu:
            torch.cuda.synchronize(self._device)

    def _now_ms(self) -> float:
        self._wait()
        return time.perf_counter() * 1000

    def _ms(self, call: Callable[[], object], before: int = 2) -> Figures:
        """Milliseconds of a call; the first ones, in which kernels are chosen, are not counted."""
        for _ in range(before):
            call()
        taken = []
        for _ in range(self._times):
            begun = self._now_ms()
            call()
            taken.append(self._now_ms() - begun)
        return summary(taken, 2)

    def _answer(self, reader: Reader, parts: tuple[Part, ...], tokens: int) -> tuple[float, float]:
        """Milliseconds to the first token, and tokens a second behind it."""
        stream, cancel = TokenStream(reader, parts, Sampling(most_tokens=tokens)), CancelToken()
        begun = self._now_ms()
        stream.next(cancel)
        first = self._now_ms()
        while stream.next(cancel) is not None:
            pass
        return first - begun, (tokens - 1) / max((self._now_ms() - first) / 1000, 1e-9)

    def _together(self, reader: Reader, prompts: Sequence[tuple[Part, ...]]) -> Figures:
        """Four answers that take turns, token by token, as in the reasoner's lane."""
        cancel = CancelToken()
        streams = [TokenStream(reader, parts, Sampling(most_tokens=self._tokens)) for parts in prompts]
        begun, firsts = self._now_ms(), []
        for stream in streams:
            stream.next(cancel)
            firsts.append(self._now_ms() - begun)
        read = self._now_ms()
        while [stream for stream in streams if stream.next(cancel) is not None]:
            pass
        seconds = (self._now_ms() - read) / 1000
        rate = len(streams) * (self._tokens - 1) / max(seconds, 1e-9)
        return {"first_token_ms": [round(one, 1) for one in firsts], "tokens_per_s_of_all": round(rate, 2)}

    def _grow(self, compressor: LearnedCompressor, count: int) -> None:
        """The newest of `count` clips of a segment is another one each time; those before it are known."""
        before = [np.full((4 * _CLIP_FRAMES, compressor.width), i, np.float32) for i in range(count - 1)]
        newest = self._rows(4 * _CLIP_FRAMES, compressor.width)
        compressor.integrate([*before, newest], [one[0] for one in (*before, newest)])

    def _ask(self, compressor: LearnedCompressor, long_term: NDArray[np.float32]) -> None:
        """Behind H̄ whose newest row has changed since the last question."""
        long_term[-1] = self._rows(1, compressor.width)[0]
        compressor.encode_question(_QUESTION, long_term)

    def _rows(self, count: int, width: int) -> NDArray[np.float32]:
        return self._random.normal(size=(count, width)).astype(np.float32)

    def _tensor(self, count: int, reasoner: Any) -> torch.Tensor:
        return torch.from_numpy(self._rows(count, reasoner.config.memory_hidden))

    def _pictures(self, count: int) -> NDArray[np.uint8]:
        return self._random.integers(0, 256, (count, *_CAMERA), np.uint8)
