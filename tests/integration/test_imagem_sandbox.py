"""The script that builds the sandbox's image: what it says where something is missing, and when it does nothing."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
SCRIPT = PACKAGING / "imagem-sandbox"
TOOLS = ("bash", "cat", "cut", "dirname", "env", "mktemp", "paste", "rm", "sha256sum")


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder with the few tools that every system has, to be the whole PATH."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def build(commands: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with these commands only."""
    environment = {"PATH": str(commands)}
    return subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=30)


def given_command(commands: Path, name: str, script: str) -> None:
    """A command that does what the script says."""
    (commands / name).write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
    (commands / name).chmod(0o755)


def given_engine(commands: Path, recipe: str) -> None:
    """A docker command with an engine whose image has this recipe; none when empty."""
    answer = f"echo {recipe}" if recipe else "exit 1"
    given_command(commands, "docker", f'case "$1" in version) echo 1;; image) {answer};; *) exit 1;; esac')


def test_without_docker_it_says_what_to_install(commands: Path) -> None:
    """One line on stderr, exit code 1."""
    done = build(commands)

    assert done.returncode == 1
    assert "install the Docker client" in done.stderr


def test_without_an_engine_it_says_how_to_start_one(commands: Path) -> None:
    """The command alone is not enough."""
    given_command(commands, "docker", "exit 1")

    done = build(commands)

    assert (done.returncode, "no Docker engine answers" in done.stderr) == (1, True)


def test_without_mmdebstrap_it_names_both_ways(commands: Path) -> None:
    """The package to install, or the Dockerfile for who has a registry."""
    given_engine(commands, recipe="")

    done = build(commands)

    assert done.returncode == 1
    assert "apt-get install mmdebstrap" in done.stderr
    assert "sandbox.Dockerfile" in done.stderr


def test_an_image_of_the_same_recipe_is_left_alone(commands: Path) -> None:
    """Built once, the script only looks at the label."""
    recipe = hashlib.sha256(SCRIPT.read_bytes() + (PACKAGING / "docker" / "sandbox.packages").read_bytes()).hexdigest()
    given_engine(commands, recipe[:16])

    done = build(commands)

    assert (done.returncode, "is there already" in done.stdout) == (0, True)


def test_a_failed_build_leaves_no_image(commands: Path) -> None:
    """Nothing is imported of what a failing mmdebstrap wrote, and the line says what to try."""
    given_engine(commands, recipe="")
    given_command(commands, "mmdebstrap", "echo broken >&2; exit 25")

    done = build(commands)

    assert done.returncode == 1
    assert "FABRICA_DEBIAN=URL" in done.stderr
