"""The tables. Instants are UTC; every column has one sentence where its name does not say it."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model

from scheduler.states import PostState, Role, State


class Workspace(Model):
    """A Slack team that installed Postbot."""

    id = fields.IntField(primary_key=True)
    # Slack's id of the team, `T…`.
    team_id = fields.CharField(max_length=32, unique=True)
    name = fields.CharField(max_length=255, default="")
    bot_user_id = fields.CharField(max_length=32, default="")
    bot_id = fields.CharField(max_length=32, default="")
    # Slack's id of the organisation that it belongs to, `E…`, where Postbot saw one.
    enterprise_id = fields.CharField(max_length=32, default="", db_default="")
    # The role of members without one of their own; empty means the product's default.
    default_role = fields.CharField(max_length=16, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "workspace"


class Installation(Model):
    """Postbot's access to a Slack workspace, or to all workspaces of an organisation."""

    id = fields.IntField(primary_key=True)
    # `T…` of the workspace, or `E…` of the organisation when it is for all of it.
    place = fields.CharField(max_length=32, unique=True)
    name = fields.CharField(max_length=255, default="")
    # The organisation, whether it is for all of it or for one workspace in it.
    enterprise_id = fields.CharField(max_length=32, default="")
    is_enterprise_install = fields.BooleanField(default=False)
    # Encrypted tokens; empty when they were revoked. Read by `scheduler.installations` alone.
    secrets = fields.TextField(default="")
    # Rises with every new pair of tokens, so that a refresh is done once.
    token_version = fields.IntField(default=0)
    # When the token ends; empty where tokens are not rotated.
    expires_at = fields.DatetimeField(null=True)
    # What Slack lets the token do, separated by commas.
    scopes = fields.TextField(default="")
    bot_user_id = fields.CharField(max_length=32, default="")
    bot_id = fields.CharField(max_length=32, default="")
    installed_by = fields.CharField(max_length=32, default="")
    installed_at = fields.DatetimeField()
    # When Slack ended the access; empty while it holds.
    revoked_at = fields.DatetimeField(null=True)
    # The process that refreshes the tokens at this moment.
    refresh_owner = fields.BigIntField(null=True)

    class Meta:
        table = "installation"


class InstallConsent(Model):
    """An installation that was begun and waits for Slack's redirect. Used once, short-lived."""

    state = fields.CharField(max_length=64, primary_key=True)
    # As in `Consent`.
    browser = fields.CharField(max_length=64)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "install_consent"


class Member(Model):
    """A person in Slack who used Postbot or owns something in it."""

    id = fields.IntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    # Slack's id of the user, `U…` or `W…`.
    user_id = fields.CharField(max_length=32)
    name = fields.CharField(max_length=255, default="")
    # IANA zone of the member's Slack profile.
    timezone = fields.CharField(max_length=64, default="UTC")
    # Of the Slack workspace; then an admin here, too.
    is_admin = fields.BooleanField(default=False)
    # What an admin made of them here; empty means the default role of the workspace.
    role = fields.CharField(max_length=16, null=True)
    # The direct conversation with the bot, `D…`, once it was opened.
    dm_channel = fields.CharField(max_length=32, default="")
    # When they get their digest, `HH:MM` on the clock of their zone; empty for never.
    digest_at = fields.CharField(max_length=5, default="", db_default="")
    # The last day (`YYYY-MM-DD`) of which they got it.
    digested_on = fields.CharField(max_length=10, default="", db_default="")
    # When name, zone and role were last read from Slack.
    checked_at = fields.DatetimeField()

    class Meta:
        table = "member"
        unique_together = (("workspace", "user_id"),)


class Account(Model):
    """One connected profile on a platform."""

    id = fields.IntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    platform = fields.CharField(max_length=32)
    # The platform's own id of the profile.
    remote_id = fields.CharField(max_length=255)
    username = fields.CharField(max_length=255)
    name = fields.CharField(max_length=255)
    # Encrypted tokens; empty after a disconnect. Read by `scheduler.accounts` alone.
    secrets = fields.TextField(default="")
    # Rises with every new pair of tokens, so that a refresh is done once.
    token_version = fields.IntField(default=0)
    expires_at = fields.DatetimeField(null=True)
    # What posts to this account begin with, such as `place`.
    defaults: Any = fields.JSONField(default=dict, db_default="{}")
    # Its slots as people type them, such as `Mon-Fri 09:00`, and the zone of their clock.
    slots = fields.TextField(default="", db_default="")
    slots_zone = fields.CharField(max_length=64, default="", db_default="")
    # `connected`, `broken` (needs a reconnect) or `disconnected`.
    health = fields.CharField(max_length=16, default="connected")
    # The process that refreshes the tokens at this moment.
    refresh_owner = fields.BigIntField(null=True)
    connected_by = fields.CharField(max_length=32)
    connected_at = fields.DatetimeField()
    # When the platform last showed that the tokens work.
    checked_at = fields.DatetimeField(null=True)
    # When somebody last began to ask the platform for that.
    check_began_at = fields.DatetimeField(null=True)
    # The process that writes to people about the account at this moment.
    teller = fields.BigIntField(null=True)
    # Posts to it need an approval, whoever writes them.
    needs_approval = fields.BooleanField(null=True)

    class Meta:
        table = "account"
        unique_together = (("workspace", "platform", "remote_id"),)


