"""python-telegram-bot as its guide runs it, to be killed beside ours: `python -m tests.faults.telegram_plain`.

An Application on its own webhook server (tornado), with no storage: it repeats whatever it is told.
"""

import argparse

import telegram
from telegram.ext import Application, ApplicationBuilder, ContextTypes, MessageHandler, filters

#: Where it lets Telegram in.
PATH = "door"


async def repeat(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say the same."""
    if update.effective_message:
        await update.effective_message.reply_text(f"Đã nhận: {update.effective_message.text}")


def application(base_url: str, token: str, at_once: int) -> "Application":  # type: ignore[type-arg]
    """The bot; `at_once` updates are handled beside each other."""
    built = ApplicationBuilder().token(token).base_url(f"{base_url}/bot").concurrent_updates(at_once).build()
    built.add_handler(MessageHandler(filters.TEXT, repeat))
    return built


def main() -> None:
    """Listen until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url")
    parser.add_argument("token")
    parser.add_argument("port", type=int)
    parser.add_argument("secret")
    parser.add_argument("--at-once", type=int, default=1)
    asked = parser.parse_args()
    application(asked.base_url, asked.token, asked.at_once).run_webhook(
        listen="127.0.0.1",
        port=asked.port,
        url_path=PATH,
        webhook_url=f"http://127.0.0.1:{asked.port}/{PATH}",
        secret_token=asked.secret,
    )


if __name__ == "__main__":
    main()
