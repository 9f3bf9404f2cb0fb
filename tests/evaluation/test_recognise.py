"""The measurement of recognition: its figures on made-up looks, its pictures, a small run of untrained networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnilive_demo.evaluation import recognise
from omnilive_demo.evaluation.photographs import listed_names, photographs
from omnilive_demo.evaluation.recognise import average_precision, by_stranger, calibration, mean_average_precision
from omnilive_demo.evaluation.recognise_pictures import GROUPS, Group, Look, draw
from omnilive_demo.training.world.things import by_name, strangers_of, things_of


def test_photographs_are_found_and_what_is_right_can_be_said() -> None:
    every = list(photographs())
    scenes = [one for one in every if not one.face]
    assert len(scenes) >= 20
    assert len({one.name for one in every}) == len(every)
    for one in every:
        assert one.image.dtype == np.uint8
        assert one.image.ndim == 3
        assert one.image.shape[2] == 3
        assert one.image.std() > 1
    assert listed_names() <= by_name().keys()
    right = {one.name: one.right for one in every}
    assert right["chelsea.png"] == {"cat"}
    assert not right["moon.png"]


def test_average_precision_of_known_orders() -> None:
    assert average_precision([0.9, 0.8, 0.1], np.array([True, True, False])) == 1.0
    assert average_precision([0.9, 0.8, 0.1], np.array([False, True, True])) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert average_precision([0.5, 0.5], np.array([True, False])) == 0.5  # what cannot be told apart is no merit
    with pytest.raises(ValueError, match="at least one"):
        average_precision([0.1], np.array([False]))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40).filter(lambda r: any(t for _, t in r))
)
def test_average_precision_depends_on_the_order_alone(rows: list[tuple[float, bool]]) -> None:
    scores, true = np.array([s for s, _ in rows]), np.array([t for _, t in rows])
    found = average_precision(scores, true)
    assert 0 < found <= 1
    assert average_precision(2 * scores + 1, true) == pytest.approx(found) or len(set(2 * scores + 1)) < len(
        set(scores)
    )


def test_calibration_of_what_is_as_sure_as_it_is_right() -> None:
    fair = calibration([(0.75, True)] * 75 + [(0.75, False)] * 25)
    assert fair["error"] == pytest.approx(0.0)
    assert calibration([(0.95, False)] * 10)["error"] == pytest.approx(0.95)
    assert calibration([])["error"] is None


def look(group: Group, there: str = "", said: str = "", rank: int | None = None, stranger: str = "") -> Look:
    shown = frozenset(there.split())
    return Look(group, shown, shown, stranger, rank, tuple((name, 0.9) for name in said.split()))


def with_scores(there: str, best: str) -> Look:
    names = [thing.name for thing in things_of("known")]
    scores = np.array([float(name in best.split()) for name in names], np.float32)
    return Look("several", frozenset(there.split()), frozenset(there.split()), by_cell=scores, by_vector=-scores)


def test_figures_of_made_up_looks() -> None:
    found = recognise.summary(
        [
            look("single", "mug", "mug", 0), look("single", "key", "mug", 3), look("single", "dog", "", 40),
            look("held", "bus", "bus cat"), look("unknown", stranger="abacus"),
            look("unknown", said="key", stranger="abacus"),
            look("unknown", stranger="ballot box"), look("rehearsed"), look("empty", said="dog"),
            with_scores("mug", "mug"), with_scores("key", "key"),
        ]
    )  # fmt: skip
    single = found["single"]
    assert single["top_1"]["share"] == pytest.approx(1 / 3, abs=1e-3)
    assert single["top_5"]["share"] == pytest.approx(2 / 3, abs=1e-3)
    assert [single[k]["share"] for k in ("named_right", "named_wrong", "abstained")] == pytest.approx(
        [1 / 3] * 3, abs=1e-3
    )
    assert found["naming"]["precision"]["share"] == 0.5
    assert found["naming"]["recall"]["share"] == pytest.approx(2 / 6, abs=1e-3)
    assert found["several"]["mean_average_precision"]["share"] == 1.0
    assert found["several"]["mean_average_precision_by_vector"]["share"] == 0.5
    assert found["false_naming"]["unknown"]["share"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["false_naming"]["unknown"]["things_ever_named"] == 1
    assert found["false_naming"]["empty"]["share"] == 1.0
    assert found["false_naming"]["rehearsed"]["share"] == 0.0
    assert not any(row["met"] for row in recognise.targets(found).values())


def test_a_thing_hardly_seen_is_neither_right_nor_wrong_in_the_ranking() -> None:
    names = [thing.name for thing in things_of("known")]
    scores = np.array([float(name == "mug") for name in names], np.float32)
    hidden = Look("several", frozenset({"mug"}), frozenset(), by_cell=scores * 2)
    clear = Look("several", frozenset({"mug"}), frozenset({"mug"}), by_cell=scores)
    assert mean_average_precision([hidden, clear], lambda one: one.by_cell)["share"] == 1.0


def test_unknown_things_are_resampled_as_things() -> None:
    rows = [look("unknown", said="key", stranger="abacus")] * 5 + [look("unknown", stranger="ballot box")] * 5
    assert by_stranger(rows)["ci95"] == [0.0, 1.0]


@pytest.mark.parametrize("group", GROUPS)
def test_pictures_show_what_their_group_says(group: Group) -> None:
    for number in range(3):
        picture, stranger = draw(group, number, recognise.SEED, "noto", None)
        again, _ = draw(group, number, recognise.SEED, "noto", None)
        assert np.array_equal(picture.image, again.image)
        roles = {one.thing.role for one in picture.sightings}
        allowed = {"unknown": {"unknown"}, "rehearsed": {"rehearsed"}, "empty": set(), "single": {"known"}}
        assert roles <= allowed.get(group, {"known", "rehearsed"})
        assert (stranger != "") == (group == "unknown")


def test_every_unknown_thing_that_no_threshold_was_chosen_with_is_shown_equally_often() -> None:
    strangers = strangers_of("test")
    assert len(strangers) >= 150
    assert recognise.COUNTS["unknown"] >= 200
    assert recognise.COUNTS["unknown"] % len(strangers) == 0
    shown = [draw("unknown", number, recognise.SEED, "noto", None)[1] for number in (0, 1, len(strangers))]
    assert shown == [strangers[0].name, strangers[1].name, strangers[0].name]


def test_the_command_writes_every_figure(tmp_path: Path) -> None:
    path = tmp_path / "recognise.json"
    assert recognise.main(["--untrained", "1", "--share", "0.002", "--jobs", "1", "--json", str(path)]) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    assert {"top_1", "top_5", "named_right", "abstained"} <= found["single"].keys()
    assert len(found["photographs"]["photographs"]) >= 20
    assert {"single_top_1", "false_naming_unknown", "false_naming_photographs"} == found["targets"].keys()


@pytest.mark.parametrize("folder", [[], ["--openmoji"]])
def test_the_other_style_needs_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: list[str]
) -> None:
    assert recognise.main(["--style", "both", *folder, *([str(tmp_path)] if folder else [])]) == 2
    assert "npm pack openmoji" in capsys.readouterr().out
