"""What people cannot do with posts, and why. Every message is for the person who asked."""

from __future__ import annotations

from datetime import datetime

from publishers import Problem, get
from scheduler.models import Account
from scheduler.spending import Month, dollars
from scheduler.states import State


class PostError(Exception):
    """Something that cannot be done. The message is for the person who asked."""


class NoSuchPost(PostError):
    """There is no such post in this workspace."""

    def __init__(self) -> None:
        super().__init__("There is no such post in this workspace. Check its id.")


class TooLate(PostError):
    """The post has moved on; what was asked is no longer possible."""


class Gone(TooLate):
    """The draft was deleted."""

    def __init__(self) -> None:
        super().__init__(
            "This draft was deleted meanwhile, so nothing was stored. What you typed stays here."
        )


class Changed(PostError):
    """Somebody else stored the post since it was read; `revision` is what it has now."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        super().__init__(
            "This post was changed elsewhere since you opened it, so nothing was stored. What you "
            "typed stays here."
        )


class NotAnApprover(PostError):
    """Somebody decides who may not."""


class WrongTime(PostError):
    """The time cannot be used."""


class UnknownAccount(PostError):
    """An account is missing, disconnected or in another workspace."""


class Unfit(PostError):
    """The content does not fit an account. `problems` by platform."""

    def __init__(self, problems: dict[str, list[Problem]]) -> None:
        self.problems = problems
        super().__init__(" ".join(problem.text for found in problems.values() for problem in found))


class SaidBefore(PostError):
    """The same post goes, or went, to the same account at about the same time."""

    def __init__(self, account: Account, due_at: datetime, state: State) -> None:
        self.account, self.due_at, self.state = account, due_at, state
        super().__init__(
            f"@{account.username} has the same post already. Change the text, or say that you mean "
            "it twice."
        )


class OverBudget(PostError):
    """The post costs more than the month has left."""

    def __init__(self, platform: str, cost: int, month: Month) -> None:
        label = get(platform).label
        super().__init__(
            f"This would cost {dollars(cost)} on {label}, and of this month's "
            f"{dollars(month.budget)} only {dollars(month.left)} is left. Leave out the link, "
            "choose a day of another month, or ask whoever runs Postbot to raise "
            f"{platform.upper()}_MONTHLY_BUDGET."
        )
