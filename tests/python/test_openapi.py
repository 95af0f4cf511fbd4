"""The HTTP door does what its OpenAPI document says: valid and invalid requests made from it, on boards with data.

With BOARDWIRE_TEST_OPENAPI_SECONDS it searches for that long with a random seed; otherwise as briefly as CI needs.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

from boardwire_server import Server, patient, token

SEED = "20260101"
EXAMPLES = "2"
LIMIT_SECONDS = patient(300)
BOARDS = 12
CONFIGURATION = pathlib.Path(__file__).with_name("schemathesis.toml")


def ask(server, bearer, method, path, body):
    """Sends a request that must succeed. Returns its reply."""
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def create_data(server, bearer):
    """Creates boards with tasks and comments. Returns their ids by parameter name."""
    ids = {"boardId": [], "columnId": [], "taskId": [], "commentId": [], "userId": ["ann"]}
    for number in range(BOARDS):
        created = ask(server, bearer, "POST", "/boards", {"name": f"Board {number}"})
        board = created["board"]["id"]
        ids["boardId"].append(board)
        ids["columnId"] += [column["id"] for column in created["columns"]]
        for title in ("First", "Second", "Third", "Fourth"):
            task = ask(server, bearer, "POST", f"/boards/{board}/tasks", {"title": title})["task"]["id"]
            comment = ask(server, bearer, "POST", f"/tasks/{task}/comments", {"body": "Ready, @ann"})["comment"]["id"]
            ids["taskId"].append(task)
            ids["commentId"].append(comment)
    return ids


def test_requests_made_from_the_document(tmp_path):
    seconds = os.environ.get("BOARDWIRE_TEST_OPENAPI_SECONDS")
    extent = ["--max-time", seconds] if seconds else ["--max-examples", EXAMPLES, "--seed", SEED, "--no-shrink"]
    bearer = token("ann")
    with Server(BOARDWIRE_LOGINS_PER_MINUTE="1000000", BOARDWIRE_FAILED_LOGINS="1000000") as server:
        ids = create_data(server, bearer)
        run = subprocess.run(
            [
                pathlib.Path(sys.executable).with_name("schemathesis"),
                "--config-file",
                CONFIGURATION,
                "run",
                f"{server.url}/api/v1/openapi.json",
                "--header",
                f"Authorization: Bearer {bearer}",
                "--output-sanitize",
                "false",
                "--continue-on-failure",
                *extent,
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "BOARDWIRE_TEST_THINGS": json.dumps(ids),
                "PYTHONPATH": str(CONFIGURATION.parent),
            },
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS + int(seconds or 0),
        )
        assert run.returncode == 0, run.stdout + run.stderr
