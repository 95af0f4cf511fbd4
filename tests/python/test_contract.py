"""The wire contract in short, through python-socketio on both transports."""

import asyncio
import contextlib
import re

import pytest
import socketio

from conftest import Client

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

pytestmark = pytest.mark.parametrize("transport", ["websocket", "polling"])


@contextlib.asynccontextmanager
async def clients(server, transport, *users):
    """Connects a client for each user."""
    async with contextlib.AsyncExitStack() as stack:
        opened = []
        for user in users:
            client = Client(user)
            stack.push_async_callback(client.close)
            await client.connect(server.url, [transport])
            opened.append(client)
        yield opened


async def new_board(owner, **members):
    """Creates a board of `owner`. Returns its id and the ids of its columns."""
    reply = await owner.ask("board:create", {"name": "Launch"})
    board = reply["board"]["id"]
    for user, role in members.items():
        await owner.ask("board:member:set", {"boardId": board, "userId": user, "role": role})
    return board, [column["id"] for column in reply["columns"]]


def test_connection_status_is_reported(server, transport):
    async def scenario():
        ann = Client("ann")
        status = await ann.connect(server.url, [transport])
        assert ann.sio.transport() == transport
        assert status["status"] == "connected"
        assert status["protocolVersion"] == 1
        assert status["socketId"] == ann.sio.get_sid()
        assert status["user"] == {"id": "ann", "name": "Ann", "permissions": ["read", "write"], "teams": []}
        await ann.close()

    asyncio.run(scenario())


def test_wrong_credentials_are_refused(server, transport):
    async def scenario():
        stranger = Client("ann")
        refusals = []

        async def refused(error):
            refusals.append(error["message"])

        stranger.sio.on("connect_error", refused)
        # Over polling, the client ends its session only when the server ends the last poll.
        with pytest.raises(socketio.exceptions.ConnectionError):
            await stranger.connect(server.url, [transport], auth={"token": "nonsense"})
        assert refusals == ["Authentication failed"]

    asyncio.run(scenario())


def test_events_reach_members_and_nobody_else(server, transport):
    async def scenario():
        async with clients(server, transport, "ann", "bob", "eve") as (ann, bob, eve):
            board, columns = await new_board(ann, bob="member")
            task = f"task-{board}"
            column = f"column-{board}"
            await bob.ask("view:board", board)
            await eve.ask("subscribe", {"type": "*"})
            steps = [
                ("task:create", {"boardId": board, "id": task, "title": "T"}, "task:created"),
                ("task:update", {"taskId": task, "updates": {"title": "U"}}, "task:updated"),
                ("task:move", {"taskId": task, "toColumn": columns[1]}, "task:moved"),
                ("task:assign", {"taskId": task, "assignee": "bob"}, "task:assigned"),
                ("task:complete", {"taskId": task}, "task:completed"),
                ("task:delete", {"taskId": task}, "task:deleted"),
                ("board:update", {"boardId": board, "updates": {"name": "Renamed"}}, "board:updated"),
                ("board:archive", {"boardId": board}, "board:archived"),
                ("board:restore", {"boardId": board}, "board:restored"),
                ("column:create", {"boardId": board, "id": column, "name": "Extra"}, "column:created"),
                ("column:update", {"columnId": column, "updates": {"name": "More"}}, "column:updated"),
                ("column:delete", {"columnId": column}, "column:deleted"),
                ("column:reorder", {"boardId": board, "columnIds": columns[::-1]}, "column:reordered"),
            ]
            seq = (await ann.ask("board:get", {"boardId": board}))["seq"]
            for number, (command, payload, expected) in enumerate(steps):
                request = f"{task}-{number}"
                reply = await ann.ask(command, {**payload, "requestId": request})
                seq += 1
                assert (reply["seq"], reply["requestId"]) == (seq, request), command
                name, envelope = await bob.next_event()
                assert name == expected
                assert INSTANT.fullmatch(envelope.pop("timestamp"))
                assert envelope.pop("id")
                data = envelope.pop("data")
                assert envelope == {
                    "type": name,
                    "boardId": board,
                    "seq": seq,
                    "userId": "ann",
                    "requestId": request,
                }
                for entity in ("task", "board", "column", "columns"):
                    assert data.get(entity) == reply.get(entity), command
            await asyncio.gather(ann.expect_no_events(), bob.expect_no_events(), eve.expect_no_events())

            for command, payload in [
                ("board:get", {"boardId": board}),
                ("view:board", board),
                ("subscribe", {"type": "*", "filters": {"boardId": board}}),
                ("task:create", {"boardId": board, "title": "X"}),
                ("column:update", {"columnId": columns[0], "updates": {"name": "X"}}),
            ]:
                await eve.refused(command, payload, "NOT_FOUND")

    asyncio.run(scenario())


