"""Instruction prediction in Chinese on its held-out utterances: what `evaluation instruction --chinese` runs.

Each utterance is classified as it was written, and with all punctuation and spaces gone, as some recognisers write it.
None was spoken: what a recogniser's mistakes cost is not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omnilive_demo.config import ASSETS
from omnilive_demo.evaluation import instruction, report
from omnilive_demo.models.chinese import run_on
from omnilive_demo.reasoning.instruction_chinese import ChineseInstructionPredictor

HELD_OUT = instruction.HELD_OUT.with_name("instruction_zh_held_out.jsonl")
WEIGHTS = ASSETS / "chinese" / "instruction.safetensors"


def measure(argv: Sequence[str], json_file: Path | None, card: Path | None) -> int:
    """Print the figures; write them to `json_file`, and the table into the model card."""
    result = report.header(instruction.NAME, argv)
    predictor = ChineseInstructionPredictor(WEIGHTS)
    utterances = instruction.read_held_out(HELD_OUT)
    text = instruction.as_text(predictor, utterances)
    bare = [instruction.decide(predictor, one, run_on(one.text)) for one in utterances]
    rows = instruction.rows_of(text, bare, "no punctuation")
    figures = {"text": instruction.summary(text), "no_punctuation": instruction.summary(bare)}
    print(report.table(rows))
    print("\n".join(instruction.totals(name.replace("_", " "), one) for name, one in figures.items()))
    if json_file:
        report.write(json_file, result | figures)
    if card:
        instruction.write_card(card, rows, (), None)
    return 0
