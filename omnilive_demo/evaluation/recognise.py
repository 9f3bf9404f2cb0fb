"""What is in the picture? Names of drawn things, and what is wrongly named in photographs and of unknown things.

`python -m omnilive_demo.evaluation recognise --json FILE [--style both --openmoji FOLDER]`. On pictures from held-out
seeds, for each drawing style:

    single          top-1 and top-5 of the picture's vector among the vectors of all names; and what the app says
                    (right, wrong, or nothing: it abstains)
    several         mean average precision over the names, by the best cell and by the picture's vector
    naming          precision and recall of what the app says of pictures with known things in them
    false naming    pictures without any known thing in which something is named: unknown and rehearsed things, nothing
                    (of the unknown things only those that the threshold of naming was not chosen with)
    calibration     confidence of what is said against how much of it is true

And on real photographs (those in the wheels of scikit-image and scikit-learn) what the app says of each. A name that is
not on the list of what can be seen is false. Intervals: 95 % bootstrap over pictures, of unknown things over things.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omnilive_demo.evaluation import report
from omnilive_demo.evaluation.nano_models import (
    FRAME_ENCODER,
    NanoModels,
    add_weight_options,
    chosen_weights,
    models_of,
    told_missing,
)
from omnilive_demo.evaluation.photographs import photographs
from omnilive_demo.evaluation.recognise_pictures import Group, Look, jobs_of, looks
from omnilive_demo.evaluation.retrieval_jobs import Style
from omnilive_demo.evaluation.stats import percent, percents, share, share_of
from omnilive_demo.training.world.things import things_of

NAME = "recognise"
SEED = 2_200_000
COUNTS: dict[Group, int] = {
    "single": 1500, "several": 800, "held": 300, "rehearsed": 400, "unknown": 1248, "empty": 400,
}  # fmt: skip
TOP_1, FALSE_NAMING = 0.85, 0.05


def summary(found: Sequence[Look]) -> dict[str, Any]:
    """All figures of the pictures of one style."""
    of: dict[str, list[Look]] = {group: [look for look in found if look.group == group] for group in COUNTS}
    ranked = [look for look in of["single"] if look.rank is not None]
    named = [look for group in ("single", "several", "held") for look in of[group]]
    return {
        "single": {
            "top_1": share([look.rank == 0 for look in ranked]),
            "top_5": share([look.rank is not None and look.rank < 5 for look in ranked]),
            "named_right": share([bool(_names(look) & look.there) for look in ranked]),
            "named_wrong": share([bool(_names(look) - look.there) for look in ranked]),
            "abstained": share([not look.said for look in ranked]),
        },
        "several": {
            "mean_average_precision": mean_average_precision(of["several"], lambda look: look.by_cell),
            "mean_average_precision_by_vector": mean_average_precision(of["several"], lambda look: look.by_vector),
        },
        "naming": {
            "precision": share([name in look.there for look in named for name in _names(look)]),
            "recall": share([name in _names(look) for look in named for name in look.clear]),
        },
        "false_naming": {
            "unknown": by_stranger(of["unknown"]),
            "rehearsed": share([bool(look.said) for look in of["rehearsed"]]),
            "empty": share([bool(look.said) for look in of["empty"]]),
        },
        "calibration": calibration([(p, name in look.there) for look in found for name, p in look.said]),
    }


def by_stranger(found: Sequence[Look]) -> dict[str, Any]:
    """`share` of pictures of unknown things in which a thing is named; `things`, `things_ever_named`, `mistaken`."""
    named = {look.stranger: 0 for look in found}
    pictures = Counter(look.stranger for look in found)
    mistaken: Counter[str] = Counter()
    for look in found:
        named[look.stranger] += bool(look.said)
        mistaken.update(f"{look.stranger}: {name}" for name in _names(look))
    if not named:
        return {"share": None, "n": 0, "ci95": None, "things": 0, "things_ever_named": 0, "mistaken": {}}
    sums = np.array(list(named.values()), np.float64)
    counts = np.array([pictures[name] for name in named], np.float64)
    more = {
        "things": len(named),
        "things_ever_named": int((sums > 0).sum()),
        "mistaken": dict(mistaken.most_common(20)),
    }
    return share_of(sums, counts) | more


def mean_average_precision(found: Sequence[Look], scores: Callable[[Look], Any]) -> dict[str, Any]:
    """Mean over the names that occur of the average precision of ranking the pictures by that name's score."""
    if not found:
        return {"share": None, "n": 0, "names": 0, "chance": None}
    names = [thing.name for thing in things_of("known")]
    table = np.stack([scores(look) for look in found])
    precisions, prevalence = [], []
    for column, name in enumerate(names):
        true = np.array([name in look.clear for look in found])
        shown = true | ~np.array([name in look.there for look in found])  # hardly seen: neither right nor wrong
        if true.any():
            precisions.append(average_precision(table[shown, column], true[shown]))
            prevalence.append(true[shown].mean())
    chance = round(float(np.mean(prevalence)), 4)  # of a random order, if there are many pictures
    share_found = round(float(np.mean(precisions)), 4)
    return {"share": share_found, "n": len(found), "names": len(precisions), "chance": chance}


