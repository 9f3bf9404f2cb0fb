"""`python -m omnilive_demo.evaluation NAME …`: finds the measurement of that name and hands it the rest."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence

COMMANDS = {
    "live": "one or many WebRTC visitors against the running app: latency, word errors, CPU, memory, loss",
    "interruption": "talking over an answer: how soon it is quieter, how soon silent",
    "conversation": "scripted scenes, interruptions, coughs and echoes, hesitating speakers, pictures that change",
    "startup": "seconds from `python app.py` to the page, and to ready models",
    "instruction": "does it know when it is spoken to? accuracy on held-out utterances, as text and as heard",
    "sounds": "which sound was it? confusion matrix on held-out computed sounds, and as the ears hear them",
    "retrieval": "does a question find its clip? recall on held-out drawn streams, against mean pooling and chance",
    "recognise": "what is in the picture? names of drawn things, and false names on photographs and unknown things",
    "memory": "a memory of days: cost of a clip and of a question by age, RAM, disk, recall by age, kills",
    "kills": "kill -9 at any point of remembering: what was lost",
    "reading": "what S_k holds: names, counts, colours, motion and captions read from it, and without it",
    "released": "the OmniLive models at full size, random weights, on a GPU: time and memory of all that they do",
    "measure": "every measurement with full counts, into measurements/*.json",
}


def usage() -> str:
    """What can be measured."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        ["usage: python -m omnilive_demo.evaluation NAME [options]", "", *lines, "", "NAME --help says more"]
    )


def main(argv: Sequence[str]) -> int:
    """Run one measurement; the exit status is its own."""
    if not argv or argv[0] in ("-h", "--help"):
        print(usage())
        return 0 if argv else 2
    name, *rest = argv
    if name not in COMMANDS:
        print(f"There is no measurement called {name!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    # An ended measurement ends the app that it started: let `finally` run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    module = importlib.import_module(f"omnilive_demo.evaluation.{name}")
    return int(module.main(rest) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
