"""Every sample in the README files and guides works as printed, on a server with default settings.

Only the address 127.0.0.1:3456 is replaced by that of the test server.
"""

import json
import os
import pathlib
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from boardwire_server import Server, clean_environment, patient, program

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_SECONDS = patient(240)
ADDRESS = "127.0.0.1:3456"

#: Where the samples of each page are run, by language. `rust` samples are tests of their crate.
RUN_IN = {
    ("README.md", "sh"): "here, but for the first two blocks, which the person who runs the tests has run already",
    ("README.md", "js"): "tests/js/readme.test.mjs",
    ("docs/guides/HTTP.md", "sh"): "here",
    ("docs/guides/AGENTS.md", "sh"): "here",
    ("docs/guides/AGENTS.md", "json"): "tests/mcp/guide.test.mjs",
    ("docs/guides/REALTIME.md", "js"): "tests/js/guide.test.mjs",
    ("crates/client-typescript/README.md", "js"): "tests/js/client-readme.test.mjs",
    ("crates/client-typescript/README.md", "ts"): "tests/js/client-readme.test.mjs",
    ("crates/client-typescript/README.md", "tsx"): "tests/js/client-readme.test.mjs",
    ("crates/http/README.md", "json"): "here",
    ("crates/mcp/README.md", "sh"): "here",
    ("crates/rate-limit/README.md", "text"): "crates/rate-limit/tests/adapters",
    ("crates/server/README.md", "sh"): "here",
    ("crates/server/README.md", "toml"): "here",
}


def samples(page, language):
    """Returns the code blocks of a language on a page, in order."""
    text = (ROOT / page).read_text()
    return [code for kind, code in re.findall(r"^```(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if kind == language]


def shell(server, code, **variables):
    """Runs code in the folder of a server, with the program in PATH. Returns what it printed."""
    path = f"{program().parent}{os.pathsep}{os.environ['PATH']}"
    code = code.replace(ADDRESS, server.url.removeprefix("http://"))
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{code}"],
        cwd=server.folder.name,
        env={**clean_environment(), "PATH": path, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def plain():
    with Server(plain=True) as running:
        yield running


@pytest.fixture
def demo():
    with Server(plain=True, command="demo") as running:
        yield running


def test_every_sample_is_run_by_a_test():
    pages = [ROOT / "README.md", *ROOT.glob("docs/guides/*.md"), *ROOT.glob("crates/*/README.md")]
    found = set()
    for page in pages:
        for language in re.findall(r"^```(\S+)$", page.read_text(), re.MULTILINE):
            found.add((str(page.relative_to(ROOT)), language))
    rust = {one for one in found if one[1].startswith("rust")}
    assert found - rust == set(RUN_IN), "a sample is new or gone: run it in a test, and list that test in RUN_IN"
    for page, _ in rust:
        sources = (ROOT / page).parent / "src"
        assert any('include_str!("../README.md")' in source.read_text() for source in sources.glob("lib.rs")), page


def test_the_http_guide(plain):
    blocks = samples("docs/guides/HTTP.md", "sh")
    assert len(blocks) > 8
    output = shell(plain, "\n".join(blocks))
    for shown in ["Grace Hopper", "Compilers", "LEASE_LOST", "INVALID_MESSAGE", "412", "ratelimit"]:
        assert shown in output, (shown, output)


def test_the_agents_guide_creates_a_user_and_a_key(plain):
    (code,) = samples("docs/guides/AGENTS.md", "sh")
    assert "bwk_" in shell(plain, code)


def test_the_samples_for_production(plain):
    """Skips the lines that build and start the server, which runs already."""
    *_, code = samples("README.md", "sh")
    lines = code.splitlines(keepends=True)
    runnable = [line for line in lines if not line.startswith(("cargo build", "boardwire serve"))]
    assert len(runnable) == len(lines) - 2, lines
    output = shell(plain, "".join(runnable))
    token = next(word for word in output.split() if word.startswith("ey"))
    key = next(word for word in output.split() if word.startswith("bwk_"))
    for credential in (token, key):
        assert answer(plain, "/api/v1/boards", credential)["boards"] == []


def answer(server, path, credential=None, body=None):
    """Sends a request. Returns the JSON of the answer, also of a refusal."""
    headers = {"Content-Type": "application/json"}
    if credential:
        headers["Authorization"] = f"Bearer {credential}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{path}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=patient(30)) as response:
            return json.load(response)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def test_a_refusal_is_as_documented(plain):
    (shown,) = samples("crates/http/README.md", "json")
    assert answer(plain, "/api/v1/sessions", body={"user": "ada", "password": "wrong"}) == json.loads(shown)


def test_the_commands_of_the_program(plain):
    (code,) = samples("crates/server/README.md", "sh")
    lines = code.splitlines(keepends=True)
    runnable = [line for line in lines if not line.startswith(("boardwire demo", "boardwire serve"))]
    assert len(runnable) == len(lines) - 2, lines
    (pathlib.Path(plain.folder.name) / "password.txt").write_text("correct horse battery staple\n")
    assert "bwk_" in shell(plain, "".join(runnable))


def test_the_settings_file():
    """The file is read; flags and variables, which override it, set the address and the database."""
    (settings,) = samples("crates/server/README.md", "toml")

    class Configured(Server):
        def prepare(self):
            (pathlib.Path(self.folder.name) / "boardwire.toml").write_text(settings)

    database = {"BOARDWIRE_DATABASE_URL": "sqlite://boardwire.db"}
    with Configured(plain=True, **database) as server:
        created = shell(server, "boardwire user create --id ada --name Ada\nboardwire token issue --user ada", **database)
        token = created.split()[-1]
        request = urllib.request.Request(f"{server.url}/api/v1/boards", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=patient(30)) as response:
            assert "q=200" in response.headers["RateLimit-Policy"]


def test_the_request_to_mcp(demo):
    (code,) = samples("crates/mcp/README.md", "sh")
    alice = answer(demo, "/demo.json")["users"][0]
    output = json.loads(shell(demo, code, BOARDWIRE_TOKEN=alice["token"]))
    assert output["result"]["structuredContent"]["boards"][0]["id"] == "demo"
