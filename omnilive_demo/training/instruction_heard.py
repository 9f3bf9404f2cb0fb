"""Speaks training utterances with flite and writes down what PocketSphinx makes of them.

Needs the `flite` command (a Debian package), so its result is kept in the repository as `instruction_heard.jsonl` and
the training itself needs neither. Only training utterances are spoken here; the held-out ones are left to the
evaluation.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from scipy.io import wavfile

from omnilive_demo.training.instruction_data import HEARD, Utterance, utterances

VOICES = ("slt", "rms", "awb", "kal16")
RATE_HZ = 16000
_PAUSE_S = 0.3  # the recogniser needs some silence around the words


def speak(text: str, voice: str) -> bytes:
    """16-bit PCM at 16 kHz of `text`, with a pause on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True)
        rate_hz, samples = wavfile.read(path)
    sound = soxr.resample(samples.astype(np.float32) / 32768, rate_hz, RATE_HZ)
    pause = np.zeros(int(_PAUSE_S * RATE_HZ), np.float32)
    noise = np.random.default_rng(0).normal(0, 0.001, len(sound) + 2 * len(pause))  # no microphone is ever silent
    padded = np.concatenate([pause, sound, pause]) + noise
    return bytes((np.clip(padded, -1, 1) * 32767).astype("<i2").tobytes())


def hear(decoder: Any, pcm: bytes) -> str:
    """What a `pocketsphinx.Decoder` understands; empty when nothing."""
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


def chosen(count: int, seed: int) -> list[Utterance]:
    """`count` training utterances, from as many templates as possible."""
    found = utterances(3, seed)
    random.Random(seed).shuffle(found)
    rank: dict[str, int] = {}
    order = []
    for one in found:
        rank[one.template] = rank.get(one.template, 0) + 1
        order.append((rank[one.template], one))
    return [one for _, one in sorted(order, key=lambda pair: pair[0])][:count]


def hearings(count: int, seed: int) -> Iterator[dict[str, object]]:
    """One row for each utterance: what was said, by which voice, and what was heard."""
    import pocketsphinx

    decoder = pocketsphinx.Decoder(samprate=RATE_HZ)
    for i, one in enumerate(chosen(count, seed)):
        voice = VOICES[i % len(VOICES)]
        heard = hear(decoder, speak(one.text, voice))
        yield {
            "text": one.text, "heard": heard, "voice": voice,
            "category": one.category, "answer": one.answer, "template": one.template,
        }  # fmt: skip


def write(count: int, seed: int, path: Path = HEARD) -> int:
    """Write the rows; returns how many."""
    done = 0
    with path.open("w", encoding="utf-8") as file:
        for row in hearings(count, seed):
            file.write(json.dumps(row) + "\n")
            file.flush()
            done += 1
    return done
