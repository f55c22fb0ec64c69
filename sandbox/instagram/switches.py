"""The switches that only Instagram has."""

from __future__ import annotations

from sandbox.switches import Switch

#: How a container can end badly, by the subcode in its `status`.
ERRORS = {
    "none": "none",
    "2207001": "2207001, Instagram's server had an error",
    "2207003": "2207003, it took too long to fetch the media",
    "2207020": "2207020, the media expired",
    "2207026": "2207026, the format of the video is not supported",
    "2207032": "2207032, the media could not be created",
    "2207052": "2207052, the media could not be fetched",
    "2207053": "2207053, an unknown error stopped the upload",
    "2207077": "2207077, processing failed",
    "2207082": "2207082, processing failed",
    "2207085": "2207085, processing failed",
}


def instagram_switches() -> list[Switch]:
    return [
        _seconds("listing_lag_seconds", "until a new post appears in the lists of the API.", 0),
        _seconds("processing_seconds", "that Instagram works on a video.", 1),
        _seconds("image_processing_seconds", "that Instagram works on an image or carousel.", 0),
        _seconds("container_seconds", "after which an unpublished container expires.", 86_400),
        Switch(
            key="container_error",
            label="The error with which new containers end.",
            kind="choice",
            default="none",
            choices=ERRORS,
            group="Rules",
        ),
        Switch(
            key="quota",
            label="Posts that an account may publish in 24 hours.",
            kind="number",
            default=50,
            group="Rules",
        ),
        Switch(
            key="refresh_after_a_day",
            label="Tokens can be refreshed only once they are 24 hours old.",
            kind="flag",
            default=True,
            group="Rules",
        ),
    ]


def _seconds(key: str, label: str, default: float) -> Switch:
    return Switch(key=key, label=f"Seconds {label}", kind="number", default=default, group="Time")
