"""The files that describe an installation say the same as the code that they install."""

import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config import processes

from .installation import Installation, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")

# Filled in by compose itself and never handed to a container.
OF_COMPOSE_ALONE = {"POSTGRES_PASSWORD", "WORKER_TARGET"}


def stages() -> dict[str, list[str]]:
    """Return the instructions of each stage of the Dockerfile."""
    found: dict[str, list[str]] = {}
    for line in DOCKERFILE.splitlines():
        if stage := re.match(r"FROM \S+ AS (\w+)", line):
            instructions = found.setdefault(stage[1], [])
        elif line and not line.startswith("#"):
            instructions.append(line)
    return found


def command(stage: str) -> list[str]:
    (line,) = (line for line in stages()[stage] if line.startswith("CMD "))
    return yaml.safe_load(line.removeprefix("CMD "))


def variables_read() -> set[str]:
    """Return the names that the settings and the server's configuration look up in the environment."""
    settings = (ROOT / "config/settings.py").read_text()
    server = (ROOT / "config/gunicorn.py").read_text()
    return set(re.findall(r'\benv\.\w+\(\s*"(\w+)"', settings)) | set(re.findall(r'environ\.get\("(\w+)"', server))


def example_variables() -> set[str]:
    return set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def locked(part: str) -> dict[str, str]:
    text = (ROOT / f"requirements/{part}.txt").read_text()
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.M)}


# --- commands -------------------------------------------------------------------------------------


def test_the_images_start_the_commands_that_the_platform_names() -> None:
    assert command("web") == list(processes.WEB)
    assert command("judge") == list(processes.WORKER)


def test_compose_starts_the_commands_that_the_platform_names() -> None:
    services = COMPOSE["services"]
    assert services["web"]["command"] == list(processes.WEB)
    assert services["worker"]["command"] == list(processes.WORKER)
    assert services["migrate"]["command"] == list(processes.MIGRATE)


def test_compose_builds_targets_that_exist() -> None:
    targets = {service["build"]["target"] for service in COMPOSE["services"].values() if "build" in service}
    assert targets == {"web", "${WORKER_TARGET:-web}"}
    assert {"web", "judge"} <= stages().keys()


# --- environment ----------------------------------------------------------------------------------


def test_each_variable_that_compose_sets_is_read() -> None:
    for name in ("migrate", "web", "worker"):
        assert COMPOSE["services"][name]["environment"].keys() <= variables_read()


def test_each_variable_of_the_example_is_read() -> None:
    assert example_variables() - OF_COMPOSE_ALONE <= variables_read()


def test_each_variable_that_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    assert asked >= OF_COMPOSE_ALONE
    assert asked <= example_variables()


def test_each_variable_that_the_image_sets_is_read() -> None:
    (environment,) = (line for line in stages()["base"] if line.startswith("ENV "))
    names = set(re.findall(r"(\w+)=", environment))
    assert {name for name in names if not name.startswith(("PIP_", "PYTHON"))} <= variables_read()


def test_the_example_holds_no_secret() -> None:
    example = (ROOT / ".env.example").read_text()
    assert re.findall(r"^(?:SECRET_KEY|POSTGRES_PASSWORD)=(.*)$", example, re.MULTILINE) == ["", ""]


# --- contents -------------------------------------------------------------------------------------


