"""The switches that only Facebook has."""

from __future__ import annotations

from sandbox.switches import Switch


def facebook_switches() -> list[Switch]:
    return [
        Switch(
            key="listing_lag_seconds",
            label="Seconds until a new post appears in the lists that the API gives.",
            kind="number",
            default=0,
            group="Time",
        ),
        Switch(
            key="processing_seconds",
            label="Seconds that Facebook works on a video.",
            kind="number",
            default=1,
            group="Time",
        ),
        Switch(
            key="processing_fails",
            label="Processing of videos fails.",
            kind="flag",
            default=False,
            group="Rules",
        ),
        Switch(
            key="duplicates",
            label="A post that says the same as the newest one is refused.",
            kind="flag",
            default=True,
            group="Rules",
        ),
    ]
