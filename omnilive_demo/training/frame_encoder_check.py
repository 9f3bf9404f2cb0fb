"""How good a frame encoder is on drawn pictures, and the rule by which it may name things."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from omnilive_demo.models.nano.frame_network import FrameNetwork, FrameOutput
from omnilive_demo.perception.naming import FEATURES, NameReader, NamingRule
from omnilive_demo.training.frame_encoder_data import Pool, as_floats, plain_batch
from omnilive_demo.training.frame_encoder_names import NameTable

PRECISION = 0.97  # of the names that are said
FALSE_NAMING = 0.01  # of the drawn pictures without a known thing, whose things the training shows as not to be named
STRANGERS_NAMED = 0.04  # of the pictures of things that no training shows: these are what a camera meets


@torch.no_grad()
def checked(network: FrameNetwork, table: NameTable, pool: Pool, count: int) -> dict[str, float]:
    """Figures over the first `count` pictures.

    val_single_top1, val_single_top5: pictures of one known thing, the picture's vector against the known names.
    val_cells_right: cells of things against all names. val_known_auc, val_known_cell_auc: known things
    against the rest.
    """
    device = next(network.parameters()).device
    texts = torch.from_numpy(table.vectors).to(device)
    names, known = len(table.names), table.known
    ranks: list[float] = []
    cells: list[float] = []
    anywhere: list[tuple[float, bool]] = []
    by_cell: list[tuple[float, bool]] = []
    for rows in _chunks(np.asarray(pool.rows)[:count]):
        batch = plain_batch(pool, table, rows).to(device)
        out: FrameOutput = network(batch.images)
        single = single_names(batch.whole.cpu().numpy(), known)
        scores = (out.vector @ texts[:known].T).float().cpu().numpy()
        ranks += [float((scores[k] > scores[k, name]).sum()) for k, name in enumerate(single) if name >= 0]
        named = batch.cells < names
        best = network.scores(out.aligned, texts).float().argmax(-1)
        cells += (best[named] == batch.cells[named]).float().tolist()
        shows = batch.whole[:, :known].sum(1) > 0
        anywhere += list(zip(out.known_anywhere.tolist(), shows.tolist(), strict=True))
        some = batch.cells.flatten()[::5] < known
        by_cell += list(zip(out.known.flatten()[::5].tolist(), some.tolist(), strict=True))
    rank = np.array(ranks)
    return {
        "val_single_top1": float((rank < 1).mean()),
        "val_single_top5": float((rank < 5).mean()),
        "val_cells_right": float(np.mean(cells)),
        "val_known_auc": auc(anywhere),
        "val_known_cell_auc": auc(by_cell),
    }


@torch.no_grad()
def calibrated(
    network: FrameNetwork, table: NameTable, pool: Pool, strangers: NDArray[np.uint8]
) -> tuple[dict[str, float], dict[str, object], NDArray[np.float64]]:
    """Figures, the naming rule for the metadata, and the reliability table.

    The rule is fitted on the even pictures of the pool and its figures are measured on the odd ones: `name_precision`
    (said names that are true), `name_recall` (present known things that are named), `false_naming` (pictures without
    any known thing in which something is named), `one_thing_named` (pictures of one known thing that are named right).
    The threshold also heeds `strangers`, pictures `[n, 192, 192, 3]` of things that no training shows, of which
    `strangers_named` is the share in which something is named: as chosen, and not measured apart from that.
    The reliability table has a row for each tenth of confidence: mean confidence, share that is true, count.
    """
    figures = checked(network, table, pool, len(pool.rows))
    tensors = {name: tensor.float().numpy() for name, tensor in network.state_dict().items()}
    known = table.known
    reader = NameReader(tensors, table.vectors[:known], table.vectors[known:], None)
    found: list[tuple[int, int, bool, NDArray[np.float32]]] = []  # picture, name, true, features
    present: list[set[int]] = []
    for rows in _chunks(np.asarray(pool.rows)):
        batch = plain_batch(pool, table, rows)
        out: FrameOutput = network(batch.images)
        for k in range(len(rows)):
            large = set(np.flatnonzero(batch.whole[k, :known].numpy()).tolist())
            there = large | {name for name in batch.cells[k].tolist() if name < known}
            names, features = reader.candidates(out.patches[k].numpy(), out.vector[k].numpy())
            found += [(len(present), int(n), int(n) in there, f) for n, f in zip(names, features, strict=True)]
            present.append(large)
    speaks: NDArray[np.float64] = np.array([row[3] for row in found], np.float64).reshape(-1, FEATURES)
    true = np.array([row[2] for row in found], bool)
    picture = np.array([row[0] for row in found], np.int64)
    even = picture % 2 == 0
    weights, bias = fitted(speaks[even], true[even])
    confidence = 1 / (1 + np.exp(-(speaks @ weights + bias)))
    without = np.array([not names for names in present])
    without[np.unique(picture[true])] = False
    surest = _surest(network, reader, strangers, weights, bias)
    threshold = chosen_threshold(confidence[even], true[even], without[picture[even]], int(without[::2].sum()), surest)
    said, odd = confidence >= threshold, ~even
    odd_present = sum(len(names) for names in present[1::2])
    singles = [k for k in range(1, len(present), 2) if len(present[k]) == 1]
    right = {
        int(p) for p, name in ((row[0], row[1]) for row, ok in zip(found, said, strict=True) if ok)
        if name in present[p] and len(present[p]) == 1 and p % 2
    }  # fmt: skip
    figures |= {
        "name_precision": float(true[said & odd].mean()) if (said & odd).any() else 0.0,
        "name_recall": sum(ok and row[1] in present[row[0]] and row[0] % 2 for row, ok in zip(found, said, strict=True))
        / max(odd_present, 1),
        "false_naming": len(set(picture[said & odd & without[picture]].tolist())) / max(int(without[1::2].sum()), 1),
        "one_thing_named": len(right) / max(len(singles), 1),
        "strangers_named": float((surest >= threshold).mean()),
    }
    rule = {"weights": weights.tolist(), "bias": float(bias), "threshold": float(threshold)}
    NamingRule.of(rule)
    return {name: round(value, 4) for name, value in figures.items()}, rule, reliability(confidence[odd], true[odd])


def fitted(features: NDArray[np.float64], true: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of a logistic regression, by Newton's method with a small ridge."""
    if not len(features):
        return np.zeros(FEATURES), -10.0  # a network that suggests nothing is never to name anything
    count = features.shape[1]
    mean, spread = features.mean(0), features.std(0) + 1e-6
    x = np.concatenate([(features - mean) / spread, np.ones((len(features), 1))], axis=1)
    theta = np.zeros(count + 1)
    ridge = np.diag([1.0] * count + [1e-3])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ theta, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        theta -= np.linalg.solve(hessian, x.T @ (p - true) + ridge @ theta)
    weights = theta[:-1] / spread
    return weights, float(theta[-1] - weights @ mean)


