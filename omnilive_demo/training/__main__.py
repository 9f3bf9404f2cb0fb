"""`python -m omnilive_demo.training TASK …`: makes what ships in `assets/`."""

from __future__ import annotations

import importlib
import sys

TASKS = {
    "compressor": "omnilive_demo.training.compressor",
    "frame_encoder": "omnilive_demo.training.frame_encoder",
    "instruction": "omnilive_demo.training.instruction",
    "instruction_zh": "omnilive_demo.training.instruction_zh",
    "samples": "omnilive_demo.training.samples",
    "sound_tagger": "omnilive_demo.training.sound_tagger",
    "world": "omnilive_demo.training.world_streams",
}


def main(argv: list[str]) -> int:
    """Hand the rest of the command line to the task's own `main`."""
    if not argv or argv[0] not in TASKS:
        print(f"usage: python -m omnilive_demo.training {{{','.join(TASKS)}}} …", file=sys.stderr)
        return 2
    return int(importlib.import_module(TASKS[argv[0]]).main(argv[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
