"""The example docs/examples/board_client.py, run as a program and used as a module, over connections that break."""

import asyncio
import contextlib
import json
import os
import pathlib
import random
import re
import shlex
import sqlite3
import subprocess
import sys

import pytest

from boardwire_server import Server, patient, program, token
from conftest import Client
from proxy import Proxy

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples" / "board_client.py"
PATIENCE_SECONDS = patient(30)
INSTALL_SECONDS = patient(240)

sys.path.append(str(EXAMPLE.parent))
from board_client import PARTS, Board, Refused, key  # noqa: E402


async def until(what, holds):
    """Waits until `holds()` returns true."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"timed out waiting for {what}")


class FollowedBoard:
    """A board of ann, who is connected directly, and a copy that follows it through a proxy."""

    async def change(self, command, /, **payload):
        """Makes a change on the direct connection."""
        return await self.ann.ask(command, payload)

    async def add(self, title):
        return (await self.change("task:create", boardId=self.board, title=title))["task"]

    async def expect_equal(self):
        """Waits until the copy has caught up with the board, and compares them."""
        stored = await self.ann.ask("board:get", {"boardId": self.board})
        await until(f"event {stored['seq']}: {self.lines[-3:]}", lambda: (self.copy.seq or 0) >= stored["seq"])
        assert (self.copy.seq, self.copy.epoch, self.copy.board) == (stored["seq"], stored["epoch"], stored["board"])
        for part in PARTS.values():
            assert self.copy.parts[part] == {key(one): one for one in stored[part]}, part

    def snapshots(self):
        return sum("the board as it is" in line for line in self.lines)


@contextlib.asynccontextmanager
async def followed_board(server):
    """Opens a board and its copy. At the end, everything is closed; fails if the copy has failed."""
    this = FollowedBoard()
    async with contextlib.AsyncExitStack() as stack:
        this.ann = Client("ann")
        stack.push_async_callback(this.ann.close)
        await this.ann.connect(server.url, ["websocket"])
        created = await this.ann.ask("board:create", {"name": "Launch"})
        this.board, this.columns = created["board"]["id"], [column["id"] for column in created["columns"]]
        this.proxy = await stack.enter_async_context(Proxy(server.url))
        this.lines = []
        this.copy = Board(this.proxy.url, {"token": token("ann")}, this.board, this.lines.append)
        ask = this.copy._ask
        # Snapshots come in small pages.
        small = lambda name, payload, *more: ask(name, payload | ({"limit": 3} if name == "board:get" else {}), *more)  # noqa: E731
        this.copy._ask = small
        this.running = asyncio.create_task(this.copy.run())
        await until("the first snapshot", lambda: this.copy.seq is not None or this.running.done())
        yield this
        this.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await this.running


def run_with_board(server, scenario):
    async def opened():
        async with followed_board(server) as this:
            await scenario(this)

    asyncio.run(opened())


async def make_every_kind_of_change(this):
    """Makes a change of each kind."""
    column = f"column-{this.board}"
    tasks = [await this.add(title) for title in ("one", "two", "three")]
    ids = [task["id"] for task in tasks]
    await this.change("task:update", taskId=ids[0], updates={"title": "first\nline", "priority": 3})
    await this.change("task:move", taskId=ids[0], toColumn=this.columns[1])
    await this.change("task:assign", taskId=ids[0], assignee="ann")
    await this.change("task:complete", taskId=ids[1])
    await this.change("task:comment:add", taskId=ids[0], body="Well")
    for on in ids[1:]:
        await this.change("task:dependency:add", taskId=ids[0], dependsOn=on, type="relates_to")
    await this.change("task:dependency:add", taskId=ids[1], dependsOn=ids[2], type="blocks")
    await this.change("task:dependency:remove", taskId=ids[1], dependsOn=ids[2], type="blocks")
    await this.change("task:delete", taskId=ids[2])
    await this.change("column:create", boardId=this.board, id=column, name="Extra")
    await this.change("column:update", columnId=column, updates={"name": "More"})
    await this.change("column:reorder", boardId=this.board, columnIds=[column, *this.columns])
    await this.change("column:delete", columnId=column)
    await this.change("board:update", boardId=this.board, updates={"name": "Renamed"})
    await this.change("board:member:set", boardId=this.board, userId="bob", role="member")
    await this.change("board:member:remove", boardId=this.board, userId="bob")


async def create_bob(server):
    bob = Client("bob")
    await bob.connect(server.url, ["websocket"])
    await bob.close()


@pytest.mark.parametrize("away", [False, True], ids=["live", "during an outage"])
def test_every_kind_of_change_is_applied(server, away):
    async def scenario(this):
        await create_bob(server)
        if away:
            this.proxy.fail()
        await make_every_kind_of_change(this)
        this.proxy.heal()
        await this.expect_equal()
        assert this.snapshots() == 1, this.lines
        numbers = [int(line.split()[0]) for line in this.lines if line[0].isdigit()]
        assert numbers == list(range(1, this.copy.seq + 1)), this.lines

    run_with_board(server, scenario)


@pytest.mark.parametrize("loss", ["a log that was cut", "another epoch", "a number from the future"])
def test_a_snapshot_is_loaded_when_events_cannot_be_recovered(server, loss):
    async def scenario(this):
        await this.add("kept")
        await this.expect_equal()
        this.proxy.fail()
        await make_every_kind_of_change(this)
        this.copy.parts["tasks"]["gone"] = {"id": "gone"}
        if loss == "another epoch":
            this.copy.epoch = "another"
        elif loss == "a number from the future":
            this.copy.seq += 1000
        else:
            with contextlib.closing(sqlite3.connect(f"{server.folder.name}/board.db")) as database, database:
                database.execute("DELETE FROM events WHERE board_id = ? AND seq < ?", (this.board, this.copy.seq + 5))
        this.proxy.heal()
        await until("another snapshot", lambda: this.snapshots() == 2)
        await this.add("live again")
        await this.expect_equal()
        assert "gone" not in this.copy.parts["tasks"]

    async def start(this):
        await create_bob(server)
        await scenario(this)

    run_with_board(server, start)


def test_a_change_whose_reply_was_lost_has_one_effect(server):
    async def scenario(this):
        this.proxy.answers = False
        adding = asyncio.create_task(this.copy.change("task:create", {"boardId": this.board, "title": "Once"}))
        while not (tasks := (await this.ann.ask("board:get", {"boardId": this.board}))["tasks"]):
            await asyncio.sleep(0.01)
        assert not adding.done()
        this.proxy.cut()
        this.proxy.heal()
        reply = await asyncio.wait_for(adding, PATIENCE_SECONDS)
        assert [reply["task"]] == tasks
        await this.add("after it")
        await this.expect_equal()
        assert [task["title"] for task in this.copy.parts["tasks"].values()] == ["Once", "after it"]

    run_with_board(server, scenario)


def test_changes_wait_for_a_connection_and_refusals_are_raised(server):
    async def scenario(this):
        this.proxy.fail()
        await until("the end of the connections", lambda: not this.proxy.connections)
        titles = [f"task {number}" for number in range(5)]
        adding = [this.copy.change("task:create", {"boardId": this.board, "title": title}) for title in titles]
        waiting = asyncio.gather(*adding)
        await this.add("meanwhile")
        this.proxy.heal()
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)
        with pytest.raises(Refused, match="NOT_FOUND"):
            await this.copy.change("task:delete", {"taskId": "nowhere"})
        await this.expect_equal()
        assert len(this.copy.parts["tasks"]) == 6

    run_with_board(server, scenario)


def test_a_gap_in_the_events_is_filled(server):
    async def scenario(this):
        # Sent on the copy's connection without its knowledge: it receives neither the event nor the reply.
        await this.copy._sio.call("task:create", {"boardId": this.board, "title": "unseen"})
        await this.add("seen")
        await this.expect_equal()
        assert (this.snapshots(), len(this.copy.parts["tasks"])) == (1, 2)

    run_with_board(server, scenario)


def test_the_copy_equals_the_board_after_connections_were_cut(server):
    seed = int(os.environ.get("BOARDWIRE_TEST_SEED", random.randrange(2**31)))
    dice = random.Random(seed)

    async def write(this, change, name):
        tasks = []
        for number in range(60):
            if tasks and dice.random() < 0.5:
                move = {"taskId": dice.choice(tasks), "toColumn": dice.choice(this.columns)}
                await change("task:move", move)
            else:
                tasks.append((await change("task:create", {"boardId": this.board, "title": f"{name} {number}"}))["task"]["id"])
            await asyncio.sleep(dice.random() * 0.05)

    async def scenario(this):
        writing = asyncio.gather(write(this, this.copy.change, "own"), write(this, this.ann.ask, "other"))
        cuts = 0
        while not writing.done():
            await asyncio.sleep(dice.random())
            this.proxy.cut()
            cuts += 1
        await writing
        await this.expect_equal()
        assert this.snapshots() == 1 and cuts > 1, f"BOARDWIRE_TEST_SEED={seed}: {this.lines}"
        titles = [task["title"] for task in this.copy.parts["tasks"].values()]
        assert len(titles) == len(set(titles)), f"BOARDWIRE_TEST_SEED={seed}"

    print(f"BOARDWIRE_TEST_SEED={seed}")
    run_with_board(server, scenario)


def api_key(server, user):
    """Creates an API key for `user` with the program itself."""
    database = f"sqlite://{server.folder.name}/board.db"
    created = subprocess.run(
        [program(), "api-key", "create", "--user", user, "--name", "example", "--json"],
        env={**os.environ, "BOARDWIRE_DATABASE_URL": database},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(created.stdout)["key"]


async def run(*arguments, **variables):
    """Starts the example as a user does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOARDWIRE_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE), *arguments, env={**inherited, **variables}, stdout=-1, stderr=-1
    )


