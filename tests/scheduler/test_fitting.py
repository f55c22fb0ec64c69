"""How an image is made fit for a platform: which changes, told in which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishers import Intake, Media
from scheduler.fitting import MB, Fit, fit
from tests.publishers.stand import described

JPEG_ONLY = Intake(mimes=("image/jpeg",), size=8 * MB, width=1440, ratio=(4 / 5, 1.91))
MANY = Intake(mimes=("image/jpeg", "image/png", "image/webp"), size=5 * MB)
PNG_ONLY = Intake(mimes=("image/png",), size=5 * MB)


def image(mime: str = "image/jpeg", **facts: Any) -> Media:
    return described("image", **{"name": "door", "mime": mime, **facts})


def fitted(media: Media, intake: Intake | None) -> Fit:
    return fit(media, intake, "Orbit")


@pytest.mark.parametrize(
    ("media", "intake", "changes", "mime"),
    [
        (image("image/png"), JPEG_ONLY, ["door becomes a JPEG for Orbit."], "image/jpeg"),
        (image("image/webp"), JPEG_ONLY, ["door becomes a JPEG for Orbit."], "image/jpeg"),
        (image("image/gif"), MANY, ["door becomes a PNG for Orbit."], "image/png"),
        (image("image/jpeg"), PNG_ONLY, ["door becomes a PNG for Orbit."], "image/png"),
        (
            image("image/png", is_transparent=True),
            JPEG_ONLY,
            ["door becomes a JPEG for Orbit.", "Where door is transparent, it becomes white."],
            "image/jpeg",
        ),
        (
            image(size=9 * MB),
            JPEG_ONLY,
            ["door is compressed to the 8 MB that Orbit takes."],
            "image/jpeg",
        ),
        (
            image("image/png", size=9 * MB),
            MANY,
            ["door is larger than the 5 MB that Orbit takes, so it becomes a JPEG."],
            "image/jpeg",
        ),
        (
            image("image/png", size=9 * MB),
            PNG_ONLY,
            ["door is compressed to the 5 MB that Orbit takes."],
            "image/png",
        ),
        (
            image(width=4000, height=3000),
            JPEG_ONLY,
            ["door is scaled down to 1440 × 1080 pixels for Orbit."],
            "image/jpeg",
        ),
        (image(orientation=6), MANY, ["door is turned upright for Orbit."], "image/jpeg"),
        (
            image("image/webp", is_located=True),
            MANY,
            ["door goes to Orbit without the place where it was taken."],
            "image/webp",
        ),
    ],
    ids=[
        "png",
        "webp",
        "still gif",
        "jpeg",
        "transparent",
        "large jpeg",
        "large png",
        "large png stays",
        "wide",
        "turned",
        "located",
    ],
)
def test_what_a_platform_does_not_take_is_changed_and_told(
    media: Media, intake: Intake, changes: list[str], mime: str
) -> None:
    found = fitted(media, intake)

    assert list(found.changes) == changes
    assert found.recipe is not None
    assert found.media.mime == mime


@pytest.mark.parametrize(
    ("media", "intake"),
    [
        (image(), JPEG_ONLY),
        (image("image/png"), MANY),
        (image("image/png"), None),
        (image(width=2400, height=1000), MANY),
        (image("image/png"), Intake(mimes=("image/tiff",), size=5 * MB)),
        (image("image/heic"), MANY),
        (described("gif", size=99 * MB), MANY),
        (described("video", width=9999, height=9999), MANY),
    ],
    ids=["fits", "png fits", "nothing known", "shape", "no format of ours", "heic", "gif", "video"],
)
def test_what_fits_or_cannot_be_helped_stays_as_it_is(media: Media, intake: Intake | None) -> None:
    assert fitted(media, intake) == Fit(media=media)


def test_an_image_of_a_shape_that_does_not_fit_keeps_its_shape() -> None:
    found = fitted(image("image/png", width=3000, height=1000), JPEG_ONLY)

    assert (found.media.width, found.media.height) == (1440, 480)


MEDIA = st.builds(
    image,
    mime=st.sampled_from(["image/jpeg", "image/png", "image/webp", "image/gif"]),
    size=st.integers(1, 100 * MB),
    width=st.none() | st.integers(1, 40_000),
    height=st.none() | st.integers(1, 1000),
    orientation=st.integers(1, 8),
    is_located=st.booleans(),
    is_transparent=st.booleans(),
)


@given(media=MEDIA, intake=st.sampled_from([JPEG_ONLY, MANY, PNG_ONLY]))
def test_what_was_made_fit_is_fit(media: Media, intake: Intake) -> None:
    made = fitted(media, intake).media

    assert fitted(made, intake) == Fit(media=made)


@given(media=MEDIA, intake=st.sampled_from([JPEG_ONLY, MANY, PNG_ONLY]))
def test_every_change_is_told_and_nothing_is_told_without_one(media: Media, intake: Intake) -> None:
    found = fitted(media, intake)

    assert bool(found.changes) is (found.recipe is not None)
    assert all(change.endswith(".") and "door" in change for change in found.changes)
    assert len(str(found.recipe)) <= 64
