from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from world_fakes import Discs

from omnilive_demo.training.world.narration import speaking_s
from omnilive_demo.training.world.painter import paint, position
from omnilive_demo.training.world.presence import visible_share
from omnilive_demo.training.world.story import (
    FIRST_TEST_SEED,
    Plan,
    Scene,
    intervals_of,
    moments,
    pictures,
    plan_stream,
)
from omnilive_demo.training.world.things import by_name, things_of
from omnilive_demo.training.world.timeline import SEEN
from omnilive_demo.training.world.truth import EventKind


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [plan_stream(seed) for seed in (0, 1, 2, 3, FIRST_TEST_SEED, FIRST_TEST_SEED + 1)]


def test_the_same_seed_tells_the_same_story_and_another_seed_another(plans: list[Plan]) -> None:
    assert plan_stream(1) == plans[1]
    assert plans[0].shots != plans[1].shots


def test_a_stream_is_30_to_60_shots_of_3_to_24_s_without_a_gap(plans: list[Plan]) -> None:
    lengths = []
    for plan in plans:
        assert 30 <= len(plan.shots) <= 60
        assert plan.shots[0].shot.start_s == 0
        for one, other in pairwise(plan.shots):
            assert one.shot.end_s == other.shot.start_s
            assert one.setting != other.setting, "a new shot must look different"
        lengths += [scene.shot.end_s - scene.shot.start_s for scene in plan.shots]
        assert all(1 <= len(scene.actors) <= 5 for scene in plan.shots)
    assert min(lengths) >= 3
    assert max(lengths) <= 24.1
    assert 6 <= sum(lengths) / len(lengths) <= 10


def test_at_least_20_known_things_are_seen_and_most_in_one_shot_only(plans: list[Plan]) -> None:
    for plan in plans:
        shots = Counter(
            name for part in plan.timeline().segments for name in {seen.name for seen in part.things if seen.known}
        )
        assert len(shots) >= 20
        assert sum(count == 1 for count in shots.values()) > 0.5 * len(shots)
    strangers = {seen.role for plan in plans for part in plan.timeline().segments for seen in part.things}
    assert strangers == {"known", "rehearsed"}, "and never an unknown thing"


def test_settings_come_back_things_are_dyed_and_counted(plans: list[Plan]) -> None:
    for plan in plans:
        assert len({scene.setting for scene in plan.shots}) < len(plan.shots)
    seen = [seen for plan in plans for part in plan.timeline().segments for seen in part.things]
    assert {one.count for one in seen} >= {1, 2, 3, 4}
    assert 0.1 < sum(one.colour is not None for one in seen) / len(seen) < 0.4


def test_everything_happens_in_its_shot_while_its_thing_is_there(plans: list[Plan]) -> None:
    kinds: Counter[EventKind] = Counter()
    for plan in plans:
        for event in plan.events:
            kinds[event.kind] += 1
            scene = _scene(plan, event.start_s)
            assert event.start_s < event.end_s <= scene.shot.end_s + 1e-6
            actors = [actor for actor in scene.actors if actor.thing == event.thing]
            middle = (event.start_s + event.end_s) / 2
            assert any(position(actor, middle) for actor in actors)
            if event.kind in ("shown", "put_down", "picked_up"):
                assert any(start - 1e-6 <= middle <= end for actor in actors for start, end in actor.held)
    assert set(kinds) == {"shown", "put_down", "picked_up", "enters", "leaves"}


def test_what_is_shown_is_large_in_the_middle_and_for_3_to_6_s(plans: list[Plan]) -> None:
    for plan in plans:
        for event in (event for event in plan.events if event.kind == "shown"):
            middle = (event.start_s + event.end_s) / 2
            held = [position(actor, middle) for actor in _scene(plan, event.start_s).actors if actor.held]
            at = next(point for point in held if point)
            assert at.size > 0.45
            assert 0.35 < at.x < 0.65
            assert 0.35 < at.y < 0.65
            assert 2.6 <= event.end_s - event.start_s <= 6.4


def test_what_is_put_down_stays_and_what_is_picked_up_is_gone(plans: list[Plan]) -> None:
    stayed = left = 0
    for plan in plans:
        timeline = plan.timeline()
        for event in plan.events:
            scene = _scene(plan, event.start_s)
            shot, alone = scene.shot, sum(actor.thing == event.thing for actor in scene.actors) == 1
            segment = next(segment for segment in timeline.segments if segment.start_s == shot.start_s)
            ends = [span[1] for seen in segment.things if seen.name == event.thing.name for span in seen.spans]
            if event.kind == "put_down" and ends:
                assert max(ends) >= shot.end_s - 0.3
                stayed += 1
            if event.kind == "picked_up" and alone:
                assert max(ends) <= event.end_s
                left += 1
    assert min(stayed, left) > 5


def _scene(plan: Plan, t_s: float) -> Scene:
    return next(scene for scene in plan.shots if scene.shot.start_s <= t_s < scene.shot.end_s)


def test_the_narrator_never_talks_over_the_end_of_a_shot(plans: list[Plan]) -> None:
    for plan in plans:
        for line in plan.lines:
            shot = _scene(plan, line.start_s).shot
            assert line.start_s + speaking_s(line.text) <= shot.end_s + 0.1
            assert "{" not in line.text
    assert any(name in line.text for plan in plans for line in plan.lines for name in by_name())


def test_a_length_may_be_asked_for() -> None:
    assert len(plan_stream(5, clips=7).shots) == 7
    assert 58 <= plan_stream(5, duration_s=60).duration_s < 86
    only = things_of("known")[:4]
    few = plan_stream(5, only, clips=9, distractors=())
    assert {actor.thing for scene in few.shots for actor in scene.actors} <= set(only)
    with pytest.raises(ValueError, match="at least 3"):
        plan_stream(5, only[:2])


def test_the_paths_tell_what_the_painter_sees() -> None:
    plan, discs = plan_stream(11, clips=14), Discs()
    agreed = told = 0
    for scene, t_s in moments(plan):
        painted = Counter(
            seen.thing.name
            for seen in paint(scene.setting, scene.actors, t_s, discs, 96).sightings
            if seen.visible >= SEEN
        )
        expected = Counter(
            actor.thing.name
            for index, actor in enumerate(scene.actors)
            if visible_share(scene.actors, index, t_s, scene.setting.aspect) >= SEEN
        )
        for name in painted | expected:
            told += 1
            agreed += painted[name] == expected[name]
    assert told > 80
    assert agreed >= 0.93 * told


def test_the_intervals_of_a_thing_are_those_of_its_shots() -> None:
    plan = plan_stream(11, clips=8)
    segment = plan.timeline().segments[2]
    seen = segment.things[0]
    inside = [span for span in intervals_of(plan, seen.name) if span[0] < segment.end_s and span[1] > segment.start_s]
    assert inside
    assert min(a for a, _ in inside) <= seen.spans[0][0]
    assert intervals_of(plan, "no such thing") == ()


def test_pictures_are_taken_at_the_wanted_rate() -> None:
    plan = plan_stream(11, clips=2)
    times = [picture.t_s for picture in pictures(plan, Discs(), fps=2.0, size=48, phase_s=0.25)]
    assert times == pytest.approx([0.25 + n / 2 for n in range(len(times))])
    assert plan.duration_s - 0.5 <= times[-1] < plan.duration_s
