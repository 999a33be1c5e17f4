"""The settings of the channels: what each platform gave the department."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from bot.config_values import Address, Count, Proxy

#: Characters of a webhook secret Zalo takes.
SHORTEST_SECRET, LONGEST_SECRET = 8, 256


class Section(BaseModel):
    """A table of the file. Defaults are validated too, so that a rule over two keys holds where one is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Telegram(Section):
    """The Telegram channel: by asking for updates, or by webhook once it has a `webhook_secret`."""

    enabled: bool = False
    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    bulk_per_second: Count = 20
    base_url: Annotated[Address, Field(min_length=1)] = "https://api.telegram.org"
    proxy: Proxy = Field(default="", repr=False)

    @field_validator("token")
    @classmethod
    def _needed(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        token = value.get_secret_value()
        if token and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token):
            raise ValueError("this is no bot token: copy digits, colon and letters whole from @BotFather")
        if info.data.get("enabled") and not token:
            raise ValueError(
                "Telegram is enabled without a token: get one from @BotFather and set BOT_TELEGRAM__TOKEN,"
                " or a secret file of that name; or write enabled = false"
            )
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _letters(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{8,256}", secret):
            raise ValueError("write 8 to 256 of the signs A-Z a-z 0-9 _ -, or none to ask for updates")
        return value


class ZaloOa(Section):
    """The Zalo Official Account. Prices in đồng a message; `notice_fields` fill the parameters of `notice_template`.

    The token pair is not a setting: `bot zalo login` puts it into the database.
    """

    enabled: bool = False
    app_id: str = ""
    oa_id: str = ""
    app_secret: SecretStr = SecretStr("")
    webhook_key: SecretStr = SecretStr("")
    per_minute: Count = 100
    price: Annotated[int, Field(ge=0)] = 55
    notice_template: str = ""
    notice_fields: dict[str, str] = Field(default_factory=lambda: {"noi_dung": "{text}"})
    template_price: Annotated[int, Field(ge=1)] = 200
    share_picture: Address = ""
    silent_hours: Count = 72
    capture: str = ""
    openapi_url: Annotated[Address, Field(min_length=1)] = "https://openapi.zalo.me"
    business_url: Annotated[Address, Field(min_length=1)] = "https://business.openapi.zalo.me"
    oauth_url: Annotated[Address, Field(min_length=1)] = "https://oauth.zaloapp.com"

    @field_validator("app_id", "oa_id", "notice_template")
    @classmethod
    def _digits(cls, value: str) -> str:
        if value and not (value.isascii() and value.isdigit()):
            raise ValueError("write the digits as the Zalo console shows them, in quotes")
        return value

    @field_validator("app_id", "oa_id")
    @classmethod
    def _needed(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("enabled") and not value:
            raise ValueError("the Zalo OA is enabled without it: copy it from developers.zalo.me, or enabled = false")
        return value

    @field_validator("app_secret", "webhook_key")
    @classmethod
    def _secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("enabled") and not value.get_secret_value():
            where = "Ứng dụng → Cài đặt" if info.field_name == "app_secret" else "Webhook (OA Secret Key)"
            raise ValueError(
                f"the Zalo OA is enabled without it: copy it from developers.zalo.me, {where}, into"
                f" BOT_ZALO_OA__{str(info.field_name).upper()}, or a secret file of that name"
            )
        return value


class ZaloBot(Section):
    """The Zalo Bot Platform: by asking for updates, or by webhook once it has a `webhook_secret`."""

    enabled: bool = False
    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    people: Count = 50
    per_month: Count = 3000
    per_second: Count = 10
    base_url: Annotated[Address, Field(min_length=1)] = "https://bot-api.zaloplatforms.com"

    @field_validator("token")
    @classmethod
    def _needed(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        token = value.get_secret_value()
        if token and not (token.partition(":")[0].isdigit() and token.partition(":")[2]):
            raise ValueError("this is no bot token: copy digits, colon and letters whole from Zalo Bot Creator")
        if info.data.get("enabled") and not token:
            raise ValueError(
                "the Zalo Bot is enabled without a token: make a bot with Zalo Bot Creator and set BOT_ZALO_BOT__TOKEN,"
                " or a secret file of that name; or write enabled = false"
            )
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _length(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
            raise ValueError(f"write {SHORTEST_SECRET} to {LONGEST_SECRET} characters, or none to ask for updates")
        return value
