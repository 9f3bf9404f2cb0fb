"""Trains the memory module and the reader: `python -m omnilive_demo.training compressor`.

The paper's three tasks on streams that are put together from the clips of a drawn pool (`compressor_learner` has the
losses, `compressor_drawn` the streams). What it needs:

    python -m omnilive_demo.training frame_encoder ...       the frame encoder (its `align` layer gives a good start)
    train, val of configs/compressor.toml                    folders of `world.clips.ClipPool`, patches encoded by it

It writes `memory.safetensors` and, beside it, `reader.safetensors` (float16), with the last figures on the held-out
pool in their metadata; log, curves and checkpoints go to `--folder`. A killed run goes on where it was.
`--manifest FILE` trains on real videos instead (see `manifest.py` and docs/training.md).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from omnilive_demo.config import ASSETS
from omnilive_demo.models.memory_module.config import MemoryModuleConfig
from omnilive_demo.models.memory_module.happenings import Happenings
from omnilive_demo.models.memory_module.module import MemoryModule
from omnilive_demo.models.memory_module.weight_files import WeightsError, load
from omnilive_demo.models.nano.reader import Reader, ReaderConfig, load_reader, save_reader
from omnilive_demo.models.nano.words import Vocabulary
from omnilive_demo.models.text_encoder import MiniLM
from omnilive_demo.training.compressor_check import check, cosine_scale
from omnilive_demo.training.compressor_drawn import DrawnStreams, StreamSettings
from omnilive_demo.training.compressor_happenings import teach
from omnilive_demo.training.compressor_learner import Habits, Learner, LossWeights
from omnilive_demo.training.compressor_start import start_aligned, start_positional, start_words
from omnilive_demo.training.compressor_stream import Stream
from omnilive_demo.training.compressor_text import StateText, TrainedText
from omnilive_demo.training.config_file import CommandLine, read_command_line
from omnilive_demo.training.export import export
from omnilive_demo.training.optimiser import Group, Optimiser
from omnilive_demo.training.plain_attention import use_plain_attention
from omnilive_demo.training.run import Run, RunSettings
from omnilive_demo.training.world.clips import ClipPool
from omnilive_demo.training.world.question_bank import Split, shipped_bank
from omnilive_demo.training.world.things import by_name


@dataclass(frozen=True, slots=True)
class CompressorConfig:
    """What `configs/compressor.toml` says.

    encoder: the frame encoder's file, empty to begin without its help. start: a memory module's file to go on from,
    with its reader beside it; empty for new weights. happenings: minutes in which the module's part of that name is
    taught alone, before the run and beside its budget. checked: streams of the held-out pool that are measured every
    `check_every_s`, asked in the phrasings of `checked_split`.
    """

    train: Path
    val: Path
    encoder: str = ""
    start: str = ""
    happenings: float = 0.0
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    text_loss: float = 0.15
    text_rate: float = 0.3
    muon: float = 5.0
    workers: int = 1
    checked: int = 12
    checked_split: Split = "train"
    check_every_s: float = 300.0
    module: MemoryModuleConfig = field(default_factory=MemoryModuleConfig)
    reader: ReaderConfig = field(default_factory=ReaderConfig)
    streams: StreamSettings = field(default_factory=StreamSettings)
    weights: LossWeights = field(default_factory=LossWeights)
    habits: Habits = field(default_factory=Habits)
    run: RunSettings = field(default_factory=RunSettings)


def nano_vocabulary() -> Vocabulary:
    """The reader's words: those of the drawn world."""
    return Vocabulary({name: thing.plural for name, thing in by_name().items()})


class FitSettings(Protocol):
    """What the loop needs of a configuration."""

    @property
    def weight_decay(self) -> float:
        """Of matrices."""
        ...

    @property
    def clip_norm(self) -> float:
        """Longer gradients are shortened to this."""
        ...

    @property
    def text_rate(self) -> float:
        """Share of the learning rate for the text projector."""
        ...

    @property
    def muon(self) -> float:
        """What the learning rate of the matrices inside is multiplied by; 0: AdamW for them, too."""
        ...

    @property
    def workers(self) -> int:
        """Threads with a stream each."""
        ...

    @property
    def check_every_s(self) -> float:
        """Seconds between two looks at the held-out streams."""
        ...


