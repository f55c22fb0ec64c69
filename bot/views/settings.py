"""The form in which admins set a workspace up: roles, approvals, and the channels for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.views import ids
from bot.views.blocks import MOST_OPTIONS, Json, context, field, header, modal, option, plain
from scheduler import platforms
from scheduler.models import Account, Rules
from scheduler.policy import MOST_NEEDED, Policy
from scheduler.roles import MemberRole

#: In the order in which they stand; nobody is an admin by default.
_DEFAULTS = (MemberRole.PUBLISHER, MemberRole.CONTRIBUTOR, MemberRole.VIEWER)
_MEANS = {
    MemberRole.ADMIN: "Change every post, and these settings",
    MemberRole.PUBLISHER: "Publish without asking, unless an account demands it",
    MemberRole.CONTRIBUTOR: "Write posts; an approver releases them",
    MemberRole.VIEWER: "Read only",
}
_REMINDERS = {
    0: "Never",
    30: "30 minutes before",
    60: "1 hour before",
    120: "2 hours before",
    240: "4 hours before",
    1440: "1 day before",
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """All that the form shows. `roles` are those that an admin gave, as Slack user ids."""

    default_role: MemberRole
    roles: Mapping[MemberRole, Sequence[str]]
    rules: Rules
    accounts: Sequence[Account]


def settings(shown: Shown) -> Json:
    """The form, with what holds now filled in."""
    rules = shown.rules
    return modal(
        "Settings",
        [
            header("Roles"),
            _default_role(shown.default_role),
            *(_role(role, shown.roles.get(role, ())) for role in reversed(MemberRole)),
            header("Approvals"),
            _demand(shown),
            _people(rules),
            _group(rules),
            _needed(rules),
            _own(rules),
            _remind(rules),
            header("Channels"),
            _channel("Ask for approvals in", ids.SETTINGS_REVIEW_CHANNEL, rules.review_channel)
            | {"hint": plain("Without a channel, each approver is asked in a direct message.")},
            _channel("Copy every card to", ids.SETTINGS_BRAND_CHANNEL, rules.brand_channel),
            context("Postbot must be in a channel to write there: type `/invite @Postbot` in it."),
        ],
        callback_id=ids.SETTINGS_MODAL,
        submit="Save Settings",
        close="Cancel",
    )


def read(view: Json) -> Policy:
    """What an admin sent. Of roles only what was changed, so that two admins who change different
    members at the same time do not undo each other's work."""
    values = view["state"]["values"]
    demand = {each["value"] for each in _entry(values, ids.SETTINGS_DEMAND, "selected_options")}
    group = _entry(values, ids.SETTINGS_GROUP, "selected_option") or {}
    return Policy(
        default_role=MemberRole(_choice(values, ids.SETTINGS_DEFAULT_ROLE)),
        roles=_changes(view),
        every_account=ids.SETTINGS_EVERY in demand,
        account_ids=frozenset(int(each) for each in demand - {ids.SETTINGS_EVERY}),
        approvers=tuple(_entry(values, ids.SETTINGS_APPROVERS, "selected_users")),
        approver_group=str(group.get("value") or ""),
        group_name=str(group["text"]["text"])[:255] if group else "",
        needed=int(_choice(values, ids.SETTINGS_NEEDED)),
        admins_approve_own=bool(_entry(values, ids.SETTINGS_OWN, "selected_options")),
        remind_minutes=int(_choice(values, ids.SETTINGS_REMIND)),
        review_channel=str(
            _entry(values, ids.SETTINGS_REVIEW_CHANNEL, "selected_conversation") or ""
        ),
        brand_channel=str(
            _entry(values, ids.SETTINGS_BRAND_CHANNEL, "selected_conversation") or ""
        ),
    )


