"""Log lines: one event each, with ids, without secrets."""

from __future__ import annotations

import logging
import sys

import structlog

# They would print whole URLs, which can hold tokens, or a line for every message.
_TALKATIVE = ("httpx", "httpcore", "dramatiq", "slack_bolt", "slack_sdk", "aiohttp.access")


def configure(level: str) -> None:
    """Sends our own and the libraries' log lines to standard error: readable on a terminal, JSON
    elsewhere."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(threshold, logging.INFO),
        stream=sys.stderr,
        format="%(levelname)s %(name)s %(message)s",
        force=True,
    )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
