from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_stream import EPOCH_S, ask
from planted_space import PlantedSpace, plurals, unit

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.memory.clip_builder import ClipRule
from omnilive_demo.memory.clip_compressor import SCALE, ClipCompressor
from omnilive_demo.memory.path_curvature import key_frames, turns
from omnilive_demo.memory.picture_scores import PictureScale
from omnilive_demo.memory.session_memory import SessionMemory
from omnilive_demo.memory.token_dropping import kept_patches
from omnilive_demo.models.clip_model import ClipModel
from omnilive_demo.models.clip_text import ClipTextEncoder
from omnilive_demo.models.thing_names import ThingNames
from omnilive_demo.perception.clip_encoder import ClipFrameEncoder
from omnilive_demo.perception.eyes import SCENE_THRESHOLD, Eyes
from omnilive_demo.records import FrameFeatures
from omnilive_demo.telling import told_clip
from omnilive_demo.transport.wire import to_wire

THINGS = ("mug", "umbrella", "dog", "alarm clock", "wooden door")
SPACE = PlantedSpace(THINGS, width=32)
COMPRESSOR = ClipCompressor(ClipTextEncoder(SPACE), ThingNames(plurals(THINGS)))
NOTHING = np.zeros((0, 32), np.float32)


def _frames(vectors: np.ndarray, patches: np.ndarray) -> list[FrameFeatures]:
    return [FrameFeatures(v, p) for v, p in zip(unit(vectors), patches.astype(np.float32), strict=True)]


def _random(rng: np.random.Generator, frames: int, side: int, alike: float = 0.0) -> list[FrameFeatures]:
    """`alike`: how much of each patch is the same in all frames, 0 to 1."""
    one = rng.normal(size=(1, side * side, 32))
    patches = alike * one + (1 - alike) * rng.normal(size=(frames, side * side, 32))
    return _frames(patches.mean(1) + rng.normal(size=32), unit(patches))


def _seen(*things: str) -> list[FrameFeatures]:
    made = SPACE.encode_images([SPACE.picture(thing) for thing in things])
    return [FrameFeatures(v, p) for v, p in zip(made.vectors, made.patches, strict=True)]


# ---- the rule that drops tokens -------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), frames=st.integers(1, 16), side=st.sampled_from([2, 4, 8]), alike=st.floats(0, 1))
def test_any_clip_is_compressed_to_unit_rows_of_the_right_shape(seed, frames, side, alike):
    clip = _random(np.random.default_rng(seed), frames, side, alike)
    short_term, global_ = COMPRESSOR.compress(clip, 0.0, float(frames))
    assert short_term.shape == (4 * frames, 32)
    assert global_.shape == (32,)
    assert short_term.dtype == global_.dtype == np.float32
    assert np.isfinite(short_term).all()
    assert np.allclose(np.linalg.norm(short_term, axis=1), 1, atol=1e-4)
    assert np.linalg.norm(global_) == pytest.approx(1, abs=1e-4)
    count = COMPRESSOR.kept(clip)
    assert count.seen == frames * side * side
    assert side * side <= count.kept <= count.seen
    keys = COMPRESSOR.key_frames(clip)
    assert keys[0] == 0
    assert list(keys) == sorted(set(keys))
    assert keys[-1] < frames


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), frames=st.integers(2, 16), noise=st.floats(0, 0.01))
def test_a_static_clip_keeps_its_first_frame_and_a_changing_one_nearly_all(seed, frames, noise):
    rng = np.random.default_rng(seed)
    still = unit(rng.normal(size=(1, 16, 32)).repeat(frames, 0) + noise * rng.normal(size=(frames, 16, 32)))
    assert kept_patches(still).sum() == 16
    assert kept_patches(unit(rng.normal(size=(frames, 16, 32)))).sum() >= 0.95 * frames * 16


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), frames=st.integers(1, 12), alike=st.floats(0.3, 1), same=st.floats(-1, 1))
def test_dropped_is_what_looks_like_the_same_place_in_the_previous_kept_frame(seed, frames, alike, same):
    """By hand, patch by patch."""
    patches = np.stack([frame.patches for frame in _random(np.random.default_rng(seed), frames, 2, alike)])
    kept, before = kept_patches(patches, same), 0
    for t in range(frames):
        for place in range(4):
            cosine = float(patches[t, place] @ patches[before, place])
            if t == 0:
                assert kept[t, place]
            elif abs(cosine - same) > 1e-5:
                assert kept[t, place] == (cosine < same)
        before = t if kept[t].any() else before


