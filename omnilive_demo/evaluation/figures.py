"""From what visitors wrote down and the watcher sampled to the figures of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from omnilive_demo.evaluation.inbox import Inbox
from omnilive_demo.evaluation.server import Sample
from omnilive_demo.evaluation.stats import bootstrap_interval, percentile, slope, summary
from omnilive_demo.evaluation.visitor import Asked, Visitor
from omnilive_demo.evaluation.watcher import Watcher
from omnilive_demo.evaluation.word_errors import total, word_errors

Figures = dict[str, Any]
_OVER_TIME_POINTS = 120
_WARM_UP_S = 600.0  # of a soak; its slope is fitted after this
_LEAST_FITTED_S = 600.0  # a slope over less says nothing about an hour


def conversation(asked: Sequence[Asked]) -> Figures:
    """Latency, stages, words and what was lost, over all visitors."""
    questions = [a for a in asked if a.line.question]
    voice_ms = [1000 * (a.first_sound_s - a.end_s) for a in questions if a.first_sound_s is not None]
    latency: Figures = dict(summary(voice_ms))
    if len(voice_ms) >= 5:
        low, high = bootstrap_interval(voice_ms, lambda values: percentile(values, 50))
        latency["p50_interval_95"] = [round(low, 1), round(high, 1)]
    return {
        "voice_to_voice_ms": latency,
        "stages_ms": _stages(questions),
        "wer": _words(asked),
        "questions": len(questions),
        "statements": len(asked) - len(questions),
        "statements_answered": sum(1 for a in asked if not a.line.question and a.answered),
        "answers_on_the_point": _on_the_point(questions),
        "premature_answers": sum(a.premature for a in asked),
        "turns": [_turn(a) for a in asked],
    }


def lost(asked: Sequence[Asked], visitors: Sequence[Visitor], watcher: Watcher) -> Figures:
    """What did not come through, by kind; every item can be found in `turns`."""
    questions = [a for a in asked if a.line.question]
    inboxes = [visitor.peer.inbox for visitor in visitors]
    counted = _server_counts(watcher)
    return {
        "frames": counted.get("lost_frames"),
        "utterances": sum(1 for a in asked if not a.heard),
        "questions_taken_for_talk": sum(1 for a in questions if a.heard and not a.answered),
        "answers": sum(1 for a in questions if a.answered and a.first_sound_s is None),
        "messages_replaced": sum(inbox.skipped for inbox in inboxes),
        "faults": [arrived.message for inbox in inboxes for arrived in inbox.of("fault")],
        "datagrams": sum(visitor.peer.network.lost for visitor in visitors),
        "visitors": [f"visitor {visitor.number}: {visitor.failure}" for visitor in visitors if visitor.failure],
        "counted_by_server": counted,
    }


def perception_while_answering(visitors: Sequence[Visitor]) -> Figures:
    """How perception went on while answers were made and played: the claim of disentangled modules.

    A frame counts when the page was told of it (the open clip grew or a clip closed). `gap_s` is, for each answer, the
    longest time without a new frame between the end of the question and the end of the answer's sound.
    """
    gaps_s: list[float] = []
    frames, seconds = 0, 0.0
    for visitor in visitors:
        seen_s = frames_seen_s(visitor.peer.inbox)
        for asked in visitor.asked:
            if asked.first_sound_s is None or asked.last_sound_s is None or not asked.line.question:
                continue
            inside = [t for t in seen_s if asked.end_s <= t < asked.last_sound_s]
            edges = [asked.end_s, *inside, asked.last_sound_s]
            gaps_s.append(max(later - earlier for earlier, later in pairwise(edges)))
            frames += len(inside)
            seconds += asked.last_sound_s - asked.end_s
    rate = round(frames / seconds, 3) if seconds else None
    return {"frames": frames, "seconds": round(seconds, 1), "frames_per_s": rate, "gap_s": summary(gaps_s, 2)}


def frames_seen_s(inbox: Inbox) -> list[float]:
    """When the page was told of each newly perceived frame."""
    seen: list[float] = []
    newest_s = -1.0
    for arrived in inbox.of("clip"):
        if float(arrived["end_s"]) > newest_s:
            newest_s = float(arrived["end_s"])
            seen.append(arrived.at_s)
    return seen


def load(watcher: Watcher) -> Figures:
    """CPU as a share of one core, memory, threads, descriptors, loop lag; the harness's own apart."""
    samples = watcher.samples
    return {
        "server_cpu": _share([(s.at_s, s.cpu_s) for s in samples]),
        "harness_cpu": _share(watcher.own),
        "harness_loop_lag_ms": summary(watcher.own_lag_ms, 2),
        "loop_lag_ms": _loop_lag(watcher),
        "rss_mb": _memory(samples),
        "threads": _count([s.threads for s in samples]),
        "descriptors": _count([s.descriptors for s in samples]),
        "processes": _count([s.processes for s in samples]),
    }


