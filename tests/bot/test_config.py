"""The settings come from three places in order, and every problem is told at once, without its value."""

import tomllib
from pathlib import Path

import pytest

from bot.config import Settings, load
from bot.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def written(folder: Path, text: str) -> Path:
    """A settings file with this text."""
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def problems(path: Path | None, env: dict[str, str]) -> list[str]:
    """The lines of the error."""
    with pytest.raises(ConfigError) as raised:
        load(path, env)
    return str(raised.value).splitlines()


def only_problem(path: Path | None, env: dict[str, str]) -> str:
    """The one line of the error."""
    (line,) = problems(path, env)
    return line


def test_the_example_shows_every_setting_with_its_default() -> None:
    shown = {section: set(table) for section, table in tomllib.loads(EXAMPLE.read_text("utf-8")).items()}
    assert shown == {section: set(table) for section, table in Settings().model_dump().items()}
    assert load(EXAMPLE, {}) == Settings()


def test_the_example_explains_every_setting_in_vietnamese_then_english() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            vietnamese, english = lines[number - 2 : number]
            assert vietnamese.startswith("# ") and not vietnamese.isascii(), line
            assert english.startswith("# "), line
            assert not lines[number - 3].startswith("#"), line


def test_without_a_file_there_is_an_embedded_database_on_localhost() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert settings.storage.url == "sqlite:///data/cau-noi.db"
    assert (settings.web.host, settings.web.port, settings.desk.port) == ("127.0.0.1", 8080, 8081)


def test_the_environment_wins_over_a_secret_file_and_that_over_the_toml_file(tmp_path: Path) -> None:
    (tmp_path / "BOT_TELEGRAM__TOKEN").write_text("2:secret-file\n")
    (tmp_path / "bot_telegram__base_url").write_text("https://secret.example/\n")
    (tmp_path / "tls.p12").write_bytes(b"\xff\xfe")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    path = written(
        tmp_path,
        '[telegram]\nenabled = true\ntoken = "3:toml"\nbase_url = "https://toml.example"\nproxy = "http://p:1"\n',
    )
    from_file, from_env = load(path, env), load(path, env | {"BOT_TELEGRAM__TOKEN": "1:env", "PATH": "/bin"})
    assert from_file.telegram.token.get_secret_value() == "2:secret-file"
    assert from_env.telegram.token.get_secret_value() == "1:env"
    assert from_env.telegram.base_url == "https://secret.example"
    assert from_env.telegram.proxy == "http://p:1"
    assert load(path, {}).telegram.token.get_secret_value() == "3:toml"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(written(tmp_path, "[web]\nport = 1\n"), {"BOT_WEB__PORT": ""}).web.port == 1


def test_the_environment_writes_lists_with_commas() -> None:
    settings = load(None, {"BOT_WEB__ALLOWED_ORIGINS": "https://A.example, http://b.example:8000/"})
    assert settings.web.allowed_origins == ("https://a.example", "http://b.example:8000")