def chosen_threshold(
    confidence: NDArray[np.float64],
    true: NDArray[np.bool_],
    in_without: NDArray[np.bool_],
    without: int,
    strangers: NDArray[np.float64],
) -> float:
    """The lowest threshold (at least 0.5) that keeps the precision and the false naming that are asked for.

    confidence, true, in_without: `[k]`, of each candidate name, the last whether it is in one of the `without` pictures
    that show no known thing. strangers: `[n]`, the highest confidence in each picture of a stranger.
    """
    for threshold in np.arange(0.5, 0.99, 0.01):
        said = confidence >= threshold
        if not said.any():
            break
        wrong = (said & in_without).sum() / max(without, 1)  # at most: two names in a picture count twice
        named = (strangers >= threshold).mean()
        if true[said].mean() >= PRECISION and wrong <= FALSE_NAMING and named <= STRANGERS_NAMED:
            return round(float(threshold), 2)
    return 0.99


def reliability(confidence: NDArray[np.float64], true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each tenth of confidence that occurs: mean confidence, share that is true, count."""
    tenth = np.minimum((confidence * 10).astype(int), 9)
    rows = [(confidence[tenth == t].mean(), true[tenth == t].mean(), (tenth == t).sum()) for t in np.unique(tenth)]
    return np.array(rows, np.float64).reshape(-1, 3)


def single_names(whole: NDArray[np.float32], known: int) -> NDArray[np.int64]:
    """For each picture the known name that alone is in it, -1 where there is none or more."""
    one = (whole > 0).sum(1) == 1
    names = whole.argmax(1)
    return np.where(one & (names < known), names, -1)


def auc(rows: list[tuple[float, bool]]) -> float:
    """The chance that a true one scores above a false one."""
    scores, true = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], bool)
    if true.all() or not true.any():
        return 0.5
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    positives = true.sum()
    return float((ranks[true].sum() - positives * (positives + 1) / 2) / (positives * (len(true) - positives)))


def _surest(
    network: FrameNetwork,
    reader: NameReader,
    images: NDArray[np.uint8],
    weights: NDArray[np.float64],
    bias: float,
) -> NDArray[np.float64]:
    """The highest confidence of any name in each picture, 0 where no name is considered."""
    found = np.zeros(len(images))
    for rows in _chunks(np.arange(len(images))):
        out: FrameOutput = network(as_floats(images[rows]))
        for k, row in enumerate(rows):
            _, features = reader.candidates(out.patches[k].numpy(), out.vector[k].numpy())
            if len(features):
                found[row] = (1 / (1 + np.exp(-(features @ weights + bias)))).max()
    return found


def _chunks(rows: NDArray[np.int64], size: int = 64) -> list[NDArray[np.int64]]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]
