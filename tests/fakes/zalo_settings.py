"""A settings file of a bot that belongs to the fake accounts of Zalo."""

from pathlib import Path

from tests.fakes.zalo_bot_server import ZaloBotServer
from tests.fakes.zalo_oa_server import ZaloOaServer


def written(folder: Path, oa: ZaloOaServer | None = None, bot: ZaloBotServer | None = None, more: str = "") -> str:
    """The path of the file, in a folder of the test; ports are free ones, the database lies beside it."""
    lines = [f'[storage]\nurl = "sqlite:///{folder}/bot.db"\n[web]\nport = 0\n{more}\n[desk]\nport = 0\n']
    if oa is not None:
        lines.append(
            f'[zalo_oa]\nenabled = true\napp_id = "{oa.app_id}"\noa_id = "{oa.oa_id}"\n'
            f'app_secret = "{oa.app_secret}"\nwebhook_key = "{oa.webhook_key}"\n'
            + "".join(f'{host}_url = "{oa.url}"\n' for host in ("openapi", "business", "oauth"))
        )
    if bot is not None:
        lines.append(f'[zalo_bot]\nenabled = true\ntoken = "{bot.token}"\nbase_url = "{bot.url}"\n')
    path = folder / "config.toml"
    path.write_text("".join(lines), "utf-8")
    return str(path)
