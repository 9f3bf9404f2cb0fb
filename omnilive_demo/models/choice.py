"""Which models play which part here, and why: the profile, the operator's wishes, and what the machine can bear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from omnilive_demo.config import Role
from omnilive_demo.models.machine import Gpu, Machine
from omnilive_demo.models.placing import Places, placed
from omnilive_demo.models.profiles import ProfileError
from omnilive_demo.models.registry import FEWER_BITS, NANO, PROFILES, ROLES, SMALLER, SPECS, names_for, with_parts
from omnilive_demo.models.spec import ModelSpec

Device = Literal["cpu", "cuda"]

LEAST_CORES = 4  # with fewer, a vision-language model on the CPU answers after minutes
_NO_HUB = "the hub does not answer"
TOGETHER: tuple[Role, ...] = ("frame_encoder", "text_embedding", "compressor")  # they share one space


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs. `models` names one model for each role; `specs` are those of them that have files, parts included.

    `folders` are the operator's own, by model; `missing` are the models that must be fetched first, and until then nano
    runs. `why` is one sentence for the page; `problem` another one when the operator asked for what cannot run here.
    `places` are the GPUs of each model.
    """

    profile: str
    models: Mapping[Role, str]
    device: Device
    why: str
    problem: str = ""
    folders: Mapping[str, Path] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    places: Places = field(default_factory=dict)

    def devices(self, name: str) -> tuple[str, ...]:
        """Where a model lies, as torch calls it: one device, or two for one whose layers are shared out."""
        return self.places.get(name, (self.device,))

    @property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The models to load, small ones first."""
        return tuple(sorted(with_parts(self.models.values()), key=lambda spec: spec.size))

    def spec(self, role: Role) -> ModelSpec | None:
        """The model of a role; None when it is a built-in one, which `models` names."""
        return SPECS.get(self.models[role])

    @property
    def licences(self) -> tuple[str, ...]:
        """A sentence for each model whose licence restricts its use."""
        return tuple(f"{spec.name}: {spec.licence.restriction}" for spec in self.specs if spec.licence.restriction)


def choose(profile: str, roles: Mapping[str, str], machine: Machine) -> Choice:
    """Decide. `profile` is a name or `auto`; `roles` are the operator's wishes, role -> model.

    A wish is a model's name, or `NAME@FOLDER` for the same kind of model in a folder of one's own. Three roles share
    one space: wishing for another frame encoder brings its text embedding and compressor along.

    Raises:
        ProfileError: a name is not known; the message lists the choices.
    """
    wishes, folders = _wishes(roles)
    if profile == "auto":
        return _best(wishes, folders, machine)
    if profile not in PROFILES:
        raise ProfileError(
            f"The profile {profile!r} is not in this version. Choose one of: auto, {', '.join(PROFILES)}."
        )
    refused: list[str] = []
    for device in _devices(profile, machine):
        base = _agreed(PROFILES[profile], wishes)
        for models in (base, *_smaller(base, wishes, FEWER_BITS)):
            fault = _fault(profile, models, folders, device, machine)
            if not fault:
                used = _used(models, folders, machine) if device == "cuda" else ()
                why = f"It was chosen by the operator{f', and runs on {_named(used)}' if used else ''}."
                return _choice(profile, models, folders, device, why, machine)
            refused.append(fault)
    asked = profile if profile != "nano" else "A model of one's own choice"
    problem = f"{asked} was asked for, but {refused[0]}; nano runs instead."
    return Choice("nano", NANO, "cpu", "It runs on every machine without a download.", problem)


def _best(wishes: Mapping[Role, str], folders: Mapping[str, Path], machine: Machine) -> Choice:
    faults: dict[tuple[str, Device], str] = {}
    whole = _agreed(PROFILES["omnilive"], wishes)
    if _is_here(whole, folders, machine) and not _fault("omnilive", whole, folders, "cuda", machine):
        return _choice("omnilive", whole, folders, "cuda", _why(whole, folders, "cuda", machine), machine)
    for profile in ("standard", "lite"):
        for device in _devices(profile, machine):
            base = _agreed(PROFILES[profile], wishes)
            for models in (base, *_smaller(base, wishes)):
                fault = _fault(profile, models, folders, device, machine) or _slow(models, device, machine)
                if not fault:
                    return _choice(profile, models, folders, device, _why(models, folders, device, machine), machine)
                faults[profile, device] = fault
    why = f"It runs on every machine without a download; {_none_larger(faults)}."
    models = _agreed(NANO, wishes)
    fault = _fault("nano", models, folders, "cpu", machine)
    if fault:
        return Choice("nano", NANO, "cpu", why, f"The chosen models cannot run here: {fault}; nano runs alone.")
    return _choice("nano", models, folders, "cpu", why, machine)


def _is_here(models: Mapping[Role, str], folders: Mapping[str, Path], machine: Machine) -> bool:
    """Whether nothing need be fetched. 28 GB under terms of their own are not fetched by a choice of this program: who
    has fetched them, and has a GPU that holds them in full, is given them.
    """
    names = [spec.name for spec in with_parts(models.values()) if spec.name not in folders]
    return bool(machine.gpus) and all(name in machine.cached for name in names)


def _none_larger(faults: Mapping[tuple[str, Device], str]) -> str:
    """Why no larger profile runs: where a GPU is, what it lacks says more than what the CPU does."""
    if any(fault.startswith(_NO_HUB) for fault in faults.values()):
        return "larger models need the hub, which does not answer, and they are not in the cache"
    told: dict[str, str] = {}
    for (profile, _), fault in faults.items():
        told.setdefault(profile, f"{profile} {fault}")
    return _list(told.values())


def _choice(
    profile: str,
    models: Mapping[Role, str],
    folders: Mapping[str, Path],
    device: Device,
    why: str,
    machine: Machine,
) -> Choice:
    specs = with_parts(models.values())
    missing = tuple(spec.name for spec in specs if spec.name not in folders and spec.name not in machine.cached)
    swapped = [(old, new) for role in ROLES if (old := PROFILES[profile][role]) != (new := models[role])]
    less = {**SMALLER, **FEWER_BITS}
    smaller = [f"{new} in place of {old}" for old, new in dict.fromkeys(swapped) if new in _steps(old, less)]
    if smaller:
        why = f"{why[:-1]} (with {', '.join(smaller)}, for want of memory)."
    places = (_places(models, folders, machine) if device == "cuda" else None) or {}
    if halved := [name for name, devices in places.items() if len(devices) > 1]:
        why = f"{why[:-1]} (half of the layers of {_list(halved)} on each)."
    if missing:
        why += f" {sum(SPECS[name].size for name in missing) / 1e9:.1f} GB are fetched first."
    return Choice(profile, models, device, why, "", dict(folders), missing, places)


def _wishes(roles: Mapping[str, str]) -> tuple[dict[Role, str], dict[str, Path]]:
    wishes: dict[Role, str] = {}
    folders: dict[str, Path] = {}
    for given, wish in roles.items():
        if given not in ROLES:
            raise ProfileError(f"There is no role {given!r}. Choose one of: {', '.join(ROLES)}.")
        role = given
        name, at, folder = wish.partition("@")
        name = NANO[role] if name == "nano" else name
        if name not in names_for(role):
            raise ProfileError(f"There is no model {name!r} for {role}. Choose one of: {', '.join(names_for(role))}.")
        if at:
            if name not in SPECS:
                raise ProfileError(f"The model {name!r} is built in and takes no folder.")
            path = Path(folder).expanduser()
            if not path.is_dir():
                raise ProfileError(f"The folder {folder!r} for {role} does not exist.")
            folders[name] = path
        wishes[role] = name
    _bring_along(wishes)
    return wishes, folders


def _bring_along(wishes: dict[Role, str]) -> None:
    """Complete a wish for one of the roles that share a space; say which wishes exclude each other."""
    wished = {role: wishes[role] for role in TOGETHER if role in wishes}
    fitting = [space for space in _spaces() if all(space[role] == name for role, name in wished.items())]
    if not fitting:
        told = ", ".join(f"{role}={name}" for role, name in wished.items())
        raise ProfileError(f"These do not fit together: {told}. Wish for the frame encoder alone; the others follow.")
    if wished and (len(fitting) == 1 or fitting[0] == _spaces()[0]):
        wishes.update(fitting[0])


def _spaces() -> list[dict[Role, str]]:
    """What can play the roles of one space together: the embedded models first."""
    spaces: list[dict[Role, str]] = [{role: NANO[role] for role in TOGETHER}]
    for name in names_for("frame_encoder"):
        if name in SPECS:
            own = "compressor" in SPECS[name].roles  # a memory module, which reads words by its own table
            text, compressor = (NANO["text_embedding"], name) if own else (name, "clip-space")
            spaces.append({"frame_encoder": name, "text_embedding": text, "compressor": compressor})
    return spaces


def _agreed(table: Mapping[Role, str], wishes: Mapping[Role, str]) -> dict[Role, str]:
    """A profile's models with the wishes in their places.

    The captioner is the reasoner too, unless it was wished for: two vision-language models rarely fit together.
    """
    agreed = {**table, **wishes}
    if "captioner" not in wishes:
        agreed["captioner"] = agreed["reasoner"] if agreed["reasoner"] in SPECS else NANO["captioner"]
    return agreed


def _smaller(
    models: Mapping[Role, str], wishes: Mapping[Role, str], less: Mapping[str, str] = SMALLER
) -> Iterable[dict[Role, str]]:
    """The same with smaller models step by step, but for those that were wished for."""
    smaller = dict(models)
    while True:
        step = {role: less[name] for role, name in smaller.items() if name in less and name not in wishes.values()}
        if not step:
            return
        smaller |= step
        yield dict(smaller)


def _steps(name: str, less: Mapping[str, str]) -> list[str]:
    """What takes a model's place, step by step."""
    found = []
    while name in less:
        found.append(name := less[name])
    return found


