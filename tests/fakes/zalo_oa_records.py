"""What an Official Account may look up and keep at Zalo in a test: people, tags, uploads, talks, templates, itself."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from tests.fakes.zalo_oa_delivery import Json
from tests.fakes.zalo_oa_people import NEVER, Person
from tests.fakes.zalo_oa_sends import Sends
from tests.fakes.zalo_oa_shapes import Refused

UPLOADS_LAST = dt.timedelta(days=7)
IMAGE_BYTES, FILE_BYTES = 1_000_000, 5_000_000
JPEG, PNG, GIF = b"\xff\xd8\xff", b"\x89PNG", b"GIF8"
TAGS = {1: "TRANSACTION", 2: "CUSTOMER_CARE", 3: "PROMOTION"}
PERIODS = {"TODAY": 0, "L7D": 7, "L30D": 30}


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


class Records(Sends):
    """The calls that read, and those that keep."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.name = "Sở Công Thương tỉnh Vĩnh Long"
        self.verified = True
        #: Tags exist from their first use.
        self.tags: list[str] = []

    @property
    def followers(self) -> list[str]:
        """The ids of those who follow the account."""
        return [person.id for person in self.people.values() if person.follower]

    def detail(self, given: Json) -> Json:
        """GET /v3.0/oa/user/detail."""
        person = self.known(given.get("user_id"))
        return {
            "user_id": person.id,
            "user_id_by_app": self.between(person.id)["user_id_by_app"],
            "user_external_id": "",
            "display_name": person.name,
            "user_alias": person.name,
            "is_sensitive": False,
            "user_is_follower": person.follower,
            "user_last_interaction_date": f"{person.interacted or NEVER:%d/%m/%Y}",
            "avatar": f"{self.url}/media/avatar.jpg",
            "tags_and_notes_info": {"notes": [], "tag_names": sorted(person.tags)},
            "shared_info": person.shared,
        }

    def list_people(self, given: Json) -> Json:
        """GET /v3.0/oa/user/getlist."""
        offset, count = _number(given, "offset", 9951), _number(given, "count", 50)
        follower, tag, period = (
            given.get("is_follower", ""),
            given.get("tag_name", ""),
            str(given.get("last_interaction_period", "")),
        )
        if period and period not in PERIODS:
            raise Refused(-201, "last_interaction_period is invalid")
        since = self.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - dt.timedelta(
            PERIODS.get(period, 0)
        )

        def fits(person: Person) -> bool:
            return (
                person.interacted is not None
                and str(follower).lower() in ("", str(person.follower).lower())
                and (not tag or tag in person.tags)
                and (not period or person.interacted >= since)
            )

        found = [person.id for person in self.people.values() if fits(person)]
        page = [{"user_id": id} for id in found[offset : offset + count]]
        return {"total": len(found), "count": len(page), "offset": offset, "users": page}

    def tag(self, given: Json) -> Json:
        """POST /v2.0/oa/tag/tagfollower."""
        name = _word(given, "tag_name")
        self.known(given.get("user_id")).tags.add(name)
        if name not in self.tags:
            self.tags.append(name)
        return {}

    def untag(self, given: Json) -> Json:
        """POST /v2.0/oa/tag/rmfollowerfromtag."""
        self.known(given.get("user_id")).tags.discard(_word(given, "tag_name"))
        return {}

    def drop_tag(self, given: Json) -> Json:
        """POST /v2.0/oa/tag/rmtag."""
        name = _word(given, "tag_name")
        if name not in self.tags:
            raise Refused(-201, "tag_name is invalid")
        self.tags.remove(name)
        for person in self.people.values():
            person.tags.discard(name)
        return {}

    def list_tags(self, given: Json) -> list[str]:
        """GET /v2.0/oa/tag/gettagsofoa."""
        return list(self.tags)

    def about(self, given: Json) -> Json:
        """GET /v2.0/oa/getoa."""
        return {
            "oa_id": self.oa_id,
            "oaid": self.oa_id,
            "name": self.name,
            "description": "Tài khoản của Sở",
            "oa_type": 4,
            "cate_name": "Cơ quan nhà nước",
            "is_verified": self.verified,
            "num_follower": len(self.followers),
            "avatar": f"{self.url}/media/avatar.jpg",
            "cover": f"{self.url}/media/cover.jpg",
            "package_name": self.package.capitalize(),
            "package_valid_through_date": f"{self.clock.now() + dt.timedelta(days=180):%d/%m/%Y}",
            "package_auto_renew_date": "",
            "linked_ZCA": "",
        }

    def recent(self, given: Json) -> list[Json]:
        """GET /v2.0/oa/listrecentchat: the newest message of each talk, the newest talk first."""
        newest = [person.talk[-1] for person in self.people.values() if person.talk]
        return _page(sorted(newest, key=lambda entry: entry["time"], reverse=True), given)

    def conversation(self, given: Json) -> list[Json]:
        """GET /v2.0/oa/conversation: the messages of one talk, the newest first."""
        return _page(self.known(given.get("user_id")).talk[::-1], given)

    def upload(self, kind: str) -> Callable[[Json], Json]:
        """POST /v2.0/oa/upload/image, gif or file."""

        def uploaded(given: Json) -> Json:
            file = given.get("file")
            if not isinstance(file, Upload) or not file.content:
                raise Refused(-201, "file is invalid")
            if not _is_kind(file, kind):
                raise Refused(-201, "file type is invalid")
            if len(file.content) > (IMAGE_BYTES if kind == "image" else FILE_BYTES):
                raise Refused(-210, "file exceeds the size limit")
            id = f"upload-{self.next_id()}"
            self.uploads[id] = (kind, self.clock.now() + UPLOADS_LAST)
            return {"token" if kind == "file" else "attachment_id": id}

        return uploaded

    def list_templates(self, given: Json) -> list[Json]:
        """GET /template/all of the business host; everything is enabled."""
        offset, limit = _number(given, "offset", 100_000), _number(given, "limit", 100)
        listed = [{"templateId": id, **self._named(id)} for id in self.templates]
        return listed[offset : offset + limit]

    def template_info(self, given: Json) -> Json:
        """GET /template/info/v2 of the business host."""
        id = str(given.get("template_id", ""))
        template = self.templates.get(id)
        if template is None:
            raise Refused(-109, "Template ID is invalid")
        parameters = [
            {"name": name, "require": True, "type": "STRING", "maxLength": most, "minLength": 0, "acceptNull": False}
            for name, most in template["params"].items()
        ]
        more = {"templateTag": TAGS[template.get("tag", 2)], "price": "200", "timeout": 7_200_000, "previewUrl": ""}
        return {"templateId": id, **self._named(id), "listParams": parameters, "listButtons": [], **more}

    def message_status(self, given: Json) -> Json:
        """GET /message/status: 1 if somebody received the message, else -1."""
        id = given.get("message_id")
        seen = any(shown.message_id == id for person in self.people.values() for shown in person.shown)
        return {"delivery_time": self.timestamp() if seen else "", "status": 1 if seen else -1, "message": ""}

    def message_quota(self, given: Json) -> Json:
        """GET /message/quota: template messages of a day."""
        return {"dailyQuota": self.zbs_per_day, "remainingQuota": self.zbs_left}

    def _named(self, id: str) -> Json:
        name = self.templates[id].get("name", f"Mẫu {id}")
        return {"templateName": name, "status": "ENABLE", "templateQuality": "HIGH", "createdTime": 1_790_000_000_000}


def _is_kind(file: Upload, kind: str) -> bool:
    if kind == "file":
        return file.name.lower().endswith((".pdf", ".doc", ".docx", ".csv"))
    return file.content.startswith(GIF if kind == "gif" else (JPEG, PNG))


def _number(given: Json, name: str, most: int) -> int:
    try:
        number = int(given.get(name, 0 if name == "offset" else most))
    except (TypeError, ValueError):
        raise Refused(-201, f"{name} is invalid") from None
    if not 0 <= number <= most:
        raise Refused(-210, f"{name} exceeds the limit of {most}")
    return number


def _word(given: Json, name: str) -> str:
    word: Any = given.get(name)
    if not isinstance(word, str) or not word:
        raise Refused(-201, f"{name} is invalid")
    return word


def _page(entries: list[Json], given: Json) -> list[Json]:
    offset, count = _number(given, "offset", 100_000), _number(given, "count", 10)
    return entries[offset : offset + count]
