"""What `bot run --demo` adds: an officer, and a talk that ends in a lead, as a person would have it."""

import secrets

from bot.app import App
from bot.clock import to_ms
from bot.store import leads, officers
from bot.store.connection import Connection
from handlers.message import Address, Inbound
from handlers.person import Officer

OFFICER = "Trực ban (thử)"
TALK = (
    "mua máy sấy dừa có được hỗ trợ không?",
    "để lại yêu cầu",
    "Mua máy sấy dừa cho cơ sở, khoảng 300 triệu đồng",
    "Cơ sở Dừa Xanh",
    "chị Lan",
    "0912 345 678",
    "đồng ý",
)


async def show(app: App) -> Officer:
    """Add what is not there yet; the officer. The talk goes through the same door as every other."""

    def add(connection: Connection) -> Officer:
        found = officers.named(connection, OFFICER)
        return found or officers.add(connection, OFFICER, "", to_ms(app.clock.now()))

    officer = await app.store.write(add)
    if await app.store.read(lambda connection: leads.newest(connection, 1)):
        return officer
    address = Address(app.web.name, app.web.account, secrets.token_hex(16))
    for number, text in enumerate(TALK):
        await app.inbox.take(Inbound(f"demo-{address.chat}-{number}", address, "demo", "text", app.clock.now(), text))
    return officer
