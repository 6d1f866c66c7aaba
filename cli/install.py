"""Installs what the lock files name into `.venv` and `node_modules`.

The launcher runs this before any package exists, so it uses the standard library only.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
LOCKS = (ROOT / "requirements.lock", ROOT / "package-lock.json")
OLDEST_NODE = 20


class InstallError(Exception):
    """One sentence and the next step, as the launcher prints them."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


def main() -> int:
    """Install once, even when two launchers start at the same time."""
    try:
        with (ROOT / ".install.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_installed():
                install()
    except InstallError as error:
        say(error.message)
        print(error.next_step, file=sys.stderr)
        return 1
    except OSError as error:
        say(f"Nothing could be installed in {ROOT}: {error.strerror or error}.")
        print("Make that folder writable and give it about 700 MB of room.", file=sys.stderr)
        return 1
    return 0


def wanted() -> str:
    """Return what the stamp must hold: this folder (a moved `.venv` is broken) and the locks."""
    return f"{ROOT}\n" + "".join(lock.read_text() for lock in LOCKS)


def is_installed() -> bool:
    """Whether the stamp says that exactly these locks are installed in this folder."""
    return STAMP.is_file() and STAMP.read_text() == wanted()


def install() -> None:
    """Make `.venv` and `node_modules` anew where needed; the stamp is written last."""
    say("installing its packages into .venv and node_modules (once; a minute or two) …")
    STAMP.unlink(missing_ok=True)
    if not runs(VENV / "bin" / "python") or not is_here():
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True, symlinks=True)
    pip_install("requirements.lock")
    for site in VENV.glob("lib/python*/site-packages"):
        (site / "frontdesk.pth").write_text(f"{ROOT}\n")
    run("The node packages could not be installed", npm(), "ci", "--no-audit", "--no-fund")
    STAMP.write_text(wanted())


def is_here() -> bool:
    """Whether `.venv` was made in this folder and not moved or copied here."""
    paths = VENV.glob("lib/python*/site-packages/frontdesk.pth")
    return all(path.read_text().strip() == str(ROOT) for path in paths)


def runs(program: Path | str, *, oldest: int = 0) -> bool:
    """Whether `program --version` works and names at least this major version."""
    try:
        found = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    major = found.stdout.split(".")[0].lstrip("Pythonv ")
    return int(major or 0) >= oldest


def npm() -> str:
    """Return the npm on PATH with a recent node beside it, else the one from PyPI."""
    found = shutil.which("npm")
    if found and runs("node", oldest=OLDEST_NODE):
        return found
    pip_install("requirements-node.lock")
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return str(VENV / "bin" / "npm")


def pip_install(lock: str) -> None:
    """Install one lock file with the pip of `.venv`."""
    pip = (str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
    run("The Python packages could not be installed", *pip, "install", "-q", "-r", lock)


def run(problem: str, *command: str) -> None:
    """Run quietly in the checkout; the last lines of a failure are the next step."""
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.strip().splitlines()[-5:])
        raise InstallError(f"{problem}.", f"Check the network and the disk, then repeat.\n{last}")


def say(text: str) -> None:
    """Talk on stderr, as the launcher does."""
    print(f"frontdesk: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