def groups_of(learner: Learner, config: FitSettings) -> list[Group]:
    """Parameters for the optimiser: norms and biases do not decay, the text projector moves slowly.

    A text projector that moves fast forgets the words that are not in the training's questions. The matrices inside
    both decoders go to Muon.
    """
    kinds: dict[tuple[bool, bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in learner.named_parameters():
        matrix = parameter.ndim >= 2
        inside = matrix and ".layers." in name and config.muon > 0
        kinds.setdefault((matrix, "text_projector" in name, inside), []).append(parameter)
    return [
        Group(
            parameters,
            config.weight_decay if matrix and not text else 0.0,
            config.text_rate if text else config.muon if inside else 1.0,
            inside,
        )
        for (matrix, text, inside), parameters in kinds.items()
    ]


def fit(
    learner: Learner,
    draw: Callable[[np.random.Generator], Stream],
    text: TrainedText,
    run: Run,
    config: FitSettings,
    held_out: Sequence[Stream] = (),
) -> dict[str, float]:
    """The loop, for any source of streams. Returns the last figures on the held-out streams.

    Every worker, a thread, takes a stream of its own for each step: on a CPU that is quicker than two threads for each
    operation. With one worker a run is repeatable bit by bit; several share what is drawn inside the losses.
    """
    if run.device.type == "cpu":
        use_plain_attention(learner.module.decoder)
        use_plain_attention(learner.reader.decoder)
    learner.to(run.device).train()
    optimiser = Optimiser(groups_of(learner, config))
    weights = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    run.keep(learner=learner, optimiser=optimiser)
    run.resume()
    figures: dict[str, float] = {}

    def work(worker: int) -> tuple[tuple[Tensor | None, ...], dict[str, Tensor]]:
        stream = draw(np.random.default_rng([run.settings.seed, run.steps, worker]))
        with run.autocast():
            parts = learner.losses(stream, text)
        gradients = torch.autograd.grad(parts["loss"], weights, allow_unused=True)
        return gradients, {name: value.detach() for name, value in parts.items()}

    with ThreadPoolExecutor(
        config.workers, initializer=lambda: torch.set_num_threads(max(1, run.settings.threads // config.workers))
    ) as pool:
        while run.goes_on():
            run.set_learning_rate(optimiser)
            shares = list(pool.map(work, range(config.workers)))
            for weight, *gradients in zip(weights, *(gradients for gradients, _ in shares), strict=True):
                found = [gradient for gradient in gradients if gradient is not None]
                weight.grad = torch.stack(found).sum(0) / config.workers if found else None
            size = torch.nn.utils.clip_grad_norm_(weights, config.clip_norm)
            optimiser.step()
            run.step(**_means([parts for _, parts in shares]), gradient=size)
            if held_out and run.steps > 1 and run.due("check", config.check_every_s):
                with run.autocast():
                    figures = check(learner, held_out, text, blind=False)
                run.log(**{f"val_{name}": value for name, value in figures.items()})
    if held_out and run.finished:
        with run.autocast():
            figures = check(learner, held_out, text)
        run.log(**{f"val_{name}": value for name, value in figures.items()})
    return figures


def _means(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each loss over the streams that have it."""
    names = dict.fromkeys(name for one in parts for name in one)
    return {name: torch.stack([one[name] for one in parts if name in one]).mean() for name in names}


def main(argv: Sequence[str]) -> int:
    """Command line of the task `compressor`."""
    warnings.filterwarnings("ignore", message="Mismatch dtype between input and weight")
    if any(word.partition("=")[0] == "--manifest" for word in argv):
        from omnilive_demo.training.manifest import main as train_on_manifest  # it needs the loop below

        return train_on_manifest(argv)
    call = read_command_line(argv, CompressorConfig, "compressor", ASSETS / "nano" / "memory.safetensors")
    minilm = MiniLM(threads=1)  # before the run: it sets torch's threads
    try:
        return _train(call, minilm)
    except (FileNotFoundError, ValueError, WeightsError) as error:
        print(f"compressor: {error}", file=sys.stderr)
        return 1


def _train(call: CommandLine[CompressorConfig], minilm: MiniLM) -> int:
    config = call.config
    vocabulary = nano_vocabulary()
    train = DrawnStreams(ClipPool.open(config.train), vocabulary, config.streams)
    val = DrawnStreams(ClipPool.open(config.val), vocabulary, config.streams, config.checked_split)
    happenings = _taught(call, train)  # before the run, which counts its minutes and takes over the signals
    with Run(call.folder, config, config.run, call.fresh) as run:
        learner = begin(config, vocabulary, run, minilm, train, happenings)
        text = StateText(learner.module, minilm, run.device, loss=config.text_loss, generator=run.torch_rng)
        held_out = val.whole_streams(config.checked, seed=config.run.seed)
        figures = fit(learner, train.draw, text, run, config, held_out)
        if run.finished:
            about = {"figures": figures, "pool": str(config.train.name), "seed": config.run.seed, "steps": run.steps}
            ship(learner, call.weights, about | cosine_scale(learner, held_out, text))
    return 0


def _taught(call: CommandLine[CompressorConfig], train: DrawnStreams) -> Happenings | None:
    """What happens in clips, taught alone; None where the configuration does not want that."""
    config = call.config
    if not config.happenings or not config.module.happenings:
        return None
    call.folder.mkdir(parents=True, exist_ok=True)
    kept = call.folder / "happenings.safetensors"
    if call.fresh:
        kept.unlink(missing_ok=True)
    torch.manual_seed(config.run.seed)
    happenings = Happenings(config.module.feature_width // 4, config.module.hidden)
    teach(happenings, train, config.happenings, kept, config.run.seed)
    return happenings


def begin(
    config: CompressorConfig,
    vocabulary: Vocabulary,
    run: Run,
    minilm: MiniLM,
    train: DrawnStreams,
    happenings: Happenings | None = None,
) -> Learner:
    """A learner with its first weights.

    Raises:
        ValueError: the module to go on from has other sizes than the configuration.
    """
    if config.start:
        path = Path(config.start)
        module, reader = load(path), load_reader(beside(path))
        if replace(module.config, happenings=config.module.happenings) != config.module:
            raise ValueError(f"{path} is a module of other sizes than the table [module] says")
    else:
        module, reader = _new(config, vocabulary, run, minilm, train)
    if happenings is not None:  # a module that went without until now has it from here on
        module.happenings, module.config = happenings, config.module
    return Learner(module, reader, config.weights, config.habits, run.torch_rng)


def _new(
    config: CompressorConfig, vocabulary: Vocabulary, run: Run, minilm: MiniLM, train: DrawnStreams
) -> tuple[MemoryModule, Reader]:
    module, reader = MemoryModule(config.module), Reader(config.reader, vocabulary)
    merged = train.sample(run.rng)
    texts = _texts()
    states = torch.cat([torch.from_numpy(one) for one in minilm.token_states(texts[:: len(texts) // 100])])
    module.initialise(run.torch_rng, merged, states)
    if config.encoder:
        align, known = _heads(Path(config.encoder))
        vectors = torch.from_numpy(minilm.encode(texts))
        start_aligned(module, align, merged, vectors, states, run.torch_rng, known)
    start_positional(module)
    start_words(reader.words, torch.from_numpy(minilm.encode([word.strip("<>") for word in vocabulary.words])))
    return module, reader


def ship(learner: Learner, memory: Path, metadata: dict[str, object]) -> None:
    """Write the memory module to `memory`, and the reader to `reader.safetensors` beside it."""
    export(learner.module.state_dict(), memory, {**metadata, "memory_module": asdict(learner.module.config)})
    save_reader(learner.reader, beside(memory), metadata)


def beside(memory: Path) -> Path:
    """Where the reader of a memory module's file lies."""
    return memory.with_name("reader.safetensors")


def _texts() -> list[str]:
    """Names and training questions: what the text directions are chosen by."""
    bank = shipped_bank()
    return sorted({*by_name(), *(text for name in by_name() for text in bank.semantic_of(name, "train"))})


def _heads(encoder: Path) -> tuple[Tensor, torch.nn.Linear]:
    """How the frame encoder compares a patch with text, and how it tells that something is there."""
    from omnilive_demo.models.nano.frame_network import load_frame_network

    network = load_frame_network(encoder)[0]
    return network.align.weight.detach(), network.known
