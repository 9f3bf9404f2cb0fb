"""The Hugging Face Hub as a client sees it: does it answer, what files does a repository hold, the bytes of one.

Spoken to directly over HTTP, because the hub's own client neither goes on with a file that an earlier run began nor
can be stopped; its cache, token and settings are the ones that are used (`hub_cache`).
Routes: https://huggingface.co/docs/hub/api.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import httpx

from omnilive_demo.models.spec import ModelSpec

CONNECT_S = 3.0  # to answer at all
REPLY_S = 10.0  # to list a repository
STALL_S = 15.0  # between two pieces of a file
OUR_NAME = {"user-agent": "omnilive-demo"}

Kind = Literal[
    "unreachable", "stalled", "offline", "gated", "token", "not_found", "busy", "no_space", "damaged", "unwritable",
    "incomplete",
]  # fmt: skip


class HubError(RuntimeError):
    """A model could not be had: one sentence that says why, and a hint what to do, both fit for the page."""

    def __init__(self, kind: Kind, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.hint = hint


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a repository at one commit. `etag` is its SHA-256 when it is large, else its git blob id."""

    path: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The wanted files of a repository, and the commit that they belong to."""

    commit: str
    files: tuple[RemoteFile, ...]


@dataclass(frozen=True, slots=True)
class Hub:
    """Where the hub is and how it is spoken to. `cache` is the folder `hub` of HF_HOME; times are seconds."""

    endpoint: str
    cache: Path
    token: str = field(default="", repr=False)
    offline: bool = False
    connect_s: float = CONNECT_S
    reply_s: float = REPLY_S
    stall_s: float = STALL_S

    @property
    def host(self) -> str:
        """The hub's name for people."""
        return urlsplit(self.endpoint).netloc or self.endpoint

    @property
    def headers(self) -> dict[str, str]:
        """Who asks; httpx drops the token when another host is redirected to."""
        return OUR_NAME | ({"authorization": f"Bearer {self.token}"} if self.token else {})

    def client(self) -> httpx.Client:
        """A connection for one model; the caller closes it."""
        timeout = httpx.Timeout(self.reply_s, connect=self.connect_s)
        return httpx.Client(headers=self.headers, timeout=timeout, follow_redirects=True)


def default_hub(token: str = "", *, cache: Path | None = None, offline: bool | None = None, endpoint: str = "") -> Hub:
    """The hub with what is not given as `huggingface_hub` reads it: HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE,
    HF_ENDPOINT, and the token of `hf auth login`.
    """
    from huggingface_hub import constants, get_token

    return Hub(
        endpoint=(endpoint or constants.ENDPOINT).rstrip("/"),
        cache=cache or Path(constants.HF_HUB_CACHE),
        token=token or get_token() or "",
        offline=constants.HF_HUB_OFFLINE if offline is None else offline,
    )


def hub_answers(hub: Hub, timeout_s: float = 3.0) -> bool:
    """Whether the hub can be used now; certain within `timeout_s`, however it hangs (a name server included).

    Only JSON counts: the sign-in page of a hotel's network answers everything.
    """
    if hub.offline:
        return False
    answered: list[bool] = []

    def ask() -> None:
        try:
            url = f"{hub.endpoint}/api/models"
            reply = httpx.get(url, params={"limit": 1}, headers=OUR_NAME, timeout=timeout_s)
            answered.append(reply.status_code < 500 and "json" in reply.headers.get("content-type", ""))
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            answered.append(False)

    probe = threading.Thread(target=ask, name="hub-probe", daemon=True)
    probe.start()
    probe.join(timeout_s)
    return bool(answered and answered[0])


def list_files(hub: Hub, client: httpx.Client, spec: ModelSpec) -> Listing:
    """The files of the spec, with sizes and hashes.

    Raises:
        HubError: the hub does not answer, or has no such repository, revision or file for us.
    """
    url = f"{hub.endpoint}/api/models/{spec.repository}/revision/{quote(spec.revision, safe='')}"
    with answering(hub, spec):
        reply = client.get(url, params={"blobs": "true"})
        refused(hub, spec, reply)
        try:
            listing = _read_listing(spec, reply.json())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HubError(
                "unreachable",
                f"{hub.host} answered, but not as a model hub does.",
                "A proxy or the sign-in page of a network may answer in its place; check the connection.",
            ) from error
    for file in spec.files:
        if file.required and not any(file.fits(remote.path) for remote in listing.files):
            raise HubError(
                "not_found",
                f"The repository {spec.repository} holds no file {file.name}.",
                "Choose another model, or give a local folder that has it.",
            )
    return listing


