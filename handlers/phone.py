"""Telephone numbers as people write them in Viet Nam, also those from before the changes of 2018."""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

#: Eleven-digit mobile numbers became ten-digit ones in 2018: the old beginning → the new one.
OLD_MOBILE = {
    **{f"016{n}": f"03{n}" for n in range(2, 10)},
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip

#: Something written like a number: digits alone, or with the separators people put between them.
WRITTEN = (
    re.compile(r"(?<![\w.])\+?\d{9,13}(?!\w)"),
    re.compile(r"(?<![\w.])\(?\+?\d[\d\s.\-()/]{5,22}\d(?!\w)"),
)
#: No telephone begins so, but tax codes do.
NO_PREFIX = ("030", "031")
#: Digits of a landline number typed without its area code.
LOCAL = range(6, 9)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number found in a text: `number` as +84…, `rest` the text without it."""

    number: str
    rest: str


def find(text: str) -> Phone | None:
    """The first number in a text that could be called, or None."""
    for written in (found for pattern in WRITTEN for found in pattern.finditer(text)):
        number = _valid(re.sub(r"[^\d+]", "", written.group()))
        if number:
            return Phone(number, f"{text[: written.start()]} {text[written.end() :]}".strip())
    return None


def lacks_area_code(text: str) -> bool:
    """Whether the text holds a landline number as dialled in town."""
    digits = re.sub(r"\D", "", text)
    return len(digits) in LOCAL and not digits.startswith("0")


def shown(number: str) -> str:
    """The number as people here write it: +84912345678 → 0912 345 678; other countries' with their code."""
    try:
        parsed = phonenumbers.parse(number, "VN")
    except NumberParseException:
        return number
    national = parsed.country_code == 84
    return phonenumbers.format_number(
        parsed, PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    )


def _valid(digits: str) -> str:
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("84") and len(digits) >= 11:
        digits = f"+{digits}"
    national = f"0{digits[3:]}" if digits.startswith("+84") else digits
    if national.startswith(NO_PREFIX):
        return ""
    if len(national) == 11 and national[:4] in OLD_MOBILE:
        digits = OLD_MOBILE[national[:4]] + national[4:]
    try:
        number = phonenumbers.parse(digits, "VN")
    except NumberParseException:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else ""
