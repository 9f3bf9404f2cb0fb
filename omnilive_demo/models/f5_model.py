"""F5-TTS from a local folder: text and a spoken example in, sound in the voice of the example out.

Chen et al. 2024 (arXiv 2410.06885): a diffusion transformer (DiT) fills in the mel spectrogram behind the example by
flow matching, and Vocos turns it into sound. The networks are those of the packages `f5-tts` and `vocos`; only the
loading is ours, because theirs downloads and prints. The weights are the version `F5TTS_v1_Base` (CC-BY-NC: no
commercial use).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, VOCABULARY, VOCOS = "model_1250000.safetensors", "vocab.txt", "vocos"
RATE_HZ = 24_000
HOP = 256  # samples of a frame of the spectrogram
MELS = 100
MAX_FRAMES = 4096  # example and sentence together; the network's own limit (43.7 s)

_GUIDANCE, _SWAY = 2.0, -1.0  # as released
_HEAD = 64  # channels of an attention head


class _Stopped(Exception):
    """Raised between two steps of the diffusion: nobody wants the sound any more."""


class F5Model:
    """One copy of the networks. Calls from several threads take turns, because the text is cached inside of them."""

    def __init__(self, flow: Any, vocoder: Any) -> None:
        self._flow = flow
        self._vocoder = vocoder
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """Where it runs, as torch names it."""
        return str(self._flow.device)

    def example(self, samples: NDArray[np.float32]) -> Tensor:
        """The spectrogram `[1, frames, 100]` of a spoken example, mono at 24 kHz."""
        import torch

        with torch.inference_mode():
            sound = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None].to(self._flow.device)
            mel: Tensor = self._flow.mel_spec(sound).permute(0, 2, 1)
            return mel

    def speak(
        self, example: Tensor, example_text: str, text: str, frames: int, steps: int, stopped: Callable[[], bool]
    ) -> NDArray[np.float32] | None:
        """Say `text` as the example would, mono at 24 kHz; None when it was stopped.

        Args:
            example: its spectrogram, see `example`.
            example_text: what is said in it, ending as a sentence does, with a space behind a Latin full stop.
            frames: how long `text` is to last, in frames of 256 samples.
            steps: of the diffusion. Each costs one run of the transformer; 16 to 32 are usual.
            stopped: asked before every step and before the vocoder.
        """
        import torch
        from f5_tts.model.utils import convert_char_to_pinyin  # type: ignore[import-untyped]

        def ask(*_: object) -> None:
            if stopped():
                raise _Stopped

        begin = int(example.shape[1])
        with self._lock, torch.inference_mode():
            hook = self._flow.transformer.register_forward_pre_hook(ask)
            try:
                filled, _ = self._flow.sample(
                    cond=example,
                    text=convert_char_to_pinyin([example_text + text]),
                    duration=min(begin + frames, MAX_FRAMES),
                    steps=steps,
                    cfg_strength=_GUIDANCE,
                    sway_sampling_coef=_SWAY,
                )
                ask()
                sound = self._vocoder.decode(filled[:, begin:].float().permute(0, 2, 1))
            except _Stopped:
                return None
            finally:
                hook.remove()
                self._flow.transformer.clear_cache()  # or the next sentence would be given the text of this one
        made: NDArray[np.float32] = sound[0].float().cpu().numpy()
        return made


def load_f5(folder: Path, vocos: Path | None = None, device: str = "auto", dtype: str = "auto") -> F5Model:
    """Load the networks; nothing is downloaded.

    Args:
        folder: holds `model_1250000.safetensors` and `vocab.txt`, as `F5TTS_v1_Base` in the repository SWivid/F5-TTS.
        vocos: holds `config.yaml` and `pytorch_model.bin`, as the repository charactr/vocos-mel-24khz; `folder/vocos`
            when it is not given.
        device: "auto" takes the GPU where there is one.
        dtype: of the transformer: "float32", "float16" or "bfloat16"; "auto" is float16 on a GPU, as its package
            does. The vocoder always computes in float32.

    Raises:
        FileNotFoundError: a file is missing.
        RuntimeError: a file is damaged, or holds another network; the message says which.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if dtype == "auto":
        dtype = "float16" if device.startswith("cuda") else "float32"
    letters = _letters(_present(folder / VOCABULARY))
    flow = _flow(_present(folder / WEIGHTS), letters)
    vocoder = _vocoder(folder / VOCOS if vocos is None else vocos)
    return F5Model(flow.to(device, getattr(torch, dtype)).eval(), vocoder.to(device).eval())


