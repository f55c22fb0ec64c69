"""The `postbot` command. Heavy parts are imported by the command that needs them, so that
`postbot --help` answers at once.

Exit codes: 0 fine, 1 failed, 2 wrong usage or a wrong setting.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scheduler.faults import CannotStart, WrongSetting

app = typer.Typer(
    name="postbot",
    help="Schedule social-media posts from Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run() -> None:
    """Run everything in one process. Needs nothing but Python: SQLite and Redis come along."""
    from bot import processes

    processes.start("web", "worker", "dispatcher", migrate=True)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of Postbot itself; 0 takes a free one.")] = 8080,
    slack_port: Annotated[int, typer.Option(help="Port of the page that acts as Slack.")] = 8091,
    platform_port: Annotated[
        int, typer.Option(help="Port of the first platform's stand-in; the others follow it.")
    ] = 8092,
    data_dir: Annotated[
        str, typer.Option(help="Keep the data here; a throw-away folder when empty.")
    ] = "",
) -> None:
    """Try Postbot without any account: pages in the browser act as Slack and the platforms."""
    from bot import demo as sandbox

    sandbox.start(port=port, slack_port=slack_port, platform_port=platform_port, data_dir=data_dir)


@app.command()
def web() -> None:
    """Run the web process: Slack, connect pages, health. Needs a migrated database."""
    from bot import processes

    processes.start("web")


@app.command()
def worker() -> None:
    """Run a worker: it publishes what is due. Start as many as you like (PostgreSQL)."""
    from bot import processes

    processes.start("worker")


@app.command()
def dispatcher() -> None:
    """Run a dispatcher: it hands due posts to the workers. A second one is a spare."""
    from bot import processes

    processes.start("dispatcher")


@app.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run at any time, by several at once."""
    from bot import processes

    processes.migrate()


@app.command()
def doctor(
    env: Annotated[bool, typer.Option("--env", help="Print the table of settings.")] = False,
) -> None:
    """Check settings, database, Redis, Slack and platform credentials; say what to fix."""
    from bot import doctor as checks

    raise typer.Exit(checks.print_settings() if env else checks.run())


@app.command()
def manifest(
    url: Annotated[
        str, typer.Option(help="The public address; POSTBOT_PUBLIC_URL if not given.")
    ] = "",
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="For an app that Slack cannot reach.")
    ] = False,
    token_rotation: Annotated[
        bool,
        typer.Option("--token-rotation", help="Tokens end after 12 hours; needs SLACK_CLIENT_ID."),
    ] = False,
) -> None:
    """Print the manifest of the Slack app, ready to paste."""
    from bot import manifest as app_manifest
    from scheduler.config import read_settings

    address = url or read_settings().public_url
    if socket_mode and not url and not address.startswith("https://"):
        address = ""
    try:
        made = app_manifest.manifest(
            address, socket_mode=socket_mode, token_rotation=token_rotation
        )
    except app_manifest.WrongUrl as error:
        raise typer.BadParameter(str(error)) from error
    print(app_manifest.printed(made))


@app.command("rotate-keys")
def rotate_keys(
    new: Annotated[bool, typer.Option("--new", help="Make a new key first.")] = False,
    forget_unreadable: Annotated[
        bool,
        typer.Option(help="Give up what no key opens; those accounts must be connected again."),
    ] = False,
) -> None:
    """Encrypt everything that is stored encrypted anew, with the newest key."""
    from bot import keys

    keys.rotate(new=new, forget_unreadable=forget_unreadable)


@app.command()
def stats() -> None:
    """Show how many deliveries are in which state, how late the schedule is, and what is down."""
    from bot import processes

    processes.print_stats()


def main() -> None:
    """Entry point. Foreseen failures are one sentence each, without a traceback."""
    try:
        app()
    except WrongSetting as error:
        print(f"postbot: wrong setting\n{error}", file=sys.stderr)
        sys.exit(2)
    except CannotStart as error:
        print(f"postbot: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