def _devices(profile: str, machine: Machine) -> tuple[Device, ...]:
    if profile == "nano":
        return ("cpu",)
    return ("cuda", "cpu") if machine.gpus else ("cpu",)


def _fault(
    profile: str, models: Mapping[Role, str], folders: Mapping[str, Path], device: Device, machine: Machine
) -> str:
    """Why these models cannot run on that device, as the second half of a sentence; empty when they can.

    What lies in a folder of the operator's own may be of any size, and is not counted.
    """
    specs = [spec for spec in with_parts(models.values()) if spec.name not in folders]
    if device == "cuda":
        if placed(specs, machine.gpus) is None:
            need = sum(spec.memory.gpu for spec in specs)
            two = machine.gpus[: 1 + (len(machine.gpus) > 1)]
            shared_out = " in parts that fit" if need <= sum(gpu.free for gpu in two) else ""
            return f"needs {_gb(need)} of GPU memory{shared_out}, and {_with_free(two)}"
    else:
        never = [spec.name for spec in specs if spec.memory.cpu is None]
        if never:
            return f"needs a GPU for {' and '.join(never)}"
        need = sum(spec.memory.cpu or 0 for spec in specs)
        if need > machine.ram_free:
            return f"needs {_gb(need)} of memory, and {_gb(machine.ram_free)} are free"
    absent = [spec.name for spec in specs if not machine.has(spec.name)]
    if absent:
        return f"{_NO_HUB}, and {_list(absent)} {'are' if len(absent) > 1 else 'is'} not in the cache"
    return ""