class Rules(Model):
    """Who approves posts in a workspace, and where.

    Made when an admin first saves the settings. Until then the defaults hold.
    """

    workspace: fields.OneToOneRelation[Workspace] = fields.OneToOneField(
        "models.Workspace", related_name="rules", primary_key=True
    )
    workspace_id: int
    # Slack user ids. Without any, and without a group, the admins approve.
    approvers: Any = fields.JSONField(default=list)
    # Slack's id of a user group whose members approve, too, `S…`; and who they were when asked.
    approver_group = fields.CharField(max_length=32, default="")
    group_name = fields.CharField(max_length=255, default="")
    group_members: Any = fields.JSONField(default=list)
    group_read_at = fields.DatetimeField(null=True)
    # How many of them must say yes.
    needed = fields.SmallIntField(default=1)
    # An approver who is an admin may approve what they wrote themselves.
    admins_approve_own = fields.BooleanField(default=False)
    # Posts to every account need an approval, whoever writes them.
    every_account = fields.BooleanField(default=False)
    # How long before its time approvers are reminded of a post; 0 for never.
    remind_minutes = fields.IntField(default=120)
    # Channels, `C…`: where approvals are asked for, and where a copy of every card stands.
    review_channel = fields.CharField(max_length=32, default="")
    brand_channel = fields.CharField(max_length=32, default="")
    # The admin who saved this last.
    saved_by = fields.CharField(max_length=32, default="")
    # Channels of which an admin was told that Postbot cannot write there.
    lost_channels: Any = fields.JSONField(default=list)

    class Meta:
        table = "rules"


