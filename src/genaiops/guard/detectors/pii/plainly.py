"""Numbers as people write them: blanks, dashes and digits beside those of ASCII, and blanks that are escaped.

A text is read in signs of ASCII, one for one, so that what is found stands at the same place in both.
"""

import re
import unicodedata

from genaiops.guard.decoding import beyond_ascii

# Unicode 15.1, "White space" and "Dash punctuation": those that stand between groups of digits; minus
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_OTHER = re.compile(rf"[{_BLANKS}{_DASHES}]|\d")
# HTML's and JSON's forms of a blank that does not break; all are as long as the gap `accounts` knows
_ESCAPED = ("&nbsp;", "&#160;", "&#xa0;", "&#xA0;", "\\u00a0", "\\u00A0", "\\u202f", "\\u202F", "\\u2009")
ESCAPED_LENGTH = 6


def in_plain_signs(text: str) -> str:
    """Return `text`, as long, with a blank, a hyphen or a digit of ASCII for each other one."""
    if "&" in text or "\\u" in text:
        for blank in _ESCAPED:
            text = text.replace(blank, " " * ESCAPED_LENGTH)
    if text.isascii():
        return text
    for char in frozenset(_OTHER.findall(beyond_ascii(text))):
        text = text.replace(char, _plain(char))
    return text


def _plain(char: str) -> str:
    if char in _DASHES:
        return "-"
    return " " if char in _BLANKS else str(unicodedata.decimal(char))
