"""What files say of themselves: videos made with ffmpeg, images as cameras make them."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from scheduler.film import Film, NoFilm, read_film
from scheduler.measure import Facts, UnusableMedia, measure
from tests.world import drawn, sample

ORIENTATION, GPS = 0x0112, 0x8825
PLACE = {1: "N", 2: (52.0, 31.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def measured(folder: Path, content: bytes) -> Facts:
    return measure(written(folder, content), "a file")


def noted(*, orientation: int | None = None, place: bool = False) -> bytes:
    """What a camera notes in an image."""
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if place:
        exif.get_ifd(GPS).update(PLACE)
        exif[GPS] = PLACE
    return exif.tobytes()


def box(type_: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", len(body) + 8, type_) + body


@pytest.mark.parametrize(
    ("name", "film"),
    [
        (
            "film.mp4",
            Film(width=64, height=48, duration=1.0, frame_rate=30.0, codec="h264"),
        ),
        (
            "turned.mov",
            Film(width=48, height=64, duration=1.0, frame_rate=24.0, codec="h264"),
        ),
        (
            "hevc.mov",
            Film(width=64, height=64, duration=1.0, frame_rate=60.0, codec="hevc"),
        ),
        (
            "fragments.mp4",
            Film(width=48, height=64, duration=None, frame_rate=None, codec="h264"),
        ),
    ],
)
def test_a_video_is_measured_as_ffprobe_measures_it(tmp_path: Path, name: str, film: Film) -> None:
    assert read_film(written(tmp_path, sample(name))) == film


def test_the_length_of_a_film_in_fragments_is_read_where_it_is_told(tmp_path: Path) -> None:
    content = sample("fragments.mp4")
    start = content.index(b"mvex") - 4
    (size,) = struct.unpack_from(">I", content, start)
    told = box(
        b"mvex", box(b"mehd", struct.pack(">II", 0, 2500)), content[start + 8 : start + size]
    )
    longer = content[:start] + told + content[start + size :]
    movie = longer.index(b"moov") - 4
    (before,) = struct.unpack_from(">I", longer, movie)
    longer = longer[:movie] + struct.pack(">I", before + len(told) - size) + longer[movie + 4 :]

    assert read_film(written(tmp_path, longer)).duration == 2.5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        sample("film.mp4")[:-100],
        sample("film.mp4")[:1000],
        sample("sound.mp4"),
        box(b"ftyp", b"isom") + box(b"mdat", b"\0" * 100),
        box(b"ftyp", b"isom") + box(b"moov"),
        box(b"ftyp", b"isom") + box(b"moov", box(b"trak", b"\0" * 12)),
        box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"moov", 2**62),
        box(b"free") * 20_000,
    ],
    ids=[
        "empty",
        "end missing",
        "beginning only",
        "sound only",
        "no description",
        "empty description",
        "broken track",
        "huge claim",
        "endless boxes",
    ],
)
def test_a_file_that_shows_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NoFilm):
        read_film(written(tmp_path, content))


@pytest.mark.parametrize("name", ["film.mp4", "turned.mov", "fragments.mp4"])
def test_a_film_with_any_wrong_byte_is_read_or_refused(tmp_path: Path, name: str) -> None:
    chance = random.Random(7)
    content = sample(name)

    for _ in range(400):
        broken = bytearray(content)
        broken[chance.randrange(len(broken))] = chance.choice([0, 1, 127, 255])
        try:
            film = read_film(written(tmp_path, bytes(broken)))
        except NoFilm:
            continue
        assert film.duration is None or film.duration > 0


def test_an_image_is_measured(tmp_path: Path) -> None:
    facts = measured(tmp_path, drawn("PNG", size=(30, 20)))

    assert facts == Facts(kind="image", mime="image/png", width=30, height=20)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "shown"), [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))]
)
def test_an_image_is_measured_as_it_is_shown(
    tmp_path: Path, kind: str, orientation: int, shown: tuple[int, int]
) -> None:
    content = drawn(kind, size=(30, 20), exif=noted(orientation=orientation))

    facts = measured(tmp_path, content)

    assert (facts.orientation, facts.width, facts.height) == (orientation, *shown)
    assert not facts.is_located


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_that_says_where_it_was_taken_is_noticed(tmp_path: Path, kind: str) -> None:
    assert measured(tmp_path, drawn(kind, exif=noted(place=True))).is_located


def test_a_place_behind_the_picture_is_noticed(tmp_path: Path) -> None:
    notes = noted(orientation=6, place=True).removeprefix(b"Exif\0\0")
    plain = drawn("PNG", size=(30, 20))
    end = plain.index(b"IEND") - 4
    chunk = io.BytesIO()
    PngImagePlugin.putchunk(chunk, b"eXIf", notes)

    facts = measured(tmp_path, plain[:end] + chunk.getvalue() + plain[end:])

    assert (facts.orientation, facts.is_located) == (6, True)


def test_a_place_in_xmp_is_noticed(tmp_path: Path) -> None:
    xmp = b"<x:xmpmeta><exif:GPSLatitude>52,31N</exif:GPSLatitude></x:xmpmeta>"

    assert measured(tmp_path, drawn("WEBP", xmp=xmp)).is_located


@pytest.mark.parametrize(
    "notes",
    [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"],
)
def test_notes_that_cannot_be_read_may_hold_a_place(tmp_path: Path, notes: bytes) -> None:
    facts = measured(tmp_path, drawn("JPEG", exif=notes))

    assert (facts.orientation, facts.is_located) == (1, True)


@pytest.mark.parametrize(
    ("colour", "kind", "is_transparent"),
    [
        ("navy", "PNG", False),
        ((0, 0, 90, 128), "PNG", True),
        ((0, 0, 90, 128), "WEBP", True),
        ("navy", "JPEG", False),
    ],
    ids=["png", "transparent png", "transparent webp", "jpeg"],
)
def test_an_image_that_may_be_transparent_is_noticed(
    tmp_path: Path, colour: Any, kind: str, is_transparent: bool
) -> None:
    assert measured(tmp_path, drawn(kind, colour=colour)).is_transparent is is_transparent


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_an_image_with_any_wrong_byte_is_measured_or_refused(tmp_path: Path, kind: str) -> None:
    chance = random.Random(7)
    notes = {} if kind == "GIF" else {"exif": noted(orientation=6, place=True)}
    content = drawn(kind, size=(30, 20), **notes)

    for _ in range(400):
        broken = bytearray(content)
        broken[chance.randrange(len(broken))] = chance.choice([0, 1, 127, 255])
        try:
            facts = measured(tmp_path, bytes(broken))
        except UnusableMedia:
            continue
        assert facts.width
        assert facts.height
