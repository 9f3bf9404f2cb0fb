"""A tiny checkpoint for every role that a model of the hub can play, each laid out as in its repository."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import tiny_clip
from perception import tiny_ast, tiny_turn, tiny_whisper
from speech.tiny_f5 import build_tiny_f5
from speech.tiny_vits import build_tiny_vits
from vlm_checkpoints import write_qwen

from omnilive_demo.models.registry import SPECS
from omnilive_demo.perception.semantic_turn import SmartTurn

ROLES = {
    "recognition": "whisper-small", "end_of_turn": "smart-turn", "sound_tags": "ast-audioset",
    "frame_encoder": "clip-vit-b-32", "reasoner": "qwen3-vl-2b", "synthesis": "vits-ljs",
}  # fmt: skip


def build_tiny_roles(root: Path) -> dict[str, Path]:
    """The folders of the models by name; that of F5-TTS has its vocoder's repository, `vocos-mel-24khz`, beside it."""
    turn, f5 = root / "smart-turn", root / "f5"
    turn.mkdir()
    untrained = SmartTurn(tiny_turn.build(root / "untrained.onnx", None))
    tiny_turn.build(turn / SPECS["smart-turn"].files[0].name, untrained.features)
    build_tiny_f5(f5 / "F5TTS_v1_Base")
    return {
        "whisper-small": tiny_whisper.build(root),
        "smart-turn": turn,
        "ast-audioset": tiny_ast.build(root / "ast", amid_quiet=True, max_length=400),
        "clip-vit-b-32": tiny_clip.taught_checkpoint(),
        "qwen3-vl-2b": write_qwen(root / "qwen"),
        "vits-ljs": build_tiny_vits(root / "vits"),
        "f5-tts": f5,
        "vocos-mel-24khz": (f5 / "F5TTS_v1_Base" / "vocos").rename(root / "vocos"),
    }


async def until(done: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something to have come about."""
    async with asyncio.timeout(within_s):
        while not done():
            await asyncio.sleep(0.02)
