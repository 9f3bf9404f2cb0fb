"""From what came of the trials of `conversation` to its figures. What was not usable is counted, not left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from omnilive_demo.evaluation.changing_scenes import Judged, stale_rate
from omnilive_demo.evaluation.conversation_trials import Asked, Disturbed
from omnilive_demo.evaluation.stats import bare_share, summary
from omnilive_demo.evaluation.talking_over import TalkedOver

Figures = dict[str, Any]


def interruptions(tried: Sequence[TalkedOver | None]) -> Figures:
    """Duck and stop latency, and the words that were said into an interruption."""
    used = [one for one in tried if one is not None]
    return {
        "duck_ms": summary([one.ducked_ms for one in used if one.ducked_ms is not None]),
        "stop_ms": summary([one.silent_ms for one in used]),
        "words_after_interruption": summary([one.words for one in used if one.words is not None]),
        "interruptions": {
            "never_ducked": sum(one.ducked_ms is None for one in used),
            "not_usable": len(tried) - len(used),
            "each": [asdict(one) for one in used],
        },
    }


def stimuli(tried: Sequence[Disturbed | None]) -> Figures:
    """How often an answer was stopped for nothing, over all stimuli and by kind, and how soon it went on."""
    used = [one for one in tried if one is not None]
    kinds = {kind: [one for one in used if one.kind == kind] for kind in ("back-channel", "throat", "echo")}
    return {
        "false_stop_rate": bare_share([one.stopped for one in used]),
        "resume_gap_ms": summary([one.resume_gap_ms for one in used if one.resume_gap_ms is not None]),
        "stimuli": {
            "n": len(used),
            "stopped": sum(one.stopped for one in used),
            "never_ducked": sum(one.ducked_ms is None for one in used),
            "not_usable": len(tried) - len(used),
            "duck_ms": summary([one.ducked_ms for one in used if one.ducked_ms is not None]),
            "silence_ms": summary([one.silence_ms for one in used if not one.stopped]),
            "by_kind": {
                kind: {"n": len(ones), "false_stop_rate": bare_share([one.stopped for one in ones])}
                for kind, ones in kinds.items()
            },
            "each": [asdict(one) for one in used],
        },
    }


def hesitating(asked: Sequence[Asked]) -> Figures:
    """How often a speaker who hesitates was cut off."""
    outcomes = Counter(one.outcome for one in asked)
    return {
        "cut_off_rate": bare_share([one.outcome == "cut off" for one in asked]),
        "hesitating": {
            "n": len(asked),
            **{name.replace(" ", "_"): outcomes[name] for name in ("whole", "mended", "cut off", "not heard")},
            "answered": sum(bool(one.answer) for one in asked),
            "voice_to_voice_ms": summary([one.voice_ms for one in asked if one.voice_ms is not None]),
            "each": [asdict(one) for one in asked],
        },
    }


def scenes(played: Sequence[Mapping[str, Any]], offsets_s: Sequence[float]) -> Figures:
    """Which scenes passed, and how far from their evidence standing queries were answered."""
    return {
        "temporal_offset_s": summary(offsets_s, 2),
        "scenes": {"n": len(played), "passed": sum(bool(one["passed"]) for one in played), "each": list(played)},
    }


def changes(shown: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figures:
    """The share of sentences that are false when they are played, for each way (`with_refresh`, `without_refresh`).

    And how long nothing was heard between two sentences, both ways together.
    """
    rates: Figures = {}
    detail: Figures = {}
    for way, ones in shown.items():
        judged: list[Judged] = [sentence for one in ones for sentence in one["sentences"]]
        detail[way] = {
            "scenes": sum(bool(one["usable"]) for one in ones),
            "not_usable": sum(not one["usable"] for one in ones),
            **stale_rate(judged),
            "each": [{**one, "sentences": [asdict(sentence) for sentence in one["sentences"]]} for one in ones],
        }
        rates[way] = detail[way]["rate"]
    gaps = [gap for ones in shown.values() for one in ones for gap in one["gaps_ms"]]
    return {"stale_sentence_rate": rates, "sentence_gap_ms": summary(gaps), "changing_scenes": detail}


def speculation(counts: Mapping[str, int], told: set[str]) -> Figures:
    """What the server counted of answers that were begun before a turn was over; None for what it does not count."""
    short = {"speculated": "begun", "speculation_hits": "hits", "speculation_revoked": "revoked"}
    return {"speculation": {short[name]: counts.get(name, 0) if name in told else None for name in short}}


def rows(result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The table that is printed: only what was measured."""
    table: list[tuple[str, ...]] = [("figure", "p50", "p95", "n", "target")]
    spans = (
        ("duck_ms", "speech onset to ducked, ms", "100"), ("stop_ms", "speech onset to silence, ms", "250 / 400"),
        ("words_after_interruption", "words said into an interruption", ""),
        ("resume_gap_ms", "resumed after nothing, ms", "300"),
        ("voice_to_voice_ms", "voice to voice, ms", "800 / 1500"),
        ("sentence_gap_ms", "silence between two sentences, ms", "150"),
        ("temporal_offset_s", "standing query behind its evidence, s", ""),
    )  # fmt: skip
    for key, name, target in spans:
        if key in result:
            figure = result[key]
            table.append((name, *("-" if figure[q] is None else str(figure[q]) for q in ("p50", "p95", "n")), target))
    for key, inner, name, target in (
        ("false_stop_rate", "stimuli", "false stops", "10 %"),
        ("cut_off_rate", "hesitating", "cut off while hesitating", "5 %"),
    ):
        if key in result:
            table.append((name, _percent(result[key]), "", str(result[inner]["n"]), target))
    for way, rate in result.get("stale_sentence_rate", {}).items():
        n = result["changing_scenes"][way]["n"]
        after = result["changing_scenes"][way]["after_the_change"]
        table.append((f"sentences false when played, {way.replace('_', ' ')}", _percent(rate), "", str(n), ""))
        table.append(("  of claims after the change", _percent(after["rate"]), "", str(after["n"]), ""))
    if "scenes" in result:
        table.append(("scenes passed", str(result["scenes"]["passed"]), "", str(result["scenes"]["n"]), ""))
    for name, count in result.get("speculation", {}).items():
        table.append((f"speculation: {name}", "-" if count is None else str(count), "", "", ""))
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
