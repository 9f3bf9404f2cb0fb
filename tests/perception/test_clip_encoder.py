from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from planted_space import PlantedSpace, plurals

from omnilive_demo.ear_events import VideoFrame
from omnilive_demo.models.clip_model import ClipModel
from omnilive_demo.perception.clip_encoder import ClipFrameEncoder
from omnilive_demo.perception.eyes import Eyes
from omnilive_demo.perception.zero_shot import BACKGROUNDS, TEMPLATES, ZeroShotNames
from omnilive_demo.records import FrameFeatures

THINGS = ("mug", "umbrella", "dog", "shelf")


@pytest.fixture(scope="module")
def taught() -> ClipFrameEncoder:
    """A real model of open_clip's that learned its things, from its folder."""
    return ClipFrameEncoder(ClipModel(tiny_clip.taught_checkpoint()), tiny_clip.THINGS)


def _named(encoder: ClipFrameEncoder, image: np.ndarray) -> list[str]:
    labels = encoder.describe(encoder.encode(image, None))
    return [label.text for label in labels if label.text in encoder.names]


def test_a_model_that_learned_names_new_pictures_rightly(taught: ClipFrameEncoder) -> None:
    right = [_named(taught, tiny_clip.picture(thing, 9_000_000 + n)) == [thing]
             for thing in tiny_clip.THINGS for n in range(5)]  # fmt: skip
    assert np.mean(right) >= 0.9


def test_it_names_nothing_in_pictures_of_nothing(taught: ClipFrameEncoder) -> None:
    silent = [not _named(taught, tiny_clip.picture(None, 8_000_000 + n)) for n in range(12)]
    assert np.mean(silent) >= 0.9


def test_features_are_unit_and_keep_the_plain_patches(taught: ClipFrameEncoder) -> None:
    image = tiny_clip.picture("guitar", 1, size=90)
    features = taught.encode(image, None)
    assert features.vector.shape == (taught.width,)
    assert features.patches.shape == (taught.patches, taught.width)
    assert features.vector.dtype == features.patches.dtype == np.float32
    assert np.linalg.norm(features.vector) == pytest.approx(1, abs=1e-5)
    assert np.allclose(np.linalg.norm(features.patches, axis=1), 1, atol=1e-5)
    assert features.plain is not None
    assert round(taught.patches**0.5) ** 2 == taught.patches


def test_many_sessions_at_once_get_what_each_would_get(taught: ClipFrameEncoder) -> None:
    images = [tiny_clip.picture(thing, 5) for thing in tiny_clip.THINGS]
    before = [None, *[taught.encode(image, None) for image in images[:-1]]]
    together = taught.encode_many(images, before)
    for image, previous, made in zip(images, before, together, strict=True):
        alone = taught.encode(image, previous)
        assert np.allclose(made.vector, alone.vector, atol=1e-5)
        assert np.allclose(made.patches, alone.patches, atol=1e-4)
        assert np.array_equal(made.plain, alone.plain)
    assert taught.encode_many([]) == []


def test_light_and_motion_are_still_told_in_words(taught: ClipFrameEncoder) -> None:
    dark = np.zeros((64, 64, 3), np.uint8)
    first = taught.encode(dark, None)
    second = taught.encode(dark, first)
    assert "dark" in [label.text for label in taught.describe(first)]
    assert "still" in [label.text for label in taught.describe(second)]


def test_another_encoders_features_are_not_described(taught: ClipFrameEncoder) -> None:
    assert taught.describe(FrameFeatures(np.ones(7, np.float32), np.ones((16, 7), np.float32))) == ()


def test_eyes_cut_scenes_and_name_things_with_it(taught: ClipFrameEncoder) -> None:
    eyes = Eyes(taught)
    same = [eyes.observe(VideoFrame(tiny_clip.picture("cactus", 77), float(n))) for n in range(3)]
    other = eyes.observe(VideoFrame(np.full((64, 64, 3), 250, np.uint8), 3.0))
    assert same[-1].similarity > 0.95
    assert other.similarity < 0.72
    assert same[-1].labels[0].text == "cactus"


# ---- names, with planted vectors ------------------------------------------------------------------------------------


def _share(space: PlantedSpace, thing: str, **options) -> list[tuple[str, float]]:
    reader = ZeroShotNames(space, plurals(THINGS), **options)
    return reader.of(space.encode_images([space.picture(thing)]).vectors[0])