@pytest.mark.parametrize("credential", ["token", "api key"])
def test_the_example_runs_as_a_program(server, credential):
    async def scenario(this):
        if credential == "token":
            options, variables = ["--token", token("ann")], {}
        else:
            options, variables = [], {"BOARDWIRE_API_KEY": api_key(server, "ann")}
        example = await run("--url", this.proxy.url, *options, this.board, "--add", "By the program", **variables)

        async def line():
            return (await asyncio.wait_for(example.stdout.readline(), PATIENCE_SECONDS)).decode().rstrip("\n")

        assert await line() == "1 the board as it is, with 0 tasks"
        assert await line() == '2 task:create "By the program" by this client'
        await this.add("Live")
        assert await line() == '3 task:created "Live" by ann'
        this.proxy.fail()
        await this.add("Missed\none")
        await this.add("Missed two")
        this.proxy.heal()
        lines = [await line()]
        while not lines[-1].startswith("5"):
            lines.append(await line())
        assert [text for text in lines if not text.startswith("no connection")] == [
            '4 task:created "Missed\\none" by ann',
            '5 task:created "Missed two" by ann',
        ]
        example.terminate()
        await example.communicate()

    run_with_board(server, scenario)


def test_the_program_prints_refusals(server):
    async def scenario(this):
        for options, board, expected in [
            (["--token", "nonsense"], this.board, "refused: Authentication failed\n"),
            (["--token", token("eve")], this.board, "refused: view:board: NOT_FOUND: no such board\n"),
        ]:
            example = await run("--url", this.proxy.url, *options, board)
            _, errors = await asyncio.wait_for(example.communicate(), PATIENCE_SECONDS)
            assert (example.returncode, errors.decode()) == (1, expected)

    run_with_board(server, scenario)


def test_the_listed_requirements_suffice(tmp_path):
    """Uses an environment with only the pip of this Python, because newer ones can do more."""
    (line,) = re.findall(r"`(pip install [^`]+)`", EXAMPLE.read_text())
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [python, "-m", *shlex.split(line), "--quiet", "--disable-pip-version-check"]
    subprocess.run(install, check=True, timeout=INSTALL_SECONDS)
    # The example reaches the server, for which it needs all requirements.
    with Server() as server:
        options = ["--url", server.url, "--token", token("ann"), "nowhere"]
        ran = subprocess.run([python, EXAMPLE, *options], capture_output=True, text=True, timeout=INSTALL_SECONDS)
    assert ran.stderr == "refused: view:board: NOT_FOUND: no such board\n", ran


def test_the_example_is_short():
    assert len(EXAMPLE.read_text().splitlines()) < 155