def test_slow_change_is_noticed_once_it_is_enough():
    angles = np.linspace(0, np.pi / 2, 16)
    patches = np.stack([np.cos(angles), np.sin(angles)], 1)[:, None].repeat(4, 1).astype(np.float32)
    kept = kept_patches(patches).any(1)
    assert 3 <= kept.sum() < 8  # no two neighbours differ enough


def test_slots_are_means_of_what_was_kept_and_repeat_where_nothing_was():
    dog, mug = _seen("dog")[0].patches[0], _seen("mug")[0].patches[0]
    first = np.tile(dog, (16, 1))
    second = first.copy()
    second[0] = mug  # one patch of the upper left quarter changes
    vector = dog / np.linalg.norm(dog)
    short_term, _ = COMPRESSOR.compress([FrameFeatures(vector, first), FrameFeatures(vector, second)], 0.0, 1.0)
    assert np.allclose(short_term[4], mug, atol=1e-5)
    assert np.allclose(short_term[5:], np.tile(dog, (3, 1)), atol=1e-5)
    assert COMPRESSOR.kept([FrameFeatures(vector, first), FrameFeatures(vector, second)]).kept == 17


def test_patches_without_length_do_no_harm():
    frames = [FrameFeatures(np.zeros(32, np.float32), np.zeros((16, 32), np.float32))] * 3
    short_term, global_ = COMPRESSOR.compress(frames, 0.0, 2.0)
    assert np.isfinite(short_term).all()
    assert np.isfinite(global_).all()


@pytest.mark.parametrize(
    ("patches", "says"), [((12, 32), "square grid"), ((9, 32), "square grid"), ((16, 31), "of width 32, not 31")]
)
def test_other_features_are_refused(patches, says):
    with pytest.raises(ValueError, match=says):
        COMPRESSOR.compress([FrameFeatures(np.ones(32, np.float32), np.ones(patches, np.float32))], 0.0, 0.0)
    with pytest.raises(ValueError, match="at least one frame"):
        COMPRESSOR.compress([], 0.0, 0.0)


# ---- key frames ------------------------------------------------------------------------------------------------------


def _vectors(*things: str) -> list[np.ndarray]:
    return [frame.vector for frame in _seen(*things)]


def test_what_is_shown_for_a_moment_is_a_key_frame():
    assert key_frames(_vectors(*["dog"] * 5, "mug", *["dog"] * 6)) == (0, 5)  # and its end is none


def test_a_new_scene_is_a_key_frame():
    assert key_frames(_vectors(*["dog"] * 4, *["mug"] * 4, *["umbrella"] * 4)) == (0, 4, 8)


def test_neither_noise_nor_a_steady_pan_has_any():
    rng = np.random.default_rng(2)
    noise = unit(_vectors("dog")[0] + 0.01 * rng.normal(size=(16, 32)))
    assert key_frames(list(noise)) == (0,)
    start, end = _vectors("dog", "mug")
    pan = [unit((1 - share) * start + share * end) for share in np.linspace(0, 1, 16)]
    assert key_frames(pan) == (0,)
    assert turns(pan)[1:-1].max() < 0.01
    assert key_frames(pan[:1]) == (0,)


def test_global_memory_leans_towards_key_frames():
    clip = _seen(*["dog"] * 15, "mug")
    _, global_ = COMPRESSOR.compress(clip, 0.0, 15.0)
    mean = unit(np.mean([frame.vector for frame in clip], 0))
    mug = _seen("mug")[0].vector
    assert global_ @ mug > mean @ mug + 0.01
    assert global_ @ _seen("dog")[0].vector > global_ @ mug


