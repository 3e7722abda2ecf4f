"""Make .venv and install the packages named in a requirements file, once; then become a program in it.

`prepare.py REQUIREMENTS -- ARGUMENTS`: runs under any Python 3.11+ with nothing but its standard library and pip.
"""

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"


def say(text: str) -> None:
    """A line of progress."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fingerprint(requirements: Path) -> str:
    """Changes with the wanted packages, the Python below and the place of the folder."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {VENV}".encode())
    for path in sorted({requirements, CHECKOUT / "requirements.txt"}):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv() -> list[str]:
    """A virtual environment, and the words with which pip installs into it.

    Some systems split `ensurepip` off from Python; there the outer pip installs from outside.
    """
    if not PYTHON.exists():
        say("Making .venv ...")
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=True)
    inside = subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False)
    return (
        [str(PYTHON), "-m", "pip"] if inside.returncode == 0 else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    )


def install(requirements: Path) -> None:
    """Install, with a line for each package so that nobody wonders whether it hangs."""
    pip = make_venv()
    began = time.monotonic()
    say(f"Installing packages of {requirements.name}; the first time this takes about a minute ...")
    command = [
        *pip,
        "install",
        "--progress-bar",
        "off",
        "--no-input",
        "--disable-pip-version-check",
        "-r",
        str(requirements),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    )
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    kept: list[str] = []
    count = 0
    assert process.stdout is not None  # noqa: S101
    for line in process.stdout:
        kept = [*kept[-30:], line]
        if line.startswith("Collecting "):
            count += 1
            say(f"  {count:>3} {line.split()[1]}")
        elif line.startswith("Installing collected"):
            say("  Unpacking ...")
    if process.wait() != 0:
        sys.stdout.writelines(kept)
        sys.exit("The packages could not be installed; the last lines of pip stand above.")
    say(f"Packages installed in {time.monotonic() - began:.0f} s.")


def main() -> None:
    """Install what has changed, then become the program."""
    requirements = CHECKOUT / sys.argv[1]
    arguments = sys.argv[3:]
    VENV.mkdir(exist_ok=True)
    stamp = VENV / f"installed-{requirements.stem}"
    wanted = fingerprint(requirements)
    # Two starts at once: the second waits and then finds everything done.
    with (VENV / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PYTHON.exists() or not stamp.exists() or stamp.read_text() != wanted:
            install(requirements)
            stamp.write_text(wanted)
            # What the development set installs covers the other one, too.
            if requirements.stem != "requirements":
                runtime = CHECKOUT / "requirements.txt"
                (VENV / f"installed-{runtime.stem}").write_text(fingerprint(runtime))
    os.chdir(CHECKOUT)
    os.execv(PYTHON, [str(PYTHON), *arguments])  # noqa: S606


if __name__ == "__main__":
    main()
