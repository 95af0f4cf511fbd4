"""The real boardwire program as a child process, and tokens as an identity provider would sign them."""

import base64
import collections
import hashlib
import hmac
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import time

SECRET = "test-secret-of-exactly-forty-characters!"
FACTOR = float(os.environ.get("BOARDWIRE_TEST_PATIENCE", "1"))


def patient(seconds):
    """Returns a time limit, scaled by BOARDWIRE_TEST_PATIENCE for a busy machine."""
    return seconds * FACTOR


START_SECONDS = patient(60)
LOG_LINES = 200


def program():
    """Returns the path of the program: BOARDWIRE_BIN, or the one that cargo built."""
    if named := os.environ.get("BOARDWIRE_BIN"):
        return pathlib.Path(named).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    path = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "debug" / "boardwire"
    if not path.is_file():
        raise RuntimeError(f"there is no {path}: build it with `cargo build -p boardwire-server`, or set BOARDWIRE_BIN")
    return path


def token(user, permissions=("read", "write")):
    """Signs a token for `user`, valid for an hour."""

    def encode(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    header = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "sub": user,
        "name": user.capitalize(),
        "exp": int(time.time()) + 3600,
        "permissions": list(permissions),
    }
    signed = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode(signature)}"


#: Settings of a server for tests: it accepts the tokens of this file, and has no effective rate limits.
TEST_SETTINGS = {
    "BOARDWIRE_JWT_SECRET": SECRET,
    "BOARDWIRE_RATE_LIMIT_MAX_REQUESTS": "1000000",
    "BOARDWIRE_RATE_LIMIT_BURST": "1000000",
    "BOARDWIRE_ACTIVITY_LIMIT_MAX_REQUESTS": "1000000",
    "BOARDWIRE_FAILED_HANDSHAKES_PER_MINUTE": "1000000",
}


def clean_environment():
    """Returns the environment without the settings of boardwire."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BOARDWIRE_")}


class Server:
    """A context manager that runs the program in a new folder. With `plain` it has default settings, except for the port,
    and its database is in that folder."""

    def __init__(self, plain=False, command="serve", **settings):
        self.plain, self.command, self.settings = plain, command, settings

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="boardwire-python-")
        database = f"sqlite://{self.folder.name}/board.db"
        self.prepare()
        settings = {} if self.plain else {"BOARDWIRE_DATABASE_URL": database, **TEST_SETTINGS}
        self.process = subprocess.Popen(
            [program(), self.command, "--listen", "127.0.0.1:0"],
            cwd=self.folder.name,
            env={**clean_environment(), **settings, **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = collections.deque(maxlen=LOG_LINES)
        lines = queue.Queue()
        threading.Thread(target=self.log.extend, args=(self.process.stderr,), daemon=True).start()
        threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True).start()
        try:
            self.url = f"http://{json.loads(lines.get(timeout=START_SECONDS))['listening']}"
        except (queue.Empty, ValueError, KeyError) as error:
            self.__exit__()
            raise RuntimeError("boardwire did not listen:\n" + "".join(self.log)) from error
        return self

    def prepare(self):
        """Puts files into the folder before the start. Does nothing unless overridden."""

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()
