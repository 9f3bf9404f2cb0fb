"""Settings: the only place that reads the environment.

Order of precedence: command line, environment (`OMNILIVE_…`, plus the names that Gradio, Spaces and the hub already
use), a TOML file named by `OMNILIVE_CONFIG`, these defaults.
"""

from __future__ import annotations

import ipaddress
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

Profile = Literal["auto", "nano", "lite", "standard", "omnilive"]
Role = Literal[
    "voice_activity", "end_of_turn", "recognition", "sound_tags", "text_embedding", "frame_encoder", "compressor",
    "captioner", "reasoner", "synthesis",
]  # fmt: skip

ASSETS = Path(__file__).resolve().parent.parent / "assets"


class Settings(BaseSettings):
    """Everything that an operator can change. Frozen: printed once at the start, with secrets masked."""

    model_config = SettingsConfigDict(env_prefix="OMNILIVE_", frozen=True, extra="ignore", populate_by_name=True)

    profile: Profile = "auto"
    roles: dict[str, str] = Field(default_factory=dict, description="role -> model name, overriding the profile")

    host: str = Field("127.0.0.1", validation_alias=AliasChoices("OMNILIVE_HOST", "GRADIO_SERVER_NAME"))
    port: int = Field(
        7860, ge=0, le=65535, validation_alias=AliasChoices("PORT", "OMNILIVE_PORT", "GRADIO_SERVER_PORT")
    )
    share: bool = Field(False, validation_alias=AliasChoices("OMNILIVE_SHARE", "GRADIO_SHARE"))
    space_id: str = Field("", validation_alias=AliasChoices("SPACE_ID"))
    hf_token: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("HF_TOKEN"))

    seats: int = Field(4, ge=1, le=64, description="sessions at once; the next visitor waits")
    session_linger_s: float = Field(60.0, ge=0, description="how long a session outlives its connection")
    session_limit_s: float = Field(0.0, ge=0, description="longest session; 0 is unlimited (on a public server 1800)")
    data_dir: Path = Field(default_factory=lambda: Path.home() / ".omnilive")
    keep_days: float = Field(
        30.0, gt=0, description="on a public server: a memory kept by a link expires so long unvisited"
    )
    keep_most: int = Field(100, ge=0, description="on a public server: how many memories are kept by links at most")
    memory_key: SecretStr = Field(
        SecretStr(""), description="encrypts every stored memory; empty: they are not encrypted"
    )
    memory_limit_mb: int = Field(
        4096, ge=0, description="most that one session's memory takes on disk, then old pictures make room; 0: no limit"
    )
    upload_limit_mb: int = Field(500, ge=1)
    question_limit_chars: int = Field(1000, ge=10)

    remote_url: str = Field("", description="OpenAI-compatible endpoint, up to /v1, for the reasoner `remote`")
    remote_model: str = Field("", description="the model's name there")
    remote_key: SecretStr = SecretStr("")

    prompt_wording: Literal["released", "paper"] = Field(
        "released", description="how the profile omnilive puts memory into its prompt: as the release, or as the paper"
    )

    push_host: str = Field("", description="address on which pushed RTMP streams are taken; empty: same as host")
    push_port: int = Field(1935, ge=0, le=65535, description="0 turns push off")
    turn_urls: tuple[str, ...] = ()
    turn_username: str = ""
    turn_credential: SecretStr = SecretStr("")
    webrtc: bool = Field(True, description="false: WebSocket only")

    log_level: str = "INFO"
    log_json: bool = False
    refresh: bool = Field(
        True, description="measurement only, when off: an answer sees no newer picture than that of its question"
    )
    serial: bool = Field(
        False, description="measurement only: perception waits for reasoning (the paper's counter-case)"
    )

    @field_validator("turn_urls", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def on_space(self) -> bool:
        """Whether this is a Hugging Face Space."""
        return bool(self.space_id)

    @property
    def public(self) -> bool:
        """Whether strangers can reach this server: a Space, a share link, or a bind that is not loopback."""
        return self.on_space or self.share or not is_loopback(self.host)

    @property
    def longest_session_s(self) -> float:
        """The session limit in force; 0 means none."""
        return self.session_limit_s or (1800.0 if self.public else 0.0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then the TOML file."""
        path = os.environ.get("OMNILIVE_CONFIG")
        toml = (TomlConfigSettingsSource(settings_cls, Path(path)),) if path else ()
        return (init_settings, env_settings, *toml)


def is_loopback(host: str) -> bool:
    """Whether a bind address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def prepare_environment() -> None:
    """Set what libraries read at import, before any of them is imported. Values that are already set win."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir()) / "omnilive-gradio"))
