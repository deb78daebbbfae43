"""pyproject.toml, constraints, environment.yml, Makefile and the set-up script agree, with the code too."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = ["3.11", "3.12", "3.13"]
NAMES_ON_CONDA = {"torch": "pytorch", "msgpack": "msgpack-python"}
# The module that a distribution provides, where it is not the distribution's own name.
MODULES = {
    "cosmic-ray": "cosmic_ray",
    "ipython": "IPython",
    "scikit-learn": "sklearn",
    "jupyter-core": "jupyter_core",
    "prometheus-client": "prometheus_client",
    "pyyaml": "yaml",
}


def requirements(*extras: str) -> dict[str, SpecifierSet]:
    """The version bounds by canonical name: of the autograder itself, and of the named extras."""
    lines = [*PROJECT["dependencies"]]
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def pins(file: str) -> dict[str, str]:
    """The pinned versions in a constraints file by canonical name; each line is ``name==version``."""
    lines = (ROOT / file).read_text().splitlines()
    pinned = [re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in lines if not line.startswith("#")]
    assert all(pinned), f"{file} holds a line that is not name==version"
    return {canonicalize_name(match[1]): match[2] for match in pinned if match}


def test_the_python_classifiers_are_the_versions_that_may_install_it():
    allowed = SpecifierSet(PROJECT["requires-python"])
    listed = [c.rsplit(" ", 1)[1] for c in PROJECT["classifiers"] if re.search(r":: Python :: 3\.\d+$", c)]

    assert listed == PYTHONS
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}.1" in allowed] == PYTHONS


def test_the_set_up_script_looks_for_these_pythons():
    script = (ROOT / "scripts/setup.sh").read_text()

    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(">=3.11,<3.14")
    assert "(3, 11) <= sys.version_info[:2] < (3, 14)" in script
    assert all(f"python{version}" in script for version in PYTHONS)


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-cpu.txt"])
def test_pins_satisfy_the_bounds(file: str):
    bounds = requirements(*PROJECT["optional-dependencies"])
    outside = {
        name: f"{version} is not {bounds[name]}"
        for name, version in pins(file).items()
        if name in bounds and version not in bounds[name]
    }

    assert not outside


def test_everything_required_is_pinned_and_torch_apart():
    bounds = requirements(*PROJECT["optional-dependencies"])

    assert set(pins("constraints-cpu.txt")) == {"torch"}
    assert "torch" not in pins("constraints.txt"), "a machine with a GPU keeps the torch it has"
    assert not set(bounds) - set(pins("constraints.txt")) - {"torch"}


def test_nothing_pinned_belongs_to_cuda():
    cuda = {name for name in pins("constraints.txt") if name.startswith(("nvidia", "cuda", "triton"))}

    assert not cuda


def test_conda_gets_the_same_requirements():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (from_pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    lines = [entry for entry in environment["dependencies"] if isinstance(entry, str)] + from_pip
    lines.remove("pip")
    lines.remove("-e .")
    listed = {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}
    wanted = {
        NAMES_ON_CONDA.get(name, name): bounds for name, bounds in requirements("gp", "hub", "audit", "dev").items()
    }

    assert listed == {**wanted, "python": SpecifierSet(PROJECT["requires-python"])}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_every_import_is_declared():
    declared = {MODULES.get(name, name) for name in requirements("hub", "dask", "audit")} | {"autograder"}
    known = declared | set(sys.stdlib_module_names)
    missing = {
        str(path.relative_to(ROOT)): sorted(strange)
        for path in sorted((ROOT / "autograder").rglob("*.py"))
        if (strange := set(imported(path)) - known)
    }

    assert not missing


def test_every_file_of_the_package_is_installed():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["autograder"]
    package = ROOT / "autograder"
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    data = {path for pattern in patterns for path in package.glob(pattern)}

    assert all(any(package.glob(pattern)) for pattern in patterns)
    assert {path for path in files - data if path.suffix != ".py"} == set()


ENTRY_POINTS = [*PROJECT["scripts"].values(), *PROJECT["entry-points"]["pytest11"].values()]


@pytest.mark.parametrize("target", ENTRY_POINTS)
def test_entry_points_lead_somewhere(target: str):
    module, _, attribute = target.partition(":")
    found = importlib.import_module(module)

    assert not attribute or callable(getattr(found, attribute))


def test_make_help_lists_every_target():
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    run = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)

    assert phony
    assert set(re.findall(r"^  make (\w+)", run.stdout, re.MULTILINE)) == set(phony[1].split())


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A directory to use as PATH: Python and coreutils, no bubblewrap, no sudo, an ordinary user."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "env", "paste", "rm"):
        (tools / name).symlink_to(shutil.which(name) or name)
    write_program(tools / "python3", f'exec "{sys.executable}" "$@"')
    write_program(tools / "id", "echo 1000")
    return tools


def write_program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run_set_up(path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "VENV": str(path.parent / "environment"), **settings}
    command = [path / "bash", ROOT / "scripts/setup.sh"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_set_up_without_rights_tells_the_exact_command(bare_machine: Path):
    write_program(bare_machine / "apt-get", "exit 1")

    run = run_set_up(bare_machine)

    assert run.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y bubblewrap\n" in run.stderr
    assert not (bare_machine.parent / "environment").exists()


def test_set_up_with_sudo_installs_what_is_missing(bare_machine: Path):
    asked = bare_machine.parent / "asked"
    write_program(bare_machine / "apt-get", "exit 1")
    write_program(bare_machine / "sudo", f'printf "%s\\n" "$*" >> {asked}; case "$*" in *install*) exit 9;; esac')

    run = run_set_up(bare_machine)

    assert run.returncode == 9, "a failed installation ends the set-up"
    assert "system packages: bubblewrap" in run.stdout
    _, update, install = asked.read_text().splitlines()
    assert update == "-n apt-get update -qq"
    assert install.endswith("apt-get install -y -qq --no-install-recommends bubblewrap")


def test_set_up_elsewhere_than_debian_names_what_is_missing(bare_machine: Path):
    run = run_set_up(bare_machine)

    assert run.returncode == 1
    assert "missing: bubblewrap (Debian's names)" in run.stderr


def test_set_up_with_an_old_python_says_what_it_looked_for(bare_machine: Path):
    write_program(bare_machine / "python3", "exit 1")

    run = run_set_up(bare_machine)

    assert run.returncode == 1
    assert "no Python 3.11, 3.12 or 3.13 found" in run.stderr


def test_set_up_refuses_an_unknown_torch(bare_machine: Path):
    run = run_set_up(bare_machine, TORCH="gpu")

    assert run.returncode == 1
    assert "TORCH=gpu is not one of auto, cpu, cuda, system" in run.stderr


def test_set_up_is_executable():
    assert os.access(ROOT / "scripts/setup.sh", os.X_OK)
    assert os.access(ROOT / ".ci/run", os.X_OK)
