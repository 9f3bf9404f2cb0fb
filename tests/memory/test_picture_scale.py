"""What cosines mean belongs to the frame encoder in use: CLIP's lie closer together than those of the embedded one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from omnilive_demo.memory.clip_compressor import SCALE
from omnilive_demo.memory.moments import Memories, memories_of
from omnilive_demo.memory.picture_scores import PictureScale, picture_scores
from omnilive_demo.memory.question_intent import Intent
from omnilive_demo.memory.records_log import ClipEntry, RecordsLog
from omnilive_demo.records import Label


def _clips(*cosines: float, looks: tuple[Label, ...] = ()) -> tuple[Memories, np.ndarray]:
    """A memory of clips with these cosines to a question, and the question's feature."""
    log = RecordsLog()
    for n, cosine in enumerate(cosines):
        vector = np.zeros(32, np.float32)
        vector[:2] = cosine, np.sqrt(1 - cosine**2)
        log.add_clip(ClipEntry(n + 1, 10.0 * n, 10.0 * n + 9, 10, looks, "", 0, 0, 0), vector)
    return memories_of(log.view(), None, "", 100.0, 0.0, ""), np.eye(32, dtype=np.float32)[0]


def test_a_name_of_a_near_meaning_adds_no_more_than_this_space_can_bear():
    """In nano's scale, which is three times as wide, a vague likeness of meaning would be a certainty here."""
    clips, question = _clips(0.05, 0.05, looks=(Label("umbrella", 0.9),))
    need = Intent(topic=("rain",), needs=True)
    vaguely, clearly = ({"umbrella": near} for near in (0.4, 0.9))
    scores = [picture_scores(clips, question, (), need, SCALE, meant=meant).max() for meant in ({}, vaguely, clearly)]
    assert scores[0] < 1e-6
    assert 0.3 < scores[1] < 0.6
    assert scores[2] > 0.85
    nano = replace(SCALE, meaning=PictureScale().meaning)
    assert picture_scores(clips, question, (), need, nano, meant=vaguely).max() == 1.0


def test_a_need_takes_a_little_less_of_a_cosine():
    plain, needed = (SCALE.score(np.array([0.13], np.float32), need)[0] for need in (False, True))
    assert plain == pytest.approx(0.5)
    assert 0.1 < needed - plain < 0.2
    assert SCALE.score(np.array([0.04], np.float32), needed=True)[0] == 0.0


def test_looks_are_answered_by_what_the_picture_and_the_caption_have_in_common():
    clips, question = _clips(0.05, 0.18)
    dark = Intent(topic=("dark",))
    assert picture_scores(clips, question, ("dark",), dark, SCALE).tolist() == pytest.approx([0.0, 0.917], abs=0.01)
    assert picture_scores(clips, question, ("dark",), dark, replace(SCALE, looks=0.25)).max() < 0.3
