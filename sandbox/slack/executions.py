"""Runs of a workflow step that the app does: begun by a member, ended once by the app."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.slack.cast import FUNCTIONS
from sandbox.slack.errors import PageError, SlackError
from sandbox.slack.ids import new_id

Json = dict[str, Any]


@dataclass
class Execution:
    id: str
    callback_id: str
    team_id: str
    inputs: Json
    state: str = "running"
    outputs: Json = field(default_factory=dict)
    error: str = ""


class Executions:
    def __init__(self) -> None:
        self._known: dict[str, Execution] = {}

    def begin(self, callback_id: str, team_id: str, inputs: Json) -> Execution:
        """Raises PageError when the step cannot be run so."""
        if callback_id not in FUNCTIONS:
            raise PageError("function_not_found")
        asked = FUNCTIONS[callback_id]["input_parameters"]
        if set(inputs) - set(asked["properties"]) or set(asked["required"]) - set(inputs):
            raise PageError("parameter_validation_failed")
        execution = Execution(new_id("Fx"), callback_id, team_id, inputs)
        self._known[execution.id] = execution
        return execution

    def running(self, execution_id: str) -> Execution:
        """Raises SlackError when there is none, or when it has ended."""
        execution = self._known.get(execution_id)
        if execution is None:
            raise SlackError("function_execution_not_found")
        if execution.state != "running":
            raise SlackError("execution_not_in_running_state")
        return execution

    def succeed(self, execution_id: str, outputs: Any) -> None:
        execution = self.running(execution_id)
        promised = FUNCTIONS[execution.callback_id]["output_parameters"]
        if (
            not isinstance(outputs, dict)
            or set(outputs) - set(promised["properties"])
            or set(promised["required"]) - set(outputs)
            or not all(isinstance(value, str) for value in outputs.values())
        ):
            raise SlackError("parameter_validation_failed")
        execution.state, execution.outputs = "succeeded", outputs

    def fail(self, execution_id: str, error: str) -> None:
        execution = self.running(execution_id)
        execution.state, execution.error = "failed", error

    def as_json(self) -> list[Json]:
        return [asdict(each) for each in self._known.values()]
