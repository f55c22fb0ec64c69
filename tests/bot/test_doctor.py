"""What `postbot doctor` says of the store of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import doctor
from scheduler import config
from scheduler.config import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [config.variable(field) for field in Settings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is said of the files, in lines without their indentation."""
    doctor.run()
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = next(number for number, line in enumerate(lines) if "Media:" in line)
    end = next(number for number, line in enumerate(lines) if "Slack:" in line)
    return lines[start:end]


def test_a_folder_that_can_be_written_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = told(capsys)

    assert line == "fine    Media: data/media takes, gives and removes files"


def test_a_folder_that_cannot_be_written_is_to_fix(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "media").write_text("a file in the way")

    said = " ".join(told(capsys))

    assert said.startswith("to fix  Media: data/media: data/media cannot be written")
    assert "write to POSTBOT_DATA_DIR" in said


def test_a_bucket_that_cannot_be_reached_is_to_fix(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("POSTBOT_MEDIA_URL", "s3://posts/acme")
    monkeypatch.setenv("POSTBOT_MEDIA_ENDPOINT", f"http://127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("POSTBOT_MEDIA_ACCESS_KEY", "AKTEST")
    monkeypatch.setenv("POSTBOT_MEDIA_SECRET_KEY", "canary")

    said = " ".join(told(capsys))

    assert said.startswith("to fix  Media: s3://posts/acme")
    assert "POSTBOT_MEDIA_ENDPOINT" in said
    assert "canary" not in said