def average_precision(scores: Any, true: Any) -> float:
    """Mean of the precisions at each true one, in order of the scores; among equals the false ones come first.

    Raises:
        ValueError: none is true.
    """
    if not np.any(true):
        raise ValueError("average precision needs at least one true item")
    order = np.lexsort((true, -np.asarray(scores)))
    hits = np.asarray(true)[order]
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precisions[hits].mean())


def calibration(said: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """For each tenth of confidence of what was said: mean confidence, share that is true, count; and the mean gap."""
    if not said:
        return {"n": 0, "error": None, "tenths": []}
    confidence, true = np.array([p for p, _ in said]), np.array([ok for _, ok in said], np.float64)
    tenth = np.minimum((confidence * 10).astype(int), 9)
    rows = [
        {"confidence": round(float(confidence[tenth == t].mean()), 4), "true": round(float(true[tenth == t].mean()), 4),
         "n": int((tenth == t).sum())}
        for t in np.unique(tenth)
    ]  # fmt: skip
    error = sum(row["n"] * abs(row["confidence"] - row["true"]) for row in rows) / len(said)
    return {"n": len(said), "error": round(error, 4), "tenths": rows}


def on_photographs(models: NanoModels) -> dict[str, Any]:
    """What is said of each photograph; `false_naming`: the share in which a name is false; and without the faces."""
    rows: list[dict[str, Any]] = []
    for photograph in photographs():
        said = models.names_said(models.frame_encoder.encode(photograph.image, None))
        false = [name for name, _ in said if name not in photograph.right]
        rows.append(
            {
                "name": photograph.name, "face": photograph.face, "right": sorted(photograph.right),
                "said": {name: round(p, 3) for name, p in said}, "false": false,
            }
        )  # fmt: skip
    scenes = [row for row in rows if not row["face"]]
    return {
        "false_naming": share([bool(row["false"]) for row in rows]),
        "false_naming_scenes": share([bool(row["false"]) for row in scenes]),
        "false_naming_faces": share([bool(row["false"]) for row in rows if row["face"]]),
        "named_right": share([bool(set(row["said"]) & set(row["right"])) for row in rows if row["right"]]),
        "photographs": rows,
    }


def rows_of(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table."""
    rows: list[tuple[str, ...]] = [("what", "figure", "n", "share", "95 %")]
    for what in ("single", "several", "naming", "false_naming", "photographs"):
        for figure, values in found.get(what, {}).items():
            if isinstance(values, dict):
                said, value = percents(values.get("ci95")), percent(values["share"])
                rows.append((what.replace("_", " "), figure.replace("_", " "), str(values["n"]), value, said))
    return rows


def targets(found: dict[str, Any]) -> dict[str, Any]:
    """The targets of the specification and whether they are met."""
    wanted = {"single_top_1": (found["single"]["top_1"]["share"], TOP_1, True)}
    wanted["false_naming_unknown"] = (found["false_naming"]["unknown"]["share"], FALSE_NAMING, False)
    if "photographs" in found:
        wanted["false_naming_photographs"] = (found["photographs"]["false_naming"]["share"], FALSE_NAMING, False)
    return {
        name: {"measured": value, "target": target, "met": value >= target if more else value <= target}
        for name, (value, target, more) in wanted.items()
        if value is not None
    }


def main(argv: Sequence[str]) -> int:
    """Command line of the measurement `recognise`."""
    options = _parser().parse_args(argv)
    styles: tuple[Style, ...] = ("noto", "openmoji") if options.style == "both" else (options.style,)
    if "openmoji" in styles and not (options.openmoji and (options.openmoji / "color" / "svg").is_dir()):
        print("The other style needs --openmoji FOLDER: `npm pack openmoji`, unpack it, and name the folder.")
        return 2
    weights = chosen_weights(options)
    if told_missing(weights, FRAME_ENCODER):
        return 1
    result = report.header(NAME, argv) | {"weights": weights.described()}
    counts = {group: max(1, round(count * options.share)) for group, count in COUNTS.items()}
    photographed = on_photographs(models_of(weights)) if options.photographs else {}
    for style in styles:
        found = summary(looks(jobs_of(counts, SEED, style, options.openmoji, weights), options.jobs, style))
        if photographed and style == styles[0]:
            found["photographs"] = photographed
        found["targets"] = targets(found)
        result |= found if style == "noto" else {style: found}
        print(f"\n{style}\n{report.table(rows_of(found))}")
    for row in photographed.get("photographs", ()):
        if row["said"]:
            print(f"{row['name']}: said {', '.join(row['said'])}; right {', '.join(row['right']) or 'none'}")
    if options.json:
        report.write(options.json, result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"omnilive_demo.evaluation {NAME}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--style", choices=("noto", "openmoji", "both"), default="noto", help="drawing style")
    parser.add_argument("--openmoji", type=Path, metavar="FOLDER", help="the unpacked npm package openmoji")
    parser.add_argument("--share", type=float, default=1.0, help="of the full number of pictures (default 1)")
    parser.add_argument("--photographs", action=argparse.BooleanOptionalAction, default=True, help="also photographs")
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each (default 2)")
    add_weight_options(parser)
    return parser


def _names(look: Look) -> set[str]:
    return {name for name, _ in look.said}
