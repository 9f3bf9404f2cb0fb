"""The page as the server sends it, and rules that its client must keep."""

from __future__ import annotations

import json
import re
from html import escape

import gradio.routes
import pytest

from omnilive_demo.config import ASSETS, Settings
from omnilive_demo.models.registry import SPECS
from omnilive_demo.ui.page import build_page, keep_requests_home, models_to_fetch, shell, without_foreign_requests

PAGE = ASSETS / "page"
MODULES = sorted(PAGE.glob("*.js"))
MARKUP_FROM_TEXT = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment")


def test_gradios_page_asks_no_other_host_for_anything():
    keep_requests_home()
    keep_requests_home()
    for name in ("frontend/index.html", "frontend/share.html"):
        source, _, _ = gradio.routes.templates.env.loader.get_source(gradio.routes.templates.env, name)
        assert "cdnjs" not in source
        assert "fonts.g" not in source
        assert "<gradio-app" in source
        assert "window.gradio_config" in source


def test_scripts_and_links_of_this_origin_stay():
    html = '<script src="./a.js"></script><link rel="x" href="/b"><script async\n src="https://c/d.js"></script>'
    assert without_foreign_requests(html) == '<script src="./a.js"></script><link rel="x" href="/b">'


def test_the_blocks_carry_the_shell_and_relative_links():
    page = build_page(Settings())
    config = page.get_config_file()
    assert 'src="page/omnilive.js"' in page.head
    assert not re.search(r'(src|href)="(/|https?:)', page.head)
    shells = [part for part in config["components"] if 'id="omnilive"' in str(part["props"].get("value", ""))]
    assert len(shells) == 1
    assert not page.theme._stylesheets


def test_the_shell_says_where_it_runs():
    assert "on this computer" in shell(Settings())
    assert "on a shared server" in shell(Settings(host="0.0.0.0"))
    assert "{{" not in shell(Settings())


def test_the_terms_of_every_model_that_can_be_fetched_are_on_the_page():
    found = models_to_fetch()
    assert set(found) == set(SPECS)
    assert all(one["role"] and one["repository"] and one["licence"] for one in found.values())
    assert "commercially" in found["f5-tts"]["restriction"]
    assert escape(json.dumps(found)) in shell(Settings())


def test_the_shell_has_no_scripts_no_handlers_and_no_absolute_paths():
    markup = shell(Settings())
    assert "<script" not in markup
    assert not re.search(r"\son\w+=", markup)
    assert not re.search(r'(src|href)="(/|https?:)', markup)


def test_every_part_that_the_modules_name_is_in_the_shell():
    markup = shell(Settings())
    named = {name for module in MODULES for name in re.findall(r"\bui\.el\('([\w-]+)'\)", module.read_text("utf-8"))}
    assert named
    assert {name for name in named if f'data-el="{name}"' not in markup} == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_and_never_makes_markup_from_text(module):
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    assert not MARKUP_FROM_TEXT.search(text)
    assert not re.search(r"import[^\n]*https?:|fetch\(\s*['\"]https?:", text)


def test_the_style_sheet_fetches_nothing():
    css = (PAGE / "omnilive.css").read_text("utf-8")
    assert "url(" not in css
    assert "@import" not in css
