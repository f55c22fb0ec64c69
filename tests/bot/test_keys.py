"""Encryption keys are changed without losing a token, whatever interrupts it and whatever happens
meanwhile; keys that do not fit stop with one sentence and change nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publishers import Credentials
from scheduler import accounts, consents, members, sealed, tokens
from scheduler.config import Settings
from scheduler.models import Account, Choice, Consent, Event, Workspace
from scheduler.runtime import Runtime, open_runtime
from scheduler.vault import KeyFile, Vault, new_key
from tests.gallery import GalleryStandIn, connect_gallery, consent, offered, settings_of
from tests.world import ALICE, settings_for

pytestmark = pytest.mark.long
OLD, NEW, OTHER = new_key(), new_key(), new_key()
POSTBOT = [sys.executable, "-c", "from bot.cli import main; main()"]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@dataclass
class Installation:
    """Postbot's command line with a database and a data directory of its own."""

    url: str
    folder: Path
    keys: str = ""
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("POSTBOT_", "SLACK_"))}
        return {
            **kept,
            "POSTBOT_DATABASE_URL": self.url,
            "POSTBOT_DATA_DIR": str(self.folder),
            "POSTBOT_ENCRYPTION_KEYS": self.keys,
            **self.more,
        }

    @property
    def settings(self) -> Settings:
        more = {"POSTBOT_ENCRYPTION_KEYS": self.keys} if self.keys else {}
        return settings_for(self.url, self.folder, 1, **more)

    async def run(self, *arguments: str, keys: str | None = None) -> tuple[int, str]:
        """Exit code and all that was printed."""
        environment = self.environment
        if keys is not None:
            environment["POSTBOT_ENCRYPTION_KEYS"] = keys
        process = await asyncio.create_subprocess_exec(
            *POSTBOT,
            *arguments,
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()

    async def fill(self, number: int) -> None:
        """So many accounts with tokens, an open consent and an open choice."""
        async with open_runtime(self.settings) as runtime:
            team = await members.workspace(runtime, "T0SANDBOX", name="Acme")
            await Account.bulk_create(_account(runtime, team, each) for each in range(number))
            soon = runtime.clock.now() + timedelta(minutes=10)
            asked = {"workspace": team, "user_id": ALICE, "platform": "x", "expires_at": soon}
            seal = runtime.vault.seal
            await Consent.create(state="s", verifier=seal("v"), **asked)
            await Choice.create(id="c", profiles=seal("[]"), browser="b", **asked)

    async def stored(self) -> list[str]:
        """All that lies sealed, as it lies there."""
        async with open_runtime(self.settings):
            return [
                *(each.secrets for each in await Account.all().order_by("id")),
                *(each.verifier for each in await Consent.all()),
                *(each.profiles for each in await Choice.all()),
            ]


def _account(runtime: Runtime, team: Workspace, number: int) -> Account:
    account = Account(
        workspace_id=team.id,
        platform="x",
        remote_id=str(number),
        username=f"acme_{number}",
        name="Acme",
        connected_by=ALICE,
        connected_at=runtime.clock.now(),
    )
    account.secrets = tokens.seal(runtime, account, Credentials(access_token=f"token {number}"))
    return account


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Installation:
    return Installation(database_url, tmp_path, OLD)


def opened_by(key: str, stored: list[str]) -> int:
    vault = Vault([key])
    return sum(vault.is_newest(each) for each in stored)


async def test_everything_is_sealed_with_the_newest_key(installation: Installation) -> None:
    await installation.fill(250)

    code, printed = await installation.run("rotate-keys", keys=f"{NEW},{OLD}")

    stored = await installation.stored()
    assert (code, opened_by(NEW, stored), len(stored)) == (0, 252, 252)
    assert "252 stored secrets are sealed with the newest key" in printed
    assert "all keys in it but the first can go" in printed


async def test_what_was_rotated_works_with_the_new_key_alone(installation: Installation) -> None:
    await installation.fill(3)
    await installation.run("rotate-keys", keys=f"{NEW},{OLD}")
    installation.keys = NEW

    async with open_runtime(installation.settings) as runtime:
        found = [
            (await accounts.credentials(runtime, each.id))[0].access_token
            for each in await Account.all().order_by("id")
        ]

    assert found == ["token 0", "token 1", "token 2"]


async def test_a_second_run_changes_nothing(installation: Installation) -> None:
    await installation.fill(5)
    await installation.run("rotate-keys", keys=f"{NEW},{OLD}")
    before = await installation.stored()

    code, _ = await installation.run("rotate-keys", keys=f"{NEW},{OLD}")

    assert code == 0
    assert await installation.stored() == before


async def test_a_run_that_is_killed_is_finished_by_the_next(installation: Installation) -> None:
    await installation.fill(1500)
    installation.keys = f"{NEW},{OLD}"
    newest = Vault([NEW])

    async with open_runtime(installation.settings):
        for reached in ("50", "300", "600"):
            process = subprocess.Popen([*POSTBOT, "rotate-keys"], env=installation.environment)
            while not newest.is_newest((await Account.get(remote_id=reached)).secrets):
                await asyncio.sleep(0)
            process.send_signal(signal.SIGKILL)
            process.wait()
    part = opened_by(NEW, await installation.stored())
    code, _ = await installation.run("rotate-keys")

    assert 600 < part < 1502
    assert (code, opened_by(NEW, await installation.stored())) == (0, 1502)


WRONG = [
    pytest.param(("rotate-keys",), OTHER, id="another key"),
    pytest.param(("rotate-keys",), f"{OTHER},{NEW}", id="two other keys"),
    pytest.param(("worker",), OTHER, id="a worker"),
]


@pytest.mark.parametrize(("command", "keys"), WRONG)
async def test_keys_that_do_not_fit_stop_with_one_sentence_and_change_nothing(
    installation: Installation, command: tuple[str, ...], keys: str
) -> None:
    await installation.fill(4)
    before = await installation.stored()
    installation.more = {"POSTBOT_REDIS_URL": "redis://127.0.0.1:1/0"}

    code, printed = await installation.run(*command, keys=keys)

    assert code == 1
    assert "6 of 6 stored secrets cannot be opened" in printed
    assert "Put the key back that was used before" in printed
    assert "Nothing was changed." in printed
    assert "Traceback" not in printed
    assert await installation.stored() == before


async def test_one_secret_that_no_key_opens_keeps_all_others_as_they_are(
    installation: Installation,
) -> None:
    await installation.fill(4)
    async with open_runtime(installation.settings):
        await Account.filter(remote_id="2").update(secrets=Vault([OTHER]).seal("{}"))
    before = await installation.stored()

    code, printed = await installation.run("rotate-keys", keys=f"{NEW},{OLD}")

    assert code == 1
    assert "1 of 6 stored secrets cannot be opened" in printed
    assert await installation.stored() == before


async def test_what_no_key_opens_is_given_up_only_when_asked(installation: Installation) -> None:
    await installation.fill(4)
    async with open_runtime(installation.settings):
        await Account.filter(remote_id="2").update(secrets=Vault([OTHER]).seal("{}"))

    code, printed = await installation.run(
        "rotate-keys", "--forget-unreadable", keys=f"{NEW},{OLD}"
    )

    async with open_runtime(installation.settings):
        broken = await Account.get(remote_id="2")
        assert (broken.health, broken.secrets) == (accounts.BROKEN, "")
        assert await Event.filter(kind="account.broken", account_id=broken.id).count() == 1
        assert await Account.filter(health=accounts.CONNECTED).count() == 3
    assert (code, "1 stored secrets were given up" in printed) == (0, True)


async def test_without_any_key_none_is_made_and_nothing_changes(
    database_url: str, tmp_path: Path
) -> None:
    installation = Installation(database_url, tmp_path)
    await installation.fill(2)
    file = KeyFile(tmp_path)
    before = await installation.stored()
    kept = file.path.rename(tmp_path / "elsewhere")

    code, printed = await installation.run("rotate-keys")

    assert code == 1
    assert "There is no encryption key" in printed
    assert not file.path.exists()
    kept.rename(file.path)
    assert await installation.stored() == before


async def test_the_key_that_postbot_made_is_replaced_in_its_file(
    database_url: str, tmp_path: Path
) -> None:
    installation = Installation(database_url, tmp_path)
    await installation.fill(3)
    (before,) = KeyFile(tmp_path).read()

    code, printed = await installation.run("rotate-keys", "--new")

    (after,) = KeyFile(tmp_path).read()
    stored = await installation.stored()
    assert (code, after != before) == (0, True)
    assert "the older key was removed" in printed
    assert (opened_by(after, stored), opened_by(before, stored)) == (5, 0)
    assert os.stat(KeyFile(tmp_path).path).st_mode & 0o077 == 0
    assert before not in printed
    assert after not in printed


async def test_a_new_key_in_the_file_is_refused_while_postbot_runs(
    database_url: str, tmp_path: Path
) -> None:
    installation = Installation(database_url, tmp_path)
    await installation.fill(3)
    before = KeyFile(tmp_path).read()

    async with open_runtime(installation.settings):
        code, printed = await installation.run("rotate-keys", "--new")

    assert code == 1
    assert "Postbot is running" in printed
    assert KeyFile(tmp_path).read() == before


async def test_a_new_key_whose_rotation_was_interrupted_is_finished_by_the_next_run(
    database_url: str, tmp_path: Path
) -> None:
    installation = Installation(database_url, tmp_path)
    await installation.fill(3)
    file = KeyFile(tmp_path)
    file.replace([NEW, *file.read()])

    async with open_runtime(installation.settings):
        _, beside = await installation.run("rotate-keys")
        kept = file.read()
    code, _ = await installation.run("rotate-keys")

    assert "the older key stays" in beside
    assert len(kept) == 2
    assert (code, file.read()) == (0, [NEW])
    assert opened_by(NEW, await installation.stored()) == 5


async def test_a_key_for_the_settings_is_printed_with_what_to_do(
    installation: Installation,
) -> None:
    await installation.fill(1)
    before = await installation.stored()

    code, printed = await installation.run("rotate-keys", "--new")

    (key,) = [line.strip() for line in printed.splitlines() if line.startswith("    ")]
    Vault([key])
    assert code == 0
    assert "Put it in front of the others in POSTBOT_ENCRYPTION_KEYS" in printed
    assert await installation.stored() == before


async def test_refreshes_and_reconnects_meanwhile_are_never_overwritten(
    database_url: str, tmp_path: Path, gallery: GalleryStandIn
) -> None:
    more = {**settings_of(gallery.url), "POSTBOT_ENCRYPTION_KEYS": f"{NEW},{OLD}"}
    gallery.profiles = {str(number): f"acme_{number}" for number in range(6)}
    async with open_runtime(settings_for(database_url, tmp_path, 1, **more)) as runtime:
        team = await members.workspace(runtime, "T0SANDBOX", name="Acme")
        await connect_gallery(runtime, team.id, *gallery.profiles)
        older = Vault([OLD])
        stop = time.monotonic() + 3

        async def renew(account: Account) -> int:
            """Refreshes again and again; every time the tokens lie sealed with the old key."""
            version = 0
            while time.monotonic() < stop:
                row = await Account.get(id=account.id)
                await Account.filter(id=row.id, secrets=row.secrets).update(
                    secrets=older.seal(runtime.vault.open(row.secrets))
                )
                _, version = await accounts.credentials(
                    runtime, account.id, not_version=row.token_version
                )
            return version

        async def rotate() -> None:
            while time.monotonic() < stop:
                await sealed.reseal_all(runtime, runtime.vault)

        connected = await Account.all()
        versions = (await asyncio.gather(rotate(), *(renew(each) for each in connected)))[1:]

        for account, version in zip(connected, versions, strict=True):
            current, found = await accounts.credentials(runtime, account.id)
            assert found == version > 3
            assert gallery.tokens[current.access_token].is_good
            assert gallery.tokens[str(current.refresh_token)].is_good


async def test_what_is_too_old_to_be_used_is_in_nobodys_way(
    installation: Installation,
) -> None:
    await installation.fill(1)
    async with open_runtime(installation.settings):
        past = datetime.now(UTC) - timedelta(minutes=1)
        wrong = Vault([OTHER]).seal("v")
        await Consent.all().update(verifier=wrong, expires_at=past)

    code, printed = await installation.run("rotate-keys", keys=f"{NEW},{OLD}")

    assert (code, "2 stored secrets" in printed) == (0, True)


async def test_the_doctor_says_which_keys_are_missing_or_old(installation: Installation) -> None:
    await installation.fill(2)

    _, wrong = await installation.run("doctor", keys=OTHER)
    _, old = await installation.run("doctor", keys=f"{NEW},{OLD}")
    _, fine = await installation.run("doctor")

    assert "the keys do not open 4 of 4 stored secrets" in " ".join(wrong.split())
    assert "4 of 4 stored secrets need an older key" in " ".join(old.split())
    assert "the newest key opens 4 stored secrets" in " ".join(fine.split())


async def test_open_consents_and_choices_survive_a_rotation(
    database_url: str, tmp_path: Path, gallery: GalleryStandIn
) -> None:
    old = {**settings_of(gallery.url), "POSTBOT_ENCRYPTION_KEYS": OLD}
    async with open_runtime(settings_for(database_url, tmp_path, 1, **old)) as runtime:
        team = await members.workspace(runtime, "T0SANDBOX", name="Acme")
        query, offer = await consent(runtime, team.id), await offered(runtime, team.id)
    both = {**old, "POSTBOT_ENCRYPTION_KEYS": f"{NEW},{OLD}"}
    async with open_runtime(settings_for(database_url, tmp_path, 1, **both)) as runtime:
        await sealed.reseal_all(runtime, runtime.vault)

    new = {**old, "POSTBOT_ENCRYPTION_KEYS": NEW}
    async with open_runtime(settings_for(database_url, tmp_path, 1, **new)) as runtime:
        key: dict[str, Any] = {"platform": "gallery", "browser": "b"}
        connected = await consents.choose(runtime, choice_id=offer.id, chosen=["1"], **key)
        again = await consents.finish_connect(runtime, **query, **key)

    assert len(connected) == 1
    assert isinstance(again, consents.Offer)