def test_replies_and_refusals(server, transport):
    async def scenario():
        async with clients(server, transport, "ann", "bob") as (ann, bob):
            board, _ = await new_board(ann, bob="viewer")
            task = (await ann.ask("task:create", {"boardId": board, "title": "T"}))["task"]
            await ann.sio.emit("task:update", {"taskId": task["id"], "updates": {"title": "U"}})
            name, reply = await ann.next_event()
            assert (name, reply["ok"], reply["task"]["title"]) == ("task:update:success", True, "U")
            await ann.sio.emit("task:update", {"taskId": "nowhere", "updates": {"title": "U"}})
            name, reply = await ann.next_event()
            assert (name, reply["ok"], reply["code"]) == ("task:update:error", False, "NOT_FOUND")

            missing = await ann.refused("task:create", {"boardId": board}, "INVALID_MESSAGE")
            assert [detail["path"] for detail in missing["details"]] == ["title"]
            await ann.refused("task:explode", {}, "UNKNOWN_EVENT")
            await bob.refused("task:delete", {"taskId": task["id"]}, "FORBIDDEN")
            stale = {"taskId": task["id"], "updates": {"title": "V"}, "expectedVersion": task["version"]}
            conflict = await ann.refused("task:update", stale, "CONFLICT")
            assert conflict["details"]["fields"] == ["title"]
            assert conflict["details"]["current"]["title"] == "U"

            once = {"boardId": board, "title": "Once", "requestId": f"once-{board}"}
            assert await ann.ask("task:create", once) == await ann.ask("task:create", once)
            await ann.refused("task:create", {**once, "title": "Other"}, "IDEMPOTENCY_MISMATCH")

    asyncio.run(scenario())


def test_a_client_resumes_after_a_reconnection(server, transport):
    async def scenario():
        async with clients(server, transport, "ann", "bob") as (ann, bob):
            board, _ = await new_board(ann, bob="viewer")
            snapshot = await bob.ask("board:get", {"boardId": board})
            await bob.close()
            task = (await ann.ask("task:create", {"boardId": board, "title": "Missed"}))["task"]
            async with clients(server, transport, "bob") as (back,):
                resume = {"boardId": board, "since": snapshot["seq"], "epoch": snapshot["epoch"]}
                assert (await back.ask("view:board", resume))["recovered"] is True
                missed = await back.event("task:created")
                assert (missed["data"]["task"], missed["seq"]) == (task, snapshot["seq"] + 1)
                future = {**resume, "since": snapshot["seq"] + 1000}
                assert (await back.ask("view:board", future))["recovered"] is False

    asyncio.run(scenario())


def test_many_large_commands_at_once(server, transport):
    """Over polling, the client sends 16 of them in one POST."""

    async def scenario():
        async with clients(server, transport, "ann") as [ann]:
            board, _ = await new_board(ann)
            creates = [{"boardId": board, "title": f"Task {n}", "description": "x" * 5000} for n in range(20)]
            replies = await asyncio.gather(*(ann.call("task:create", create) for create in creates))
            assert [reply["ok"] for reply in replies] == [True] * 20, replies
            too_large = {"boardId": board, "title": "Large", "description": "x" * 70_000}
            await ann.refused("task:create", too_large, "PAYLOAD_TOO_LARGE")
            await ann.ask("board:list", {})

    asyncio.run(scenario())
