"""How X measures a text: links, emoji and code points each have a weight.

Weights, link grammar and ranges are those of the published twitter-text configuration 3. A link
is always shortened, so it weighs the same however long it is; a bare name below a known top-level
domain is a link as well, and CJK letters may touch it on either side.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import regex

LINK_WEIGHT = 23
MAX_LINK = 4096
MAX_LABEL = 63
MAX_TCO_SLUG = 40

# What a post may not contain: the byte order mark, its mirror image and the last code point.
REFUSED = "\ufffe\ufeff\uffff"

_SPACES = "\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ACCENTS = "À-ÖØ-öø-ɏɓɔɖɗəɛɣɨɯɲʉʋʻ\u0300-\u036f\u1e00-\u1eff"  # Latin letters of European languages
# ASCII letters, digits and `-._`, and everything beyond ASCII that is no space and no mark.
_HOST = rf"[^\x00-,/:-@\[-^`{{-\x7f{_SPACES}{_MARKS}{REFUSED}]"
_BARRED = rf"A-Za-z0-9@＠$#＃{REFUSED}"

_CANDIDATE = regex.compile(
    rf"(?:(?<![{_BARRED}])(?P<scheme>https?://))?(?P<host>(?:(?!https?://){_HOST})++)",
    regex.IGNORECASE,
)
_ASCII_NAME = regex.compile(rf"[a-z0-9_.\-{_ACCENTS}]++", regex.IGNORECASE)
_BARRED_SIGN = regex.compile(rf"[{_BARRED}]")
_PUNYCODE_TLD = regex.compile(r"xn--[0-9a-z]+", regex.IGNORECASE)
_ASCII_TLD = regex.compile(r"[0-9a-z]++(?![@+-])", regex.IGNORECASE)
_AFTER_TLD = regex.compile(r"[0-9a-z@+-]", regex.IGNORECASE)

_PATH = rf"[a-z\p{{Cyrillic}}0-9!*';:=+,.$/%#\[\]\p{{Pd}}_~&|@{_ACCENTS}]"
_PARENTHESES = rf"\((?:{_PATH}++\)|{_PATH}*+\({_PATH}++\){_PATH}*+\))"
_PATH_END = rf"(?:[a-z\p{{Cyrillic}}0-9=_#/+\-{_ACCENTS}]|{_PARENTHESES})"
_QUERY = r"\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]*[a-z0-9_&=#/-]"
_TAIL = regex.compile(
    rf"(?::[0-9]+)?(?P<path>/(?:(?:{_PATH}|{_PARENTHESES})*{_PATH_END})?)?(?:{_QUERY})?",
    regex.IGNORECASE,
)
_TCO = regex.compile(rf"https?://t\.co/(?P<slug>[a-z0-9]+)(?:{_QUERY})?", regex.IGNORECASE)

# The second halves of the joined emoji that exist: other joins are shown, and weighed, apart.
_JOINED = (
    r"[♀♂⚕⚖✈❤⚧☠❄⬛➡↔↕⛓👁🌈🌾🍳🍼🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🎄🦯🦼🦽🦰-🦳🤝💋"
    r"👦-👩🧑🧒🐻🐦🐈🔥🍄🍋🟩🟫💨💫😵🗨💥🩰🫯🫈🛘🫟🐾👯]"
)
_EMOJI = regex.compile(
    r"(?:\p{Regional_Indicator}{2}"
    r"|[0-9#*]\ufe0f?\u20e3"
    r"|(?![0-9#*])\p{Emoji}(?!\ufe0e)"
    r"(?:\ufe0f|\p{Emoji_Modifier}|[\U000e0020-\U000e007e]+\U000e007f)?"
    rf"(?:\u200d{_JOINED}(?:\ufe0f|\p{{Emoji_Modifier}})?)*)"
)


def weigh(text: str) -> int:
    """The length of a text on X, where 280 is the limit."""
    text = unicodedata.normalize("NFC", text)
    total, end = 0, 0
    for start, stop in find_links(text):
        total += _weigh_plain(text[end:start]) + LINK_WEIGHT
        end = stop
    return total + _weigh_plain(text[end:])


def find_links(text: str) -> list[tuple[int, int]]:
    """Start and end of everything that X will turn into a link, in order."""
    return list(_links(text)) if "." in text else []


def _weigh_plain(text: str) -> int:
    if text.isascii() and "\u20e3" not in text:
        return len(text)
    rest, emoji = _EMOJI.subn("", text)
    return 2 * emoji + sum(_weigh_code_point(ord(character)) for character in rest)


def _weigh_code_point(point: int) -> int:
    light = (
        point <= 0x10FF
        or 0x2000 <= point <= 0x200D
        or 0x2010 <= point <= 0x201F
        or 0x2032 <= point <= 0x2037
    )
    return 1 if light else 2


def _links(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    while found := _CANDIDATE.search(text, position):
        links, position = _links_of(found, text, position)
        yield from links


def _links_of(found: regex.Match[str], text: str, read: int) -> tuple[list[tuple[int, int]], int]:
    """The links in one candidate, and where to read on. What lies before `read` is used up."""
    host, stop = found.span("host")
    if found["scheme"]:
        end = _name_end(text, host, stop)
        if end:
            return _with_scheme(text, found.start(), host, end)
        return [], stop
    host = _first_start(text, host, stop, read)
    end = _name_end(text, host, stop)
    return _without_scheme(text, host, end) if end else ([], stop)


def _with_scheme(text: str, start: int, host: int, end: int) -> tuple[list[tuple[int, int]], int]:
    stop = _tail(text, end).end()
    if short := _TCO.match(text, start, stop):
        valid = len(short["slug"]) <= MAX_TCO_SLUG
        return ([short.span()] if valid else []), stop
    valid = _is_possible(text[host:end], stop - start)
    return ([(start, stop)] if valid else []), stop


def _without_scheme(text: str, host: int, end: int) -> tuple[list[tuple[int, int]], int]:
    """Bare names are links only where they are ASCII: CJK letters often touch them."""
    tail = _tail(text, end)
    if host and text[host - 1] in "-_./":
        return [], tail.end()
    links = [
        (start, stop)
        for start, stop in _ascii_names(text, host, end)
        if _is_possible(text[start:stop], tail.end() - host + len("https://"))
    ]
    if links and tail["path"]:
        links[-1] = (links[-1][0], tail.end())
    return links, (tail.end() if tail["path"] else end)


def _tail(text: str, end: int) -> regex.Match[str]:
    """Port, path and query behind a name; always matches, if only the empty text."""
    tail = _TAIL.match(text, end)
    assert tail is not None
    return tail


def _first_start(text: str, host: int, stop: int, read: int) -> int:
    """Where a bare name may begin: behind the first sign that may stand before a link."""
    if host == 0 or (host > read and not _BARRED_SIGN.match(text, host - 1)):
        return host
    while host < stop and _BARRED_SIGN.match(text, host):
        host += 1
    return min(host + 1, stop)


def _name_end(text: str, start: int, stop: int) -> int:
    """The end of the longest host name that begins at `start`; 0 when there is none."""
    end = 0
    while (dot := text.find(".", start, stop)) > start:
        label = text[start:dot]
        if label[0] in "-_" or label[-1] in "-_":
            break
        if "_" not in label:
            end = _tld_end(text, dot + 1, stop) or end
        start = dot + 1
    return end


def _ascii_names(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while found := _ASCII_NAME.search(text, start, stop):
        end = _ascii_name_end(text, found.start(), found.end(), stop)
        if end:
            yield found.start(), end
        start = max(end, found.end())


def _ascii_name_end(text: str, start: int, last: int, stop: int) -> int:
    """The end of a name whose labels lie before `last`; its top-level domain may lie behind."""
    end = 0
    while (dot := text.find(".", start, last)) > start:
        end = _tld_end(text, dot + 1, stop) or end
        start = dot + 1
    return end


def _tld_end(text: str, start: int, stop: int) -> int:
    """The end of the top-level domain that begins at `start`; 0 when there is none."""
    if punycode := _PUNYCODE_TLD.match(text, start, stop):
        return punycode.end()
    word = _ASCII_TLD.match(text, start)
    if word and word.end() <= stop and word.group().lower() in _tlds():
        return word.end()
    for end in range(min(stop, start + _longest_tld()), start, -1):
        if text[start:end] in _tlds() and not _AFTER_TLD.match(text, end):
            return end
    return 0


def _is_possible(name: str, length: int) -> bool:
    """Whether a name of this link has a form that the domain name system can hold."""
    encoded = [_encode(label) for label in name.split(".")]
    longer = sum(map(len, encoded)) + len(encoded) - 1 - len(name)
    return all(0 < len(label) <= MAX_LABEL for label in encoded) and length + longer <= MAX_LINK


def _encode(label: str) -> str:
    if label.isascii():
        return label
    if label.lower().startswith("xn--"):
        return ""
    return "xn--" + label.lower().encode("punycode").decode()


@cache
def _tlds() -> frozenset[str]:
    return frozenset(files(__package__).joinpath("_tlds.txt").read_text("utf-8").split())


@cache
def _longest_tld() -> int:
    return max(len(name) for name in _tlds() if not name.isascii())
