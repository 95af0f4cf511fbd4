"""A server with two users and their API keys, and the agent for the installed SDK."""

import importlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))

from boardwire_server import Server, patient, program  # noqa: E402


class ServerWithKeys:
    """The test server, with the API keys of two users."""

    def __init__(self, server):
        self.url, self.program = server.url, program()
        self.database = f"sqlite://{server.folder.name}/board.db"
        self.ann, self.bob = self.key("ann"), self.key("bob")

    def run(self, *arguments):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOARDWIRE_")}
        environment = {**inherited, "BOARDWIRE_DATABASE_URL": self.database}
        return subprocess.run(
            [self.program, *arguments], env=environment, cwd=self.program.parent, check=True, capture_output=True
        ).stdout

    def key(self, user):
        self.run("user", "create", "--id", user, "--name", user)
        return json.loads(self.run("api-key", "create", "--user", user, "--name", "agent", "--json"))["key"]

    def create_task(self, board, title):
        """Creates a task over HTTP instead of MCP."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/boards/{board}/tasks",
            data=json.dumps({"title": title}).encode(),
            headers={"Authorization": f"Bearer {self.ann}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=patient(30)) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def server():
    with Server() as running:
        yield ServerWithKeys(running)


#: The module for the installed SDK.
AGENTS = importlib.import_module(f"agents_{importlib.metadata.version('mcp').split('.')[0]}")


@pytest.fixture(scope="session")
def agents():
    return AGENTS


@pytest.fixture(autouse=True)
def no_sdk_errors(caplog):
    """Checks that the SDK parsed every message, and could end its sessions."""
    yield
    for error in ("Error parsing", "termination failed"):
        assert error not in caplog.text


def pytest_generate_tests(metafunc):
    """Runs each test over every way that the SDK supports."""
    if "way" in metafunc.fixturenames:
        metafunc.parametrize("way", AGENTS.WAYS)
