from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnilive_demo.training.world.sprites import (
    NOTO_FONT,
    NotoSprites,
    OpenmojiSprites,
    colour_words,
    cutout,
    dyed,
    own_colour,
    redrawn,
)
from omnilive_demo.training.world.things import HANDS, SKINS, by_name, things_of
from omnilive_demo.training.world.truth import COLOURS

needs_font = pytest.mark.skipif(not NOTO_FONT.is_file(), reason="fonts-noto-color-emoji is not installed")


def shaded(low: int = 40, high: int = 220) -> Image.Image:
    """A gray ramp in a disc, transparent around."""
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[..., :3] = np.linspace(low, high, 60)[None, :, None]
    y, x = np.mgrid[:60, :60]
    pixels[..., 3] = 255 * ((x - 30) ** 2 + (y - 30) ** 2 < 28**2)
    return Image.fromarray(pixels, "RGBA")


@pytest.mark.parametrize("colour", COLOURS)
def test_a_dyed_drawing_has_the_colour_it_was_dyed_in(colour: str) -> None:
    sprite = dyed(shaded(), colour)
    words = colour_words(np.asarray(sprite)[np.asarray(sprite)[..., 3] > 0][:, :3])
    assert (words == COLOURS.index(colour)).mean() > 0.5
    assert np.array_equal(np.asarray(sprite)[..., 3], np.asarray(shaded())[..., 3]), "its outline stays"


def test_dyeing_keeps_light_and_dark() -> None:
    light = np.asarray(dyed(shaded(), "blue").convert("L")).astype(int)[30, 4:56]
    assert (np.diff(light) >= -1).all()
    assert light[-1] - light[0] > 60


def test_own_colour_needs_a_majority() -> None:
    pixels = np.full((20, 20, 4), 255, np.uint8)
    pixels[..., :3] = (200, 20, 30)
    assert own_colour(Image.fromarray(pixels, "RGBA")) == "red"
    pixels[:, 11:, :3] = (30, 60, 210)
    assert own_colour(Image.fromarray(pixels, "RGBA")) == "red"
    pixels[:, 10:, :3] = (30, 60, 210)
    assert own_colour(Image.fromarray(pixels, "RGBA")) is None
    pixels[:, :, 3] = 0
    assert own_colour(Image.fromarray(pixels, "RGBA")) is None, "what is transparent has no colour"


@pytest.mark.parametrize(
    ("pixel", "word"),
    [
        ((255, 255, 255), "white"),
        ((10, 10, 12), "black"),
        ((128, 128, 130), "gray"),
        ((120, 70, 35), "brown"),
        ((255, 205, 40), "yellow"),
        ((245, 130, 20), "orange"),
        ((40, 160, 60), "green"),
        ((150, 60, 190), "purple"),
        ((255, 150, 190), "pink"),
        ((40, 90, 220), "blue"),
        ((210, 30, 30), "red"),
    ],
)
def test_colour_words(pixel: tuple[int, int, int], word: str) -> None:
    assert COLOURS[colour_words(np.array([pixel], np.uint8))[0]] == word


def test_an_outline_is_dark_and_around() -> None:
    plain, outlined = shaded(), redrawn(shaded(), "outlined")
    assert outlined.width > plain.width
    row = np.asarray(outlined)[outlined.height // 2]
    first = int(np.flatnonzero(row[:, 3])[0])
    assert first < 2 + 3, "it begins left of where the drawing begins (at 2, in a page 3 wider)"
    assert row[first, :3].max() < 40
    assert redrawn(plain, "plain") is plain


@needs_font
def test_the_font_draws_every_thing_that_is_taught_and_every_hand() -> None:
    sprites = NotoSprites()
    for thing in things_of("known"):
        drawn = sprites.sprite(thing)
        assert drawn.mode == "RGBA"
        assert 30 <= max(drawn.size) <= 136, thing.name
        assert np.asarray(drawn)[..., 3].max() == 255, thing.name
    sizes = {sprites.sprite(hand + skin).size[0] for hand in HANDS for skin in SKINS}
    assert max(sizes) <= 136, "a hand and its skin are one drawing, not two side by side"


@needs_font
def test_a_cutout_is_made_once_and_each_source_has_its_own() -> None:
    sprites, others = NotoSprites(), NotoSprites()
    mug = by_name()["mug"]
    first = cutout(sprites, mug, "red")
    assert cutout(sprites, mug, "red") is first
    assert cutout(sprites, mug) is not first
    assert cutout(others, mug, "red") is not first
    assert first.colour == "red"
    assert [level.width for level in first.levels] == sorted((level.width for level in first.levels), reverse=True)


def test_without_the_font_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="fonts-noto-color-emoji"):
        NotoSprites(tmp_path / "none.ttf")


def test_without_the_other_style_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="openmoji"):
        OpenmojiSprites(tmp_path)
    (tmp_path / "color" / "svg").mkdir(parents=True)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="librsvg2-bin"):
        OpenmojiSprites(tmp_path)


@pytest.mark.skipif(shutil.which("rsvg-convert") is None, reason="librsvg2-bin is not installed")
def test_the_other_style_draws_from_vector_files(tmp_path: Path) -> None:
    folder = tmp_path / "color" / "svg"
    folder.mkdir(parents=True)
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72"><rect x="9" y="18" width="54" height="27" '
    (folder / "2602.svg").write_text(drawing + 'fill="#d22f27"/></svg>')
    (folder / "1FAF3-1F3FB.svg").write_text(drawing + 'fill="#000"/></svg>')
    sprites = OpenmojiSprites(tmp_path, tmp_path / "cache")
    umbrella = sprites.sprite(by_name()["umbrella"])
    assert umbrella.width == pytest.approx(2 * umbrella.height, abs=3)
    assert own_colour(umbrella) == "red"
    assert (tmp_path / "cache" / "2602.png").is_file()
    assert sprites.sprite("🫳🏻").size == umbrella.size
    with pytest.raises(LookupError, match="no drawing"):
        sprites.sprite("🫴")
