"""Does it know when it is spoken to? Accuracy of instruction prediction on held-out utterances, by category.

`python -m omnilive_demo.evaluation instruction [--chinese] [--spoken] [--json FILE] [--card FILE]`. As text, each
utterance is classified as it was written. As heard (`--spoken`), flite says it, the project's recogniser listens, and
what it understood is classified: that is what happens to a visitor's words, mishearing included. The utterances lie
beside the training data, and a test holds that they share no template with it. With `--chinese` it is the Chinese
classifier on the Chinese utterances, as text only (`instruction_zh`).

False answers are the share of what was not for us that is answered, misses the share of what was that is not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from omnilive_demo.config import ASSETS
from omnilive_demo.evaluation import report, stats
from omnilive_demo.evaluation.speech import RATE_HZ, VOICES, SpeechError, synthesize
from omnilive_demo.evaluation.word_errors import WordErrors, word_errors
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.perception.pocketsphinx_recognizer import PocketSphinxRecognizer
from omnilive_demo.reasoning.instruction import InstructionPredictor
from omnilive_demo.reasoning.instruction_classifier import MiniLMInstructionPredictor

NAME = "instruction"
HELD_OUT = Path(__file__).parent.parent / "training" / "data" / "instruction_held_out.jsonl"
WEIGHTS = ASSETS / "nano" / "instruction.safetensors"
CARD_BEGIN, CARD_END = "<!-- held-out: begin -->", "<!-- held-out: end -->"
_HEARING_HZ = 16_000
_PAUSE_S = 0.3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One utterance and whether it is to be answered."""

    id: str
    category: str
    answer: bool
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One decision. `voice` is empty for text; `heard` is what was classified."""

    utterance: HeldOut
    voice: str
    heard: str
    probability: float
    answered: bool

    @property
    def right(self) -> bool:
        """Whether the decision was right."""
        return self.answered == self.utterance.answer


def read_held_out(path: Path = HELD_OUT) -> list[HeldOut]:
    """The held-out utterances in file order."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [HeldOut(row["id"], row["category"], row["answer"], row["text"]) for row in rows]


def decide(predictor: InstructionPredictor, utterance: HeldOut, heard: str, voice: str = "") -> Trial:
    """Classify what was heard of an utterance."""
    instruction = predictor.predict(heard)
    return Trial(utterance, voice, heard, round(instruction.probability, 4), instruction.answer)


def as_text(predictor: InstructionPredictor, utterances: Sequence[HeldOut]) -> list[Trial]:
    """Every utterance as it was written."""
    return [decide(predictor, one, one.text) for one in utterances]


async def as_heard(
    predictor: InstructionPredictor, utterances: Sequence[HeldOut], voices: Sequence[str], workers: int = 1
) -> list[Trial]:
    """Every utterance by every voice, through the recogniser.

    Raises:
        SpeechError: flite is missing.
    """
    recognizer = PocketSphinxRecognizer(workers)
    await recognizer.start()
    try:
        trials = []
        for voice in voices:
            for number, one in enumerate(utterances):
                stream = recognizer.open(f"evaluation-{voice}", number)
                stream.feed(_sound(one.text, voice))
                trials.append(decide(predictor, one, (await stream.finish()).text, voice))
        return trials
    finally:
        await recognizer.close()


def accuracy(trials: Sequence[Trial]) -> float:
    """Share of right decisions."""
    return sum(trial.right for trial in trials) / len(trials)


