"""Meta's error codes as modes: what each says, and whether the post may be live all the same.

Meanings and statuses are from the error tables of Meta's documentation and from reports of people
who met them; codes from 2207000 up are Instagram's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from sandbox.graph.errors import Refusal
from sandbox.graph.usage import app_usage, business_usage, regain_minutes
from sandbox.modes import HAPPENS, Answer, Call, Mode, Plan
from sandbox.switches import Switches

Platform = Literal["facebook", "instagram"]

TOKEN = "Meta does not take the token"  # noqa: S105 - a heading
PERMISSION = "Meta does not permit it"
THROTTLE = "Meta says that it was too often"
CONTENT = "Meta does not take the content"
MEDIA = "Meta has trouble with the media"
TROUBLE = "Meta has trouble of its own"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the map. `maybe_live`: such an error was seen although the post went out.

    `only` names the one platform that says it. `message` is given where its words matter.
    """

    code: int
    subcode: int | None
    meaning: str
    group: str
    only: Platform | None = None
    maybe_live: bool = False
    message: str | None = None

    @property
    def key(self) -> str:
        return "error_" + self.name.replace("/", "_")

    @property
    def name(self) -> str:
        return f"{self.code}" if self.subcode is None else f"{self.code}/{self.subcode}"

    def refusal(self) -> Refusal:
        return Refusal(
            self.message or f"(#{self.code}) {self.meaning[0].upper()}{self.meaning[1:]}.",
            code=self.code,
            subcode=self.subcode,
            is_transient=self.code == 2,
            user_title="That did not work",
            user_message=f"{self.meaning[0].upper()}{self.meaning[1:]}.",
        )


Rows = Mapping[str, Row]
_UNAVAILABLE = Refusal("Service temporarily unavailable", code=2, status=503, is_transient=True)


def _rows(
    group: str,
    *lines: tuple[int, int | None, str],
    only: Platform | None = None,
    maybe_live: bool = False,
) -> Iterator[Row]:
    for code, subcode, meaning in lines:
        yield Row(
            code=code,
            subcode=subcode,
            meaning=meaning,
            group=group,
            only=only,
            maybe_live=maybe_live,
        )


ROWS: tuple[Row, ...] = (
    *_rows(
        TOKEN,
        (190, 463, "the token has expired"),
        (190, 467, "the token is not valid"),
        (102, None, "the session is not valid"),
        (104, None, "the session has a wrong signature"),
        (190, 458, "the person removed the app"),
        (190, 459, "the person must log in and pass a checkpoint"),
        (190, 460, "the person changed the password"),
        (190, 464, "the person has not confirmed the profile"),
    ),
    *_rows(
        PERMISSION,
        (492, None, "the person has no role on the Page any more"),
        (3, None, "the app has not this capability"),
        (10, None, "the app has not this permission"),
        (200, None, "the app has not the permission to post"),
        (283, None, "the app has not the permission to read"),
        (368, None, "the profile is blocked for a while because of misuse"),
    ),
    Row(
        code=190,
        subcode=None,
        meaning="a permission on the Page is missing, which is no dead token",
        group=PERMISSION,
        message=(
            "You must have one of these permissions before impersonating a user's page: "
            "manage_pages, pages_manage_posts."
        ),
    ),
    *_rows(
        PERMISSION,
        (25, 2207050, "the Instagram account is restricted"),
        (100, 2207081, "the account may not post trial reels"),
        only="instagram",
    ),
    *_rows(
        THROTTLE,
        (4, None, "the app calls too often"),
        (17, None, "the person calls too often"),
        (32, None, "the Page is called too often"),
        (341, None, "a limit of the app is reached"),
        (613, None, "this call comes too often"),
        maybe_live=True,
    ),
    *_rows(
        THROTTLE,
        (80001, None, "the Page is called too often"),
        only="facebook",
        maybe_live=True,
    ),
    *_rows(
        THROTTLE,
        (80002, None, "the Instagram account is called too often"),
        (4, 2207051, "the action looks like spam"),
        only="instagram",
        maybe_live=True,
    ),
    *_rows(
        THROTTLE,
        (9, 2207042, "the account has posted as much as it may in a day"),
        only="instagram",
    ),
    *_rows(
        CONTENT,
        (100, None, "a parameter is not valid"),
        (100, 33, "the object does not exist or cannot be read"),
    ),
    *_rows(
        CONTENT,
        (100, 1349125, "the post is empty or its link is wrong"),
        (100, 2061006, "the link is not a valid address"),
        (368, 1390008, "posts come too fast"),
        (368, 1346003, "people reported the content as abusive"),
        (368, 1404102, "the content goes against the community standards"),
        (100, 1609005, "the link could not be looked at"),
        only="facebook",
    ),
    *_rows(
        CONTENT,
        (506, None, "the post is a duplicate of the last one"),
        (100, 1366051, "these photos were already posted"),
        only="facebook",
        maybe_live=True,
    ),
    *_rows(
        CONTENT,
        (36004, 2207010, "the caption is too long"),
        (100, 2207023, "the media type is unknown"),
        (100, 2207028, "the items do not make a carousel"),
        (100, 2207035, "the place of a product tag is wrong"),
        (100, 2207036, "a product tag must have a place"),
        (100, 2207037, "a product tag is not valid"),
        (100, 2207040, "there are too many tags"),
        only="instagram",
    ),
    *_rows(
        MEDIA,
        (324, None, "the image file is missing or not valid"),
        (100, 1366046, "the image cannot be read or is too large"),
        (324, 2069019, "the image is too large or not valid"),
        only="facebook",
    ),
    *_rows(
        MEDIA,
        (-2, 2207003, "it took too long to fetch the media"),
        (9004, 2207052, "the media could not be fetched"),
        (-2, 2207020, "the media expired"),
        (-1, 2207001, "Instagram's server had an error"),
        (-1, 2207032, "the media could not be created"),
        (-1, 2207053, "an unknown error stopped the upload"),
        (24, 2207008, "the container cannot be found yet, or it expired"),
        (24, 2207006, "the container does not exist"),
        (9007, 2207027, "the media is not ready"),
        (352, 2207026, "the video format is not supported"),
        (36000, 2207004, "the image is too large"),
        (36001, 2207005, "the image format is not supported"),
        (36003, 2207009, "the aspect ratio is not supported"),
        (1, 2207057, "the place of the thumbnail is outside the video"),
        only="instagram",
    ),
    *_rows(
        TROUBLE,
        (1, None, "an unknown error occurred"),
        (2, None, "the service is not available at the moment"),
        (-1, None, "something went wrong"),
        (-2, None, "it took too long"),
        maybe_live=True,
    ),
)