def _slow(models: Mapping[Role, str], device: Device, machine: Machine) -> str:
    if device == "cpu" and models["reasoner"] in SPECS and machine.cores < LEAST_CORES:
        return f"needs {LEAST_CORES} cores without a GPU, and there are {machine.cores}"
    return ""


def _places(models: Mapping[Role, str], folders: Mapping[str, Path], machine: Machine) -> Places | None:
    """Where the models lie. One in the operator's own folder counts like its kind, as long as there is room for all."""
    specs = with_parts(models.values())
    places = placed(specs, machine.gpus)
    if places is None:
        counted = [spec for spec in specs if spec.name not in folders]
        rest = {spec.name: (machine.gpus[0].device,) for spec in specs if spec.name in folders}
        places = {**rest, **(placed(counted, machine.gpus) or {})}
    return places


def _used(models: Mapping[Role, str], folders: Mapping[str, Path], machine: Machine) -> tuple[Gpu, ...]:
    """The GPUs on which something lies."""
    devices = {device for where in (_places(models, folders, machine) or {}).values() for device in where}
    return tuple(gpu for gpu in machine.gpus if gpu.device in devices)


def _why(models: Mapping[Role, str], folders: Mapping[str, Path], device: Device, machine: Machine) -> str:
    if device == "cuda":
        used = _used(models, folders, machine)
        free = " and ".join(_gb(gpu.free) for gpu in used)
        return f"It is the best that fits {_named(used)} with {free} free."
    return f"It is the best that {machine.cores} cores and {_gb(machine.ram_free)} of free memory can bear."


def _named(gpus: Sequence[Gpu]) -> str:
    if len(gpus) > 1 and len({gpu.name for gpu in gpus}) == 1:
        return f"two {gpus[0].name}"
    return " and ".join(f"the {gpu.name}" for gpu in gpus)


def _with_free(gpus: Sequence[Gpu]) -> str:
    return _list([f"the {gpu.name} has {_gb(gpu.free)} free" for gpu in gpus])


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _list(words: Iterable[str]) -> str:
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} and {last}" if first else last
