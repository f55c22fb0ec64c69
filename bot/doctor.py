"""`postbot doctor`: looks at everything Postbot depends on and says what to fix."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bot import doctor_slack
from scheduler import config, sealed, stats
from scheduler.broker import redis_client
from scheduler.config import Settings
from scheduler.runtime import Runtime, open_runtime, open_shelf
from scheduler.shelf import ShelfFailed


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found. `advice` is empty where all is well."""

    what: str
    told: str
    advice: str = ""


def print_settings() -> int:
    """Prints every setting with its default and meaning; returns the exit code."""
    table = Table("Variable", "Default", "Meaning", show_lines=False)
    for row in config.table():
        table.add_row(*row)
    Console().print(table)
    return 0


def run() -> int:
    """Prints all findings; returns the exit code."""
    settings = config.read_settings()
    findings = asyncio.run(_findings(settings))
    console = Console()
    for finding in findings:
        mark = "[red]to fix[/red]" if finding.advice else "[green]fine  [/green]"
        console.print(f"{mark}  {finding.what}: {finding.told}", highlight=False)
        if finding.advice:
            console.print(f"        {finding.advice}", highlight=False)
    return 1 if any(finding.advice for finding in findings) else 0


async def _findings(settings: Settings) -> list[Finding]:
    checks: list[tuple[str, Callable[[Settings], Awaitable[Finding]]]] = [
        ("Database", _database),
        ("Encryption", _encryption),
        ("Redis", _redis),
        ("Media", _media),
        ("Slack", _slack),
        ("Platforms", _platforms),
        ("Public URL", _public_url),
    ]
    return [await _checked(name, check, settings) for name, check in checks]


async def _checked(
    name: str, check: Callable[[Settings], Awaitable[Finding]], settings: Settings
) -> Finding:
    try:
        async with asyncio.timeout(10):
            return await check(settings)
    except Exception as error:
        return Finding(
            what=name,
            told=f"not reachable ({type(error).__name__}: {error})",
            advice=_ADVICE[name],
        )


_ADVICE = {
    "Database": "Start it or mend POSTBOT_DATABASE_URL, then run `postbot migrate`.",
    "Encryption": "Start the database first.",
    "Redis": "Start it or mend POSTBOT_REDIS_URL.",
    "Media": "Check POSTBOT_DATA_DIR and POSTBOT_MEDIA_URL.",
    "Slack": "Check the network and SLACK_API_URL.",
    "Platforms": "Check the platform's settings.",
    "Public URL": "Set POSTBOT_PUBLIC_URL.",
}


async def _database(settings: Settings) -> Finding:
    async with open_runtime(settings) as runtime:
        return await _schedule(runtime)


async def _schedule(runtime: Runtime) -> Finding:
    now = runtime.clock.now()
    ticked = await stats.seconds_since_tick(now)
    late = await stats.seconds_late(now)
    if ticked is None or ticked > 30:
        told = (
            "no dispatcher ever ran"
            if ticked is None
            else f"last dispatcher tick {ticked:.0f} s ago"
        )
        return Finding(
            what="Database",
            told=f"answers, but {told}",
            advice="Start `postbot run` or `postbot dispatcher`.",
        )
    return Finding(what="Database", told=f"answers; the schedule is {late:.0f} s late")


async def _encryption(settings: Settings) -> Finding:
    async with open_runtime(settings) as runtime:
        found = await sealed.census(runtime, runtime.vault)
    if found.unreadable:
        return Finding(
            what="Encryption",
            told=f"the keys do not open {len(found.unreadable)} of {found.total} stored secrets",
            advice="Put the key back that was used before, behind the newest; or give them up with "
            "`postbot rotate-keys --forget-unreadable` and connect those accounts again.",
        )
    if found.older:
        return Finding(
            what="Encryption",
            told=f"{found.older} of {found.total} stored secrets need an older key",
            advice="Run `postbot rotate-keys`.",
        )
    return Finding(what="Encryption", told=f"the newest key opens {found.total} stored secrets")


async def _redis(settings: Settings) -> Finding:
    if not settings.redis:
        return Finding(what="Redis", told="embedded; it starts with `postbot run`")
    client = redis_client(settings.redis)
    await asyncio.to_thread(client.ping)
    return Finding(what="Redis", told="answers")


async def _media(settings: Settings) -> Finding:
    where = settings.media_url or str(settings.data_dir / "media")
    try:
        await open_shelf(settings).check()
    except ShelfFailed as error:
        advice = (
            "Mend POSTBOT_MEDIA_URL, POSTBOT_MEDIA_ENDPOINT, the region or the keys; they must "
            "allow to put, get, list and delete objects."
            if settings.media_url
            else "Let the user that runs Postbot write to POSTBOT_DATA_DIR."
        )
        return Finding(what="Media", told=f"{where}: {error}", advice=advice)
    return Finding(what="Media", told=f"{where} takes, gives and removes files")


async def _slack(settings: Settings) -> Finding:
    answer = await doctor_slack.look(settings)
    return Finding(what="Slack", told=answer.told, advice=answer.advice)


async def _platforms(settings: Settings) -> Finding:
    names = settings.platforms()
    if not names:
        return Finding(
            what="Platforms",
            told="no app credentials",
            advice="Set X_CLIENT_ID and X_CLIENT_SECRET from the X developer console.",
        )
    return Finding(what="Platforms", told=f"credentials for {', '.join(names)}")


async def _public_url(settings: Settings) -> Finding:
    local = settings.public_url.startswith(("http://127.", "http://localhost"))
    if local and not settings.slack_app_token.get_secret_value():
        return Finding(
            what="Public URL",
            told=f"{settings.public_url} is this machine only",
            advice="Set POSTBOT_PUBLIC_URL to an address that Slack reaches, or use Socket Mode "
            "(SLACK_APP_TOKEN).",
        )
    return Finding(what="Public URL", told=settings.public_url)
