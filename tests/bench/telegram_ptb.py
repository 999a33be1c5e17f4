"""python-telegram-bot as a contender: the echo on its Application, by its own web server (tornado) and httpx.

Kinds: `sequential` (one update at a time, its default) and `concurrent` (256 at once, in any order). It keeps nothing.
"""

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from tests.bench.telegram_terms import CONNECTIONS, PATH, SECRET, TOKEN, marked, place

AT_ONCE = 256


async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say the same."""
    assert update.message is not None
    await update.message.reply_text(marked(update.message.text or "", update.update_id))


def main() -> None:
    """Run the kind that was asked for until it is told to stop."""
    at = place(__doc__)
    builder = Application.builder().token(TOKEN).base_url(f"{at.api}/bot")
    application = builder.concurrent_updates(AT_ONCE if at.kind == "concurrent" else False).build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    application.run_webhook(
        "127.0.0.1",
        at.port,
        PATH.lstrip("/"),
        webhook_url=at.public_url + PATH,
        secret_token=SECRET,
        max_connections=CONNECTIONS,
        allowed_updates=["message"],
    )


if __name__ == "__main__":
    main()
