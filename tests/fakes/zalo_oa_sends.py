"""How an Official Account writes to people in a test: windows, prices, quotas, the night, and templates."""

import datetime as dt
import re
from collections import Counter
from typing import Any, NoReturn

from bot.clock import VIETNAM, Clock, to_ms
from tests.fakes.zalo_oa_delivery import Json
from tests.fakes.zalo_oa_people import FREE, FREE_REPLIES, People, Person, Shown
from tests.fakes.zalo_oa_shapes import Refused, Shape, shape_of, units

WINDOW = dt.timedelta(days=7)
CS_PRICE, ZBS_PRICE = 55, 200
#: Billable consultation messages a month, and calls a minute, by package.
CS_A_MONTH = {"standard": 0, "growth": 500, "comprehensive": 2000}

REFUSALS = {
    -213: "User has not followed the OA",
    -217: "User has blocked invitations from the OA",
    -218: "User has exceeded the quota of receiving messages",
    -227: "User is banned or has been inactive for more than 45 days",
    -244: "User has restricted this type of message from your OA",
}


class Sends(People):
    """The calls that send. What a test may set stands first."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        #: The package the account bought: standard (no API), growth or comprehensive.
        self.package = "growth"
        #: False: a message with buttons is answered -233. Nobody public knows which it is.
        self.buttons_supported = True
        #: False: the same for the list template.
        self.lists_supported = True
        #: An event oa_send_* follows what the account sends.
        self.echoes = True
        #: Events user_received_message and user_seen_message follow too.
        self.receipts = True
        #: ZBS templates by id: {"params": {name: most characters}, "tag": 1|2|3, "by_uid": bool, "text": "… <name> …"};
        #: `text`, `tag` (2) and `by_uid` (True) may be left out.
        self.templates: dict[str, Json] = {}
        self.zbs_per_day = 500
        #: Phone numbers (84…) without Zalo.
        self.without_zalo: set[str] = set()
        #: Đồng charged so far: 55 for each consultation message that is not free, 200 for each of a template.
        self.charged = 0
        #: Articles sent to everybody, and reactions, as they were asked for.
        self.broadcasts: list[Json] = []
        self.reactions: list[Json] = []
        #: Uploads by id: their kind and the end of their seven days.
        self.uploads: dict[str, tuple[str, dt.datetime]] = {}
        self._cs_total: int | None = None
        self._used: Counter[tuple[str, str]] = Counter()

    @property
    def cs_total(self) -> int:
        """Billable consultation messages the account may send this month; settable, None gives the package's again."""
        return CS_A_MONTH.get(self.package, 0) if self._cs_total is None else self._cs_total

    @cs_total.setter
    def cs_total(self, total: int | None) -> None:
        self._cs_total = total

    @property
    def cs_left(self) -> int:
        """How many of them are left."""
        return max(0, self.cs_total - self._used["cs", f"{self.clock.now():%Y-%m}"])

    @property
    def zbs_left(self) -> int:
        """Template messages that are left today."""
        return max(0, self.zbs_per_day - self._used["zbs", f"{self.clock.now().astimezone(VIETNAM):%Y-%m-%d}"])

    def send_cs(self, given: Json) -> Json:
        """POST /v3.0/oa/message/cs."""
        shape = shape_of(given.get("message"))
        if (shape.buttons and not self.buttons_supported) or (shape.kind == "list" and not self.lists_supported):
            raise Refused(-233, "Message type is invalid or not supported")
        for kind, id in shape.files:
            self._uploaded(kind, id)
        person = self.reached(_recipient(given))
        passed = self.clock.now() - (person.interacted or self.clock.now())
        if passed > WINDOW:
            raise Refused(-230, "User has not interacted with the OA in the past 7 days")
        cost = 0
        if passed <= FREE and person.free > 0:
            person.free -= 1
        elif not self.cs_left:
            raise Refused(-211, "Out of quota")
        else:
            self._used["cs", f"{self.clock.now():%Y-%m}"] += 1
            cost = CS_PRICE
        kind = {"request_user_info": "template"}.get(shape.kind, shape.kind)
        shown = self._show(person.id, shape, cost, given)
        self._reports(person.id, kind, shown, given["message"])
        left = {"quota_type": "sub_quota", "remain": self.cs_left, "total": self.cs_total, "owner_type": "OA"}
        mine = {"quota_type": "reply", "remain": person.free, "total": FREE_REPLIES, "owner_type": "User"}
        return {**self._sent(shown, person.id), "quota": left if cost else mine}

    def send_template(self, given: Json) -> Json:
        """POST /v3.0/oa/message/template: to a person the account knows."""
        template = self._template(given, missing=(-201, "template_id is invalid"))
        if not template.get("by_uid", True):
            raise Refused(-249, "This template cannot be sent by UID")
        text = _filled(template, given.get("template_data"), long=-210, wrong=-201)
        person = self.reached(given.get("user_id"))
        if template.get("tag", 2) == 3 and self._is_night():
            raise Refused(-234, "This message cannot be sent from 22:00 to 06:00")
        if not self.zbs_left:
            raise Refused(-211, "Out of quota")
        shown = self._bill(person.id, text, given)
        self._reports(person.id, "template", shown, {"text": text})
        return {**self._sent(shown, person.id), "quota": {"quota_type": "purchase_quota", "remain": self.zbs_left}}

    def send_template_by_phone(self, given: Json) -> Json:
        """POST /message/template of the business host. The person's id is their phone number, 84…"""
        phone, tracking = str(given.get("phone", "")), given.get("tracking_id", "")
        template = self._template(given, missing=(-109, "Template ID is invalid"))
        if not re.fullmatch(r"84\d{9}", phone):
            raise Refused(-108, "Phone number is invalid")
        if not isinstance(tracking, str) or len(tracking) > 48:
            raise Refused(-132, "tracking_id is invalid")
        text = _filled(template, given.get("template_data"), long=-1124, wrong=-1122)
        if phone in self.without_zalo:
            raise Refused(-118, "Zalo account does not exist")
        if template.get("tag", 2) == 3 and self._is_night():
            raise Refused(-133, "This message cannot be sent at night")
        if not self.zbs_left:
            raise Refused(-144, "The OA has exceeded its daily quota")
        shown = self._bill(phone, text, given)
        self._received_by_phone(phone, shown, tracking)
        quota = {"dailyQuota": str(self.zbs_per_day), "remainingQuota": str(self.zbs_left)}
        mode = str(given.get("sending_mode", "1"))
        return {"msg_id": shown.message_id, "sent_time": self._now(), "sending_mode": mode, "quota": quota}

    def quota(self, given: Json) -> Any:
        """POST /v3.0/oa/quota/message: of a person, or of the account."""
        if given.get("quota_owner") == "OA":
            until = f"{self.clock.now() + dt.timedelta(days=30):%d/%m/%Y}"
            asset = {"asset_id": "cs-sub-quota", "product_type": "cs", "quota_type": "sub_quota"}
            return [{**asset, "valid_through": until, "total": self.cs_total, "remain": self.cs_left}]
        person = self.known(given.get("user_id"))
        last = person.interacted
        free = person.free if last and self.clock.now() - last <= FREE else 0
        return {
            "last_interaction": str(to_ms(last)) if last else "0",
            "cs_reply": {"remain": free, "total": FREE_REPLIES},
            "promotion": {"remain": 1, "total": 1},
        }

    def send_old(self, given: Json) -> Json:
        """POST /v2.0/oa/message: reactions and articles to everybody; no texts any more."""
        recipient, action = given.get("recipient", {}), given.get("sender_action")
        if isinstance(action, dict):
            person = self.known(recipient.get("user_id"))
            if not all(isinstance(action.get(key), str) for key in ("react_icon", "react_message_id")):
                raise Refused(-201, "sender_action is invalid")
            self.reactions.append({"user_id": person.id, **action})
            self.stir()
            return {"message_id": self.next_id(), "user_id": person.id}
        if "target" in recipient:
            elements = given.get("message", {}).get("attachment", {}).get("payload", {}).get("elements", [])
            if [element.get("media_type") for element in elements] != ["article"]:
                raise Refused(-201, "media_type is invalid")
            self.broadcasts.append(given)
            return {"message_id": self.next_id()}
        return self.shut(given)

    def shut(self, given: Json) -> NoReturn:
        """Paths that were shut: texts by v2.0, and since 2026-03-01 transaction and promotion by v3.0."""
        raise Refused(-240, "This message API has been shut down")

    def known(self, user: Any) -> Person:
        """A person who did something with the account once. Raises Refused."""
        if not isinstance(user, str) or not user:
            raise Refused(-201, "user_id is invalid")
        person = self.people.get(user)
        if person is None or person.interacted is None:
            raise Refused(-213, REFUSALS[-213])
        return person

    def reached(self, user: Any) -> Person:
        """A person the account may write to. Raises Refused."""
        person = self.known(user)
        if person.refusal:
            raise Refused(person.refusal, REFUSALS.get(person.refusal, "The message was refused"))
        return person

    def _uploaded(self, kind: str, id: str) -> None:
        uploaded, until = self.uploads.get(id, ("", self.clock.now()))
        if uploaded and until <= self.clock.now():
            raise Refused(-100, "The attachment has expired")
        if kind != "sticker" and uploaded != kind:
            raise Refused(-201, "attachment_id is invalid" if kind != "file" else "token is invalid")

    def _template(self, given: Json, missing: tuple[int, str]) -> Json:
        template = self.templates.get(str(given.get("template_id", "")))
        if template is None:
            raise Refused(*missing)
        return template

    def _bill(self, user: str, text: str, given: Json) -> Shown:
        self._used["zbs", f"{self.clock.now().astimezone(VIETNAM):%Y-%m-%d}"] += 1
        return self._show(user, Shape(text, "template"), ZBS_PRICE, given)

    def _show(self, user: str, shape: Shape, cost: int, raw: Json) -> Shown:
        self.charged += cost
        shown = Shown(self.next_id(), shape.text, shape.buttons, shape.kind, shape.quote, cost=cost, raw=raw)
        return self.show(user, shown)

    def _reports(self, user: str, kind: str, shown: Shown, message: Json) -> None:
        if self.echoes:
            self.echo(user, kind, {**_echoed(message), "msg_id": shown.message_id})
        if self.receipts:
            one, all = {"msg_id": shown.message_id}, {"msg_ids": [shown.message_id]}
            self.event({**self.between(user), "event_name": "user_received_message", "message": one})
            self.event({**self.between(user), "event_name": "user_seen_message", "message": all})

    def _received_by_phone(self, phone: str, shown: Shown, tracking: str) -> None:
        if self.receipts:
            message = {"delivery_time": self._now(), "msg_id": shown.message_id, "tracking_id": tracking}
            ends = {"sender": {"id": self.oa_id}, "recipient": {"id": phone}}
            self.event({**ends, "event_name": "user_received_message", "message": message}, server="ZNS")

    def _sent(self, shown: Shown, user: str) -> Json:
        return {"message_id": shown.message_id, "user_id": user, "sent_time": self._now()}

    def _now(self) -> str:
        return str(to_ms(self.clock.now()))

    def _is_night(self) -> bool:
        hour = self.clock.now().astimezone(VIETNAM).hour
        return hour >= 22 or hour < 6


def _recipient(given: Json) -> Any:
    recipient = given.get("recipient")
    return recipient.get("user_id") if isinstance(recipient, dict) else None


def _echoed(message: Json) -> Json:
    text = {"text": message["text"]} if message.get("text") else {}
    attachment = message.get("attachment")
    return {**text, **({"attachments": [attachment]} if attachment else {})}


def _filled(template: Json, data: Any, *, long: int, wrong: int) -> str:
    """The words of a template with its parameters. Raises Refused."""
    if not isinstance(data, dict):
        raise Refused(wrong, "template_data is invalid")
    text = template.get("text") or "\n".join(f"{name}: <{name}>" for name in template["params"])
    for name, most in template["params"].items():
        value = data.get(name)
        if not isinstance(value, str | int) or value == "":
            raise Refused(wrong, f"template_data.{name} is invalid")
        if units(str(value)) > most:
            raise Refused(long, f"template_data.{name} exceeds the limit of {most}")
        text = text.replace(f"<{name}>", str(value))
    return str(text)
