from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from scheduler import config, vault
from scheduler.config import Settings, read_settings
from scheduler.faults import WrongSetting
from scheduler.vault import Vault, WrongKeys


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [config.variable(field) for field in Settings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_is_embedded(tmp_path: Path) -> None:
    settings = read_settings()

    assert settings.database == f"sqlite://{tmp_path}/data/postbot.sqlite3"
    assert settings.redis == ""
    assert settings.retry_delays == (60, 300, 900)
    assert settings.platforms() == []


@pytest.mark.parametrize(
    ("name", "value", "how"),
    [
        ("POSTBOT_DATABASE_URL", "mysql://x/y", "postgres://user:password@host/name"),
        ("POSTBOT_DATABASE_URL", "postbot.sqlite3", "sqlite:///path"),
        ("POSTBOT_DATABASE_URL", "sqlite://", "sqlite:///path"),
        ("POSTBOT_REDIS_URL", "localhost:6379", "begin with redis://"),
        ("REDIS_PORT", "99999", "65535"),
        ("REDIS_PORT", "many", "integer"),
        ("REDIS_DB", "-1", "0"),
        ("POSTBOT_PORT", "-5", "0"),
        ("POSTBOT_PUBLIC_URL", "postbot.example.com", "begin with http://"),
        ("POSTBOT_MEDIA_URL", "https://bucket.example.com", "s3://bucket/prefix"),
        ("POSTBOT_MEDIA_URL", "s3://", "s3://bucket/prefix"),
        ("POSTBOT_MEDIA_ENDPOINT", "s3.example.com", "begin with http://"),
        ("POSTBOT_MEDIA_CACHE", "0", "greater than or equal to 1"),
        ("POSTBOT_MEDIA_ACCESS_KEY", "AKTEST", "belong together"),
        ("SLACK_API_URL", "slack.com", "begin with http://"),
        ("X_API_URL", "api.x.com", "begin with http://"),
        ("POSTBOT_ENCRYPTION_KEYS", "secret", "32 bytes"),
        ("SLACK_BOT_TOKEN", "xapp-1", "begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1", "begin with xapp-"),
        ("POSTBOT_RETRY_DELAYS", "soon", "number"),
        ("POSTBOT_RETRY_DELAYS", "0", "above 0"),
        ("POSTBOT_RETRY_DELAYS", "nan", "above 0"),
        ("POSTBOT_RETRY_DELAYS", "1,2,3,4,5,6,7,8,9,10,11", "1 to 10"),
        ("POSTBOT_LOOK_GAPS", "-3", "above 0"),
        ("POSTBOT_LATE_WINDOW", "0", "greater than 0"),
        ("POSTBOT_REQUEST_TIMEOUT", "1000", "300"),
        ("POSTBOT_SEND_BUDGET", "0", "greater than 0"),
        ("POSTBOT_SETTLE", "10", "POSTBOT_REQUEST_TIMEOUT"),
        ("POSTBOT_KEEP_DAYS", "0", "greater than or equal to 1"),
        ("POSTBOT_LOG_LEVEL", "loud", "debug, info, warning or error"),
    ],
)
def test_a_wrong_setting_is_named_with_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, how: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(WrongSetting) as wrong:
        read_settings()

    assert str(wrong.value).startswith(name)
    assert how in str(wrong.value)


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PORT", "x")
    monkeypatch.setenv("POSTBOT_LOG_LEVEL", "loud")

    with pytest.raises(WrongSetting) as wrong:
        read_settings()

    assert [line.partition(":")[0] for line in str(wrong.value).splitlines()] == [
        "REDIS_PORT",
        "POSTBOT_LOG_LEVEL",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "canary-1"),
        ("POSTBOT_ENCRYPTION_KEYS", "canary-2"),
        ("POSTBOT_REDIS_URL", "canary-3:password@host"),
        ("POSTBOT_DATABASE_URL", "mysql://user:canary-4@host/db"),
    ],
)
def test_a_wrong_secret_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(WrongSetting) as wrong:
        read_settings()

    assert "canary" not in str(wrong.value)


def test_settings_are_read_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTBOT_LATE_WINDOW=60\nX_CLIENT_ID=me\nUNKNOWN=1\n")

    settings = read_settings()

    assert (settings.late_window, settings.platforms()) == (60, ["x"])


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"REDIS_HOST": "cache"}, "redis://cache:6379/0"),
        (
            {"REDIS_HOST": "cache", "REDIS_PORT": "1", "REDIS_DB": "2", "REDIS_PASSWORD": "a/b@c"},
            "redis://:a%2Fb%40c@cache:1/2",
        ),
        ({"REDIS_HOST": "cache", "POSTBOT_REDIS_URL": "redis://other/1"}, "redis://other/1"),
    ],
    ids=["host", "all", "url wins"],
)
def test_redis_is_named_by_url_or_by_parts(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], url: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    assert read_settings().redis == url


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://posts", "posts", ""),
        ("s3://posts/", "posts", ""),
        ("s3://posts/acme/media/", "posts", "acme/media"),
    ],
)
def test_a_bucket_is_named_by_url(
    monkeypatch: pytest.MonkeyPatch, url: str, bucket: str, prefix: str
) -> None:
    monkeypatch.setenv("POSTBOT_MEDIA_URL", url)

    found = read_settings().bucket()

    assert found is not None
    assert (found.bucket, found.prefix, found.endpoint) == (bucket, prefix, "")


def test_the_table_explains_every_setting() -> None:
    rows = config.table()

    assert len(rows) == len(Settings.model_fields)
    assert all(name.isupper() and meaning for name, _, meaning in rows)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Fernet.generate_key().decode()
    secrets: dict[str, Any] = {
        "SLACK_BOT_TOKEN": "xoxb-canary",
        "SLACK_SIGNING_SECRET": "canary",
        "X_CLIENT_SECRET": "canary",
        "REDIS_PASSWORD": "canary",
        "POSTBOT_MEDIA_ACCESS_KEY": "AKTEST",
        "POSTBOT_MEDIA_SECRET_KEY": "canary",
        "POSTBOT_ENCRYPTION_KEYS": key,
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)

    shown = repr(read_settings()) + str(read_settings())

    assert "canary" not in shown
    assert key not in shown


def test_what_is_sealed_can_be_opened_and_does_not_show_its_content() -> None:
    keys = Vault([Fernet.generate_key().decode()])

    sealed = keys.seal("token “Ω” 🙂")

    assert "token" not in sealed
    assert keys.open(sealed) == "token “Ω” 🙂"
    assert keys.seal("token “Ω” 🙂") != sealed


def test_a_new_key_in_front_leaves_old_secrets_readable() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Vault([old]).seal("token")

    rotated = Vault([new, old])

    assert rotated.open(sealed) == "token"
    assert Vault([new]).open(rotated.seal("token")) == "token"


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAA=="])
def test_a_key_that_does_not_fit_says_what_to_do(sealed: str) -> None:
    keys = Vault([Fernet.generate_key().decode()])

    with pytest.raises(WrongKeys, match="put back the key that was used before"):
        keys.open(sealed)


def test_the_generated_key_is_the_same_for_all_and_private(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.extend(vault.KeyFile(tmp_path).read_or_make()))
        for _ in range(2)
    ]
    (first,) = vault.KeyFile(tmp_path).read_or_make()
    for thread in threads:
        thread.start()
        thread.join()

    assert set(keys) == {first}
    assert os.stat(tmp_path / "encryption.key").st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["encryption.key"]