def problems(view: Json, policy: Policy) -> dict[str, str]:
    """What cannot be stored, by field."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for role in reversed(MemberRole):
        chosen = _chosen(view, role)
        if twice := seen & set(chosen):
            found[_field(role)] = (
                f"Somebody here has another role above ({len(twice)}). Leave each member in one "
                "list only."
            )
        seen |= set(chosen)
    named = len(policy.approvers)
    if named and not policy.approver_group and policy.needed > named:
        found[ids.SETTINGS_NEEDED] = (
            f"Only {named} approvers are named. Name more of them, or ask for fewer approvals."
        )
    return found


def invited(use: str, admin: str) -> str:
    """The first message in a channel that was chosen."""
    what = (
        "Approvals for posts are asked for here" if use == "review" else "Cards of posts stand here"
    )
    return f"{what} from now on; <@{admin}> set it up."


def not_invited() -> str:
    """Why a channel cannot be used, and how it can."""
    return (
        "Postbot is not in this channel. Open it, type `/invite @Postbot` there, then save again."
    )


def _field(role: MemberRole) -> str:
    return f"{ids.SETTINGS_ROLE}:{role.value}"


def _chosen(view: Json, role: MemberRole) -> list[str]:
    return list(_entry(view["state"]["values"], _field(role), "selected_users"))


def _changes(view: Json) -> dict[str, MemberRole | None]:
    """Whose role is another than when the form was opened."""
    before: dict[str, MemberRole | None] = {}
    for block in view["blocks"]:
        name, _, role = str(block.get("block_id")).partition(":")
        if name == ids.SETTINGS_ROLE:
            named = block["element"].get("initial_users", [])
            before |= dict.fromkeys(named, MemberRole(role))
    after = {user: role for role in MemberRole for user in _chosen(view, role)}
    everybody = before.keys() | after.keys()
    return {
        user: after.get(user)
        for user in sorted(everybody)
        if before.get(user) is not after.get(user)
    }


def _default_role(role: MemberRole) -> Json:
    options = [option(each.value.capitalize(), each.value, _MEANS[each]) for each in _DEFAULTS]
    chosen = next(each for each in options if each["value"] == role.value)
    element = _select(ids.SETTINGS_DEFAULT_ROLE, options, chosen)
    return field(
        "Role of everybody else",
        element,
        hint="Counts for whoever is in none of the lists below.",
    )


def _role(role: MemberRole, members: Sequence[str]) -> Json:
    hint = {
        MemberRole.ADMIN: "Owners and admins of the Slack workspace are admins without being named."
    }
    return field(
        f"{role.value.capitalize()}s",
        _users(_field(role), members),
        optional=True,
        hint=hint.get(role, f"{_MEANS[role]}."),
    )


def _demand(shown: Shown) -> Json:
    every = option("Every account", ids.SETTINGS_EVERY)
    options = [every] + [
        option(f"{platforms.label(each.platform)} · @{each.username}", str(each.id))
        for each in shown.accounts[: MOST_OPTIONS - 1]
    ]
    wanted = {str(each.id) for each in shown.accounts if each.needs_approval}
    wanted |= {ids.SETTINGS_EVERY} if shown.rules.every_account else set()
    chosen = [each for each in options if each["value"] in wanted]
    element = {
        "type": "multi_static_select",
        "action_id": ids.SETTINGS_DEMAND,
        "placeholder": plain("Choose accounts"),
        "options": options,
        **({"initial_options": chosen} if chosen else {}),
    }
    return field(
        "Accounts that demand an approval",
        element,
        optional=True,
        hint="Of everybody, publishers and admins included. Contributors always need one.",
    )


def _people(rules: Rules) -> Json:
    return field(
        "Approvers",
        _users(ids.SETTINGS_APPROVERS, rules.approvers),
        optional=True,
        hint="Without any, and without a group, the admins approve.",
    )


def _group(rules: Rules) -> Json:
    known = rules.approver_group
    chosen = option(rules.group_name or known, known) if known else None
    element = {
        "type": "external_select",
        "action_id": ids.SETTINGS_GROUP,
        "placeholder": plain("Choose a group"),
        "min_query_length": 0,
        **({"initial_option": chosen} if chosen else {}),
    }
    return field("A user group whose members approve, too", element, optional=True)


def _needed(rules: Rules) -> Json:
    options = [option(str(number), str(number)) for number in range(1, MOST_NEEDED + 1)]
    chosen = options[min(max(rules.needed, 1), MOST_NEEDED) - 1]
    return field(
        "Approvals that a post needs",
        _select(ids.SETTINGS_NEEDED, options, chosen),
        hint="Or of all who may approve it, where those are fewer. Nobody approves their own post "
        "while somebody else can.",
    )


def _own(rules: Rules) -> Json:
    yes = option("Admins who are approvers may approve their own posts", ids.SETTINGS_YES)
    element = {
        "type": "checkboxes",
        "action_id": ids.SETTINGS_OWN,
        "options": [yes],
        **({"initial_options": [yes]} if rules.admins_approve_own else {}),
    }
    return field("Own posts", element, optional=True)


def _remind(rules: Rules) -> Json:
    minutes = rules.remind_minutes
    shown = dict(sorted({**_REMINDERS, **({} if minutes in _REMINDERS else _odd(minutes))}.items()))
    options = {each: option(text, str(each)) for each, text in shown.items()}
    element = _select(ids.SETTINGS_REMIND, [*options.values()], options[minutes])
    return field(
        "Remind approvers who have not answered",
        element,
        hint="Counts for posts that are submitted from now on.",
    )


def _odd(minutes: int) -> dict[int, str]:
    return {minutes: f"{minutes} minutes before"}


def _channel(label: str, action_id: str, channel: str) -> Json:
    element = {
        "type": "conversations_select",
        "action_id": action_id,
        "placeholder": plain("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        **({"initial_conversation": channel} if channel else {}),
    }
    return field(label, element, optional=True)


def _users(action_id: str, users: Sequence[str]) -> Json:
    return {
        "type": "multi_users_select",
        "action_id": action_id,
        "placeholder": plain("Choose members"),
        **({"initial_users": list(users)} if users else {}),
    }


def _select(action_id: str, options: Sequence[Json], chosen: Json) -> Json:
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": list(options),
        "initial_option": chosen,
    }


def _entry(values: Json, block: str, name: str) -> Any:
    """What a field holds; a list where it is one."""
    found = values.get(block, {}).get(block, {}).get(name)
    return found or ([] if name.endswith("s") else found)


def _choice(values: Json, block: str) -> str:
    return str(_entry(values, block, "selected_option")["value"])
