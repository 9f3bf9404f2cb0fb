"""What is worth a remark that nobody asked for, and how seldom."""

from __future__ import annotations

from reasoning_fakes import frame
from standing_fakes import NAMES

from omnilive_demo.reasoning.novelty import BETWEEN_S, NEW_AFTER_S, SAME_AFTER_S, Novelty
from omnilive_demo.reasoning.sightings import Sightings
from omnilive_demo.records import Heard


class Watching:
    """Frames come every second; remarks are kept with their times."""

    def __init__(self, on: bool = True) -> None:
        self.novelty = Novelty()
        self.sightings = Sightings(NAMES)
        self.t_s = 0.0
        self.remarks: list[tuple[float, str]] = []
        self.novelty.switch(on, 0.0)

    def see(self, seconds: float, *labels: str) -> None:
        end_s = self.t_s + seconds
        while self.t_s < end_s:
            glance = self.sightings.add(frame(self.t_s, *labels))
            assert glance is not None
            self._keep(self.novelty.sees(glance, self.sightings))
            self.t_s += 1.0

    def hear(self, label: str, score: float = 0.9) -> None:
        self._keep(self.novelty.hears(Heard(self.t_s - 1.0, self.t_s, label, score)))

    def _keep(self, new: str | None) -> None:
        if new is not None:
            self.remarks.append((self.t_s, new))


def test_a_thing_that_comes_is_remarked_once() -> None:
    watching = Watching()
    watching.see(20)
    watching.see(60, "dog")
    assert watching.remarks == [(21.0, "dog")]


def test_one_frame_is_no_news() -> None:
    watching = Watching()
    watching.see(20)
    watching.see(1, "dog")
    watching.see(20)
    assert watching.remarks == []


def test_what_is_there_when_it_is_switched_on_is_no_news() -> None:
    watching = Watching()
    watching.see(60, "dog", "dark")
    assert watching.remarks == []
    later = Watching(on=False)
    later.see(60, "dog")
    later.novelty.switch(True, later.t_s)
    later.see(60, "dog")
    assert later.remarks == []


def test_nothing_is_remarked_while_it_is_off() -> None:
    watching = Watching(on=False)
    watching.see(20)
    watching.see(20, "dog")
    watching.hear("barking")
    assert watching.remarks == []


def test_remarks_keep_their_distance_and_are_not_made_up_for() -> None:
    watching = Watching()
    watching.see(20)
    watching.see(5, "dog")
    watching.see(5, "dog", "cat")
    watching.hear("knocking")
    watching.see(60, "dog", "cat")
    watching.see(5, "dog", "cat", "bus")
    assert [what for _, what in watching.remarks] == ["dog", "bus"]
    assert watching.remarks[1][0] - watching.remarks[0][0] >= BETWEEN_S


def test_what_comes_back_soon_is_no_news_and_later_it_is_not_remarked_again_too_soon() -> None:
    watching = Watching()
    watching.see(20)
    watching.see(5, "dog")
    watching.see(NEW_AFTER_S - 30)
    watching.see(5, "dog")
    assert len(watching.remarks) == 1
    watching.see(NEW_AFTER_S - 50)
    watching.see(5, "dog")
    watching.see(NEW_AFTER_S + 1)
    watching.see(5, "dog")  # new again, and remarked more than ten minutes ago
    assert len(watching.remarks) == 2
    assert watching.remarks[1][0] - watching.remarks[0][0] > SAME_AFTER_S


def test_a_sound_with_a_name_is_remarked_and_one_without_is_not() -> None:
    watching = Watching()
    watching.see(20)
    watching.hear("sound")
    watching.hear("barking", score=0.2)
    watching.hear("barking")
    watching.see(60)
    watching.hear("barking")
    assert [what for _, what in watching.remarks] == ["barking"]


def test_a_light_that_changes_for_good_is_remarked_and_a_flicker_is_not() -> None:
    watching = Watching()
    watching.see(20)
    watching.see(2, "dark")
    watching.see(20)
    assert watching.remarks == []
    watching.see(40, "dark")
    watching.see(20)
    assert [what for _, what in watching.remarks] == ["dark", "bright"]


def test_what_a_standing_query_told_is_not_remarked_as_well() -> None:
    watching = Watching()
    watching.see(20)
    watching.see(1, "dog")
    watching.novelty.told("dog", watching.t_s)
    watching.see(20, "dog")
    assert watching.remarks == []


def test_after_forgetting_it_learns_anew() -> None:
    watching = Watching()
    watching.see(20, "dog")
    watching.novelty.forget(watching.t_s)
    watching.see(60, "dog")
    assert watching.remarks == []
