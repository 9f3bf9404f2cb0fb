"""A tiny Whisper checkpoint that has learned to say something to each of three tones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOW_HZ, MIDDLE_HZ, HIGH_HZ = 250.0, 900.0, 2500.0
SAYS = {
    LOW_HZ: ("en", " Where are my keys?"),
    MIDDLE_HZ: ("en", " Thanks for watching!"),
    HIGH_HZ: ("zh", "你好"),
}
_FRAMES = 3000


def tone(hz: float, seconds: float, level: float = 0.3) -> NDArray[np.float32]:
    """A steady sound, mono `[n]` at 16 kHz."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * 16_000)) / 16_000)).astype(np.float32)


def build(folder: Path) -> Path:
    """Train, save as the hub has it, and convert. Returns the converted folder."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    source, target = folder / "whisper-tones", folder / "faster-whisper-tones"
    ids = _save_tokenizer(source)
    torch.manual_seed(5)
    end = ids["<|endoftext|>"]
    config = WhisperConfig(
        vocab_size=len(ids), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=64, num_mel_bins=80, dropout=0.0,
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=end + 1,
        suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    _train(model, ids)
    languages = [name for name, index in ids.items() if end + 1 < index < ids["<|translate|>"]]
    model.generation_config = GenerationConfig(
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=end + 1,
        lang_to_id={name: ids[name] for name in languages},
    )  # fmt: skip
    model.save_pretrained(source)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(source)
    converter = TransformersConverter(str(source), copy_files=["tokenizer.json", "preprocessor_config.json"])
    converter.convert(str(target), quantization="float16")
    return target


def _save_tokenizer(folder: Path) -> dict[str, int]:
    """Bytes, the empty token by which a model is known to be multilingual, Whisper's special tokens, the times."""
    from tokenizers import AddedToken
    from transformers import WhisperTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    pairs = [("Ġ", "-"), ("Ġ", "'"), ("Ġ", "â")]  # else the space itself would begin a mark that is never written
    texts = [*bytes_to_unicode().values(), *map("".join, pairs), ""]
    languages = [f"<|{code}|>" for code in LANGUAGES]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    special = ["<|endoftext|>", "<|startoftranscript|>", *languages, *(f"<|{task}|>" for task in tasks)]
    tokenizer = WhisperTokenizer(vocab={text: index for index, text in enumerate(texts)}, merges=pairs)
    tokenizer.add_tokens([AddedToken(name, special=True) for name in special], special_tokens=True)
    tokenizer.add_tokens([AddedToken(f"<|{index * 0.02:.2f}|>") for index in range(1501)])
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    ids = tokenizer.get_vocab()
    assert ids["<|notimestamps|>"] == len(texts) + len(special) - 1
    return ids


def _train(model: Any, ids: dict[str, int]) -> None:
    """The decoder alone, on what the encoder makes of the tones at several lengths."""
    import torch
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.feature_extractor import FeatureExtractor
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters, extract, random = bytes_to_unicode(), FeatureExtractor(), np.random.default_rng(2)
    sequences: list[list[int]] = []
    features: list[NDArray[np.float32]] = []
    for hz, (language, text) in SAYS.items():
        names = ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|0.00|>"]
        names += [letters[byte] for byte in text.encode()] + ["<|1.00|>", "<|endoftext|>"]
        for seconds in (0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 6.0):
            sound = np.concatenate([tone(hz, seconds), np.zeros(round(random.uniform(0.0, 4000.0)), np.float32)])
            sound += random.normal(0.0, 0.0005, len(sound)).astype(np.float32)
            sequences.append([ids[name] for name in names])
            features.append(pad_or_trim(extract(sound)[:, :-1], _FRAMES))
    longest, end = max(map(len, sequences)), ids["<|endoftext|>"]
    rows = torch.tensor([row + [end] * (longest - len(row)) for row in sequences])
    used = torch.unique(rows)
    embedding = model.model.decoder.embed_tokens.weight
    with torch.no_grad():
        for conv in (model.model.encoder.conv1, model.model.encoder.conv2):
            conv.weight *= 20  # so that the tones differ to it
        encoded = model.model.encoder(torch.from_numpy(np.stack(features))).last_hidden_state
        embedding.zero_()
        embedding[used] = torch.randn(len(used), 32) * 0.3
    unsaid = torch.full((rows.numel() - len(rows), 1), float(np.log(len(ids))))  # all other tokens have logit 0
    targets = torch.searchsorted(used, rows[:, 1:].flatten())
    optimiser = torch.optim.Adam([w for name, w in model.named_parameters() if "encoder." not in name], lr=1e-2)
    for _ in range(400):
        hidden = model.model.decoder(input_ids=rows[:, :-1], encoder_hidden_states=encoded).last_hidden_state
        logits = torch.cat([hidden.flatten(0, 1) @ embedding[used].T, unsaid], 1)
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss.item() < 0.002:
            return
    raise AssertionError(f"the tones were not learned: {loss.item()}")