def _present(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"The voice F5-TTS lacks its file {path}. Fetch it again.")
    return path


def _letters(path: Path) -> dict[str, int]:
    """One unit of text (a letter, or a syllable of pinyin) in each line; the first one is the space."""
    lines = path.read_text("utf-8").split("\n")
    letters = {letter: number for number, letter in enumerate(lines[:-1] if lines[-1] == "" else lines)}
    if letters.get(" ") != 0:  # what is not in the list is read as number 0
        raise RuntimeError(f"The list of letters {path} is damaged: its first line is not a space. Fetch it again.")
    return letters


def _flow(path: Path, letters: dict[str, int]) -> Any:
    """The transformer and its sampler. The sizes are read off the weights; what sizes do not tell is that of v1."""
    from f5_tts.model import CFM, DiT  # type: ignore[import-untyped]
    from safetensors.torch import load_file

    try:
        stored = load_file(path)
    except Exception as error:
        raise _damaged(path, error) from error
    begin = "ema_model.transformer."
    weights = {name.removeprefix(begin): value for name, value in stored.items() if name.startswith(begin)}
    try:
        transformer = DiT(text_num_embeds=len(letters), **_sizes(weights))
        transformer.load_state_dict(weights)
    except KeyError as error:
        raise RuntimeError(f"The weight file {path} holds no F5-TTS transformer: it lacks {error}.") from error
    except RuntimeError as error:
        what = f"The weight file {path} does not fit this version of F5-TTS and {VOCABULARY} ({len(letters)} letters)."
        raise RuntimeError(f"{what} Fetch both again.") from error
    sound = {
        "n_fft": 1024,
        "hop_length": HOP,
        "win_length": 1024,
        "n_mel_channels": MELS,
        "target_sample_rate": RATE_HZ,
    }
    return CFM(transformer, mel_spec_kwargs={**sound, "mel_spec_type": "vocos"}, vocab_char_map=letters)


def _sizes(weights: Mapping[str, Any]) -> dict[str, int]:
    """What the transformer is made with. Raises KeyError where the weights are of something else."""
    mels, dim = weights["proj_out.weight"].shape
    first = "transformer_blocks.0"
    return {
        "dim": dim,
        "depth": _count(weights, "transformer_blocks"),
        "heads": weights[f"{first}.attn.to_q.weight"].shape[0] // _HEAD,
        "ff_mult": weights[f"{first}.ff.ff.0.0.weight"].shape[0] // dim,
        "mel_dim": mels,
        "text_dim": weights["text_embed.text_embed.weight"].shape[1],
        "conv_layers": _count(weights, "text_embed.text_blocks"),
    }


def _count(weights: Mapping[str, object], row: str) -> int:
    """How many blocks of a row there are."""
    numbers = {name.removeprefix(row + ".").split(".")[0] for name in weights if name.startswith(row + ".")}
    return len(numbers)


def _vocoder(folder: Path) -> Any:
    import torch
    import yaml
    from vocos import Vocos  # type: ignore[import-untyped]

    config, path = _present(folder / "config.yaml"), _present(folder / "pytorch_model.bin")
    try:
        parts = yaml.safe_load(config.read_text("utf-8"))
        foreign = [part["class_path"] for part in parts.values() if not part["class_path"].startswith("vocos.")]
    except Exception as error:
        raise _damaged(config, error) from error
    if foreign:  # a configuration names the classes that are made: only those of the package itself
        raise RuntimeError(f"The file {config} names a class that is not of Vocos: {foreign[0]}.")
    try:
        vocoder = Vocos.from_hparams(str(config))
        vocoder.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        raise _damaged(path, error) from error
    return vocoder


def _damaged(path: Path, error: Exception) -> RuntimeError:
    reason = str(error).strip().splitlines()[:1]
    return RuntimeError(f"The file {path} is damaged or incomplete ({''.join(reason)[:120]}). Fetch it again.")
