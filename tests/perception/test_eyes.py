from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageColor

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.models.descriptor_space import COLOURS, WIDTH, direction
from omnilive_demo.perception.colours import colour_shares, to_lab
from omnilive_demo.perception.descriptor import DescriptorEncoder
from omnilive_demo.perception.eyes import SCENE_THRESHOLD, Eyes, observe_together, scene_similarity
from omnilive_demo.perception.gate import ChangeGate
from omnilive_demo.perception.sampler import FrameSampler
from omnilive_demo.perception.thumbnail import thumbnail
from omnilive_demo.records import FrameFeatures

ENCODER = DescriptorEncoder()


def room(light: float = 1.0, tint=(1.0, 1.0, 1.0), seed: int = 1, shift: int = 0, noise: int = 0) -> np.ndarray:
    """A drawn room: a gray wall, a brown floor, some boxes, and the noise of a camera."""
    rng = np.random.default_rng(seed)
    image = np.full((480, 640, 3), 150.0)
    image[300:] = (120, 90, 60)
    for _ in range(8):
        x, y = (int(rng.integers(0, 560)) + shift) % 560, int(rng.integers(100, 400))
        image[y : y + 80, x : x + 80] = rng.integers(30, 230, 3)
    image = image * light * np.array(tint) + np.random.default_rng(noise).normal(0, 3, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def flat(*rgb: int) -> np.ndarray:
    return np.full((240, 320, 3), rgb, np.uint8)


def words(image: np.ndarray, previous: np.ndarray | None = None) -> list[str]:
    before = None if previous is None else ENCODER.encode(previous, None)
    return [label.text for label in ENCODER.describe(ENCODER.encode(image, before))]


SCENES = {
    "dark": room(0.15), "bright": room(1.9), "red": room(1, (1.5, 0.3, 0.3)), "blue": room(1, (0.3, 0.4, 1.6)),
    "green": room(1, (0.4, 1.2, 0.4)),
}  # fmt: skip


@pytest.mark.parametrize("word", SCENES)
def test_word_points_to_its_scene_clearly(word):
    cosines = {name: float(direction([word]) @ ENCODER.encode(image, None).vector) for name, image in SCENES.items()}
    best = cosines.pop(word)
    assert best > 0.5
    assert best - max(cosines.values()) > 0.2
    assert best - float(direction([word]) @ ENCODER.encode(room(), None).vector) > 0.3


def test_moving_and_still_scenes_pull_apart():
    before = ENCODER.encode(room(), None)
    still, moved = ENCODER.encode(room(noise=1), before), ENCODER.encode(room(shift=200), before)
    assert direction(["moving"]) @ still.vector < 0 < direction(["moving"]) @ moved.vector
    assert direction(["moving"]) @ before.vector == 0.0


def test_same_scene_is_alike_and_another_is_not():
    first = ENCODER.encode(room(), None)
    again = ENCODER.encode(room(noise=1), first)
    assert again.vector @ first.vector > 0.97
    assert ENCODER.encode(room(shift=30), first).vector @ first.vector > 0.93
    for other in SCENES.values():
        assert ENCODER.encode(other, first).vector @ first.vector < 0.6


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**31))
def test_any_picture_has_finite_unit_features(height, width, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    features = ENCODER.encode(image, ENCODER.encode(image[::-1], None))
    assert features.patches.shape == (ENCODER.patches, WIDTH)
    assert features.vector.dtype == features.patches.dtype == np.float32
    assert np.linalg.norm(features.vector) == pytest.approx(1.0, abs=1e-4)
    assert np.isfinite(features.patches).all()
    assert all(0.5 <= label.score <= 1.0 for label in ENCODER.describe(features))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (room(0.12), "dark"), (flat(250, 250, 250), "bright"), (flat(20, 40, 200), "mostly blue"),
        (flat(200, 30, 30), "mostly red"), (flat(250, 250, 250), "plain"), (flat(128, 128, 128), "mostly gray"),
    ],
)  # fmt: skip
def test_description_says_what_is_there(image, expected):
    assert expected in words(image)


@pytest.mark.parametrize(
    ("where", "place"),
    [("on the left", np.s_[60:180, 0:120]), ("on the right", np.s_[60:180, 200:320]), ("above", np.s_[0:90, 100:220]),
     ("below", np.s_[150:240, 100:220]), ("in the middle", np.s_[80:160, 110:210])],
)  # fmt: skip
def test_coloured_area_is_named_with_its_place(where, place):
    image = flat(130, 130, 130)
    image[place] = (210, 25, 25)
    assert f"red area {where}" in words(image)


