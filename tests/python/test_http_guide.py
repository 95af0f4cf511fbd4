"""The HTTP guide: its shell pieces run as one script against the real server, and every line of it succeeds."""

import os
import pathlib
import re
import subprocess

from boardwire_server import token

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "guides" / "HTTP.md"
LIMIT_SECONDS = 60


def test_the_pieces_of_the_guide_run(server, tmp_path):
    pieces = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(pieces) > 5
    script = "\n".join(["set -euo pipefail", *pieces])
    environment = {**os.environ, "URL": server.url, "TOKEN": token("ann")}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for shown in ["LEASE_LOST", "INVALID_MESSAGE", "ratelimit"]:
        assert shown in done.stdout, (shown, done.stdout)