def test_every_problem_is_told_at_once_with_place_key_and_mend(tmp_path: Path) -> None:
    (tmp_path / "bot_sender__attempts").write_text("no")
    path = written(
        tmp_path,
        """
        [web]
        port = 70000
        hosst = "x"
        [logs]
        level = "loud"
        [telegram]
        enabled = true
        [unknown]
        [department]
        phone = "0270"
        """,
    )
    env = {"BOT_DESK__PORT": "many", "BOT_WEB__ALLOWED_ORIGINS": "b.example", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    told = problems(path, env)
    expected = [
        f"{path}: [department] confirmed_by: these contacts are shown as confirmed: write who confirmed them, and when",
        f"{path}: [department] confirmed_on: these contacts are shown as confirmed: write who confirmed them, and when",
        f"{path}: [web] port: write 65535 or less",
        "environment: BOT_WEB__ALLOWED_ORIGINS: write each origin as https://host or https://host:port, with no path",
        f"{path}: [web] hosst: there is no such setting; did you mean 'host'?",
        "environment: BOT_DESK__PORT: write a whole number",
        f"{path}: [logs] level: write one of 'debug', 'info', 'warning' or 'error'",
        f"secret file: {tmp_path}/bot_sender__attempts: write a whole number",
    ]
    assert [line for line in told if line in expected] == expected
    (telegram,) = (line for line in told if "[telegram] token" in line)
    assert "without a token: get one from @BotFather" in telegram
    (unknown,) = (line for line in told if "[unknown]" in line)
    assert "no such setting; there are department, storage, web" in unknown
    assert len(told) == len(expected) + 2


@pytest.mark.parametrize(
    ("variable", "mend"),
    [
        ("BOT_TELEGRAM__TOKN", "did you mean 'token'?"),
        ("BOT_TELEGRM__TOKEN", "did you mean 'telegram'?"),
        ("BOT_TOKEN", "there is no such setting"),
        ("BOT_WEB", "there is no such setting; there are host, port"),
    ],
)
def test_a_misspelled_variable_is_named(variable: str, mend: str) -> None:
    line = only_problem(None, {variable: "x"})
    assert line.startswith(f"environment: {variable}: ")
    assert mend in line


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("web = 3", "[web]: write a table: [web] and its keys below"),
        ("[web]\nhost = 3", "[web] host: write a text in quotes"),
        ("[web]\nallowed_origins = 3", "[web] allowed_origins: write a list"),
        ('[web]\nallowed_origins = ["https://a.example/page"]', "[web] allowed_origins: write each origin as"),
        ("[web]\nport = 1.5", "[web] port: write a whole number"),
        ("[web]\ntrust_forwarded_for = 7", "[web] trust_forwarded_for: write true or false"),
        ('[web]\npublic_url = "example.gov.vn"', "[web] public_url: write a web address that begins with https://"),
        ("[desk]\nport = 8080", "[desk]: the desk listens where the public pages do: give it another port"),
        ("[limits]\nburst = 0", "[limits] burst: write 1 or more"),
        ("[sender]\nlease_seconds = 1", "[sender] lease_seconds: write 5 or more"),
        ('[storage]\nurl = "mysql://x/y"', "[storage] url: write sqlite:///path/to/file.db or postgresql://"),
        ('[storage]\nurl = "sqlite:///:memory:"', "[storage] url: write sqlite:///path"),
        ('[storage]\nurl = "sqlite://"', "[storage] url: write sqlite:///path"),
        ('[telegram]\nbase_url = ""', "[telegram] base_url: write a value, or leave the line out"),
        ('[telegram]\nproxy = "socks5://h:1"', "[telegram] proxy: write an HTTP proxy"),
        ('[telegram]\ntoken = "BotFather said"', "[telegram] token: this is no bot token"),
        ('[department]\nconfirmed_on = "30/11/2026"', "[department] confirmed_on: write a day as YYYY-MM-DD"),
    ],
)
def test_each_problem_has_its_mend(tmp_path: Path, text: str, mend: str) -> None:
    path = written(tmp_path, text)
    assert only_problem(path, {}).startswith(f"{path}: {mend}")


def test_no_problem_shows_a_value(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[telegram]\ntoken = "hunter2"\nproxy = "ftp://hunter2@h"\n[storage]\nurl = "pg://u:hunter2@h/d"\n'
        "[sender]\nattempts = 'hunter2'\n",
    )
    told = "\n".join(problems(path, {"BOT_LOGS__LEVEL": "hunter2", "BOT_WEB__PORT": "hunter2"}))
    assert len(told.splitlines()) == 6
    assert "hunter2" not in told


def test_settings_do_not_show_secrets_when_printed() -> None:
    env = {
        "BOT_TELEGRAM__TOKEN": "1:hunter2",
        "BOT_TELEGRAM__PROXY": "http://u:hunter2@h:1",
        "BOT_STORAGE__URL": "postgresql://u:hunter2@h/d",
    }
    settings = load(None, env)
    assert settings.storage.url == "postgresql+psycopg://u:hunter2@h/d"
    assert "hunter2" not in repr(settings) + str(settings)


def test_database_urls_are_made_ready_for_the_driver() -> None:
    for url, ready in (
        ("postgresql://u@h:5/d", "postgresql+psycopg://u@h:5/d"),
        ("postgresql+psycopg:///d?host=/run", "postgresql+psycopg:///d?host=/run"),
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
    ):
        assert load(None, {"BOT_STORAGE__URL": url}).storage.url == ready


def test_public_pages_and_desk_may_share_a_port_only_on_different_hosts() -> None:
    assert load(None, {"BOT_DESK__PORT": "8080", "BOT_DESK__HOST": "10.0.0.1"}).desk.port == 8080
    assert load(None, {"BOT_DESK__PORT": "0", "BOT_WEB__PORT": "0"}).desk.port == 0
    assert "another port" in only_problem(None, {"BOT_DESK__PORT": "8080", "BOT_WEB__HOST": "0.0.0.0"})


def test_confirmed_contacts_are_taken_with_a_day_of_toml(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[department]\nname = "Sở Công Thương"\nconfirmed_by = "Văn phòng"\nconfirmed_on = 2026-11-30\n'
    )
    assert load(path, {}).department.confirmed_on == "2026-11-30"


def test_files_that_cannot_be_read_are_named_without_a_traceback(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert only_problem(missing, {}).startswith(f"{missing}: cannot be read (No such file")
    assert "is not TOML (" in only_problem(written(tmp_path, "[web\n"), {})
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'[web]\nhost = "\xe9"')
    assert "it is not UTF-8 text" in only_problem(latin, {})
    (tmp_path / "bot_telegram__token").write_bytes(b"\xff")
    assert "a secret file cannot be read" in only_problem(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
