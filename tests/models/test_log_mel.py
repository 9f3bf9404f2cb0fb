from __future__ import annotations

import numpy as np
import pytest
import torch

from omnilive_demo.models.nano.log_mel import BANDS, FRAMES, log_mel
from omnilive_demo.models.nano.sound_network import SoundNetwork


def tone(hz: float, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)).astype(np.float32)


def test_a_tone_is_one_bright_band_at_its_level() -> None:
    mel = log_mel(np.stack([tone(300), tone(1000), tone(4000), tone(1000, 0.1)]))
    assert mel.shape == (4, FRAMES, BANDS)
    assert mel.dtype == np.float32
    bands = mel.mean(1).argmax(1)
    assert bands[0] < bands[1] == bands[3] < bands[2]
    assert mel[1].max() == pytest.approx(0.0, abs=2.5)
    assert mel[1].max() - mel[3].max() == pytest.approx(20.0, abs=0.1)


def test_silence_is_the_floor_and_a_click_is_where_it_was() -> None:
    sound = np.zeros((1, 16_000), np.float32)
    assert log_mel(sound).min() == log_mel(sound).max() == pytest.approx(-110.0, abs=0.1)
    sound[0, 8_000] = 1.0
    loud = np.flatnonzero(log_mel(sound)[0].max(1) > -80)
    assert 46 <= loud.min() <= loud.max() <= 50


def test_a_fused_network_says_the_same() -> None:
    torch.manual_seed(0)
    network = SoundNetwork(18)
    mel = torch.randn(4, FRAMES, BANDS) * 20 - 60
    for _ in range(3):
        network(mel)  # the norms see something
    network.eval()
    with torch.inference_mode():
        before = network(mel)
        network.fuse()
        torch.testing.assert_close(network(mel), before, atol=1e-4, rtol=1e-4)
    assert not [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
