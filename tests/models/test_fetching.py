"""A model is fetched from a stand-in of the hub, in every way in which that can go wrong."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from models.hub_stand_in import COMMIT, StandIn, hub_stand_in

from omnilive_demo.cancel import CancelToken
from omnilive_demo.models import download
from omnilive_demo.models.download import FetchCancelled
from omnilive_demo.models.fetching import fetch, fetch_all
from omnilive_demo.models.hub import Hub, HubError, hub_answers
from omnilive_demo.models.hub_cache import cached, damaged
from omnilive_demo.models.spec import Licence, MemoryNeed, ModelFile, ModelSpec

REPOSITORY = "somebody/something"
SMALL, LARGE = b'{"a": 1}', bytes(range(256)) * 1000
FILES = {"config.json": SMALL, "weights/model.bin": LARGE, "README.md": b"not wanted", "onnx/config.json": b"{}"}
SPEC = ModelSpec(
    "something", ("reasoner",), REPOSITORY, COMMIT, True,
    (ModelFile("weights/model.bin"), ModelFile("*.json"), ModelFile("*.jinja", required=False)),
    len(LARGE), Licence("MIT"), MemoryNeed(1, 1), "builtins:dict",
)  # fmt: skip


@pytest.fixture
def standing() -> Iterator[StandIn]:
    with hub_stand_in() as hub:
        hub.add(REPOSITORY, dict(FILES))
        yield hub


@pytest.fixture
def hub(standing: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(download.Download.__init__, "__defaults__", ((0.01, 0.01),))
    return Hub(standing.url, tmp_path / "hub", connect_s=1.0, reply_s=1.0, stall_s=0.3)


def failing(kind: str, hub: Hub, spec: ModelSpec = SPEC, **given: object) -> HubError:
    with pytest.raises(HubError) as caught:
        fetch(spec, hub, **given)  # type: ignore[arg-type]
    assert caught.value.kind == kind
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    assert "Traceback" not in caught.value.sentence
    return caught.value


def test_a_model_is_laid_out_as_the_hubs_own_client_lays_it_out(hub: Hub) -> None:
    folder = fetch(SPEC, hub)
    assert (folder / "config.json").read_bytes() == SMALL
    assert (folder / "weights" / "model.bin").read_bytes() == LARGE
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "weights"]  # nothing that is not wanted
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(REPOSITORY, "weights/model.bin", cache_dir=hub.cache, revision=COMMIT)
    assert found == str(folder / "weights" / "model.bin")
    assert cached(hub.cache, SPEC) == folder
    assert damaged(folder, SPEC) == ""


def test_what_the_hubs_own_client_fetched_is_found(hub: Hub, standing: StandIn) -> None:
    from huggingface_hub import snapshot_download

    theirs = snapshot_download(REPOSITORY, revision="main", endpoint=hub.endpoint, cache_dir=hub.cache, token=False)
    standing.status = 500
    assert fetch(replace(SPEC, revision="main", verified=False), hub) == Path(theirs)


def test_progress_counts_bytes_a_few_times_a_second(hub: Hub, standing: StandIn) -> None:
    standing.piece_s = 0.03
    told: list[tuple[int, int]] = []
    began = time.monotonic()
    fetch(SPEC, hub, progress=lambda done, total: told.append((done, total)))
    took_s = time.monotonic() - began
    total = len(SMALL) + len(LARGE)
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert 3 <= len(told) <= 4 * took_s + 3


def test_a_complete_model_asks_the_hub_nothing(hub: Hub, standing: StandIn) -> None:
    folder = fetch(SPEC, hub)
    standing.requests.clear()
    assert fetch(SPEC, hub) == folder
    assert fetch(SPEC, replace(hub, offline=True)) == folder
    assert not standing.requests


def test_a_cut_connection_is_taken_up_where_it_broke(hub: Hub, standing: StandIn) -> None:
    standing.cut_after = [len(SMALL), 100_000, 50_000]  # of the small file nothing, then twice of the large one
    folder = fetch(SPEC, hub)
    assert (folder / "weights" / "model.bin").read_bytes() == LARGE
    spans = [span for name, span in standing.downloads() if name == "model.bin"]
    starts = [int(span.removeprefix("bytes=").rstrip("-")) for span in spans[1:]]
    assert spans[0] == ""
    assert 0 < starts[0] <= 100_000 < starts[1] <= 150_000


def test_a_later_run_goes_on_with_what_an_earlier_one_left(hub: Hub, standing: StandIn) -> None:
    standing.stall_at = 40_000
    error = failing("stalled", hub)
    assert "something" in error.sentence
    assert "kept" in error.hint
    left = next((hub.cache / "models--somebody--something" / "blobs").glob("*.incomplete")).stat().st_size
    assert left >= 40_000
    standing.stall_at = None
    standing.requests.clear()
    told: list[int] = []
    folder = fetch(SPEC, hub, progress=lambda done, total: told.append(done))
    assert (folder / "weights" / "model.bin").read_bytes() == LARGE
    assert ("model.bin", f"bytes={left}-") in standing.downloads()
    assert told[-1] == len(SMALL) + len(LARGE)


def test_a_server_that_gives_no_rests_gives_everything_again(hub: Hub, standing: StandIn) -> None:
    standing.ranges = False
    standing.cut_after = [len(SMALL), 100_000]
    told: list[int] = []
    folder = fetch(SPEC, hub, progress=lambda done, total: told.append(done))
    assert (folder / "weights" / "model.bin").read_bytes() == LARGE
    assert told[-1] == len(SMALL) + len(LARGE)


def test_a_truncated_file_is_not_taken_for_the_whole(hub: Hub, standing: StandIn) -> None:
    standing.truncate_to = 100_000
    error = failing("stalled", hub)
    assert "100,000 of the 256,000 bytes of weights/model.bin" in error.sentence
    assert cached(hub.cache, SPEC) is None


def test_a_damaged_file_is_deleted_and_said(hub: Hub, standing: StandIn) -> None:
    standing.corrupt = 99
    error = failing("damaged", hub)
    assert "config.json" in error.sentence
    standing.corrupt = 0
    assert fetch(SPEC, hub).is_dir()


def test_a_wrong_beginning_is_fetched_anew(hub: Hub, standing: StandIn) -> None:
    standing.stall_at = 40_000
    failing("stalled", hub)
    part = next((hub.cache / "models--somebody--something" / "blobs").glob("*.incomplete"))
    part.write_bytes(b"\0" * part.stat().st_size)
    standing.stall_at = None
    assert (fetch(SPEC, hub) / "weights" / "model.bin").read_bytes() == LARGE


def test_a_content_that_lost_its_end_in_the_cache_is_fetched_again(hub: Hub, standing: StandIn) -> None:
    header = json.dumps({"a": {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}}).encode()
    tensors = len(header).to_bytes(8, "little") + header + b"123456789"
    standing.add(REPOSITORY, {"model.safetensors": tensors})
    spec = replace(SPEC, files=(ModelFile("model.safetensors"),))
    folder = fetch(spec, hub)
    blob = (folder / "model.safetensors").resolve()
    blob.write_bytes(tensors[:-1])
    assert cached(hub.cache, spec) is None
    assert (fetch(spec, hub) / "model.safetensors").read_bytes() == tensors


def test_a_changed_byte_in_the_cache_is_found_by_its_hash(hub: Hub) -> None:
    folder = fetch(SPEC, hub)
    blob = (folder / "weights" / "model.bin").resolve()
    blob.write_bytes(LARGE[:-1] + b"!")
    assert damaged(folder, SPEC) == "weights/model.bin"


def test_offline_without_the_model_is_said_without_asking(hub: Hub, standing: StandIn) -> None:
    error = failing("offline", replace(hub, offline=True))
    assert "HF_HUB_OFFLINE" in error.sentence
    assert not standing.requests
    assert not hub_answers(replace(hub, offline=True))


def test_a_gated_repository_says_where_its_terms_are(hub: Hub, standing: StandIn) -> None:
    standing.gated.add(REPOSITORY)
    standing.token = "hf_right"
    error = failing("gated", hub)
    assert REPOSITORY in error.sentence
    assert f"{hub.endpoint}/{REPOSITORY}" in error.hint
    assert "HF_TOKEN" in error.hint
    failing("token", replace(hub, token="hf_wrong"))
    assert fetch(SPEC, replace(hub, token="hf_right")).is_dir()
    assert "hf_right" not in repr(replace(hub, token="hf_right"))


def test_the_token_stays_with_the_hub(hub: Hub, standing: StandIn) -> None:
    standing.storage = True
    folder = fetch(SPEC, replace(hub, token="hf_secret"))
    assert (folder / "weights" / "model.bin").read_bytes() == LARGE
    assert standing.told_storage == [""]


def test_what_is_not_there_is_said(hub: Hub, standing: StandIn) -> None:
    assert "nobody/nothing" in failing("not_found", hub, replace(SPEC, repository="nobody/nothing")).sentence
    assert "abcd" in failing("not_found", hub, replace(SPEC, revision="abcd")).sentence
    missing = replace(SPEC, files=(ModelFile("model.onnx"),))
    assert "model.onnx" in failing("not_found", hub, missing).sentence


def test_space_is_looked_at_before_a_byte_is_written(hub: Hub, standing: StandIn) -> None:
    error = failing("no_space", hub, free_space=lambda folder: 200_100_000)
    assert "0.2 GB are free" in error.sentence
    assert "HF_HOME" in error.hint
    assert not standing.downloads()


def test_a_folder_that_cannot_be_written_is_said(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("a file is where the cache should be")
    assert "HF_HOME" in failing("unwritable", hub).hint


def test_a_hanging_hub_is_given_up(hub: Hub, standing: StandIn) -> None:
    standing.hang_s = 5.0
    began = time.monotonic()
    assert not hub_answers(hub, timeout_s=0.2)
    failing("stalled", replace(hub, reply_s=0.2))
    assert time.monotonic() - began < 2.5


def test_a_hub_that_nobody_is_behind(hub: Hub, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = replace(hub, endpoint=f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert "could not be reached" in failing("unreachable", away).sentence
        assert not hub_answers(away)
    assert not hub_answers(replace(hub, endpoint="no address at all"))
    failing("unreachable", replace(hub, endpoint="no address at all"))


def test_a_sign_in_page_is_no_hub(hub: Hub, standing: StandIn) -> None:
    assert hub_answers(hub)
    standing.html = True
    assert not hub_answers(hub)
    assert "not as a model hub does" in failing("unreachable", hub).sentence


def test_a_hub_in_trouble_is_said(hub: Hub, standing: StandIn) -> None:
    standing.status = 503
    assert "503" in failing("busy", hub).sentence
    assert not hub_answers(hub)


@pytest.mark.parametrize("path", ["../../outside.json", "/outside.json", "a/../../outside.json"])
def test_a_path_that_leads_out_of_the_cache_is_not_followed(hub: Hub, standing: StandIn, path: str) -> None:
    standing.add(REPOSITORY, {path: SMALL})
    pattern = "/".join("*" for _ in path.split("/"))
    failing("unreachable", hub, replace(SPEC, files=(ModelFile(pattern),)))
    assert not list(hub.cache.parent.rglob("outside.json"))


def test_a_download_can_be_cancelled_and_goes_on_later(hub: Hub, standing: StandIn) -> None:
    standing.piece_s = 0.02
    token = CancelToken()

    def stop(done: int, total: int) -> None:
        if done > 50_000:
            token.cancel()

    with pytest.raises(FetchCancelled):
        fetch(SPEC, hub, progress=stop, cancel=token)
    assert cached(hub.cache, SPEC) is None
    standing.piece_s = 0.0
    assert fetch(SPEC, hub).is_dir()
    assert any(name == "model.bin" and span for name, span in standing.downloads())


def test_two_that_fetch_at_once_download_once(hub: Hub, standing: StandIn) -> None:
    standing.piece_s = 0.01
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(SPEC, hub))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert (found[0] / "weights" / "model.bin").read_bytes() == LARGE
    assert sum(name == "model.bin" for name, _ in standing.downloads()) == 1


def test_a_local_folder_takes_the_hubs_place(hub: Hub, standing: StandIn, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert str(folder) in failing("not_found", hub, folder=folder).sentence
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "model.bin").write_bytes(LARGE)
    assert "has no file *.json" in failing("incomplete", hub, folder=folder).sentence
    (folder / "config.json").write_bytes(SMALL)
    assert fetch(SPEC, hub, folder=folder) == folder
    assert not standing.requests


def test_shards_that_an_index_names_must_be_there(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-2.safetensors"}}))
    spec = replace(SPEC, files=(ModelFile("*.json"),))
    assert "has no file model-2.safetensors" in failing("incomplete", hub, spec, folder=folder).sentence


def test_several_models_tell_their_names(hub: Hub, standing: StandIn, tmp_path: Path) -> None:
    standing.add("somebody/else", {"config.json": SMALL})
    other = replace(SPEC, name="other", repository="somebody/else", files=(ModelFile("config.json"),), size=8)
    told: list[str] = []
    found = fetch_all([SPEC, other], hub, progress=lambda name, done, total: told.append(name))
    assert found.keys() == {"something", "other"}
    assert told[0] == "other"  # the small one first
    assert told[-1] == "something"