@pytest.mark.parametrize("thing", THINGS)
def test_the_nearest_name_is_said(thing: str) -> None:
    (name, share), *others = _share(PlantedSpace(THINGS), thing)
    assert name == thing
    assert share > 0.9
    assert not others


def test_what_lies_nearest_to_nothing_in_particular_has_no_name() -> None:
    assert _share(PlantedSpace(THINGS), "") == []


def test_two_names_that_fit_alike_share_and_neither_is_said_below_the_threshold() -> None:
    space = PlantedSpace(("mug", "mug shaped cup"))  # a caption of the second holds the first as well
    reader = ZeroShotNames(space, {"mug": "mugs", "mug shaped cup": "cups"}, threshold=0.6)
    between = space.encode_images([space.picture("mug"), space.picture("mug shaped cup")]).vectors
    middle = between.sum(0) / np.linalg.norm(between.sum(0))
    said = reader.of(middle)
    assert sum(share for _, share in said) <= 1
    assert all(share >= 0.6 for _, share in said)


def test_shares_are_the_softmax_with_the_models_scale_over_names_and_backgrounds() -> None:
    space = PlantedSpace(THINGS)
    vector = space.encode_images([space.picture("dog")]).vectors[0]
    texts = [
        np.mean(space.encode_texts([template.format(one) for template in TEMPLATES]), 0)
        for one in ("a mug", "an umbrella", "a dog", "a shelf")
    ]
    rows = np.stack([*[row / np.linalg.norm(row) for row in texts], *space.encode_texts(BACKGROUNDS)])
    powers = np.exp(space.scale * (rows @ vector))
    reader = ZeroShotNames(space, plurals(THINGS), threshold=0.0, most=len(THINGS))
    said = dict(reader.of(vector))
    for i, thing in enumerate(THINGS):
        assert said[thing] == pytest.approx(powers[i] / powers.sum(), rel=1e-3)


def test_vectors_of_names_are_kept_and_only_new_ones_encoded(tmp_path: Path) -> None:
    first = PlantedSpace(THINGS)
    ZeroShotNames(first, plurals(THINGS[:3]), tmp_path)
    assert len(first.texts_read) == 3 * len(TEMPLATES) + len(BACKGROUNDS)
    again = PlantedSpace(THINGS)
    ZeroShotNames(again, plurals(THINGS[:3]), tmp_path)
    assert again.texts_read == []
    more = PlantedSpace(THINGS)
    reader = ZeroShotNames(more, plurals(THINGS), tmp_path)
    assert more.texts_read == [template.format("a shelf") for template in TEMPLATES]
    assert reader.of(more.encode_images([more.picture("shelf")]).vectors[0])[0][0] == "shelf"


def test_other_weights_do_not_use_what_was_kept(tmp_path: Path) -> None:
    ZeroShotNames(PlantedSpace(THINGS), plurals(THINGS), tmp_path)
    other = PlantedSpace(THINGS, fingerprint="retrained")
    ZeroShotNames(other, plurals(THINGS), tmp_path)
    assert other.texts_read


@pytest.mark.parametrize("harm", ["truncated", "another width"])
def test_a_kept_file_that_is_damaged_is_made_again(tmp_path: Path, harm: str, caplog) -> None:
    ZeroShotNames(PlantedSpace(THINGS), plurals(THINGS), tmp_path)
    (path,) = tmp_path.iterdir()
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:200])
    else:
        np.savez(path.open("wb"), texts=np.array(["mug"]), rows=np.zeros((1, 3), np.float32))
    with caplog.at_level(logging.WARNING):
        assert _share(PlantedSpace(THINGS), "dog", cache=tmp_path)[0][0] == "dog"
    assert "made again" in caplog.text
    healed = PlantedSpace(THINGS)
    ZeroShotNames(healed, plurals(THINGS), tmp_path)
    assert healed.texts_read == []


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, caplog) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        assert _share(PlantedSpace(THINGS), "mug", cache=blocked / "names")[0][0] == "mug"
    assert "could not be kept" in caplog.text


def test_batch_goes_to_the_model_in_one_call() -> None:
    space = PlantedSpace(THINGS)
    encoder = ClipFrameEncoder(space, plurals(THINGS))
    space.batches.clear()
    made = encoder.encode_many([space.picture(thing) for thing in THINGS])
    assert space.batches == [4]
    assert [encoder.describe(one)[0].text for one in made] == list(THINGS)
