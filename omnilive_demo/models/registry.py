"""The models that this app knows, and which of them each profile gives to each role.

Commits, file names, sizes and hashes were compared with independent public records of these repositories. The memory
needs are estimates: weights in the type in which they are run, plus what the longest input takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

from omnilive_demo.config import Role
from omnilive_demo.models.spec import Licence, MemoryNeed, ModelFile, ModelSpec

MB, GB = 10**6, 10**9

MIT, APACHE = Licence("MIT"), Licence("Apache-2.0")
NON_COMMERCIAL = Licence(
    "CC-BY-NC-4.0",
    "These weights may not be used commercially, and their authors must be named. vits-ljs and fastspeech2-ljs may.",
)

_WHISPER = "omnilive_demo.perception.whisper_recognizer:FasterWhisperRecognizer"
_CLIP = "omnilive_demo.perception.clip_encoder:ClipFrameEncoder"
_VLM = "omnilive_demo.reasoning.vlm_reasoner:VlmReasoner"
FASTSPEECH2 = "espnet/fastspeech2_conformer_with_hifigan"
OMNILIVE = "internlm/internlm-xcomposer2d5-ol-7b"
_OMNILIVE_TERMS = Licence("other", "Commercial use of these weights must be applied for, and is free then.")

# What transformers reads besides the weights: all small, and not the same in every repository.
_SMALL_FILES = (
    ModelFile("config.json"), ModelFile("*.json"), ModelFile("*.txt", required=False),
    ModelFile("*.jinja", required=False),
)  # fmt: skip

_ALL = (
    ModelSpec(
        "whisper-small", ("recognition",), "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120", True,
        (
            ModelFile("model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
            ModelFile("config.json"), ModelFile("tokenizer.json"), ModelFile("vocabulary.*"),
            ModelFile("preprocessor_config.json", required=False),
        ),
        486 * MB, MIT, MemoryNeed(800 * MB, 1 * GB), _WHISPER, languages=("en", "zh"),
    ),
    ModelSpec(
        "whisper-large-v3-turbo", ("recognition",), "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf", True,
        (
            ModelFile("model.bin", 1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
            ModelFile("config.json"), ModelFile("tokenizer.json"), ModelFile("vocabulary.*"),
            ModelFile("preprocessor_config.json"),  # 128 mel bands: without it faster-whisper would compute 80
        ),
        1_622 * MB, MIT, MemoryNeed(1_800 * MB, 2_500 * MB), _WHISPER, languages=("en", "zh"),
    ),
    ModelSpec(
        "smart-turn", ("end_of_turn",), "pipecat-ai/smart-turn-v3",
        "f766f81d3cfdf7737ac64aad813d91bbfd56bf93", True,
        (
            ModelFile(
                "smart-turn-v3.2-cpu.onnx", 8_679_182,
                "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
            ),
        ),
        9 * MB, Licence("BSD-2-Clause"), MemoryNeed(150 * MB, 0),
        "omnilive_demo.perception.semantic_turn:SmartTurn", languages=("en", "zh"),
    ),
    ModelSpec(
        "ast-audioset", ("sound_tags",), "MIT/ast-finetuned-audioset-10-10-0.4593",
        "f826b80d28226b62986cc218e5cec390b1096902", True,
        (ModelFile("model.safetensors"), ModelFile("config.json"), ModelFile("preprocessor_config.json")),
        346 * MB, Licence("BSD-3-Clause"), MemoryNeed(700 * MB, 600 * MB),
        "omnilive_demo.perception.audioset_tagger:AudioSetTagger",
    ),
    ModelSpec(
        "clip-vit-b-32", ("frame_encoder", "text_embedding"), "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        "1a25a446712ba5ee05982a381eed697ef9b435cf", True,
        (
            ModelFile(
                "open_clip_model.safetensors", 605_143_316,
                "ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6",
            ),
            ModelFile("open_clip_config.json"),
        ),
        605 * MB, MIT, MemoryNeed(1 * GB, 600 * MB), _CLIP, languages=("en",),
    ),
    ModelSpec(
        "clip-vit-l-14", ("frame_encoder", "text_embedding"), "laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
        "1627032197142fbe2a7cfec626f4ced3ae60d07a", True,
        (
            ModelFile(
                "open_clip_pytorch_model.safetensors", 1_710_517_748,
                "7d129ed747e0ed53e82dfcc140382b51be66b56e6a9bdc3258afd2846e3bb019",
            ),
            ModelFile("open_clip_config.json"),
        ),
        1_711 * MB, MIT, MemoryNeed(2_300 * MB, 1_400 * MB), _CLIP, languages=("en",),
    ),
    # The smallest one that looks, and speaks Chinese as well; the 3B model of its elder family may not be used freely.
    ModelSpec(
        "qwen3-vl-2b", ("reasoner", "captioner"), "Qwen/Qwen3-VL-2B-Instruct",
        "89644892e4d85e24eaac8bacfd4f463576704203", True,
        (ModelFile("model.safetensors"), *_SMALL_FILES),
        4_270 * MB, APACHE, MemoryNeed(6 * GB, 6 * GB), _VLM, languages=("en", "zh"),
    ),
    ModelSpec(
        "smolvlm2-500m", ("reasoner", "captioner"), "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
        "7b375e1b73b11138ff12fe22c8f2822d8fe03467", True,
        (ModelFile("model.safetensors"), *_SMALL_FILES),
        2_040 * MB, APACHE, MemoryNeed(2_500 * MB, 1_800 * MB), _VLM, languages=("en",),
    ),
    ModelSpec(
        "qwen2.5-vl-7b", ("reasoner", "captioner"), "Qwen/Qwen2.5-VL-7B-Instruct",
        "cc594898137f460bfe9f0759e9844b3ce807cfb5", True,
        (ModelFile("model-*.safetensors"), ModelFile("model.safetensors.index.json"), *_SMALL_FILES),
        16_600 * MB, APACHE, MemoryNeed(None, 20 * GB), _VLM, languages=("en", "zh"),
    ),
    ModelSpec(
        "f5-tts", ("synthesis",), "SWivid/F5-TTS",
        "84e5a410d9cead4de2f847e7c9369a6440bdfaca", True,
        (
            ModelFile(
                "F5TTS_v1_Base/model_1250000.safetensors",
                sha256="670900fd14e6c458b95da6e9ed317cdb20dbaf7a1c02ac06a05475a9d32b6a38",
            ),
            ModelFile("F5TTS_v1_Base/vocab.txt"),
        ),
        1_349 * MB, NON_COMMERCIAL, MemoryNeed(None, 2_500 * MB),
        "omnilive_demo.speech.f5_voice:F5Synthesizer", parts=("vocos-mel-24khz",), languages=("en", "zh"),
    ),
    ModelSpec(
        "vocos-mel-24khz", (), "charactr/vocos-mel-24khz",
        "0feb3fdd929bcd6649e0e7c5a688cf7dd012ef21", True,
        (ModelFile("config.yaml"), ModelFile("pytorch_model.bin")),
        54 * MB, MIT, MemoryNeed(200 * MB, 200 * MB), "omnilive_demo.speech.f5_voice:F5Synthesizer",
    ),
    # One pass for a whole sentence, so it is fast on a CPU; free to use; its phonemes come from eSpeak NG, which is
    # here anyway. SpeechT5 would need a set of speakers' vectors besides.
    ModelSpec(
        "vits-ljs", ("synthesis",), "kakao-enterprise/vits-ljs",
        "3bcb8321394f671bd948ebf0d086d694dda95464", True,
        (
            ModelFile("model.safetensors"), ModelFile("config.json"), ModelFile("vocab.json"),
            ModelFile("tokenizer_config.json"), ModelFile("special_tokens_map.json", required=False),
        ),
        145 * MB, MIT, MemoryNeed(500 * MB, 400 * MB), "omnilive_demo.speech.cpu_voice:VitsSynthesizer",
        languages=("en",),
    ),
    # Apache-2.0 by its card; the ESPnet weights that it seems to be converted from are published as CC-BY-4.0, so name
    # ESPnet. Its phonemes come from eSpeak NG as well, not from the package that the library's tokenizer wants.
    ModelSpec(
        "fastspeech2-ljs", ("synthesis",), FASTSPEECH2,
        "7c7b76ccfcda92b7e9708f0c78e0b73f6f2247a3", True,
        (
            ModelFile("pytorch_model.bin", instead="model.safetensors"), ModelFile("config.json"),
            ModelFile("vocab.json"),
        ),
        337 * MB, APACHE, MemoryNeed(900 * MB, 600 * MB),
        "omnilive_demo.speech.fastspeech2_voice:FastSpeech2Synthesizer", languages=("en",),
    ),
)  # fmt: skip

# The release of OmniLive: one repository, a folder for each part. Its commit could not be compared with anything, and
# sizes follow from the numbers of weights (docs/fidelity.md).
_REASONER = ModelSpec(
    "ixc25-ol-reasoner", ("reasoner", "captioner"), OMNILIVE, "main", False,
    (
        ModelFile("base/pytorch_model*.bin", instead="base/model*.safetensors"), ModelFile("base/tokenizer.model"),
        ModelFile("base/config.json"), ModelFile("base/*.json", required=False),
        # The tower once more, by itself: whether the base's own files hold it is not known.
        ModelFile("base/IXC2d5_clip_l_560/*.bin", required=False, instead="base/IXC2d5_clip_l_560/*.safetensors"),
        ModelFile("adapter/adapter_model.bin", instead="adapter/adapter_model*.safetensors"),
        ModelFile("adapter/adapter_config.json"), ModelFile("adapter/*.json", required=False),
    ),
    19_280 * MB, _OMNILIVE_TERMS, MemoryNeed(None, 24 * GB),
    "omnilive_demo.reasoning.ixc25_reasoner:Ixc25Reasoner", languages=("en", "zh"), splits=True,
)  # fmt: skip
_RELEASE = (
    _REASONER,
    # The same files, with the decoder's matrices in fewer bits: 10.4 GB and 6.9 GB of weights.
    replace(_REASONER, name="ixc25-ol-reasoner-8bit", memory=MemoryNeed(None, 15 * GB), bits=8),
    replace(_REASONER, name="ixc25-ol-reasoner-4bit", memory=MemoryNeed(None, 10 * GB), bits=4),
    ModelSpec(
        "ixc25-ol-memory", ("frame_encoder", "compressor"), OMNILIVE, "main", False,
        (
            ModelFile("memory/model.safetensors"), ModelFile("memory/config.json"),
            ModelFile("memory/*.json"), ModelFile("memory/*.txt", required=False),
        ),
        4_183 * MB, _OMNILIVE_TERMS, MemoryNeed(None, 6_200 * MB),
        "omnilive_demo.perception.ixc25_encoder:Ixc25FrameEncoder", languages=("en", "zh"),
    ),
    ModelSpec(
        "ixc25-ol-audio", ("recognition", "sound_tags"), OMNILIVE, "main", False,
        (
            ModelFile("audio/model.safetensors"), ModelFile("audio/config.json"),
            ModelFile("audio/preprocessor_config.json"), ModelFile("audio/*.json"),
            ModelFile("audio/*.txt", required=False),
        ),
        4_390 * MB, _OMNILIVE_TERMS, MemoryNeed(None, 5_400 * MB),
        "omnilive_demo.perception.ixc25_recognizer:Ixc25Recognizer", languages=("en", "zh"),
    ),
)  # fmt: skip

SPECS: Mapping[str, ModelSpec] = {spec.name: spec for spec in (*_ALL, *_RELEASE)}
ROLES: tuple[Role, ...] = get_args(Role)

# Models that are not files of the hub, by role. The first one is the nano profile's.
BUILT_IN: Mapping[Role, tuple[str, ...]] = {
    "voice_activity": ("silero-vad",),
    "end_of_turn": ("pause-and-completeness",),
    "recognition": ("pocketsphinx",),
    "sound_tags": ("nano-sounds",),
    "text_embedding": ("minilm",),
    "frame_encoder": ("nano-frames",),
    "compressor": ("nano-memory", "clip-space"),
    "captioner": ("none", "remote"),
    "reasoner": ("evidence", "remote"),
    "synthesis": ("espeak",),
}

NANO: Mapping[Role, str] = {role: names[0] for role, names in BUILT_IN.items()}

PROFILES: Mapping[str, Mapping[Role, str]] = {
    "nano": NANO,
    "lite": {
        "voice_activity": "silero-vad",
        "end_of_turn": "smart-turn",
        "recognition": "whisper-small",
        "sound_tags": "ast-audioset",
        "text_embedding": "clip-vit-b-32",
        "frame_encoder": "clip-vit-b-32",
        "compressor": "clip-space",
        "captioner": "qwen3-vl-2b",
        "reasoner": "qwen3-vl-2b",
        "synthesis": "vits-ljs",
    },
    "standard": {
        "voice_activity": "silero-vad",
        "end_of_turn": "smart-turn",
        "recognition": "whisper-large-v3-turbo",
        "sound_tags": "ast-audioset",
        "text_embedding": "clip-vit-l-14",
        "frame_encoder": "clip-vit-l-14",
        "compressor": "clip-space",
        "captioner": "qwen2.5-vl-7b",
        "reasoner": "qwen2.5-vl-7b",
        "synthesis": "f5-tts",
    },
    # Its memory reads words by its own table; what was said is searched with the embedded text model.
    "omnilive": {
        "voice_activity": "silero-vad",
        "end_of_turn": "smart-turn",
        "recognition": "ixc25-ol-audio",
        "sound_tags": "ixc25-ol-audio",
        "text_embedding": "minilm",
        "frame_encoder": "ixc25-ol-memory",
        "compressor": "ixc25-ol-memory",
        "captioner": "ixc25-ol-reasoner",
        "reasoner": "ixc25-ol-reasoner",
        "synthesis": "f5-tts",
    },
}

# What takes a model's place where memory is short.
SMALLER: Mapping[str, str] = {"qwen2.5-vl-7b": "qwen3-vl-2b", "qwen3-vl-2b": "smolvlm2-500m"}

# The same model with less memory, where it was asked for.
FEWER_BITS: Mapping[str, str] = {
    "ixc25-ol-reasoner": "ixc25-ol-reasoner-8bit", "ixc25-ol-reasoner-8bit": "ixc25-ol-reasoner-4bit",
}  # fmt: skip


def names_for(role: Role) -> tuple[str, ...]:
    """Every model that can play a role: the built-in ones first."""
    return (*BUILT_IN[role], *(spec.name for spec in SPECS.values() if role in spec.roles))


def with_parts(names: Iterable[str]) -> tuple[ModelSpec, ...]:
    """The specs of these models and of what they cannot work without, each once; built-in names are left out."""
    found: dict[str, ModelSpec] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in SPECS and name not in found:
            found[name] = SPECS[name]
            waiting += SPECS[name].parts
    return tuple(found.values())
