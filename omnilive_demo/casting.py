"""Which class plays which role in the larger profiles: from the files of a model to what does the work.

Everything here blocks while it loads, and says in a sentence what is wrong with the files. Imports are inside, because
each brings a large library along that no other role needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnilive_demo.cancel import CancelToken
from omnilive_demo.config import ASSETS, Settings
from omnilive_demo.models.registry import FASTSPEECH2, OMNILIVE
from omnilive_demo.models.spec import ModelSpec
from omnilive_demo.records import Evidence, KeyFrame

if TYPE_CHECKING:
    from omnilive_demo.memory.compressor import Compressor
    from omnilive_demo.memory.picture_scores import PictureScale
    from omnilive_demo.models.ixc25_omnilive.audio_model import AudioModel
    from omnilive_demo.models.text_encoder import TextEncoder
    from omnilive_demo.models.thing_names import ThingNames
    from omnilive_demo.perception.frame_encoder import FrameEncoder
    from omnilive_demo.perception.recognizer import Recognizer
    from omnilive_demo.perception.semantic_turn import TurnModel
    from omnilive_demo.perception.sound_tagger import SoundTagger
    from omnilive_demo.reasoning.captioner import Captioner
    from omnilive_demo.reasoning.instruction import InstructionPredictor
    from omnilive_demo.reasoning.reasoner import Reasoner
    from omnilive_demo.serving.lane import Lane
    from omnilive_demo.speech.synthesizer import Synthesizer

Folders = Mapping[str, Path]
"""The files of the models, by the model's name."""
Shared = dict[str, "AudioModel"]
"""Models that play more than one role of a choice, by name: loaded by the role that comes first."""


@dataclass(frozen=True, slots=True)
class SightParts:
    """What a memory of pictures is made with; the parts fit each other only."""

    encoder: FrameEncoder
    compressor: Compressor
    names: ThingNames
    scale: PictureScale
    space: str


def pictures_of(evidence: Evidence) -> tuple[KeyFrame, ...]:
    """What a language model may look at of a memory."""
    return evidence.key_frames


@dataclass(frozen=True, slots=True)
class MindParts:
    """What a language model does: answers, captions and, where it can, telling what wants an answer."""

    reasoner: Reasoner
    captioner: Captioner
    instructions: InstructionPredictor | None = None


def recognizer(spec: ModelSpec, folders: Folders, device: str, shared: Shared) -> Recognizer:
    """Speech recognition; it still has to be started."""
    if spec.repository == OMNILIVE:
        from omnilive_demo.perception.ixc25_recognizer import Ixc25Recognizer

        return Ixc25Recognizer(_audio_model(spec, folders, device, shared), spec.name)
    from omnilive_demo.perception.whisper_recognizer import FasterWhisperRecognizer

    return FasterWhisperRecognizer(folders[spec.name], device=device, brief=device == "cpu", name=spec.name)


def turn_model(spec: ModelSpec, folders: Folders) -> TurnModel:
    """The end of a turn by its sound."""
    from omnilive_demo.perception.semantic_turn import SmartTurn

    return SmartTurn(folders[spec.name] / spec.files[0].name, name=spec.name)


def sound_namer(spec: ModelSpec, folders: Folders, device: str, shared: Shared) -> SoundTagger:
    """Better names for sounds, after the ears' own. On a CPU it hears less at a time: 4 s at 0.4 of the work."""
    if spec.repository == OMNILIVE:
        from omnilive_demo.perception.ixc25_tagger import Ixc25Tagger

        return Ixc25Tagger(_audio_model(spec, folders, device, shared), spec.name)
    from omnilive_demo.perception.audioset_tagger import AudioSetTagger
    from omnilive_demo.perception.ears import BEFORE_S

    window_s = BEFORE_S if device == "cpu" else None
    return AudioSetTagger(folders[spec.name], device=device, window_s=window_s, name=spec.name)


def _audio_model(spec: ModelSpec, folders: Folders, device: str, shared: Shared) -> AudioModel:
    from omnilive_demo.models.ixc25_omnilive.audio_model import load_audio_model

    if spec.name not in shared:
        shared[spec.name] = load_audio_model(folders[spec.name] / "audio", device=device)
    return shared[spec.name]


def sight(spec: ModelSpec, folders: Folders, device: str, settings: Settings, text: TextEncoder) -> SightParts:
    """Frame encoder and compressor in the space of one CLIP model. text: for the meanings of names."""
    if spec.repository == OMNILIVE:
        return _released_sight(folders[spec.name] / "memory", device)
    from omnilive_demo.memory.clip_compressor import SCALE, ClipCompressor
    from omnilive_demo.models.clip_model import ClipModel
    from omnilive_demo.models.clip_text import ClipTextEncoder
    from omnilive_demo.models.thing_names import ThingNames
    from omnilive_demo.models.vocabulary import read_vocabulary
    from omnilive_demo.perception.clip_encoder import ClipFrameEncoder

    space = ClipModel(folders[spec.name], device=device)
    things = read_vocabulary(ASSETS / "vocabulary.txt")
    names = ThingNames(things, text)
    names.meant("What is this?")  # encodes all names: pay for it now
    names.synonym(("thing",))
    return SightParts(
        ClipFrameEncoder(space, things, cache=settings.data_dir / "cache"),
        ClipCompressor(ClipTextEncoder(space), names),
        names,
        SCALE,
        f"clip {space.fingerprint}",
    )


