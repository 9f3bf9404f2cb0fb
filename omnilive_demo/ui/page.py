"""The page: Gradio Blocks around one static shell, which the browser client in `assets/page/` brings to life.

Nothing on the page is a Gradio output, because live state travels on the live channel (`docs/protocol.md`); Blocks give
the address, the share link and the Space. All paths are relative, so the page also works below a proxy's path. No
request leaves the origin: the theme uses the system's fonts, and Gradio's own page is stripped of what it would fetch
from elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html import escape

import gradio as gr
import gradio.routes
from jinja2 import BaseLoader, Environment

from omnilive_demo.config import ASSETS, Role, Settings
from omnilive_demo.models.registry import SPECS

TITLE = "OmniLive"
SHELL = ASSETS / "page" / "shell.html"

_ROLES: Mapping[Role, str] = {
    "recognition": "speech recognition", "end_of_turn": "end of turn", "sound_tags": "sound events",
    "frame_encoder": "frame encoder", "reasoner": "reasoner", "synthesis": "voice",
}  # fmt: skip
"""What a model is for, in the words of the page's list of models; the first role of a model tells it."""

# `color-scheme` before any style sheet arrives keeps a dark page from flashing white.
_HEAD = """
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<link rel="icon" type="image/svg+xml" href="page/icon.svg">
<link rel="stylesheet" href="page/omnilive.css">
<script type="module" src="page/omnilive.js"></script>
"""

_SYSTEM_FONTS = ("ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_SYSTEM_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

# What Gradio's page would fetch, or warm up a connection to: a script on cdnjs, two Google font hosts. Links and
# metadata that fetch nothing stay.
_FOREIGN = re.compile(
    r"""<script\b[^>]*\bsrc="https?://[^"]*"[^>]*>\s*</script>|<link\b[^>]*\bhref="https?://[^"]*"[^>]*/?>""",
    re.IGNORECASE | re.DOTALL,
)


def build_page(settings: Settings) -> gr.Blocks:
    """The page as Blocks, ready for `launch`."""
    keep_requests_home()
    page: gr.Blocks = gr.Blocks(
        title=TITLE,
        head=_HEAD,
        theme=gr.themes.Base(font=_SYSTEM_FONTS, font_mono=_SYSTEM_MONO),
        analytics_enabled=False,
        fill_width=True,
    )
    with page:
        gr.HTML(shell(settings), padding=False, elem_id="omnilive-host")
    return page


def shell(settings: Settings) -> str:
    """The static markup, with what the settings decide filled in. Visitors' words never pass through here."""
    facts = {
        "limit_chars": str(settings.question_limit_chars),
        "upload_mb": str(settings.upload_limit_mb),
        "where": "on a shared server" if settings.public else "on this computer",
        "webrtc": "yes" if settings.webrtc else "no",
        "public": "yes" if settings.public else "no",
        "push": "yes" if settings.push_port else "no",
        "models": json.dumps(models_to_fetch()),
    }
    markup = SHELL.read_text(encoding="utf-8")
    for name, value in facts.items():
        markup = markup.replace("{{ " + name + " }}", escape(value))
    return markup


def models_to_fetch() -> dict[str, dict[str, str]]:
    """Of each model that can be fetched: what it is for (`role`; a part serves what it is a part of), where it comes
    from (`repository`), and its terms (`licence`, and `restriction`, a sentence where they forbid something).
    """
    whole = {part: spec for spec in SPECS.values() for part in spec.parts}
    return {
        name: {
            "role": _ROLES[(spec.roles or whole[name].roles)[0]],
            "repository": spec.repository,
            "licence": spec.licence.name,
            "restriction": spec.licence.restriction,
        }
        for name, spec in SPECS.items()
    }


def keep_requests_home() -> None:
    """Strip Gradio's page templates of everything that is fetched from another host. Safe to call twice."""
    environment = gradio.routes.templates.env
    if isinstance(environment.loader, _HomeLoader) or environment.loader is None:
        return
    environment.loader = _HomeLoader(environment.loader)


def without_foreign_requests(html: str) -> str:
    """The same page without scripts and links of other hosts."""
    return _FOREIGN.sub("", html)


class _HomeLoader(BaseLoader):
    """Gradio's own template loader, with its pages stripped."""

    def __init__(self, inner: BaseLoader) -> None:
        self._inner = inner

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The template's text, its file, and whether that is still current."""
        source, filename, is_current = self._inner.get_source(environment, template)
        return without_foreign_requests(source), filename, is_current