def test_motion_is_only_told_where_it_can_be_known():
    assert not {"still", "moving"} & set(words(room()))
    assert "still" in words(room(noise=1), room())
    assert "moving" in words(room(shift=200), room())
    assert "detailed" in words(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


def test_ordinary_room_is_neither_dark_nor_bright_nor_red():
    assert not {"dark", "bright", "mostly red", "plain"} & set(words(room()))


@pytest.mark.parametrize(
    ("name", "shades"),
    [
        ("red", "red firebrick crimson darkred"), ("orange", "orange darkorange"), ("yellow", "yellow gold khaki"),
        ("green", "green lime forestgreen darkgreen limegreen lightgreen olivedrab"),
        ("blue", "blue navy royalblue skyblue steelblue dodgerblue"),
        ("purple", "purple indigo darkviolet mediumpurple darkorchid"), ("pink", "pink hotpink deeppink lightpink"),
        ("brown", "saddlebrown sienna"), ("white", "white whitesmoke snow"), ("gray", "gray silver dimgray darkgray"),
        ("black", "black"),
    ],
)  # fmt: skip
def test_named_shades_get_the_name_that_people_use(name, shades):
    rgb = np.array([ImageColor.getrgb(shade) for shade in shades.split()], np.uint8)
    shares = colour_shares(to_lab(rgb))
    assert [COLOURS[index] for index in shares.argmax(1)] == [name] * len(rgb)
    np.testing.assert_allclose(shares.sum(1), 1.0, rtol=1e-5)


def test_gate_passes_over_camera_noise_and_sees_what_moved():
    gate = ChangeGate()
    assert gate.changed(thumbnail(room())).all()
    assert not gate.changed(thumbnail(room(noise=1))).any()
    image = room(noise=2)
    image[0:60, 0:80] = (255, 0, 0)
    mask = gate.changed(thumbnail(image))
    assert mask[0, 0]
    assert mask.sum() == 1


def test_eyes_compare_each_frame_with_the_one_before():
    eyes = Eyes(ENCODER)
    first = eyes.observe(VideoFrame(room(), 0.0))
    assert (first.change, first.similarity, first.t_s) == (1.0, 1.0, 0.0)
    second = eyes.observe(VideoFrame(room(noise=1), 1.0))
    assert second.change == 0.0
    assert second.similarity > 0.97
    third = eyes.observe(VideoFrame(SCENES["dark"], 2.0))
    assert third.change > 0.9
    assert third.similarity < 0.5
    assert "dark" in [label.text for label in third.labels]


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(bad):
    with pytest.raises(ValueError, match="RGB"):
        Eyes(ENCODER).observe(VideoFrame(bad, 0.0))


def test_sampler_takes_the_first_frame_of_each_second():
    sampler = FrameSampler()
    times = [3.4 + i / 15 for i in range(60)]
    taken = [t for t in times if sampler.take(t)]
    assert [int(t) for t in taken] == [3, 4, 5, 6, 7]
    assert taken[0] == 3.4
    assert all(t % 1 < 1 / 15 + 1e-9 for t in taken[1:])


def test_sampler_asked_whether_it_wants_a_frame_takes_none():
    sampler = FrameSampler()
    assert sampler.wants(0.0)
    assert sampler.take(0.0)
    assert not sampler.wants(0.99)
    assert sampler.wants(1.0)
    assert sampler.wants(1.0)


@given(st.lists(st.floats(0.001, 5), min_size=1, max_size=200), st.sampled_from([0.5, 1.0, 2.0]))
def test_no_period_is_looked_at_twice_and_none_with_frames_is_missed(steps, period_s):
    sampler, t_s, periods, taken = FrameSampler(period_s), 0.0, set(), []
    for step in steps:
        t_s += step
        periods.add(int((t_s + 1e-6) // period_s))
        if sampler.take(t_s):
            taken.append(int((t_s + 1e-6) // period_s))
    assert taken == sorted(periods)


def plain_features(image: np.ndarray) -> FrameFeatures:
    """As of an encoder that keeps plain patches beside its own."""
    features = ENCODER.encode(image, None)
    return FrameFeatures(np.array([1.0, 0.0], np.float32), features.patches[:, :2], features.patches)


def test_a_new_place_is_another_scene_and_a_thing_in_it_is_not():
    here = plain_features(room())
    with_a_thing = room(noise=1)
    with_a_thing[200:280, 300:400] = (230, 30, 30)
    assert scene_similarity(plain_features(with_a_thing), here) > SCENE_THRESHOLD
    for elsewhere in (room(seed=9, light=1.6), room(0.15), flat(80, 160, 90)):
        assert scene_similarity(plain_features(elsewhere), here) < SCENE_THRESHOLD


def test_without_plain_patches_the_vectors_are_compared():
    one, other = ENCODER.encode(room(), None), ENCODER.encode(room(0.15), None)
    assert scene_similarity(one, other) == pytest.approx(float(one.vector @ other.vector))


def test_frames_of_several_sessions_are_encoded_in_one_go_and_seen_as_if_alone():
    class Many(DescriptorEncoder):
        calls = 0

        def encode_many(self, images, previous):
            self.calls += 1
            return [self.encode(image, before) for image, before in zip(images, previous, strict=True)]

    encoder = Many()
    together, alone = [Eyes(encoder) for _ in range(3)], [Eyes(ENCODER) for _ in range(3)]
    for t_s in (0.0, 1.0):
        frames = [VideoFrame(room(seed=number, shift=round(40 * t_s)), t_s) for number in range(3)]
        seen = observe_together(list(zip(together, frames, strict=True)))
        for one, eyes, frame in zip(seen, alone, frames, strict=True):
            expected = eyes.observe(frame)
            assert (one.t_s, one.change, one.labels) == (t_s, expected.change, expected.labels)
            assert one.similarity == pytest.approx(expected.similarity)
    assert encoder.calls == 2
