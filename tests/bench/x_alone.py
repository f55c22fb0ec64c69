"""X's stand-in as a process of its own: `python -m tests.bench.x_alone PORT`."""

from __future__ import annotations

import sys

from aiohttp import web

from sandbox.x import create_app

if __name__ == "__main__":
    web.run_app(create_app(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
