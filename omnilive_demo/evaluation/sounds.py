"""Which sound was it? The sound tagger on sounds that it never learned from, and the ears on whole scenes.

`python -m omnilive_demo.evaluation sounds [--json FILE] [--card FILE] [--each N]`
- windows: one second each, by the network alone. *same*: the ranges of training, new seeds. *beyond*: every second
  parameter outside these ranges, other speakers and sentences, instruments and unknown sounds that training never had.
- heard: two seconds of each sound in a quiet room through `Ears`, voice detector and all: what is told in the end.
- streams: the sounds of the sample streams, which were written before the tagger and are no part of its training.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from omnilive_demo.config import ASSETS
from omnilive_demo.ear_events import AudioBlock, SoundHeard
from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.stats import share
from omnilive_demo.models.sound_words import CLASSES, NAMED, UNNAMED, UNTOLD
from omnilive_demo.perception.ears import Ears
from omnilive_demo.perception.silero import SileroVoiceActivity
from omnilive_demo.perception.sound_tagger import NanoSoundTagger, told
from omnilive_demo.training import samples_sound
from omnilive_demo.training.sound_pool import SECONDS, TESTING
from omnilive_demo.training.world.sounds import take, windows
from omnilive_demo.training.world.sounds_parts import RATE_HZ

NAME = "sounds"
WEIGHTS = ASSETS / "nano" / "sound_tagger.safetensors"
CARD_BEGIN, CARD_END = "<!-- held-out: begin -->", "<!-- held-out: end -->"
STREAMS = {
    "knock": "knocking", "bell": "bell", "rain": "rain", "footsteps": "footsteps", "bark": "barking",
    "phone": "ringing phone", "tune": "music", "train": "engine", "kettle": "whistling", "keys": "other",
    "birds": "other", "static": "other", "creak": "other", "ratchet": "other", "click": "other", "cup": "other",
    "thud": "other",
}  # fmt: skip
"""The sample streams' sounds and the class that each is."""
_EACH_OF_STREAMS = 12
_QUIET_S = 1.5
_HUSH_DB = -68.0

Trial = tuple[str, str, bool]
"""(true class, most likely class, whether it would be named)"""


def by_window(tagger: NanoSoundTagger, each: int, beyond: bool) -> list[Trial]:
    """Windows of a second, one from each sound, `each` of every class."""
    trials: list[Trial] = []
    for label in CLASSES:
        sounds = []
        for number in range(each):
            rng = np.random.default_rng([TESTING, int(beyond), CLASSES.index(label), number])
            sounds.append(windows(take(label, rng, SECONDS, beyond), rng, 1)[0])
        trials += _judge(tagger, label, np.stack(sounds))
    return trials