# ---- questions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Did you see a dog?", "dog"),
        ("where is my mug", "mug"),
        ("where did you see the alarm clock ten minutes ago", "alarm clock"),
        ("umbrella", "umbrella"),
        ("Who stood at the wooden door yesterday?", "wooden door"),
    ],
)
def test_a_question_lies_nearest_to_the_clip_that_shows_what_it_names(question, thing):
    clips = np.stack([COMPRESSOR.compress(_seen(*[one] * 3), 0.0, 2.0)[1] for one in ("", *THINGS)])
    feature = COMPRESSOR.encode_question(question, NOTHING)
    assert feature is not None
    assert np.linalg.norm(feature) == pytest.approx(1, abs=1e-5)
    cosines = clips @ feature
    assert ("", *THINGS)[int(cosines.argmax())] == thing
    scores = np.sort(SCALE.score(cosines))
    assert scores[-1] > 0.5
    assert scores[-2] < 0.3  # of everything else: not enough to be evidence


@pytest.mark.parametrize(
    "question",
    [
        "what did i say about the meeting", "what was that", "what happened", "hello", "what is my name", "",
        "did you hear a dog bark", "how are you", "what did I say a minute ago?",
    ],
)  # fmt: skip
def test_a_question_that_is_not_about_pictures_points_nowhere(question):
    assert COMPRESSOR.encode_question(question, NOTHING) is None


def test_a_question_without_anything_of_its_own_fits_no_clip():
    feature = COMPRESSOR.encode_question("was there a zebra", NOTHING)  # the planted text knows none
    assert (
        feature is None
        or SCALE.score(
            np.array([COMPRESSOR.compress(_seen(*[one] * 3), 0.0, 2.0)[1] @ feature for one in THINGS], np.float32)
        ).max()
        < 0.3
    )


def test_integration_is_causal_and_of_unit_rows():
    blocks = [COMPRESSOR.compress(_seen(*[thing] * 3), 0.0, 2.0) for thing in THINGS]
    slots, globals_ = [b[0] for b in blocks], [b[1] for b in blocks]
    memory = COMPRESSOR.integrate(slots, globals_)
    assert memory.shape == (5, 32)
    assert np.allclose(np.linalg.norm(memory, axis=1), 1, atol=1e-5)
    changed = COMPRESSOR.integrate(slots, [*globals_[:4], globals_[0]])
    assert np.allclose(changed[:4], memory[:4], atol=1e-6)
    assert COMPRESSOR.integrate([], []).shape == (0, 32)


# ---- from pictures to evidence ---------------------------------------------------------------------------------------


class Life:
    """A session's eyes and memory, with a CLIP space for both."""

    def __init__(self, folder: Path, space, things: dict[str, str], scale: PictureScale, minilm) -> None:
        names = ThingNames(things)
        encoder = ClipFrameEncoder(space, things)
        self.compressor = ClipCompressor(ClipTextEncoder(space), names)
        self.eyes = Eyes(encoder)
        self.memory = SessionMemory(
            folder,
            self.compressor,
            minilm,
            epoch_s=EPOCH_S,
            rule=ClipRule(scene_threshold=SCENE_THRESHOLD),
            scale=scale,
            names=names,
            space=f"clip {space.fingerprint}",
        )
        self.t_s = 0.0

    def watch(self, images: list[np.ndarray]) -> None:
        for image in images:
            self.memory.see(self.eyes.observe(VideoFrame(image, self.t_s)))
            self.t_s += 1.0


@pytest.fixture(scope="module")
def space() -> ClipModel:
    return ClipModel(tiny_clip.taught_checkpoint())


