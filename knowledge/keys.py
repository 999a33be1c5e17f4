"""Vietnamese syllables: what Telex and VNI keys mean without an input method, and where the tone mark stands."""

import re
import unicodedata

from knowledge.lexicon import fold

#: What can be a Vietnamese syllable once its marks are gone.
SYLLABLE = re.compile(
    r"(?:ng(?![eiy])|ngh(?=[eiy])|g(?![ey])|gh(?=[eiy])|gi(?=[aeou])|k(?=[eiy])|c(?![eiy])"
    r"|nh|[kpt]h|tr|ch|qu|[bdhlmnprstvx])?"
    r"(?:uye|uya|uyu|ieu|yeu|uou|uoi|oai|oay|oeo|uay|a[iouy]?|e[ou]?|i[aeu]?|o[aei]?|u[aeiouy]?|ye?)"
    r"(?:ch|ng|nh|[cmnpt])?"
)
#: Tones by the keys that give them, as combining marks: Telex letters, VNI digits.
TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
VNI_TONES = dict(zip("12345", TONES.values(), strict=True))
#: Keys that change the vowel before: key → (vowel before, vowel meant).
TELEX = {"a": ("a", "â"), "e": ("e", "ê"), "o": ("o", "ô")}
VNI = {"6": ("aeo", "âêô"), "7": ("uo", "ươ"), "8": ("a", "ă")}
#: Keys of the longest syllable ("nghieengx"), and a few more.
LONGEST = 12
VOWELS = frozenset("aeiouyăâêôơư")


def from_telex(token: str) -> str:
    """A syllable as its Telex keys mean it: "dduwowcj" → "được"; empty if they give none. Small letters a–z only."""
    out, tone = list[str](), ""
    for key in token if len(token) <= LONGEST else "":
        vowels = VOWELS.intersection(out)
        if key == "d" and out[:1] == ["d"]:
            out[0] = "đ"
        elif key == "w":
            if not _horned(out):
                out.append("ư")
        elif key in TELEX and _changed(out, *TELEX[key]):
            continue
        elif vowels and key in TONES:
            tone = TONES[key]
        elif vowels and key == "z":
            tone = ""
        else:
            out.append(key)
    return _syllable("".join(out), tone)


def from_vni(token: str) -> str:
    """A syllable as its VNI keys mean it: "ho64" → "hỗ"; empty if they give none. Small letters a–z and digits only."""
    out, tone = list[str](), ""
    for key in token if len(token) <= LONGEST else "":
        if key == "9" and out[:1] == ["d"]:
            out[0] = "đ"
        elif key in VNI_TONES:
            tone = VNI_TONES[key]
        elif (key == "7" and _horned(out)) or (key in VNI and _changed(out, *VNI[key])):
            continue
        elif key.isdigit():
            return ""
        else:
            out.append(key)
    return _syllable("".join(out), tone)


def retoned(token: str) -> str:
    """A word with its tone mark where most people write it: "hoà" → "hòa", "thuỷ" → "thủy"."""
    parts = unicodedata.normalize("NFD", token[: LONGEST + 1])
    tones = [mark for mark in parts if mark in TONES.values()]
    if len(tones) != 1 or len(token) > LONGEST:
        return token
    letters = unicodedata.normalize("NFC", parts.replace(tones[0], ""))
    return _syllable(letters, tones[0]) or token


def _horned(out: list[str]) -> bool:
    """Change the vowels w or 7 stands behind into ươ, ơ, ư or ă; False if there is none to change."""
    start = 2 if out[:2] == ["q", "u"] else 0
    for n in range(start, len(out) - 1):
        if out[n] == "u" and out[n + 1] == "o":
            out[n : n + 2] = "ư", "ơ"
            return True
    for n in range(len(out) - 1, start - 1, -1):
        if out[n] == "a" and n > start and out[n - 1] == "u":
            out[n - 1] = "ư"
            return True
        if out[n] in "uoa":
            out[n] = {"u": "ư", "o": "ơ", "a": "ă"}[out[n]]
            return True
    return False


def _changed(out: list[str], vowels: str, meant: str) -> bool:
    """Change the last of some vowels into what is meant; False if there is none."""
    for n in range(len(out) - 1, -1, -1):
        if out[n] in vowels:
            out[n] = meant[vowels.index(out[n])]
            return True
    return False


def _syllable(letters: str, tone: str) -> str:
    """Letters with the tone on the vowel that bears it; empty if they are no syllable."""
    if not SYLLABLE.fullmatch(fold(letters)):
        return ""
    head = re.match("qu|gi(?=[aeouăâêôơư])|[^aeiouyăâêôơư]*", letters)
    start = head.end() if head else 0
    cluster = re.match("[aeiouyăâêôơư]+", letters[start:])
    if not tone or not cluster:
        return letters
    vowels = cluster.group()
    marked = [n for n, vowel in enumerate(vowels) if vowel in "ăâêôơư"]
    closed = start + len(vowels) < len(letters)
    at = start + (marked[-1] if marked else 1 if len(vowels) == 3 or (len(vowels) == 2 and closed) else 0)
    return unicodedata.normalize("NFC", letters[: at + 1] + tone + letters[at + 1 :])
