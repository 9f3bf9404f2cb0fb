"""Voice activity by silero-vad: its ONNX file, which ships inside the silero-vad wheel, run by onnxruntime.

The package itself is not imported (it would bring torch along); only its data file is looked up. The network takes the
64 samples before each window as context and keeps a recurrent state. One inference session serves the whole process: it
holds no state of its own and runs on the caller's thread with the GIL released.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnilive_demo.perception.voice_activity import SAMPLE_RATE_HZ, WINDOW_SAMPLES

_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (2, 1, 128)
_RATE = np.array(SAMPLE_RATE_HZ, np.int64)


class SileroVoiceActivity:
    """One stream's `VoiceActivity`. Not for several threads at once.

    Raises:
        FileNotFoundError: the network's file is missing; the message says what to do.
    """

    def __init__(self, model: Path | None = None) -> None:
        self._session = _session(model or model_file())
        self._state: NDArray[np.float32] = np.zeros(_STATE_SHAPE, np.float32)
        self._input = np.zeros((1, _CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)

    def probability(self, window: NDArray[np.float32]) -> float:
        """Chance of speech in the next `[512]` samples at 16 kHz (0..1)."""
        self._input[0, :_CONTEXT_SAMPLES] = self._input[0, -_CONTEXT_SAMPLES:]
        self._input[0, _CONTEXT_SAMPLES:] = window
        chance, self._state = self._session.run(
            None, {"input": self._input, "state": self._state, "sr": _RATE}
        )  # [1, 1], [2, 1, 128]
        return float(chance[0, 0])

    def reset(self) -> None:
        """Forget what was heard."""
        self._state = np.zeros(_STATE_SHAPE, np.float32)
        self._input[:] = 0.0


def model_file() -> Path:
    """Where the wheel keeps the network.

    Raises:
        FileNotFoundError: silero-vad is not installed, or its file is not there.
    """
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("Voice activity needs the package silero-vad. Install it with: pip install silero-vad")
    path = Path(spec.submodule_search_locations[0]) / "data" / "silero_vad.onnx"
    if not path.is_file():
        raise FileNotFoundError(f"The voice activity model is missing: {path}. Reinstall silero-vad.")
    return path


@cache
def _session(path: Path) -> Any:
    import onnxruntime

    if not path.is_file():
        raise FileNotFoundError(f"The voice activity model is missing: {path}. Reinstall silero-vad.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