def test_the_image_gets_each_package_and_nothing_is_copied_that_is_not_let_in() -> None:
    copied = {
        source
        for instructions in stages().values()
        for line in instructions
        if line.startswith("COPY ")
        for source in line.removeprefix("COPY ").split()[:-1]
    }
    (layers,) = (c["layers"] for c in PROJECT["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    assert set(re.findall(r"\w+", " ".join(layers))) <= copied
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)


def test_only_the_judge_image_holds_machine_learning_libraries() -> None:
    heavy = re.compile(r"\b(torch|transformers|peft|accelerate|scikit-learn)\b")
    holders = {name for name, lines in stages().items() if any(heavy.search(line) for line in lines)}
    assert holders == {"judge"}
    assert not heavy.search("\n".join(locked("web")))
    # Beside a processor build of torch it breaks the loading of models.
    assert "torchvision" not in DOCKERFILE


def test_no_image_runs_as_root() -> None:
    for stage in ("web", "judge"):
        users = [line.split()[1] for line in stages()[stage] if line.startswith("USER ")]
        assert users
        assert users[-1] not in {"0", "root"}


# --- locks ----------------------------------------------------------------------------------------


def test_the_development_lock_holds_the_one_of_the_judge_and_that_the_light_one() -> None:
    assert locked("web").items() <= locked("judge").items() <= locked("dev").items()


@pytest.mark.parametrize("part", ["web", "judge", "dev"])
def test_each_dependency_is_locked_at_a_version_that_it_allows(part: str) -> None:
    wanted = list(PROJECT["project"]["dependencies"])
    for extra in {"web": (), "judge": ("judge",), "dev": ("judge", "dev")}[part]:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(locked(part)[canonicalize_name(requirement.name)]), requirement


def test_the_readers_stand_on_the_development_lock_and_repeat_nothing_of_it() -> None:
    readers = locked("readers")
    asked = re.findall(r"^([\w-]+)(?:==(\S+))?$", (ROOT / "requirements/readers.in").read_text(), re.MULTILINE)
    assert {canonicalize_name(name) for name, _ in asked} == readers.keys()
    assert all(readers[canonicalize_name(name)] == version for name, version in asked if version)
    assert not readers.keys() & locked("dev").keys()
    # Beside a processor build of torch it breaks the loading of models.
    assert "torchvision" not in readers


def test_the_judge_image_is_made_from_the_locks_that_the_tests_run_on() -> None:
    installed = re.findall(r"-r (requirements/\w+\.txt)", "\n".join(stages()["judge"]))
    assert installed == ["requirements/judge.txt", "requirements/torch.txt"]
    assert "==" not in DOCKERFILE


def test_torch_is_in_no_lock_with_hashes_and_what_it_stands_on_is() -> None:
    assert locked("torch").keys() == {"torch"}
    for part in ("judge", "dev"):
        assert not {"torch", "torchvision", "triton"} & locked(part).keys()
        assert {"filelock", "fsspec", "jinja2", "networkx", "setuptools", "sympy", "typing-extensions"} <= (
            locked(part).keys()
        )


@pytest.mark.parametrize("part", ["web", "judge", "dev", "readers"])
def test_a_lock_holds_hashes_and_no_addresses(part: str) -> None:
    text = (ROOT / f"requirements/{part}.txt").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


# --- the real thing -------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.slow
def test_the_web_command_serves_and_stops_in_order(tmp_path: Path) -> None:
    place = Installation(tmp_path, {"HOST": "127.0.0.1", "PORT": str(free_port())})

    def answers() -> bool:
        return place.run(sys.executable, "-m", "config.health").returncode == 0

    assert not answers()
    server = place.start(*processes.WEB)
    try:
        wait_until(lambda: answers() or server.poll() is not None, about=place.log.read_text)
    finally:
        server.terminate()
        status = server.wait(timeout=30)
    assert status == 0, place.log.read_text()


@pytest.mark.postgres
def test_throwaway_servers_pass_the_status_on_and_are_gone_afterwards(tmp_path: Path) -> None:
    found = tmp_path / "found"
    status = subprocess.run(
        [sys.executable, "scripts/with_services.py", "bash", "-c", f"env >{found}; exit 7"],
        cwd=ROOT,
        check=False,
    ).returncode
    assert status == 7
    ports = re.findall(r"^TEST_\w+_URL=.*@127\.0\.0\.1:(\d+)/", found.read_text(), re.MULTILINE)
    assert len(ports) == 2
    for port in ports:
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", int(port))):
            pass
