"""What Meta's error codes mean, for Facebook and Instagram alike: one row for each that its API is
known to give.

Subcodes from 1,000,000 up are unique, so their rows name no code. At the request that cannot be
taken back a refusal stays one, and everything else leaves open what happened, unless `at_post` says
otherwise. Meta's own pages and the reports of its users contradict each other on the subcodes
1346003, 1349125, 1366046 and 1390008: their sentences quote Meta.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from publishers._errors import (
    Cause,
    CredentialsExpired,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)

RECONNECT = (
    "{label} no longer accepts the connection of this account. Connect the account again, then "
    "retry."
)
REFUSED = "{label} refused this.{quote} Change the post and try again."
OPEN = (
    "{label} answered with an error that leaves open whether the post went out. Look at the "
    "profile before you post again."
)
APP = (
    "{label} does not accept Postbot's app registration.{quote} Ask your Postbot administrator to "
    "check "
)
_PERMISSION = (
    "{label} does not permit Postbot to do this.{quote} Connect the account again with every "
    "permission switched on; if that does not help, ask your Postbot administrator to check the "
    "permissions of the Meta app."
)
_LIMITED = (
    "{label} limits how often Postbot may call for this account; it goes on when {label} allows it."
)
_DUPLICATE = (
    "{label} says that this was posted already, so it may be out. Look at the profile; if it is "
    "not there, change the text."
)
_UNFETCHED = (
    "{label} could not fetch a file of this post from Postbot. Postbot tries again; if it keeps "
    "failing, ask your Postbot administrator to check that its public address can be reached."
)
_AGAIN = "{label} could not work on the files of this post. Postbot hands them over again."
_LOST = "{label} no longer has the uploaded files of this post. Postbot uploads them again."


@dataclass(frozen=True, kw_only=True)
class Row:
    """A known refusal: how it is recognised (empty matches all) and what it means.

    `words` are looked for in the English message; `statuses` count only for answers that hold no
    error of Meta's; `reading` rows count only where something was read. `kind` `uploads` makes the
    next attempt begin with fresh uploads. `pause` is for a limit whose end Meta never tells.
    """

    codes: tuple[int, ...] = ()
    subcodes: tuple[int, ...] = ()
    words: tuple[str, ...] = ("",)
    statuses: tuple[int, ...] = ()
    reading: bool = False
    error: type[PublishError] = Rejected
    at_post: type[PublishError] | None = None
    cause: Cause | None = None
    kind: str = ""
    pause: timedelta | None = None
    likely_live: bool = False
    sentence: str
    open_sentence: str = ""


TROUBLE = Row(
    error=TemporaryFailure,
    cause=Cause.PLATFORM,
    sentence="{label} has a problem of its own at the moment. Postbot tries again.",
)
UNREADABLE = Row(
    error=TemporaryFailure,
    cause=Cause.PLATFORM,
    likely_live=True,
    sentence=TROUBLE.sentence,
    open_sentence="{label} accepted the post, but its answer could not be read. Look at the "
    "profile before you post again.",
)

#: Answers without an error of Meta's: from something in front of its API.
GATEWAY_ROWS = (
    Row(statuses=(401,), error=CredentialsExpired, sentence=RECONNECT),
    # Turned away at the door, so that it never reached what publishes.
    Row(statuses=(429,), error=RateLimited, at_post=RateLimited, sentence=_LIMITED),
)

_TOKEN_ROWS = (
    # Meta gives the code of a dead token here, but a new one would not help.
    Row(
        codes=(190,),
        words=("before impersonating a user's page",),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence=_PERMISSION,
    ),
    Row(
        words=("appsecret_proof",),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence=f"{APP}the secret of the Meta app.",
    ),
    Row(
        codes=(190,),
        subcodes=(459,),
        cause=Cause.AUTHENTICATION,
        sentence="{label} wants the person who connected this account to confirm who they are. Log "
        "in at facebook.com, follow its instructions, then retry.",
    ),
    Row(
        codes=(190,),
        subcodes=(464,),
        cause=Cause.AUTHENTICATION,
        sentence="The Facebook profile that connected this account is not confirmed. Log in at "
        "facebook.com, confirm it, then retry.",
    ),
    Row(
        codes=(190,),
        subcodes=(458,),
        error=CredentialsExpired,
        sentence="Postbot was removed from the apps of the person who connected this account. "
        "Connect the account again, then retry.",
    ),
    Row(
        codes=(190,),
        subcodes=(460,),
        error=CredentialsExpired,
        sentence="The person who connected this account has changed their password, which ended "
        "the connection. Connect the account again, then retry.",
    ),
    Row(codes=(102, 104, 190), error=CredentialsExpired, sentence=RECONNECT),
)

_PERMISSION_ROWS = (
    Row(
        codes=(492,),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="The person who connected this account no longer has a role on the Page. Ask an "
        "admin of the Page for one, or let somebody who has one connect it, then retry.",
    ),
    Row(
        subcodes=(2207050,),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="{label} has restricted this account.{quote} Open the {label} app, follow its "
        "instructions, then retry.",
    ),
    Row(
        subcodes=(2207081,),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="{label} does not allow this account to post trial reels. Post it as a normal "
        "reel, or by hand.",
    ),
    Row(
        codes=(3, 10, *range(200, 300)),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence=_PERMISSION,
    ),
)

_POLICY_ROWS = (
    # Posts were live that this was said of.
    Row(
        subcodes=(2207051,),
        at_post=OutcomeUnknown,
        kind="policy",
        sentence="{label} took this for spam and blocked it.{quote} Wait some hours and change the "
        "post, or post it by hand.",
        open_sentence="{label} took this for spam, but the post may be out all the same. Look at "
        "the profile; if it is not there, wait some hours before you post again.",
    ),
    Row(
        subcodes=(1390008,),
        kind="policy",
        sentence="{label} finds that this account posts too fast or too often.{quote} Wait some "
        "hours, then retry.",
    ),
    Row(
        subcodes=(1346003,),
        kind="policy",
        sentence="{label} refused this because people reported it as abusive.{quote} Change the "
        "post, or have the block reviewed at facebook.com.",
    ),
    Row(
        subcodes=(1404102,),
        kind="policy",
        sentence="{label} finds that this goes against its community standards.{quote} Change the "
        "post and try again.",
    ),
    Row(
        codes=(368,),
        kind="policy",
        sentence="{label} has blocked posting from this account for a while.{quote} Wait some "
        "hours, then retry, or post it by hand.",
    ),
)

_DUPLICATE_ROWS = (
    # Photos that belong to a post already cannot be used for another: new uploads can.
    Row(
        subcodes=(1366051,),
        error=TemporaryFailure,
        cause=Cause.CONTENT,
        kind="uploads",
        likely_live=True,
        sentence=_LOST,
        open_sentence=_DUPLICATE,
    ),
    Row(
        codes=(506,),
        at_post=OutcomeUnknown,
        kind="duplicate",
        likely_live=True,
        sentence="{label} says that this is the same as the last post of this account. Change the "
        "text, or leave it if that post is the one you want.",
        open_sentence=_DUPLICATE,
    ),
)

_LIMIT_ROWS = (
    # Meta counts the posts of the last 24 hours; one place may be free again within the hour.
    Row(
        subcodes=(2207042,),
        error=RateLimited,
        at_post=RateLimited,
        kind="quota",
        pause=timedelta(hours=1),
        sentence="This account has published as many posts as {label} allows in 24 hours. Postbot "
        "tries again every hour for a day.",
    ),
    Row(
        codes=(4, 17, 32, 341, 613, 80001, 80002),
        error=RateLimited,
        sentence=_LIMITED,
        open_sentence="{label} limits how often Postbot may call for this account, and leaves open "
        "whether the post went out. Look at the profile before you post again.",
    ),
)

_MEDIA_ROWS = (
    Row(
        subcodes=(2207003, 2207052),
        error=TemporaryFailure,
        cause=Cause.NETWORK,
        sentence=_UNFETCHED,
    ),
    Row(
        codes=(9004,),
        error=TemporaryFailure,
        cause=Cause.NETWORK,
        sentence=_UNFETCHED,
    ),
    Row(
        subcodes=(2207001, 2207020, 2207032, 2207053),
        error=TemporaryFailure,
        kind="uploads",
        sentence=_AGAIN,
    ),
    Row(
        subcodes=(2207077, 2207082, 2207085),
        error=TemporaryFailure,
        cause=Cause.CONTENT,
        kind="uploads",
        sentence="{label} could not process a file of this post. Postbot hands it over again; if "
        "it keeps failing, save the file in another format or quality and add it again.",
    ),
    Row(
        subcodes=(2207008,),
        error=TemporaryFailure,
        sentence="{label} cannot find the prepared post yet. Postbot tries again.",
    ),
    Row(subcodes=(2207006,), error=TemporaryFailure, kind="uploads", sentence=_LOST),
    # Said of media that are still in work, before anything is published.
    Row(
        subcodes=(2207027,),
        error=TemporaryFailure,
        at_post=TemporaryFailure,
        sentence="{label} is still working on the files of this post. Postbot tries again.",
    ),
    Row(
        subcodes=(2207026,),
        sentence="{label} does not take this video's format. Save it as MP4 or MOV (H.264, AAC) "
        "and add it again.",
    ),
    Row(
        subcodes=(2207004,),
        sentence="{label} finds an image too large. Make it smaller and add it again.",
    ),
    Row(
        subcodes=(2207005,),
        sentence="{label} does not take an image's format. Save it as JPEG and add it again.",
    ),
    Row(
        subcodes=(2207009,),
        sentence="{label} does not take the shape of an image. Crop it to a ratio between 4:5 and "
        "1.91:1 and add it again.",
    ),
    Row(
        subcodes=(2207010,),
        sentence="{label} finds the text too long, or with too many hashtags or mentions. Shorten "
        "it and try again.",
    ),
    Row(
        subcodes=(2207023,),
        sentence="{label} does not know this kind of media.{quote} Use an image or a video.",
    ),
    Row(
        subcodes=(2207028,),
        sentence="{label} cannot make a carousel of these files.{quote} Use 2 to 10 images and "
        "videos.",
    ),
    Row(
        subcodes=(2207035, 2207036, 2207037, 2207040),
        sentence="{label} refused the tags of this post.{quote} Correct or remove them.",
    ),
    Row(
        subcodes=(2207057,),
        sentence="{label} finds the chosen cover outside the video. Choose another moment of it.",
    ),
    Row(
        subcodes=(1366046, 2069019),
        sentence="{label} cannot read an image, or finds it too large.{quote} Save it as JPEG "
        "below 4 MB and add it again.",
    ),
    Row(
        codes=(324,),
        sentence="{label} cannot read an image.{quote} Save it as JPEG below 4 MB and add it "
        "again.",
    ),
)

_CONTENT_ROWS = (
    # A definite no at the post, yet one that may pass: there a person retries it.
    Row(
        subcodes=(1609005,),
        error=TemporaryFailure,
        at_post=Rejected,
        cause=Cause.CONTENT,
        sentence="{label} could not read the page behind the link. Check that the link opens for "
        "everybody, then retry.",
    ),
    Row(
        subcodes=(1349125,),
        sentence="{label} finds the post empty or its link wrong.{quote} Correct it and try again.",
    ),
    Row(
        subcodes=(2061006,),
        sentence="{label} does not take the link of this post.{quote} Correct or remove it.",
    ),
    # Seen of things that are there: proves nothing where something was only read.
    Row(
        codes=(100,),
        subcodes=(33,),
        reading=True,
        error=TemporaryFailure,
        sentence="{label} cannot find this at the moment. Postbot tries again.",
    ),
    Row(
        codes=(100,),
        subcodes=(33,),
        at_post=OutcomeUnknown,
        sentence="{label} cannot find what this post belongs to, or does not show it to Postbot. "
        "Check the account, connect it again, then retry.",
    ),
    Row(codes=(100,), sentence=REFUSED),
)

ROWS = (
    *_TOKEN_ROWS,
    *_POLICY_ROWS,
    *_PERMISSION_ROWS,
    *_DUPLICATE_ROWS,
    *_LIMIT_ROWS,
    *_MEDIA_ROWS,
    *_CONTENT_ROWS,
    Row(
        codes=(1, 2, -1, -2),
        error=TROUBLE.error,
        cause=TROUBLE.cause,
        sentence=TROUBLE.sentence,
    ),
)
