# Two commands are all a newcomer types: `make demo` and `make test`.

PYTHON ?= python3.11
VENV ?= .venv
PORT ?= 7860
BIN := $(VENV)/bin

.PHONY: demo test check measure browser-tools clean

demo: $(VENV)/.installed
	PORT=$(PORT) OMNILIVE_PROFILE=$${OMNILIVE_PROFILE:-nano} $(BIN)/python app.py

# What only computes runs on all cores, a file to each; what is timed has the machine to itself. The browser's tests mostly
# wait for a stream to go on, so two of them wait at once.
TIMED := tests/transport tests/live

test: $(VENV)/.installed-dev browser-tools check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs -n auto --dist loadfile $(TIMED:%=--ignore=%) --ignore=tests/browser
	$(BIN)/python -m pytest -rs $(TIMED)
	$(BIN)/python -m pytest -rs -n 2 --dist loadfile tests/browser

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy omnilive_demo app.py

measure: $(VENV)/.installed-dev browser-tools
	$(BIN)/python -m omnilive_demo.evaluation measure

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed (set PYTHON=/path/to/python3.11)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

# Chromium with fonts, flite (a natural test voice) and ffmpeg (an RTMP server), from Debian packages; BROWSER=0 leaves the browser tests out.
browser-tools:
	@sh tests/tools.sh

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