def test_a_question_finds_the_clip_that_showed_the_thing(tmp_path, space, minilm):
    """A checkpoint that learned its things: pictures, names, clips, a text question, evidence."""
    scale = PictureScale(nothing=0.3, certain=0.8, learned=True)
    life = Life(tmp_path, space, tiny_clip.THINGS, scale, minilm)
    shown: dict[str, float] = {}
    for n, thing in enumerate(["teapot", "bicycle", "cactus", "guitar"]):
        shown[thing] = life.t_s
        life.watch([tiny_clip.picture(thing, 7_000_000 + 10 * n)] * 4)
        life.watch([tiny_clip.picture(None, 7_000_500 + n)] * 3)
    for thing, start_s in shown.items():
        found = ask(life.memory, f"When did you see the {thing}?", life.t_s)
        assert found.evidence, thing
        assert found.evidence[0].kind == "picture"
        assert abs(found.evidence[0].start_s - start_s) <= 1.0, thing
        assert thing in [label.text for label in found.evidence[0].labels]
        feature = life.compressor.encode_question(f"When did you see the {thing}?", np.zeros((0, space.width)))
        clips = list(life.memory.clips())
        best = max(clips, key=lambda clip: float(clip.global_.astype(np.float32) @ feature))
        assert best.start_s <= start_s + 1 <= best.end_s, thing  # by vectors alone, too
    assert not ask(life.memory, "When did you see the umbrella?", life.t_s).evidence


def test_what_the_vocabulary_lacks_is_found_by_its_vector_alone(tmp_path, minilm):
    planted = PlantedSpace(THINGS, width=32)
    life = Life(tmp_path, planted, dict(plurals(("mug", "dog"))), SCALE, minilm)
    for thing in ("mug", "", "wooden door", "", "dog"):
        life.watch([planted.picture(thing)] * 16)
    found = ask(life.memory, "did you see a wooden door", life.t_s)
    assert [e.start_s for e in found.evidence] == [32.0]
    assert "wooden door" not in [label.text for label in found.evidence[0].labels]
    assert ask(life.memory, "did you see the mug", life.t_s).evidence[0].start_s == 0.0
    assert not ask(life.memory, "did you see an umbrella", life.t_s).evidence
    clip = life.memory.clips()[0]
    assert clip.short_term.shape == (64, 32)
    assert np.isfinite(clip.short_term).all()


def test_a_clip_carries_how_many_tokens_were_kept_to_the_page(tmp_path, minilm):
    """Counted where they are dropped, kept on the disk, told with the clip and with the memory's figures."""
    planted = PlantedSpace(THINGS, width=32)
    life = Life(tmp_path, planted, dict(plurals(THINGS)), SCALE, minilm)
    shown = ["mug"] * 7 + ["dog"] + ["mug"] * 8
    life.watch([planted.picture(thing, where=(5,)) if thing == "dog" else planted.picture(thing) for thing in shown])
    clip = life.memory.clips()[0]
    # All 16 of the first frame; of the frame in which all patches changed, all 16, and 16 more as it changes back.
    assert (clip.tokens_seen, clip.tokens_kept) == (16 * 16, 48)
    told = to_wire(told_clip(clip), 1, 16.0)
    assert (told["tokens_seen"], told["tokens_kept"]) == (256, 48)
    assert (life.memory.figures().tokens_seen, life.memory.figures().tokens_kept) == (256, 48)
    life.memory.close()
    again = Life(tmp_path, planted, dict(plurals(THINGS)), SCALE, minilm).memory
    assert (again.figures().tokens_seen, again.figures().tokens_kept) == (256, 48)


def test_the_pictures_that_are_kept_are_those_at_which_the_path_turns(tmp_path, minilm):
    """What was shown for a second among fifteen others, in a corner that changes few patches."""
    planted = PlantedSpace(THINGS, width=32)
    life = Life(tmp_path, planted, dict(plurals(THINGS)), SCALE, minilm)
    pictures = [planted.picture("mug", where=(0,)) for _ in range(16)]
    pictures[5] = planted.picture("dog", where=(0,))
    life.watch(pictures)
    clip = life.memory.clips()[0]
    assert [picture.t_s for picture in clip.key_frames] == [0.0, 5.0, 8.0, 15.0]