def _stages(questions: Sequence[Asked]) -> Figures:
    by_name: dict[str, list[float]] = defaultdict(list)
    for asked in questions:
        for name, ms in asked.stages_ms.items():
            by_name[name].append(ms)
        if asked.stages_ms and asked.first_sound_s is not None:
            known = sum(asked.stages_ms.values())
            by_name["transport and rest"].append(1000 * (asked.first_sound_s - asked.end_s) - known)
    return {name: summary(values) for name, values in by_name.items()}


def _words(asked: Sequence[Asked]) -> Figures:
    known = [a for a in asked if a.line.clip.text]
    if not known:
        return {"rate": None, "n": 0}
    errors = total(word_errors(a.line.clip.text, a.heard or "") for a in known)
    each = [word_errors(a.line.clip.text, a.heard or "").rate or 0.0 for a in known]
    return {
        "rate": round(errors.rate or 0.0, 4),
        "substitutions": errors.substitutions,
        "insertions": errors.insertions,
        "deletions": errors.deletions,
        "words": errors.words,
        **summary(each, 3),
    }


def _on_the_point(questions: Sequence[Asked]) -> Figures:
    checked = [a for a in questions if a.line.expects]
    right = sum(1 for a in checked if any(word in a.answer.lower() for word in a.line.expects))
    return {"right": right, "n": len(checked)}


def _turn(asked: Asked) -> Figures:
    def after_ms(t_s: float | None) -> float | None:
        return None if t_s is None else round(1000 * (t_s - asked.end_s), 1)

    return {
        "visitor": asked.visitor,
        "said": asked.line.clip.text,
        "question": asked.line.question,
        "heard": asked.heard,
        "answered": asked.answered,
        "answer": asked.answer,
        "caption_ms": after_ms(asked.caption_s),
        "answer_text_ms": after_ms(asked.answer_s),
        "voice_ms": after_ms(asked.first_sound_s),
        "stages_ms": asked.stages_ms,
    }


def _server_counts(watcher: Watcher) -> dict[str, float]:
    """The server's own counters of lost things, over all sessions, as `/healthz` had them at the end."""
    counts: dict[str, float] = defaultdict(float)
    if watcher.health:
        for session in watcher.health[-1][1].get("queues", {}).get("sessions", {}).values():
            for name, count in session.items():
                if name.startswith("lost_"):
                    counts[name] += count
    return dict(counts)


def _share(points: Sequence[tuple[float, float]]) -> Figures:
    """CPU time per time: over the whole span as `mean`, and of the single intervals as percentiles."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points) if b[0] - a[0] > 0.2]
    shares = [used / span for span, used in steps]
    figures: Figures = dict(summary(shares, 3))
    if len(points) >= 2:
        figures["mean"] = round((points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0]), 3)
    return figures


def _loop_lag(watcher: Watcher) -> Figures:
    """The lag over the last minute as `/healthz` tells it, without polls whose minute began before the run."""
    if not watcher.health:
        return {"p50": None, "p99": None, "n": 0}
    begin_s, end_s = watcher.health[0][0], watcher.health[-1][0]
    settled_s = begin_s + min(60.0, (end_s - begin_s) * 0.8)
    lags = [health.get("loop_lag_ms", {}) for at_s, health in watcher.health if at_s >= settled_s]
    lags = [lag for lag in lags if lag.get("n", 1)]
    if not lags:
        return {"p50": None, "p99": None, "n": 0}
    return {
        "p50": round(percentile([lag["p50"] for lag in lags], 50), 2),
        "p99": round(percentile([lag["p99"] for lag in lags], 50), 2),
        "worst_p99": max(lag["p99"] for lag in lags),
        "max": max(lag.get("max", lag["p99"]) for lag in lags),
        "n": len(lags),
    }


def _memory(samples: Sequence[Sample]) -> Figures:
    if not samples:
        return {"n": 0}
    begin_s, end_s = samples[0].at_s, samples[-1].at_s
    warm_s = begin_s + (_WARM_UP_S if end_s - begin_s >= 2 * _WARM_UP_S else (end_s - begin_s) / 2)
    fitted = [s for s in samples if s.at_s >= warm_s]
    long_enough = end_s - warm_s >= _LEAST_FITTED_S
    per_s = slope([s.at_s for s in fitted], [s.rss_mb for s in fitted]) if long_enough else None
    every = max(1, len(samples) // _OVER_TIME_POINTS)
    return {
        **summary([s.rss_mb for s in samples]),
        "first": round(samples[0].rss_mb, 1),
        "last": round(samples[-1].rss_mb, 1),
        "slope_mb_per_h": None if per_s is None else round(per_s * 3600, 2),
        "slope_from_minute": round((warm_s - begin_s) / 60, 1),
        "over_time": [[round((s.at_s - begin_s) / 60, 2), round(s.rss_mb, 1)] for s in samples[::every]],
    }


def _count(values: Sequence[int]) -> Figures:
    if not values:
        return {"n": 0}
    return {"first": values[0], "last": values[-1], **summary([float(v) for v in values], 0)}
