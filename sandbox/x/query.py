"""Query parameters as strict as X's contract: no unknown name, no unknown field."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.x import problems


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# X's own contract calls the fields of a post `post.fields` where its documentation says
# `tweet.fields`; both are taken.
FIELDS: Mapping[str, frozenset[str]] = {
    "user.fields": _words(
        """affiliation confirmed_email connection_status created_at description entities id
        is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id
        profile_banner_url profile_image_url protected public_metrics receives_your_dm subscription
        subscription_type url username verified verified_followers_count verified_type
        withheld"""
    ),
    "tweet.fields": _words(
        """article article_title attachments author_id card_uri community_id context_annotations
        conversation_id created_at display_text_range edit_controls edit_history_tweet_ids entities
        geo id in_reply_to_user_id lang media_metadata non_public_metrics note_tweet
        organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics
        referenced_tweets reply_settings scopes source text withheld"""
    ),
    "exclude": frozenset({"replies", "retweets"}),
}


def check_names(query: Mapping[str, str], known: frozenset[str]) -> None:
    """Refuses a parameter that is not known."""
    for name in query:
        if name not in known:
            raise problems.invalid(
                f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]",
                parameters={name: [query[name]]},
            )


def read_fields(
    query: Mapping[str, str], name: str, *, parameters: frozenset[str]
) -> frozenset[str]:
    """The values of the comma-separated parameter `name`, after a check of all names."""
    check_names(query, parameters)
    return read_list(query, name)


def read_list(
    query: Mapping[str, str], name: str, *, known_as: str | None = None
) -> frozenset[str]:
    """The values of a comma-separated parameter; refuses one that X does not know."""
    if name not in query:
        return frozenset()
    values = query[name].split(",")
    for value in values:
        if value not in FIELDS[known_as or name]:
            raise problems.invalid(
                f"The `{name}` query parameter value [{value}] is not one of "
                f"[{','.join(sorted(FIELDS[known_as or name]))}]",
                parameters={name: [query[name]]},
            )
    return frozenset(values)
