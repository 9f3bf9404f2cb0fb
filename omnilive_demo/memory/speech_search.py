"""How well what was said answers a question: full-text search and meaning, for every utterance at once.

meaning = cosine of the sentence vectors, from 0 at 0.30 to 1 at 0.70. words = the share of the question's topic words
that the utterance holds (stemmed by the index), rare words counting more, and up to 15 % less the worse its bm25.
Either is enough: 1 - (1 - 0.8 words) (1 - meaning). Words without any nearness in meaning count 60 %.

Statements beat questions: a question that was answered, or is about to be, counts 25 %, so that "what did I say about
the meeting?" is not answered with a question about it; one that was not for the assistant counts 40 %, an answered
request 50 %. Nothing is held back when the question is about earlier questions.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.memory.question_intent import Intent, is_question, plain_words
from omnilive_demo.memory.records_log import LogView
from omnilive_demo.records import Spoken

MEANING_NOTHING, MEANING_CERTAIN = 0.30, 0.70
ENOUGH = 0.3
MOST_ROWS_PER_WORD = 2000
MOST_SCORED = 64  # utterances that may become evidence
MOST_READ = 512  # that are read for it

MatchWords = Callable[[Sequence[str], int, int], tuple[dict[str, tuple[int, ...]], dict[int, float]]]
"""Full-text search: words, last row, most rows -> the rows that hold each word, bm25 of the best rows."""


def speech_scores(
    view: LogView, vector: NDArray[np.float32], intent: Intent, match: MatchWords, question: str
) -> NDArray[np.float64]:
    """A score in 0..1 for every utterance of the view."""
    n = len(view.words)
    if n == 0:
        return np.zeros(0)
    cosines = view.word_vectors @ vector
    meaning = np.clip((cosines - MEANING_NOTHING) / (MEANING_CERTAIN - MEANING_NOTHING), 0.0, 1.0)
    words = word_scores(view, intent.topic, match) if intent.topic else np.zeros(n)
    words = np.where(cosines < 0.1, 0.6 * words, words)
    scores: NDArray[np.float64] = 1.0 - (1.0 - 0.8 * words) * (1.0 - meaning)
    return _as_statements(scores, view, intent, question)


def _as_statements(scores: NDArray[np.float64], view: LogView, intent: Intent, question: str) -> NDArray[np.float64]:
    """Scores with the weights of statements. Weights are at most 1: what cannot be among the best is not read at all,
    and has no score.
    """
    order = np.flatnonzero(scores >= ENOUGH)
    order = order[::-1][np.argsort(-scores[order][::-1], kind="stable")]
    weighted = np.where(scores < ENOUGH, scores, 0.0)
    best: list[float] = []
    for i in order[:MOST_READ].tolist():
        if len(best) >= MOST_SCORED and scores[i] < best[-MOST_SCORED]:
            break
        weighted[i] = scores[i] * statement_weight(view.words[i].spoken, intent, question)
        insort(best, float(weighted[i]))
    return weighted


def word_scores(view: LogView, topic: Sequence[str], match: MatchWords) -> NDArray[np.float64]:
    """The share of the topic words that each utterance holds, weighted by rarity and bm25."""
    n = len(view.words)
    rows = view.word_rows
    holding, ranks = match(topic, int(rows[-1]), MOST_ROWS_PER_WORD)
    found = np.zeros(n)
    total = 0.0
    for word in topic:
        at = _positions(rows, holding[word])
        rarity = float(np.log1p(n / max(0.5, len(at))))
        total += rarity
        found[at] += rarity
    scores = found / total
    best = max(ranks.values(), default=0.0)
    if best > 0:
        relevance = np.zeros(n)
        at = _positions(rows, tuple(ranks))
        relevance[at] = [ranks[int(rows[i])] / best for i in at]
        scores *= 0.85 + 0.15 * relevance
    return scores


def statement_weight(spoken: Spoken, intent: Intent, question: str) -> float:
    """How much an utterance counts as something that was said; 0 for the very words of the question."""
    if plain_words(spoken.text) == plain_words(question):
        return 0.0
    if intent.questions:
        return 1.0
    if is_question(spoken.text):
        return 0.4 if spoken.answered is False else 0.25
    return 0.5 if spoken.answered else 1.0


def _positions(rows: NDArray[np.int64], found: Sequence[int]) -> NDArray[np.int64]:
    at = np.searchsorted(rows, np.array(sorted(found), np.int64))
    at = at[at < len(rows)]
    return at[np.isin(rows[at], found)]
