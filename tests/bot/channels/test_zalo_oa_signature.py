"""The signature of events: the published formula, however its header is written, and what else it could be."""

import hashlib
import hmac
import json

import pytest

from bot.channels.zalo_oa_signature import fits, presented, signature, variant

APP, OA, KEY, STAMP = "1234567890123456789", "388613280878808645", "oa-secret-key", "1795458626239"
BODY = (
    b'{"app_id":"1234567890123456789","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730",'
    b'"recipient":{"id":"388613280878808645"},"event_name":"user_send_text","message":{"text":"xin ch\xc3\xa0o",'
    b'"msg_id":"96d3cdf3af150460909"},"timestamp":"1795458626239"}'
)
MAC = "f3df7f911c02d4195ec18e5afff3e975484df3803ecbdb27a31296a139f38dff"
IDS, KEYS = {"app_id": APP, "oa_id": OA}, {"webhook_key": KEY, "app_secret": "app-secret"}


def test_the_known_body_has_the_known_signature() -> None:
    assert len(BODY) == 267
    assert signature(APP, BODY, STAMP, KEY) == MAC


@pytest.mark.parametrize("header", [f"mac={MAC}", f"mac = {MAC.upper()}", f'mac="{MAC}"', f"  mac = '{MAC}' ", MAC])
def test_a_header_is_read_however_it_is_written(header: str) -> None:
    assert presented(header) == MAC
    assert fits(header, APP, BODY, STAMP, KEY)


@pytest.mark.parametrize("header", ["", "mac=", "mac=é", "mac=\udcff", f"mac={MAC[:-1]}0", f"sha={MAC}"])
def test_anything_else_does_not_fit(header: str) -> None:
    assert not fits(header, APP, BODY, STAMP, KEY)


def test_a_changed_body_time_or_key_does_not_fit() -> None:
    header = f"mac={MAC}"
    assert not fits(header, APP, BODY + b" ", STAMP, KEY)
    assert not fits(header, APP, BODY, "1795458626240", KEY)
    assert not fits(header, APP, BODY, STAMP, "app-secret")


def test_the_variant_that_would_fit_is_named() -> None:
    by_secret = f"mac={signature(APP, BODY, STAMP, 'app-secret')}"
    assert variant(by_secret, BODY, STAMP, IDS, KEYS) == "SHA-256 of app_id + raw body + timestamp + app_secret"
    by_oa = f"mac={signature(OA, BODY, STAMP, KEY)}"
    assert variant(by_oa, BODY, STAMP, IDS, KEYS) == "SHA-256 of oa_id + raw body + timestamp + webhook_key"
    coded = hmac.new(KEY.encode(), APP.encode() + BODY + STAMP.encode(), hashlib.sha256).hexdigest()
    assert variant(coded, BODY, STAMP, IDS, KEYS) == "HMAC-SHA-256 of app_id + raw body + timestamp + webhook_key"
    spaced = json.dumps(json.loads(BODY)).encode()
    told = variant(signature(APP, spaced, STAMP, KEY), BODY, STAMP, IDS, KEYS)
    assert told == "SHA-256 of app_id + body written again with blanks + timestamp + webhook_key"


def test_no_variant_fits_what_somebody_made_up() -> None:
    assert variant("mac=00", BODY, STAMP, IDS, KEYS) == ""
    assert variant("mac=00", b"no JSON", STAMP, IDS, {"webhook_key": "", "app_secret": ""}) == ""
