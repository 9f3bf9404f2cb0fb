"""Entry: read the settings, build the page, launch (local, share link, Hugging Face Space)."""

from __future__ import annotations

import argparse
import sys

from omnilive_demo.config import Settings, prepare_environment


def parse(argv: list[str] | None = None) -> Settings:
    """Settings from the command line, on top of the environment."""
    parser = argparse.ArgumentParser(description="A live page that sees, hears, remembers and answers.")
    parser.add_argument("--host", help="address to serve on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to serve on (default 7860)")
    parser.add_argument("--share", action="store_true", default=None, help="also give a public link")
    parser.add_argument("--profile", help="auto, nano, lite, standard or omnilive (default auto)")
    parser.add_argument("--seats", type=int, help="visitors at once (default 4)")
    parser.add_argument("--data-dir", help="where memories are kept (default ~/.omnilive)")
    parser.add_argument("--log-level", help="DEBUG, INFO, WARNING or ERROR (default INFO)")
    given = {key: value for key, value in vars(parser.parse_args(argv)).items() if value is not None}
    return Settings(**given)


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C; returns the exit code."""
    prepare_environment()
    try:
        settings = parse(argv)
    except ValueError as error:
        sys.stderr.write(f"The settings are not usable: {error}\n")
        return 2
    from omnilive_demo.application import run  # after prepare_environment: it imports Gradio

    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
