from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from scheduler import media
from scheduler.media import MediaStore, StoredMedia, UnusableMedia


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


async def add(store: MediaStore, content: bytes, name: str = "file.bin") -> StoredMedia:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    return await store.add(chunks(), name=name)


def drawn(kind: str, *, size: tuple[int, int] = (30, 20), frames: int = 1) -> bytes:
    """An image file of this format."""
    out = io.BytesIO()
    pictures = [Image.new("RGB", size, (40 * number, 90, 0)) for number in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(out, kind, **more)
    return out.getvalue()


def boxed(brand: bytes) -> bytes:
    """The beginning of a file of the MP4 family."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + b"\0" * 500


@pytest.mark.parametrize(
    ("content", "kind", "mime"),
    [
        (drawn("JPEG"), "image", "image/jpeg"),
        (drawn("PNG"), "image", "image/png"),
        (drawn("WEBP"), "image", "image/webp"),
        (drawn("GIF"), "image", "image/gif"),
        (drawn("GIF", frames=3), "gif", "image/gif"),
        (boxed(b"isom"), "video", "video/mp4"),
        (boxed(b"mp42"), "video", "video/mp4"),
        (boxed(b"qt  "), "video", "video/quicktime"),
    ],
    ids=["jpeg", "png", "webp", "still gif", "gif", "mp4", "mp42", "mov"],
)
async def test_what_a_file_is_its_bytes_decide(
    store: MediaStore, content: bytes, kind: str, mime: str
) -> None:
    stored = await add(store, content, "picture.exe")

    assert (stored.kind, stored.mime, stored.size) == (kind, mime, len(content))
    assert store.path(stored.key).read_bytes() == content
    assert store.media(stored).path == store.path(stored.key)


async def test_an_image_is_measured(store: MediaStore) -> None:
    stored = await add(store, drawn("PNG", size=(30, 20)))

    assert (stored.width, stored.height) == (30, 20)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"GIF89a",
        drawn("PNG")[:40],
        drawn("TIFF"),
        drawn("BMP"),
        boxed(b"heic"),
        boxed(b"avif"),
        boxed(b"mif1"),
        boxed(b"M4A "),
    ],
    ids=[
        "empty",
        "text",
        "svg",
        "pdf",
        "head",
        "cut",
        "tiff",
        "bmp",
        "heic",
        "avif",
        "mif1",
        "m4a",
    ],
)
async def test_what_cannot_be_posted_is_refused_by_name_and_not_kept(
    store: MediaStore, content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(UnusableMedia, match=r"“holiday\.jpg”"):
        await add(store, content, "holiday.jpg")

    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


async def test_a_small_file_with_a_huge_picture_is_refused_before_it_is_decoded(
    store: MediaStore,
) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")

    with pytest.raises(UnusableMedia, match="40 million pixels"):
        await add(store, bomb.getvalue())


async def test_a_file_larger_than_any_platform_takes_is_refused(
    store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MAX_BYTES", 5000)

    with pytest.raises(UnusableMedia, match="larger than"):
        await add(store, b"x" * 5001)


async def test_the_same_file_is_kept_once(store: MediaStore, tmp_path: Path) -> None:
    first, second = await add(store, drawn("PNG"), "a"), await add(store, drawn("PNG"), "b")

    assert first.key == second.key
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


async def test_a_download_that_breaks_off_leaves_nothing(store: MediaStore, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"beginning"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await store.add(broken(), name="a.png")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