class Consent(Model):
    """A connect that was begun and waits for the platform's redirect. Used once, short-lived."""

    state = fields.CharField(max_length=64, primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    user_id = fields.CharField(max_length=32)
    platform = fields.CharField(max_length=32)
    # Encrypted PKCE verifier.
    verifier = fields.TextField()
    # Hash of the secret that the browser keeps which began it.
    browser = fields.CharField(max_length=64, default="", db_default="")
    expires_at = fields.DatetimeField()

    class Meta:
        table = "consent"


class Choice(Model):
    """The profiles of a consent that gave several. Waits for the member's choice, short-lived."""

    id = fields.CharField(max_length=64, primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    user_id = fields.CharField(max_length=32)
    platform = fields.CharField(max_length=32)
    # Encrypted profiles, each with its tokens.
    profiles = fields.TextField()
    # As in `Consent`.
    browser = fields.CharField(max_length=64)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "choice"


class Post(Model):
    """What a person wrote."""

    # Short and random; people type it in `/schedule-post status`.
    id = fields.CharField(max_length=16, primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    author = fields.CharField(max_length=32)
    text = fields.TextField()
    # Texts for single platforms in place of the common one, by platform.
    variants: Any = fields.JSONField(default=dict, db_default="{}")
    # The page that it points to.
    link = fields.TextField(default="", db_default="")
    title = fields.TextField(default="", db_default="")
    # Goes out below the post as soon as that is live.
    first_comment = fields.TextField(default="", db_default="")
    state = fields.CharEnumField(PostState, max_length=16, default=PostState.DRAFT)
    due_at = fields.DatetimeField(null=True)
    # Of a draft: the accounts and places that it is meant for, and what else was typed.
    plan: Any = fields.JSONField(null=True)
    # The zone in which the author chose the time.
    timezone = fields.CharField(max_length=64, default="UTC")
    # Rises with every change of content or time; whoever read an older one changes nothing.
    revision = fields.IntField(default=1)
    # The series that it was made from, and the day (`YYYY-MM-DD`) of which it is the occurrence;
    # the day is empty when the series took it back.
    series_id = fields.CharField(max_length=16, null=True)
    occurrence = fields.CharField(max_length=10, null=True)
    # While it is submitted or returned: when approvers are reminded next, then when its time comes.
    review_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "post"
        # Unique indexes on (series_id, occurrence) and a partial one on what is due of series
        # stand in the migration that added them.
        # A partial index on `review_at` stands in the migration that added it.
        indexes = (("workspace_id", "author", "created_at"),)


class Series(Model):
    """A post that is repeated. Changed only by `scheduler.series`, `turns` and
    `occurrences`."""

    id = fields.CharField(max_length=16, primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    author = fields.CharField(max_length=32)
    # What each occurrence says, as in `Post`.
    text = fields.TextField()
    variants: Any = fields.JSONField(default=dict)
    link = fields.TextField(default="")
    title = fields.TextField(default="")
    first_comment = fields.TextField(default="")
    # Its files, as the media store knows them.
    media: Any = fields.JSONField(default=list)
    account_ids: Any = fields.JSONField(default=list)
    # Where within an account it goes, by account id.
    places: Any = fields.JSONField(default=dict)
    # When, as `scheduler.recurrence` writes it.
    rule: Any = fields.JSONField(default=dict)
    # Rises with every change by a person; whoever read an older one changes nothing.
    revision = fields.IntField(default=1)
    # The first day (`YYYY-MM-DD`) of which no post was made yet, and its instant; empty after the
    # last.
    next_day = fields.CharField(max_length=10, null=True)
    next_at = fields.DatetimeField(null=True)
    # The instant of the last occurrence of which a post was made.
    last_at = fields.DatetimeField(null=True)
    # Why no post can be made at the moment, and when it is tried again.
    trouble = fields.TextField(default="")
    retry_at = fields.DatetimeField(null=True)
    paused_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "series"
        indexes = (("workspace_id", "author"), ("next_at",))


class Decision(Model):
    """What one approver said of one revision of a post."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "models.Post", related_name="decisions"
    )
    post_id: str
    revision = fields.IntField()
    # The Slack user id of the approver.
    user_id = fields.CharField(max_length=32)
    is_approved = fields.BooleanField()
    # Why not, in their words.
    reason = fields.TextField(default="")
    at = fields.DatetimeField()

    class Meta:
        table = "decision"
        unique_together = (("post", "revision", "user_id"),)


class MediaFile(Model):
    """One file of a post in the media store."""

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "models.Post", related_name="media"
    )
    post_id: str
    position = fields.SmallIntField()
    name = fields.CharField(max_length=255)
    # What the media store calls it.
    key = fields.CharField(max_length=128)
    kind = fields.CharField(max_length=8)
    mime = fields.CharField(max_length=64)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    # Seconds, of a video.
    duration = fields.FloatField(null=True)
    # Frames a second, of a video.
    frame_rate = fields.FloatField(null=True)
    # How the picture of a video is encoded.
    codec = fields.CharField(max_length=16, null=True)
    # How an image must be turned, as EXIF counts it.
    orientation = fields.SmallIntField(null=True)
    # It says where it was taken.
    is_located = fields.BooleanField(null=True)
    # It may have transparent parts.
    is_transparent = fields.BooleanField(null=True)
    alt_text = fields.TextField(default="")
    # The file in Slack that it came from, to show it in messages.
    slack_file_id = fields.CharField(max_length=32, default="")

    class Meta:
        table = "media_file"
        indexes = (("post_id",), ("key",))


class MediaVersion(Model):
    """An image made fit for a platform, from a file in the media store. It lives as long as that
    does."""

    id = fields.IntField(primary_key=True)
    # The key of the file that it was made from, and how it was made.
    source = fields.CharField(max_length=128)
    recipe = fields.CharField(max_length=64)
    # What the media store calls it.
    key = fields.CharField(max_length=128, db_index=True)
    mime = fields.CharField(max_length=64)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    width = fields.IntField()
    height = fields.IntField()
    made_at = fields.DatetimeField()

    class Meta:
        table = "media_version"
        unique_together = (("source", "recipe"),)


class Feed(Model):
    """The secret address under which a member's calendar program reads the schedule."""

    member: fields.OneToOneRelation[Member] = fields.OneToOneField(
        "models.Member", related_name="feed", primary_key=True
    )
    member_id: int
    # Hash of the secret in the address.
    digest = fields.CharField(max_length=64, unique=True)
    made_at = fields.DatetimeField()

    class Meta:
        table = "feed"


class Import(Model):
    """A file of posts that was checked, and what came of it. Changed only by
    `scheduler.imports`."""

    id = fields.CharField(max_length=16, primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    user_id = fields.CharField(max_length=32)
    # The file's name.
    name = fields.CharField(max_length=255)
    # The posts that can be scheduled, a row of the file each. Emptied when they are.
    plan: Any = fields.JSONField(default=list)
    # How many those are.
    posts = fields.IntField()
    checked_at = fields.DatetimeField(db_index=True)
    # When they were scheduled, all at once.
    done_at = fields.DatetimeField(null=True)

    class Meta:
        table = "import"


class Delivery(Model):
    """One post to one account. Changed only by `scheduler.deliveries`."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("models.Workspace")
    workspace_id: int
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "models.Post", related_name="deliveries"
    )
    post_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account")
    account_id: int
    platform = fields.CharField(max_length=32)
    # Where within the account it goes, in the platform's own words.
    place = fields.CharField(max_length=255, default="", db_default="")
    # A post may go out in several requests, each a delivery of its own, created when the one
    # before is live: which one this is, what it is, and the one before.
    part = fields.SmallIntField(default=0, db_default=0)
    role = fields.CharEnumField(Role, max_length=8, default=Role.POST, db_default=Role.POST)
    parent_id = fields.BigIntField(null=True)
    state = fields.CharEnumField(State, max_length=16, default=State.SCHEDULED)
    # When it should be live.
    due_at = fields.DatetimeField()
    # When somebody must look at the row next: to stage it, poll, retry, look on the platform, or
    # take it back from a process that went silent. Empty when nothing happens by itself.
    next_attempt_at = fields.DatetimeField(null=True)
    # 0 publish now, 5 scheduled, 9 bulk import.
    priority = fields.SmallIntField(default=5)
    # Makes an old claim powerless.
    fence = fields.IntField(default=0)
    # The process that holds it.
    owner = fields.BigIntField(null=True)
    # Attempts used up.
    attempts = fields.SmallIntField(default=0)
    # How often we looked for it on the platform while unconfirmed.
    looks = fields.SmallIntField(default=0)
    # When the author was asked whether it is live.
    asked_at = fields.DatetimeField(null=True)
    # Hash of what goes out, by which the same post is noticed when it is made again.
    digest = fields.CharField(max_length=64, default="", db_default="")
    # What the platform charges for it and all parts after it, in thousandths of a US dollar.
    price = fields.IntField(default=0, db_default=0)
    # What the publisher saved so far, with the digest of the content it belongs to.
    checkpoint: Any = fields.JSONField(default=dict)
    cause = fields.CharField(max_length=16, default="")
    kind = fields.CharField(max_length=16, default="")
    # A sentence for the author about the last failure.
    reason = fields.TextField(default="")
    remote_id = fields.CharField(max_length=255, default="")
    permalink = fields.TextField(default="")
    published_at = fields.DatetimeField(null=True)
    # Since when it is in this state.
    since = fields.DatetimeField()

    class Meta:
        table = "delivery"
        # A partial index on (state, priority, next_attempt_at) stands in the first migration, one
        # on what is parked in the sixth.
        indexes = (("post_id",), ("account_id", "state"), ("account_id", "digest"))


class Attempt(Model):
    """One try of one delivery. Written before the request that cannot be taken back."""

    id = fields.BigIntField(primary_key=True)
    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField(
        "models.Delivery", related_name="tries"
    )
    delivery_id: int
    fence = fields.IntField()
    # Hash of what was about to be sent.
    digest = fields.CharField(max_length=64, default="")
    started_at = fields.DatetimeField()
    # When the irreversible request began to leave, as far as we know.
    left_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    # The move that ended it; empty while it is open.
    outcome = fields.CharField(max_length=24, default="")
    cause = fields.CharField(max_length=16, default="")
    kind = fields.CharField(max_length=16, default="")
    # The platform's own code or status.
    code = fields.CharField(max_length=64, default="")
    reason = fields.TextField(default="")
    # What the platform answered, kept even when the claim was lost meanwhile: it is evidence.
    remote_id = fields.CharField(max_length=255, default="")
    permalink = fields.TextField(default="")

    class Meta:
        table = "attempt"
        unique_together = (("delivery", "fence"),)


class Event(Model):
    """Something that happened, in the past tense. Written in the transaction of the change."""

    id = fields.BigIntField(primary_key=True)
    # No foreign keys: checking them would lock a post and its workspace for every event.
    workspace_id = fields.IntField()
    # Empty when it happened to an account or a platform and not to a post.
    post_id = fields.CharField(max_length=16)
    delivery_id = fields.BigIntField(null=True)
    account_id = fields.IntField(null=True)
    kind = fields.CharField(max_length=40)
    # Who caused it: a Slack user id, or the part of Postbot.
    actor = fields.CharField(max_length=32, default="")
    data: Any = fields.JSONField(default=dict)
    at = fields.DatetimeField()
    # What people have not been told yet: `card`, `person`, `review`, `account`, `member`, or
    # nothing.
    notice = fields.CharField(max_length=8, null=True)
    # When telling began; found set, Slack is searched before it is told again.
    notice_began_at = fields.DatetimeField(null=True)

    class Meta:
        table = "event"
        # A partial index on what people have not been told yet stands in the first migration.
        indexes = (("post_id", "id"), ("at",))


class Circuit(Model):
    """Whether deliveries may go to a platform, or to an account. Changed only by
    `scheduler.circuits`."""

    # `platform:x` or `account:12`.
    key = fields.CharField(max_length=64, primary_key=True)
    # `closed` (they go), `open` (they are parked) or `ramping` (what was parked goes out by turns).
    state = fields.CharField(max_length=8, default="closed")
    # Since when it is in this state.
    since = fields.DatetimeField()
    # Rises with every change; whoever read an older one changes nothing.
    version = fields.IntField(default=0)
    # What parked deliveries get: the cause, and the sentence for their authors.
    cause = fields.CharField(max_length=16, default="")
    reason = fields.TextField(default="")
    # How often each delivery failed since the platform last answered, by delivery id.
    failures: Any = fields.JSONField(default=dict)
    # When the next probe may begin; while one is under way, when it counts as lost.
    probe_at = fields.DatetimeField(null=True)
    # The process that probes, and the delivery with which it does.
    probe_owner = fields.BigIntField(null=True)
    probe_id = fields.BigIntField(null=True)
    # Deliveries that were a probe since it opened, in order.
    probed: Any = fields.JSONField(default=list)
    # Deliveries released since it began to ramp, and when the next one may be.
    released = fields.IntField(default=0)
    release_at = fields.DatetimeField(null=True)
    # Whom an event told that the platform is down: workspace id and Slack user id.
    told: Any = fields.JSONField(default=list)

    class Meta:
        table = "circuit"


class Quota(Model):
    """How much of a platform's limits an account has used. Changed only by `scheduler.quotas`."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", related_name="quota", primary_key=True
    )
    account_id: int
    # Rises with every change of `spent`; whoever read an older one changes nothing.
    version = fields.IntField(default=0)
    # When each delivery of the last day was or will be sent, by delivery id.
    spent: Any = fields.JSONField(default=dict)
    # What the platform said at `heard_at`: so many posts are left until `reset_at`.
    remaining = fields.IntField(null=True)
    reset_at = fields.DatetimeField(null=True)
    heard_at = fields.DatetimeField(null=True)

    class Meta:
        table = "quota"


class Card(Model):
    """The one live Slack message of a post."""

    post: fields.OneToOneRelation[Post] = fields.OneToOneField(
        "models.Post", related_name="card", primary_key=True
    )
    post_id: str
    channel = fields.CharField(max_length=32, default="")
    # Slack's timestamp of the message; empty until it was sent.
    ts = fields.CharField(max_length=32, default="")
    # Rises with every update; buttons of older copies do nothing.
    version = fields.IntField(default=0)
    # The process that writes to Slack for this post at this moment.
    owner = fields.BigIntField(null=True)
    # Set before the first message is sent; found set without `ts`, Slack is searched.
    began_at = fields.DatetimeField(null=True)

    class Meta:
        table = "card"


class Copy(Model):
    """A message that shows what a post's card shows, in another place. Written by whoever holds the
    card."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "models.Post", related_name="copies"
    )
    post_id: str
    # A channel, `C…`, or a member who is asked in a direct message, `U…`.
    place = fields.CharField(max_length=32)
    # Whether approvals are asked for there.
    is_review = fields.BooleanField(default=False)
    channel = fields.CharField(max_length=32, default="")
    # As in `Card`.
    ts = fields.CharField(max_length=32, default="")
    version = fields.IntField(default=0)
    began_at = fields.DatetimeField(null=True)

    class Meta:
        table = "card_copy"
        unique_together = (("post", "place"),)


class Seen(Model):
    """A delivery from Slack that was handled already, by its event id or signature."""

    key = fields.CharField(max_length=128, primary_key=True)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "seen"


class Marker(Model):
    """A named fact about the whole installation, such as the dispatcher's last tick."""

    name = fields.CharField(max_length=64, primary_key=True)
    value: Any = fields.JSONField(default=dict)
    at = fields.DatetimeField()

    class Meta:
        table = "marker"
