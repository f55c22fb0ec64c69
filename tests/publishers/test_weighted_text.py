from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from publishers._weighted_text import LINK_WEIGHT, find_links, weigh
from tests.publishers.openapi import CONTRACTS

CONFORMANCE = CONTRACTS / "twitter-text"
needs_conformance = pytest.mark.skipif(
    not CONFORMANCE.exists(), reason="twitter-text's conformance cases are not on this machine"
)


def cases(file: str, group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CONFORMANCE / file).read_text())["tests"][group]
    return found


def links(text: str) -> list[str]:
    return [text[start:end] for start, end in find_links(text)]


@needs_conformance
@pytest.mark.parametrize(
    ("file", "group"),
    [
        ("extract.yml", "urls"),
        ("extract.yml", "tco_urls_with_params"),
        ("tlds.yml", "country"),
        ("tlds.yml", "generic"),
    ],
)
def test_links_are_found_as_the_conformance_cases_say(file: str, group: str) -> None:
    misread = [case for case in cases(file, group) if links(case["text"]) != case["expected"]]

    assert misread == []


@needs_conformance
@pytest.mark.parametrize("group", ["urls_with_indices", "urls_with_directional_markers"])
def test_links_begin_and_end_where_the_conformance_cases_say(group: str) -> None:
    misread = [
        case
        for case in cases("extract.yml", group)
        if find_links(case["text"]) != [tuple(link["indices"]) for link in case["expected"]]
    ]

    assert misread == []


@needs_conformance
def test_code_points_weigh_what_the_published_configuration_says() -> None:
    config = json.loads((CONFORMANCE / "config-v3.json").read_text())
    light = {point for one in config["ranges"] for point in range(one["start"], one["end"] + 1)}
    heavy = config["defaultWeight"] // config["scale"]
    plain = [
        point
        for point in [*range(0x20, 0xD800), *range(0xE000, 0x11000)]
        if unicodedata.is_normalized("NFC", chr(point)) and chr(point) not in "©®"
    ]

    wrong = [hex(p) for p in plain if weigh(chr(p)) != (1 if p in light else heavy)]

    assert wrong == []
    assert config["transformedURLLength"] == LINK_WEIGHT


LABEL = "a" * 63
WEIGHTS = [
    pytest.param("", 0, id="nothing"),
    pytest.param("Hello, world", 12, id="ASCII"),
    pytest.param("e\u0301", 1, id="composed first"),
    pytest.param("שּׁ", 3, id="decomposed by NFC"),
    pytest.param("春の特売", 8, id="CJK"),
    pytest.param("…", 2, id="ellipsis"),
    pytest.param("“quoted” – so", 13, id="typographic signs"),
    pytest.param("See http://a.de", 27, id="short link"),
    pytest.param("See https://example.com/" + "a" * 300, 27, id="long link"),
    pytest.param("example.com", 23, id="bare name"),
    pytest.param("example.notatld", 15, id="no top-level domain"),
    pytest.param("春example.com春", 27, id="bare name between CJK"),
    pytest.param("me@example.com", 14, id="e-mail address"),
    pytest.param("https://t.co/abc", 23, id="short link of X"),
    pytest.param("https://t.co/abc's", 25, id="short link of X with a tail"),
    pytest.param("https://t.co/" + "a" * 41, 54, id="too long a slug of X"),
    pytest.param(f"https://{LABEL}.com", 23, id="label of 63"),
    pytest.param(f"https://{LABEL}a.com", 76, id="label of 64"),
    pytest.param(f"{LABEL}a.com", 68, id="bare label of 64"),
    pytest.param("https://a.com/" + "b" * 4082, 23, id="link of 4,096"),
    pytest.param("https://a.com/" + "b" * 4083, 4097, id="link of 4,097"),
    pytest.param("http://" + "あ" * 52 + ".com", 23, id="label of 63 in punycode"),
    pytest.param("http://" + "あ" * 60 + ".com", 131, id="label over 63 in punycode"),
    pytest.param("http://xn--あ.com", 17, id="no true punycode"),
    pytest.param("\u2066\u202aexample.com\u202c\u2069", 31, id="link in bidi marks"),
    pytest.param("\u2066http://foobar.پاکستان/\u2069", 27, id="Arabic domain in bidi marks"),
    pytest.param("😀", 2, id="emoji"),
    pytest.param("👋🏽", 2, id="skin tone"),
    pytest.param("👨\u200d👩\u200d👧\u200d👦", 2, id="family"),
    pytest.param("🏳️\u200d🌈", 2, id="rainbow flag"),
    pytest.param("🇩🇪🇫🇷", 4, id="two flags"),
    pytest.param("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2, id="England"),
    pytest.param("1\ufe0f\u20e3", 2, id="keycap"),
    pytest.param("❤\ufe0f\u200d🔥", 2, id="heart on fire"),
    pytest.param("😀\u200d😀", 5, id="no emoji that exists"),
    pytest.param("12 #3 *", 7, id="digits are no emoji"),
    pytest.param("©", 2, id="copyright sign"),
    pytest.param("©\ufe0e", 3, id="copyright sign as text"),
]


@pytest.mark.parametrize(("text", "weight"), WEIGHTS)
def test_a_text_weighs_what_x_counts(text: str, weight: int) -> None:
    assert weigh(text) == weight


words = (
    st.text(st.sampled_from("ab1.-_/:@#日é😀👩\u200d❤\ufe0f🔥🇩1\u20e3\u202a\u0301\n ")) | st.text()
)
snippets = st.lists(
    st.sampled_from(["https://", "http://", "example", ".com", "t.co/", "日本", "/a", "?q=1", "."])
    | words
).map("".join)


@given(snippets)
def test_every_text_has_a_weight(text: str) -> None:
    assert 0 <= weigh(text) <= LINK_WEIGHT * len(text)


@given(snippets, snippets)
def test_lines_weigh_on_their_own(one: str, other: str) -> None:
    assert weigh(f"{one}\n{other}") == weigh(one) + 1 + weigh(other)


@given(snippets)
def test_the_form_of_an_accent_does_not_matter(text: str) -> None:
    assert weigh(unicodedata.normalize("NFD", text)) == weigh(text)


@given(snippets)
def test_links_lie_in_order_and_apart(text: str) -> None:
    edges = [edge for link in find_links(text) for edge in link]

    assert edges == sorted(edges)
    assert len(set(edges[::2])) == len(edges) // 2


@given(st.text(st.sampled_from("abcXYZ0189"), max_size=300))
def test_a_link_weighs_the_same_however_long_its_path_is(path: str) -> None:
    assert weigh(f"https://example.com/{path}") == LINK_WEIGHT


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_han_characters_weigh_two_each(text: str) -> None:
    assert weigh(text) == 2 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 5000,
        "(" * 5000,
        "http://a.com/" + "(" * 3000,
        "http://a.com/" + "(a" * 3000,
        "あ" * 5000 + ".",
        "http://" * 2000,
        "a.com?" + "!" * 5000,
        "👩\u200d" * 3000,
        "-a.b-" * 2000,
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_text_is_weighed_all_the_same(text: str) -> None:
    assert weigh(text) > 0
