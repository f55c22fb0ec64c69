"""Puts a stand-in of one of Meta's networks together from its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from sandbox.failures import Failures
from sandbox.graph.access import GRAPH, Graph
from sandbox.graph.errors import refusals_middleware
from sandbox.graph.parameters import parameters_middleware
from sandbox.graph.usage import usage_middleware
from sandbox.graph.versions import versions_middleware
from sandbox.modes import Plan
from sandbox.recorder import Recorder
from sandbox.switches import SWITCHES

# The largest form that is read at once: a video in one request.
MAX_BODY = 128 * 1024 * 1024


def create_application(plan: Plan, graph: Graph, recorder: Recorder) -> web.Application:
    """An application without routes. It opens and closes the recorder.

    Refusals are answered twice: inside the failures, which spoil answers and know no refusal, and
    outside of them for what is wrong with the parameters, which are read before.
    """
    failures = Failures(plan, graph.switches)
    app = web.Application(
        middlewares=[
            refusals_middleware,
            versions_middleware,
            parameters_middleware,
            failures.middleware,
            usage_middleware,
            refusals_middleware,
        ],
        client_max_size=MAX_BODY,
    )
    app[GRAPH] = graph
    app[SWITCHES] = graph.switches
    app.on_shutdown.append(failures.close)
    app.cleanup_ctx.append(_keep_open(recorder))
    return app


def _keep_open(recorder: Recorder) -> Callable[[web.Application], AsyncIterator[None]]:
    async def recording(_app: web.Application) -> AsyncIterator[None]:
        recorder.open()
        yield
        recorder.close()

    return recording