@contextmanager
def answering(hub: Hub, spec: ModelSpec) -> Iterator[None]:
    """What goes wrong on the way to the hub, as a sentence.

    Raises:
        HubError: the hub could not be reached, or stopped in the middle.
    """
    try:
        yield
    except httpx.ConnectError as error:
        raise _unreachable(hub, f"could not be reached ({error or 'no connection'})") from error
    except httpx.ConnectTimeout as error:
        raise _unreachable(hub, f"did not answer within {hub.connect_s:g} s") from error
    except httpx.TimeoutException as error:
        raise HubError(
            "stalled",
            f"{hub.host} stopped answering while {spec.name} was fetched.",
            "What has arrived is kept: try again later to go on from there.",
        ) from error
    except (httpx.ReadError, httpx.RemoteProtocolError) as error:
        raise HubError(
            "stalled",
            f"The connection to {hub.host} broke while {spec.name} was fetched.",
            "What has arrived is kept: try again to go on from there.",
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable(hub, f"could not be spoken to ({error or type(error).__name__})") from error


def refused(hub: Hub, spec: ModelSpec, reply: httpx.Response) -> None:
    """Go on after a good reply only.

    Raises:
        HubError: what the hub's refusal means. Its error code is in the header `X-Error-Code`.
    """
    status, code = reply.status_code, reply.headers.get("x-error-code", "")
    if status < 400:
        return
    page = f"{hub.endpoint}/{spec.repository}"
    elsewhere = reply.url.host != urlsplit(hub.endpoint).hostname  # a storage host, whose links expire
    if code == "GatedRepo" or (status == 403 and not elsewhere):
        raise HubError(
            "gated",
            f"The repository {spec.repository} is gated: its terms must be accepted first.",
            f"Accept them at {page}, then set HF_TOKEN to a token of that account.",
        )
    if code == "RevisionNotFound":
        raise HubError(
            "not_found",
            f"The repository {spec.repository} has no revision {spec.revision}.",
            "Update this app, or give a local folder instead.",
        )
    if code == "EntryNotFound":
        raise HubError(
            "not_found",
            f"A file of {spec.repository} is no longer there.",
            "Update this app, or give a local folder instead.",
        )
    if status == 401 and hub.token and code != "RepoNotFound":
        raise HubError("token", f"{hub.host} does not accept the token.", "Make a new token and set HF_TOKEN to it.")
    if status in (401, 404):  # the hub says 401 of what does not exist, so as not to tell which private ones do
        raise HubError(
            "not_found",
            f"The repository {spec.repository} does not exist, or is private.",
            "If it is private, set HF_TOKEN to a token that may read it; else choose another model.",
        )
    raise HubError(
        "busy",
        f"{hub.host} cannot serve {spec.name} now (HTTP {status}).",
        "Try again in a few minutes; what has arrived is kept.",
    )


def _unreachable(hub: Hub, what: str) -> HubError:
    hint = "Check the network, or fetch the models on another machine and give their folder; nano needs no hub."
    return HubError("unreachable", f"{hub.host} {what}.", hint)


def _read_listing(spec: ModelSpec, told: Mapping[str, Any]) -> Listing:
    files = []
    for entry in told["siblings"]:
        path, large = str(entry["rfilename"]), entry.get("lfs") or {}
        if not spec.wants(path):
            continue
        if not _stays_inside(path):
            raise ValueError(f"a path that leads out of the repository: {path}")
        etag = str(large.get("sha256") or entry["blobId"])
        if not etag.isalnum():
            raise ValueError(f"a hash that is none: {etag}")
        files.append(RemoteFile(path, int(large.get("size", entry["size"])), etag))
    commit = str(told["sha"])
    if not commit.isalnum():
        raise ValueError(f"a commit that is none: {commit}")
    return Listing(commit, tuple(files))


def _stays_inside(path: str) -> bool:
    return not path.startswith("/") and "\\" not in path and ".." not in path.split("/")
