from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import tiny_clip
from PIL import Image

from omnilive_demo.models.clip_model import ClipModel
from omnilive_demo.models.clip_text import ClipTextEncoder

SMALL_TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}


@pytest.fixture(scope="module")
def clip() -> ClipModel:
    return ClipModel(tiny_clip.random_checkpoint())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_clip.random_checkpoint(), tmp_path / "copy"))


def _pictures(n: int, size: tuple[int, int] = (48, 80)) -> list[np.ndarray]:
    rng = np.random.default_rng(n)
    return [rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(n)]


def test_pictures_become_what_open_clip_itself_makes_of_them(clip: ClipModel) -> None:
    import open_clip
    import torch

    place = f"local-dir:{tiny_clip.random_checkpoint()}"
    model, _, transform = open_clip.create_model_and_transforms(place, image_resize_mode="squash")
    pictures = _pictures(3)
    with torch.inference_mode():
        pixels = torch.stack([transform(Image.fromarray(picture)) for picture in pictures])
        expected = model.eval().encode_image(pixels, normalize=True).numpy()
        texts = ["a photo of a mug", "rain"]
        said = model.encode_text(open_clip.get_tokenizer(place)(texts), normalize=True).numpy()
    made = clip.encode_images(pictures)
    assert np.allclose(made.vectors, expected, atol=1e-5)
    assert np.allclose(clip.encode_texts(texts), said, atol=1e-5)
    assert made.patches.shape == (3, 16, 32)
    assert np.allclose(np.linalg.norm(made.patches, axis=-1), 1, atol=1e-5)


def test_patches_are_the_towers_tokens_placed_as_the_picture_is(clip: ClipModel) -> None:
    """With a grid as fine as the tower's, each patch is its token, normed and projected; checked by hand."""
    import torch

    visual = clip._model.visual
    picture = _pictures(1, (32, 32))[0]
    with torch.inference_mode():
        pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
        rows = visual.transformer(visual._embeds((pixels - clip._mean) / clip._std))
        expected = torch.nn.functional.normalize(visual.ln_post(rows[:, 1:]) @ visual.proj, dim=-1)[0].numpy()
    assert np.allclose(clip.encode_images([picture]).patches[0], expected, atol=1e-5)


def test_many_pictures_at_once_are_as_good_as_one_by_one(clip: ClipModel) -> None:
    pictures = [*_pictures(20), *_pictures(20, (200, 31))]
    together = clip.encode_images(pictures)
    for i in (0, 19, 20, 39):
        alone = clip.encode_images([pictures[i]])
        assert np.allclose(together.vectors[i], alone.vectors[0], atol=1e-5)
        assert np.allclose(together.patches[i], alone.patches[0], atol=1e-4)


def test_nothing_becomes_nothing(clip: ClipModel) -> None:
    assert clip.encode_images([]).vectors.shape == (0, 32)
    assert clip.encode_images([]).patches.shape == (0, 16, 32)
    assert clip.encode_texts([]).shape == (0, 32)


def test_what_is_no_picture_is_refused(clip: ClipModel) -> None:
    with pytest.raises(ValueError, match="RGB picture"):
        clip.encode_images([np.zeros((4, 4), np.uint8)])


def test_long_text_is_cut(clip: ClipModel) -> None:
    assert np.isfinite(clip.encode_texts(["word " * 500, ""])).all()


def test_several_threads_get_what_one_gets(clip: ClipModel) -> None:
    pictures, texts = _pictures(6), [f"a photo of {n} mugs" for n in range(6)]
    expected = clip.encode_images(pictures).vectors, clip.encode_texts(texts)
    wrong: list[int] = []

    def work(n: int) -> None:
        for _ in range(5):
            same = np.allclose(clip.encode_images([pictures[n]]).vectors[0], expected[0][n], atol=1e-5)
            if not same or not np.allclose(clip.encode_texts([texts[n]])[0], expected[1][n], atol=1e-5):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


def test_half_precision_stays_near(clip: ClipModel) -> None:
    half = ClipModel(tiny_clip.random_checkpoint(), precision="bf16")
    assert half.precision == "bf16"
    assert clip.precision == "fp32"
    pictures, texts = _pictures(3), ["a photo of a mug"]
    assert (half.encode_images(pictures).vectors * clip.encode_images(pictures).vectors).sum(1).min() > 0.995
    assert (half.encode_texts(texts) * clip.encode_texts(texts)).sum() > 0.995
    assert half.fingerprint != clip.fingerprint


def test_weight_file_of_a_named_architecture(clip: ClipModel, folder: Path, tmp_path: Path) -> None:
    import open_clip

    config = tmp_path / "tiny-of-our-own.json"
    config.write_text(json.dumps(tiny_clip.TINY))
    open_clip.add_model_config(config)
    (folder / "open_clip_config.json").unlink()
    weights = folder / "open_clip_model.safetensors"
    texts = ["a photo of a mug"]
    for source in (folder, weights):
        named = ClipModel(source, "tiny-of-our-own")
        assert named.name == "tiny-of-our-own"
        assert np.allclose(named.encode_texts(texts), clip.encode_texts(texts), atol=1e-5)
        assert named.fingerprint == clip.fingerprint