def by_category(trials: Sequence[Trial]) -> dict[str, dict[str, Any]]:
    """Category -> n, right, accuracy, whether it is to be answered; in the order of the utterances."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.utterance.category, []).append(trial)
    return {
        name: {
            "answer": group[0].utterance.answer,
            "n": len(group),
            "right": sum(trial.right for trial in group),
            "accuracy": round(accuracy(group), 4),
        }
        for name, group in groups.items()
    }


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """All figures of one way of hearing."""
    yes = [trial for trial in trials if trial.utterance.answer]
    no = [trial for trial in trials if not trial.utterance.answer]
    return {
        "n": len(trials),
        "accuracy": round(accuracy(trials), 4),
        "answered_when_asked": round(accuracy(yes), 4),
        "silent_when_not": round(accuracy(no), 4),
        "right": stats.share([trial.right for trial in trials]),
        "false_answers": stats.share([not trial.right for trial in no]),
        "misses": stats.share([not trial.right for trial in yes]),
        "categories": by_category(trials),
        "wrong": [
            {"id": t.utterance.id, "voice": t.voice, "heard": t.heard, "probability": t.probability}
            for t in trials
            if not t.right
        ],
    }


def totals(name: str, figures: dict[str, Any]) -> str:
    """The three shares of one way of hearing on one line, with their intervals."""
    parts = []
    for key, words in (("right", "right"), ("false_answers", "false answers"), ("misses", "misses")):
        (low, high), one = figures[key]["ci95"], figures[key]
        parts.append(f"{words} {one['share']:.1%} (95 %: {low:.1%} to {high:.1%}, n = {one['n']})")
    return f"{name}: {', '.join(parts)}"


def rows_of(text: Sequence[Trial], heard: Sequence[Trial], way: str = "heard") -> list[tuple[str, ...]]:
    """The table: a row for each category, then the totals. way: what the second column of figures is called."""
    texts, hearings = by_category(text), by_category(heard)
    rows: list[tuple[str, ...]] = [("category", "to be answered", "n", "text", way)]
    for name, figures in texts.items():
        spoken = f"{hearings[name]['accuracy']:.1%}" if name in hearings else "-"
        yes = "yes" if figures["answer"] else "no"
        rows.append((name, yes, str(figures["n"]), f"{figures['accuracy']:.1%}", spoken))
    total = f"{accuracy(heard):.1%}" if heard else "-"
    rows.append(("all", "", str(len(text)), f"{accuracy(text):.1%}", total))
    return rows


def write_card(path: Path, rows: Sequence[tuple[str, ...]], voices: Sequence[str], errors: WordErrors | None) -> None:
    """Put the table between the marks of the model card."""
    card = path.read_text(encoding="utf-8")
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    if errors is not None and errors.rate is not None:
        said = f"*heard*: spoken by flite's {', '.join(voices)}, word error rate {errors.rate:.1%}."
        lines += ["", said]
    before, _, rest = card.partition(CARD_BEGIN)
    _, _, after = rest.partition(CARD_END)
    path.write_text(f"{before}{CARD_BEGIN}\n" + "\n".join(lines) + f"\n{CARD_END}{after}", encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Command line of the measurement `instruction`."""
    parser = argparse.ArgumentParser(prog=f"omnilive_demo.evaluation {NAME}", description=__doc__)
    parser.add_argument("--chinese", action="store_true", help="the Chinese utterances, by the Chinese classifier")
    parser.add_argument("--spoken", action="store_true", help="also say every utterance and classify what is heard")
    parser.add_argument("--voices", nargs="+", choices=VOICES, default=list(VOICES), help="flite voices for --spoken")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures, and every wrong decision")
    parser.add_argument("--card", type=Path, metavar="FILE", help="rewrite the table of this model card")
    options = parser.parse_args(argv)
    if options.chinese:
        from omnilive_demo.evaluation import instruction_zh

        if options.spoken:
            parser.error("flite speaks no Chinese, and the embedded recogniser understands none")
        return instruction_zh.measure(argv, options.json, options.card)
    result = report.header(NAME, argv)
    predictor = MiniLMInstructionPredictor(MiniLM(), WEIGHTS)
    utterances = read_held_out()
    text, heard, errors = as_text(predictor, utterances), [], None
    if options.spoken:
        try:
            heard = asyncio.run(as_heard(predictor, utterances, options.voices))
        except SpeechError as error:
            print(error)
            return 1
        errors = sum((word_errors(t.utterance.text, t.heard) for t in heard), WordErrors())
    rows = rows_of(text, heard)
    print(report.table(rows))
    figures = {"text": summary(text), "heard": summary(heard) if heard else None}
    print("\n".join(totals(name, one) for name, one in figures.items() if one is not None))
    if options.json:
        result |= figures
        result["wer"] = errors.rate if errors else None
        report.write(options.json, result)
    if options.card:
        write_card(options.card, rows, options.voices, errors)
    return 0


def _sound(text: str, voice: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Speech with a pause on both sides, mono at 16 kHz, over the faint noise that every microphone has."""
    speech = synthesize(text, voice)
    sound = soxr.resample(speech.samples, RATE_HZ, _HEARING_HZ)
    pause = np.zeros(round(_PAUSE_S * _HEARING_HZ), np.float32)
    whole = np.concatenate([pause, sound, pause])
    noise = np.random.default_rng(0).normal(0.0, 0.001, len(whole))
    clipped: np.ndarray[Any, np.dtype[np.float32]] = np.clip(whole + noise, -1.0, 1.0).astype(np.float32)
    return clipped
