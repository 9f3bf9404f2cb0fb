"""What a cheap camera does to a picture: blur, sensor noise, exposure, white balance, dark corners, JPEG, shake.

Every function takes and gives uint8 `[H, W, 3]`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Defects:
    """How bad the camera is.

    light: factor on brightness. gamma: above 1 darkens the middle tones. balance: factors on red, green, blue.
    blur_px: out of focus. streak_px: length of motion blur; streak_deg: its direction. noise: standard deviation of
    the sensor's noise in grey levels. corners: how much darker the corners are, 0..1. jpeg: quality, or None.
    """

    light: float = 1.0
    gamma: float = 1.0
    contrast: float = 1.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur_px: float = 0.0
    streak_px: float = 0.0
    streak_deg: float = 0.0
    noise: float = 0.0
    corners: float = 0.0
    jpeg: int | None = None


def drawn_defects(rng: np.random.Generator, strength: float = 1.0) -> Defects:
    """Random defects: most cameras are good at most things, a few are bad. strength scales how far they go."""

    def sometimes(share: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) * strength if rng.random() < share else 0.0

    return Defects(
        light=float(np.exp(np.clip(rng.normal(0, 0.2 * strength), -0.6, 0.4))),
        gamma=float(np.exp(rng.normal(0, 0.15 * strength))),
        contrast=float(np.exp(rng.normal(-0.05, 0.15 * strength))),
        balance=tuple(float(value) for value in np.exp(rng.normal(0, 0.06 * strength, 3))),  # type: ignore[arg-type]
        blur_px=sometimes(0.35, 0.3, 1.8),
        streak_px=sometimes(0.15, 2, 6),
        streak_deg=float(rng.uniform(0, 180)),
        noise=sometimes(0.6, 1, 14),
        corners=sometimes(0.3, 0.1, 0.6),
        jpeg=int(rng.integers(25, 90)) if rng.random() < 0.45 else None,
    )


def shoot(image: Pixels, defects: Defects, rng: np.random.Generator) -> Pixels:
    """The picture as the camera gives it: optics first, then the sensor, then the file."""
    picture = Image.fromarray(image)
    if defects.blur_px > 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(defects.blur_px))
    if defects.streak_px > 1:
        picture = streaked(picture, defects.streak_px, defects.streak_deg)
    exposed = np.asarray(picture)
    pixels = np.empty_like(exposed)
    for channel, table in enumerate(_tables(defects)):
        pixels[..., channel] = table[exposed[..., channel]]
    if defects.corners > 0.02:
        pixels = (pixels * _corners(pixels.shape[0], pixels.shape[1], round(defects.corners, 1))[..., None]).astype(
            np.uint8
        )
    if defects.noise > 0.3:
        pixels = noisy(pixels, defects.noise, rng)
    if defects.jpeg is not None:
        pixels = jpeg(pixels, defects.jpeg)
    return np.array(pixels)


def streaked(picture: Image.Image, length_px: float, degrees: float) -> Image.Image:
    """Motion blur along a line, at most 5 pixels at a time (twice for more)."""
    half = min(length_px / 2, 2.0)
    angle = np.deg2rad(degrees)
    kernel = np.zeros((5, 5))
    for step in np.linspace(-half, half, 9):
        kernel[round(2 + step * np.sin(angle)), round(2 + step * np.cos(angle))] += 1
    once = picture.filter(ImageFilter.Kernel((5, 5), [float(value) for value in kernel.ravel()]))
    return streaked(once, length_px - 4, degrees) if length_px > 5 else once


def noisy(pixels: Pixels, deviation: float, rng: np.random.Generator) -> Pixels:
    """With sensor noise, taken from a table at a random place because drawing it anew is slow."""
    table = _noise_table()
    start = int(rng.integers(0, len(table) - pixels.size)) if pixels.size < len(table) else 0
    grain = np.resize(table, pixels.size) if pixels.size >= len(table) else table[start : start + pixels.size]
    total = pixels + (grain.reshape(pixels.shape) * np.float32(deviation)).astype(np.int16)
    return np.clip(total, 0, 255).astype(np.uint8)


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Through a JPEG file of this quality and back."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def shake(seed: int, t_s: float, amount: float) -> tuple[float, float]:
    """Where a hand-held camera points at a time, x and y as shares of the picture: slow sway and a faint tremor."""
    phases = np.random.default_rng([seed, 77]).uniform(0, 2 * np.pi, 6)
    sway_x = np.sin(0.9 * t_s + phases[0]) + 0.5 * np.sin(2.3 * t_s + phases[1]) + 0.15 * np.sin(11 * t_s + phases[2])
    sway_y = np.sin(0.7 * t_s + phases[3]) + 0.5 * np.sin(1.9 * t_s + phases[4]) + 0.15 * np.sin(13 * t_s + phases[5])
    return float(sway_x / 1.65 * amount), float(sway_y / 1.65 * amount)


def _tables(defects: Defects) -> NDArray[np.uint8]:
    """For each channel what becomes of each level, `[3, 256]`."""
    levels = np.arange(256) / 255
    exposed = np.clip((levels - 0.5) * defects.contrast + 0.5, 0, 1) ** defects.gamma * defects.light
    out = exposed * np.array(defects.balance)[:, None]
    out = np.where(out > 0.8, 0.8 + 0.2 * (1 - np.exp(-(out - 0.8) / 0.2)), out)  # bright parts saturate softly
    tables: NDArray[np.uint8] = np.clip(out * 255, 0, 255).astype(np.uint8)
    return tables


@lru_cache(maxsize=32)
def _corners(height: int, width: int, strength: float) -> NDArray[np.float32]:
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return (1 - strength * (x**2 + y**2) / 2).astype(np.float32)


@lru_cache(maxsize=1)
def _noise_table() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(2_000_003, dtype=np.float32)