def of_streams(tagger: NanoSoundTagger) -> dict[str, dict[str, Any]]:
    """Each sound of the sample streams: its class, how often it was right, and what it was taken for most often."""
    found = {}
    for kind, label in STREAMS.items():
        sounds = []
        for number in range(_EACH_OF_STREAMS):
            rng = np.random.default_rng([TESTING, number])
            made = samples_sound.MAKERS[kind](rng, 2 * samples_sound.RATE_HZ)
            sound = np.asarray(soxr.resample(made, samples_sound.RATE_HZ, RATE_HZ), np.float32)[: RATE_HZ * 3 // 2]
            at = int(rng.integers(len(sound) - RATE_HZ + 1))
            if np.square(sound[at : at + RATE_HZ]).mean() < 0.3 * np.square(sound).mean():
                at = 0
            level = 10 ** (rng.uniform(-40, -16) / 20) / np.sqrt(np.square(sound).mean() + 1e-12)
            hush = rng.standard_normal(RATE_HZ) * 10 ** (-62 / 20)
            sounds.append((sound[at : at + RATE_HZ] * level + hush).astype(np.float32))
        trials = list(_judge(tagger, label, np.clip(np.stack(sounds), -1, 1)))
        named = Counter(guess if sure and guess != "other" else UNNAMED for _, guess, sure in trials)
        right = UNNAMED if label == "other" else label
        found[kind] = {"class": label, "n": len(trials), "right": named[right], "told": dict(named.most_common())}
    return found


def as_heard(tagger: NanoSoundTagger, each: int) -> dict[str, dict[str, Any]]:
    """What the ears tell of two seconds of each sound in a quiet room: `{class: {n, told: {label: times}}}`.

    `told` counts scenes by the labels that were told in them; "nothing" where none was. speech must be nothing.
    """
    found: dict[str, dict[str, Any]] = {}
    for label in CLASSES:
        labels: Counter[str] = Counter()
        for number in range(each):
            heard = set(_listen(tagger, _scene(label, number)))
            labels.update(heard or {"nothing"})
        found[label] = {"n": each, "told": dict(labels.most_common())}
    return found


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """All figures of one set of windows."""
    right = [truth == guess for truth, guess, _ in trials]
    of_all = share(right)
    named = [(t, g) for t, g, sure in trials if sure and g not in UNTOLD]
    sounding = [trial for trial in trials if trial[0] in NAMED]
    nameless = [trial for trial in trials if trial[0] not in NAMED]
    return {
        "n": len(trials),
        "accuracy": of_all["share"],
        "ci95": of_all["ci95"],
        "named": {
            "precision": _share(sum(t == g for t, g in named), len(named)),
            "recall": _share(sum(t == g for t, g in named), len(sounding)),
            "abstained": _share(sum(not (sure and g not in UNTOLD) for _, g, sure in sounding), len(sounding)),
            "falsely_named": _share(sum(sure and g not in UNTOLD for _, g, sure in nameless), len(nameless)),
        },
        "classes": {label: _of_class(trials, label) for label in CLASSES},
        "confusion": [[sum(t == a and g == b for t, g, _ in trials) for b in CLASSES] for a in CLASSES],
    }


def main(argv: Sequence[str]) -> int:
    """Command line of the measurement `sounds`."""
    parser = argparse.ArgumentParser(prog=f"omnilive_demo.evaluation {NAME}", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--card", type=Path, metavar="FILE", help="rewrite the tables of this model card")
    parser.add_argument("--each", type=int, default=100, metavar="N", help="windows of each class (scenes: a fifth)")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="FILE")
    options = parser.parse_args(argv)
    result = report.header(NAME, argv)
    tagger = NanoSoundTagger(options.weights)
    same = summary(by_window(tagger, options.each, beyond=False))
    beyond = summary(by_window(tagger, options.each, beyond=True))
    heard, streams = as_heard(tagger, max(1, options.each // 5)), of_streams(tagger)
    lines = [*_tables(same, beyond, heard), "", _of_streams_line(streams)]
    print("\n".join(lines))
    if options.json:
        windows_ = {"same_ranges": same, "beyond": beyond}
        report.write(options.json, result | {"labels": CLASSES, **windows_, "heard": heard, "streams": streams})
    if options.card:
        card = options.card.read_text(encoding="utf-8")
        before, _, rest = card.partition(CARD_BEGIN)
        after = rest.partition(CARD_END)[2]
        options.card.write_text(f"{before}{CARD_BEGIN}\n" + "\n".join(lines) + f"\n{CARD_END}{after}", encoding="utf-8")
    return 0


def _judge(tagger: NanoSoundTagger, label: str, sounds: NDArray[np.float32]) -> Iterator[Trial]:
    for chances, sound in zip(tagger.chances(sounds), sounds, strict=True):
        yield label, CLASSES[int(chances.argmax())], told(tagger.tag(sound))


def _scene(label: str, number: int) -> NDArray[np.float32]:
    """Quiet, the sound, quiet."""
    rng = np.random.default_rng([TESTING, 7, CLASSES.index(label), number])
    hush = rng.standard_normal(round((2 * _QUIET_S + SECONDS) * RATE_HZ)) * 10 ** (_HUSH_DB / 20)
    at, sound = round(_QUIET_S * RATE_HZ), take(label, rng, SECONDS)
    if label != "silence":  # the room of the scene is the quiet one
        hush[at : at + sound.clean.size] += sound.clean
    return np.clip(hush, -1, 1).astype(np.float32)


def _listen(tagger: NanoSoundTagger, sound: NDArray[np.float32]) -> Iterator[str]:
    ears = Ears("visitor", SileroVoiceActivity(), itertools.count(1).__next__, sound_tagger=tagger)
    pcm = (sound * 32767).astype(np.int16)
    for at in range(0, len(pcm), RATE_HZ // 50):
        for event in ears.feed(AudioBlock(pcm[at : at + RATE_HZ // 50], RATE_HZ, at / RATE_HZ)):
            if isinstance(event, SoundHeard):
                yield event.heard.label


def _of_class(trials: Sequence[Trial], label: str) -> dict[str, float | None]:
    hits = sum(t == g == label for t, g, _ in trials)
    return {
        "recall": _share(hits, sum(t == label for t, _, _ in trials)),
        "precision": _share(hits, sum(g == label for _, g, _ in trials)),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _tables(same: dict[str, Any], beyond: dict[str, Any], heard: dict[str, dict[str, Any]]) -> list[str]:
    """The card's tables: by class, then the totals, then the confusion matrix of the harder set."""
    rows = [
        "| class | recall | precision | recall beyond | precision beyond | told by the ears |",
        "|---|---|---|---|---|---|",
    ]
    for label in CLASSES:
        figures = [_percent(one["classes"][label][key]) for one in (same, beyond) for key in ("recall", "precision")]
        ears = ", ".join(f"{name} {times}" for name, times in list(heard[label]["told"].items())[:3])
        rows.append(f"| {label} | {' | '.join(figures)} | {ears} (of {heard[label]['n']}) |")
    rows.append("")
    for name, one in (("same ranges", same), ("beyond", beyond)):
        low, high = one["ci95"]
        named = {key: _percent(value) for key, value in one["named"].items()}
        rows.append(
            f"*{name}*: {one['accuracy']:.1%} of {one['n']} windows right (95 % interval {low:.1%} to {high:.1%});"
            f" when a name is given it is right in {named['precision']}, named sounds get their name in"
            f" {named['recall']} and none in {named['abstained']}, silence, speech and unknown sounds get one in"
            f" {named['falsely_named']}."
        )
    short = [label[:4] for label in CLASSES]
    rows += ["", "Confusions beyond the ranges of training (rows: what it was, columns: what it was taken for):", ""]
    rows += ["| | " + " | ".join(short) + " |", "|---|" + "---|" * len(short)]
    for label, counts in zip(CLASSES, beyond["confusion"], strict=True):
        rows.append(f"| {label} | " + " | ".join(str(count or "") for count in counts) + " |")
    return rows


def _of_streams_line(streams: dict[str, dict[str, Any]]) -> str:
    parts = [f"{kind} {one['right']}/{one['n']}" for kind, one in streams.items()]
    total = sum(one["right"] for one in streams.values()) / sum(one["n"] for one in streams.values())
    return (
        f'Sounds of the sample streams told rightly (of no class: as "a sound"): {", ".join(parts)}; all {total:.1%}.'
    )