def test_other_weights_have_another_fingerprint(clip: ClipModel, folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "open_clip_model.safetensors")
    tensors["visual.proj"] = tensors["visual.proj"] + 0.1
    save_file(tensors, folder / "open_clip_model.safetensors")
    assert ClipModel(folder).fingerprint != clip.fingerprint


@pytest.mark.parametrize(
    ("vision", "embed"),
    [
        # 192 wide with its class token; convolutions only; attention pooling over patches
        (
            {"timm_model_name": "vit_tiny_patch16_224", "timm_pool": "token", "timm_proj": "linear", "image_size": 224},
            32,
        ),
        ({"timm_model_name": "test_convnext", "timm_pool": "avg", "timm_proj": "linear", "image_size": 160}, 32),
        ({"timm_model_name": "test_vit3", "timm_pool": "map", "timm_proj": None, "image_size": 160}, 32),
    ],
    ids=["class token", "convolutions", "attention pooling"],
)
def test_towers_of_timm_give_patches_too(tmp_path: Path, vision: dict, embed: int) -> None:
    config = {"embed_dim": embed, "vision_cfg": vision, "text_cfg": SMALL_TEXT, "custom_text": True}
    clip = ClipModel(tiny_clip.save(tmp_path / "timm", config, interpolation="bilinear"))
    made = clip.encode_images(_pictures(2))
    assert made.vectors.shape == (2, embed)
    assert made.patches.shape == (2, 16, embed)
    assert np.isfinite(made.patches).all()
    flat = np.full((224, 224, 3), 200, np.uint8)
    flat[:112, :112] = (255, 0, 0)
    patches = clip.encode_images([flat]).patches[0].reshape(4, 4, -1)
    plain = np.linalg.norm(patches[2, 2] - patches[3, 2])
    assert plain < np.linalg.norm(patches[0, 0] - patches[3, 2])  # the corner that differs is another patch
    assert clip.encode_texts(["a mug"]).shape == (1, embed)


def _own_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: i for i, word in enumerate(["<pad>", "<unk>", "a", "photo", "of", "mug", "dog", "</s>"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    ).save_pretrained(folder)


def test_tokenizer_of_its_own_comes_from_the_folder(tmp_path: Path) -> None:
    text = SMALL_TEXT | {"vocab_size": 8, "hf_tokenizer_name": "somebody/elsewhere", "pool_type": "last"}
    config = {**tiny_clip.TINY, "text_cfg": text, "custom_text": True, "init_logit_bias": -10.0}
    folder = tiny_clip.save(tmp_path / "own", config)
    with pytest.raises(FileNotFoundError, match="tokenizer"):
        ClipModel(folder)
    _own_tokenizer(folder)
    clip = ClipModel(folder)
    mug, dog, again = clip.encode_texts(["a photo of mug", "a photo of dog", "a  photo of mug"])
    assert np.allclose(mug, again, atol=1e-6)
    assert not np.allclose(mug, dog, atol=1e-3)


def test_missing_folder_weights_and_configuration(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        ClipModel(tmp_path / "nowhere")
    (folder / "open_clip_model.safetensors").rename(folder / "elsewhere")
    with pytest.raises(FileNotFoundError, match="no weights"):
        ClipModel(folder)
    (folder / "elsewhere").rename(folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").unlink()
    with pytest.raises(ValueError, match=r"has no open_clip_config\.json"):
        ClipModel(folder)
    with pytest.raises(ValueError, match="no architecture 'ViT-Z-99'"):
        ClipModel(folder, "ViT-Z-99")


@pytest.mark.parametrize("harm", ["truncated", "no json", "of another shape"])
def test_damaged_files_are_told_in_one_sentence(folder: Path, harm: str) -> None:
    weights, config = folder / "open_clip_model.safetensors", folder / "open_clip_config.json"
    if harm == "truncated":
        weights.write_bytes(weights.read_bytes()[:100_000])
    elif harm == "no json":
        config.write_text("{")
    else:
        config.write_text(config.read_text().replace('"embed_dim": 32', '"embed_dim": 48'))
    with pytest.raises(RuntimeError, match="damaged, incomplete or of another kind") as raised:
        ClipModel(folder)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_text_tower_of_another_repository_is_refused(tmp_path: Path) -> None:
    config = {**tiny_clip.TINY, "text_cfg": {"hf_model_name": "somebody/roberta"}}
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    (folder / "open_clip_model.safetensors").write_bytes(b"unread")
    with pytest.raises(RuntimeError, match="somebody/roberta"):
        ClipModel(folder)


def test_tower_without_patches_is_refused(tmp_path: Path) -> None:
    vision = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "head_width": 16, "patch_size": None}
    config = {"embed_dim": 32, "vision_cfg": vision, "text_cfg": SMALL_TEXT}
    with pytest.raises(ValueError, match="gives no patches"):
        ClipModel(tiny_clip.save(tmp_path / "resnet", config))


def test_odd_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="even side"):
        ClipModel(tiny_clip.random_checkpoint(), side=3)


def test_text_encoder_is_the_models_text_tower(clip: ClipModel) -> None:
    encoder = ClipTextEncoder(clip)
    texts = ["the kettle boils", "a dog"]
    rows = encoder.encode(texts)
    assert encoder.width == 32
    assert np.allclose(rows, clip.encode_texts(texts), atol=1e-6)
    assert np.allclose(encoder.encode(texts[:1])[0], rows[0], atol=1e-5)
    assert encoder.encode([]).shape == (0, 32)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
