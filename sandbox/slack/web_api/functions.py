"""functions.*: the app ends the run of a workflow step."""

from __future__ import annotations

from typing import Any

from sandbox.slack.web_api.call import Call, Method

Json = dict[str, Any]


def complete_success(call: Call) -> Json:
    outputs = call.structure("outputs", error="invalid_arguments")
    call.desk.executions.succeed(call.required("function_execution_id"), outputs)
    call.world.touch()
    return {}


def complete_error(call: Call) -> Json:
    call.desk.executions.fail(call.required("function_execution_id"), call.required("error"))
    call.world.touch()
    return {}


METHODS = {
    "functions.completeSuccess": Method(complete_success, tier=3),
    "functions.completeError": Method(complete_error, tier=3),
}
