"""Tiny random language models that see, written to a folder in the hub's exact layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

IDEFICS = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}: "
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}"
    "{% elif part['type'] == 'image' %}<image>{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
QWEN = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<|vision_start|><|image_pad|><|vision_end|>{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer(special: list[str], bos: str | None, eos: str) -> Any:
    """Every byte is a token, so any text can be read, and what a random model says may be broken UTF-8."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    model = Tokenizer(models.BPE({char: number for number, char in enumerate(alphabet)}, []))
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=model, bos_token=bos, eos_token=eos, pad_token=special[0], additional_special_tokens=special
    )


def _awake(model: torch.nn.Module) -> None:
    """Weights that are large enough for words and pictures to matter."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                scale = 0.6 / parameter[0].numel() ** 0.5 * 3
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)


def write_idefics(folder: Path) -> Path:
    """Idefics3, as SmolVLM-256M and -500M are."""
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3ImageProcessor, Idefics3Processor

    words = tokenizer(
        ["<pad>", "<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>"],
        "<|im_start|>", "<end_of_utterance>",
    )  # fmt: skip
    image_processor = Idefics3ImageProcessor(
        size={"longest_edge": 64}, max_image_size={"longest_edge": 32}, do_image_splitting=True
    )
    processor = Idefics3Processor(image_processor, words, image_seq_len=4, chat_template=IDEFICS)
    config = Idefics3Config(
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        vision_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 32, "patch_size": 8,
        },
        text_config={
            "model_type": "llama", "vocab_size": len(words), "hidden_size": 32, "intermediate_size": 48,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 8192, "pad_token_id": words.pad_token_id,
            "bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id,
        },
    )  # fmt: skip
    model = Idefics3ForConditionalGeneration(config)
    _awake(model)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def write_qwen(folder: Path) -> Path:
    """Qwen2.5-VL: pictures of any size, positions in rows and columns."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    words = tokenizer(
        ["<|endoftext|>", "<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"],
        None, "<|im_end|>",
    )  # fmt: skip
    size = {"shortest_edge": 56 * 56, "longest_edge": 112 * 112}
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(size=size), words, Qwen2VLVideoProcessor(size=size), chat_template=QWEN
    )
    token = words.convert_tokens_to_ids
    config = Qwen2_5_VLConfig(
        image_token_id=token("<|image_pad|>"), video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"), vision_end_token_id=token("<|vision_end|>"),
        vision_config={
            "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "out_hidden_size": 32,
            "fullatt_block_indexes": [1], "patch_size": 14, "window_size": 56,
        },
        text_config={
            "vocab_size": len(words), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 8192,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
            "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id, "bos_token_id": None,
        },
    )  # fmt: skip
    model = Qwen2_5_VLForConditionalGeneration(config)
    _awake(model)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


WRITERS = {"idefics3": write_idefics, "qwen2.5-vl": write_qwen}

SPOKEN = " a| dog| cup| is| it| on| the| red| blue| green| table| and| I| see| of| two| near| left| right| now| light"
SENTENCES = ". It|. The|. A|. Now"


def teach_words(folder: Path) -> Path:
    """The model in a folder says nothing but a few words and sentences then, on and on: no broken letters, no end."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder)
    known, words, ends = len(processor.tokenizer), SPOKEN.split("|"), SENTENCES.split("|")
    processor.tokenizer.add_tokens([*words, *ends])
    model.resize_token_embeddings(len(processor.tokenizer), mean_resizing=False)
    generator = torch.Generator().manual_seed(44)
    with torch.no_grad():
        for rows in (model.get_input_embeddings().weight, model.lm_head.weight):
            rows[known:] = torch.randn(rows[known:].shape, generator=generator)
        model.lm_head.weight[:known] = 0.0
        model.lm_head.weight[known + len(words) :] *= 0.8  # a sentence has some words
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