def rows_of(platform: Platform) -> list[Row]:
    return [row for row in ROWS if row.only in (None, platform)]


def plan_of(
    platform: Platform,
    *,
    name: str,
    calls: Mapping[str, Call],
    kind_of: Callable[[web.Request], str | None],
    throttle: str,
    example: str,
) -> Plan:
    """Every row as a mode; one that may be live twice: `error_4` refuses, `error_4_live` posts.

    `throttle` is the row that says what 429 says elsewhere; `example` the id of a profile that
    the usage headers of a throttle can speak of.
    """
    rows = {row.key: row for row in rows_of(platform)}
    answers = {key: _answer(row, platform, example) for key, row in rows.items()}
    modes = {**dict(_refusing(rows, answers)), **dict(_carried_out(rows, answers))}
    return Plan(
        platform=name,
        calls=calls,
        kind_of=kind_of,
        unavailable=_says(_UNAVAILABLE),
        rate_limited=answers[throttle],
        unauthorized=answers["error_190_467"],
        modes={
            **modes,
            "rate_limit": Mode(
                label=f"says that calls come too often ({rows[throttle].name})",
                effect=answers[throttle],
            ),
            "unauthorized": Mode(
                label="says that the token is not valid (190/467)",
                effect=answers["error_190_467"],
            ),
        },
    )


def _says(refusal: Refusal) -> Answer:
    return lambda _switches: refusal.answer()


def _refusing(rows: Rows, answers: Mapping[str, Answer]) -> Iterator[tuple[str, Mode]]:
    for key, row in rows.items():
        label = f"says {row.name}: {row.meaning}"
        yield key, Mode(label=label, effect=answers[key], group=row.group)


def _carried_out(rows: Rows, answers: Mapping[str, Answer]) -> Iterator[tuple[str, Mode]]:
    for key, row in rows.items():
        if row.maybe_live:
            label = f"does as asked, then says {row.name}: {row.meaning}"
            mode = Mode(label=label, effect=answers[key], carried_out=True, group=HAPPENS)
            yield f"{key}_live", mode


def _answer(row: Row, platform: Platform, profile_id: str) -> Answer:
    if row.group is not THROTTLE or row.subcode is not None:
        return _says(row.refusal())

    def throttle(switches: Switches) -> web.Response:
        answer = row.refusal().answer()
        answer.headers.update(_usage_headers(row.code, platform, profile_id, switches))
        return answer

    return throttle


def _usage_headers(
    code: int, platform: Platform, profile_id: str, switches: Switches
) -> Mapping[str, str]:
    if code in (4, 17):
        return app_usage(110)
    business_type = "pages" if platform == "facebook" else "instagram"
    return business_usage(business_type, profile_id, 110, regain=regain_minutes(switches))