def _released_sight(folder: Path, device: str) -> SightParts:
    """The released memory module with the tower that it brings along. No text tower belongs to it, so it has no names
    for things, and cannot wait for one.
    """
    from omnilive_demo.memory.released_compressor import SCALE, fingerprint, released_compressor
    from omnilive_demo.models.ixc25_omnilive.memory import load_memory_module
    from omnilive_demo.models.memory_module.patch_features import ClipPatches
    from omnilive_demo.models.thing_names import ThingNames
    from omnilive_demo.perception.ixc25_encoder import Ixc25FrameEncoder

    memory = load_memory_module(folder, device=device)
    assert isinstance(memory.patches, ClipPatches)
    encoder, compressor = Ixc25FrameEncoder(memory.patches), released_compressor(memory)
    first = encoder.encode(np.zeros((224, 224, 3), np.uint8), None)  # the first call is slow: pay for it now
    compressor.compress([first], 0.0, 1.0)
    return SightParts(encoder, compressor, ThingNames({}), SCALE, f"ixc25 {fingerprint(memory)}")


def reasoner(spec: ModelSpec, folders: Folders, devices: tuple[str, ...], lane: Lane, settings: Settings) -> MindParts:
    """A language model that sees.

    devices: one, or two over which its layers are shared out, where it `splits`.
    lane: its own, so that a long reading holds up nothing else.
    """
    if spec.repository == OMNILIVE:
        return _released_reasoner(spec, folders[spec.name], devices, lane, settings)
    from omnilive_demo.models.vlm_model import load_vlm
    from omnilive_demo.reasoning.captioner import VlmCaptioner
    from omnilive_demo.reasoning.prompt import Prompter, PromptSize
    from omnilive_demo.reasoning.vlm_reasoner import VlmReasoner

    (device,) = devices
    small = PromptSize(live_pictures=1, remembered_pictures=1, evidence=5, side=512)
    model = load_vlm(folders[spec.name], device)
    prompter = Prompter(small if device == "cpu" else PromptSize(), pictures_of)
    return MindParts(VlmReasoner(model, lane, prompter), VlmCaptioner(model, lane))


def _released_reasoner(
    spec: ModelSpec, folder: Path, devices: tuple[str, ...], lane: Lane, settings: Settings
) -> MindParts:
    from omnilive_demo.models.ixc25_omnilive.language_model import load_language_model
    from omnilive_demo.reasoning.ixc25_reasoner import Ixc25Captioner, Ixc25InstructionPredictor, Ixc25Reasoner

    model = load_language_model(folder, spec.name, device=devices, bits=spec.bits)
    instructions = Ixc25InstructionPredictor(model)
    instructions.predict("What is this?")  # the first call of a model is slow: pay for it now
    return MindParts(
        Ixc25Reasoner(model, lane, settings.prompt_wording), Ixc25Captioner(model, lane), instructions
    )  # fmt: skip


def two_languages(english: InstructionPredictor) -> InstructionPredictor:
    """Instruction prediction for a reasoner that answers in Chinese as well."""
    from omnilive_demo.reasoning.instruction_chinese import BilingualInstructionPredictor, ChineseInstructionPredictor

    chinese = ChineseInstructionPredictor(ASSETS / "chinese" / "instruction.safetensors")
    return BilingualInstructionPredictor(english, chinese)


def remote_reasoner(settings: Settings) -> Reasoner:
    """A language model behind an OpenAI-compatible endpoint.

    Raises:
        ValueError: the settings name no endpoint, or one that cannot be.
    """
    from omnilive_demo.reasoning.prompt import Prompter
    from omnilive_demo.reasoning.remote_reasoner import RemoteReasoner
    from omnilive_demo.serving.chat_endpoint import ChatEndpoint

    if not settings.remote_url or not settings.remote_model:
        raise ValueError("A remote reasoner needs OMNILIVE_REMOTE_URL and OMNILIVE_REMOTE_MODEL.")
    key = settings.remote_key.get_secret_value()
    return RemoteReasoner(ChatEndpoint(settings.remote_url, settings.remote_model, key), Prompter(None, pictures_of))


def voices(
    spec: ModelSpec, folders: Folders, device: str, embedded: Synthesizer, on_fault: Callable[[str], None]
) -> Synthesizer:
    """A natural voice beside the embedded ones, which stand in for it. on_fault: called on the worker's thread."""
    from omnilive_demo.speech.synthesizer import Voice
    from omnilive_demo.speech.voice_choice import VoiceChoice

    imitator: Synthesizer | None = None
    if spec.parts:
        from omnilive_demo.models.f5_model import load_f5
        from omnilive_demo.speech.f5_voice import F5Synthesizer

        folder = (folders[spec.name] / spec.files[0].name).parent
        natural: Synthesizer = F5Synthesizer(load_f5(folder, folders[spec.parts[0]], device))
        imitator = natural
    elif spec.repository == FASTSPEECH2:
        from omnilive_demo.models.fastspeech2_model import load_fastspeech2
        from omnilive_demo.speech.fastspeech2_voice import FastSpeech2Synthesizer

        natural = FastSpeech2Synthesizer(load_fastspeech2(folders[spec.name], device))
    else:
        from omnilive_demo.models.vits_model import load_vits
        from omnilive_demo.speech.cpu_voice import VitsSynthesizer

        natural = VitsSynthesizer(load_vits(folders[spec.name], device))
    natural.synthesize("Hello there.", Voice(natural.voices()[0].name), CancelToken())  # the first call is slow
    return VoiceChoice([natural], embedded, imitator, on_fault)
