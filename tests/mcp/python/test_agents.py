"""The work of an agent on the official Python SDK: over HTTP, and through `boardwire mcp`."""

import asyncio
import json

import pytest

from boardwire_server import patient

PATIENCE_SECONDS = patient(60)


def run(work):
    async def limited():
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work

    asyncio.run(limited())


async def ask(agent, tool, /, **arguments):
    """Calls a tool that must succeed."""
    refused, answer = await agent.call(tool, **arguments)
    assert not refused, (tool, answer)
    return answer


def test_a_task_is_created_claimed_and_completed(server, agents, way):
    async def work():
        async with agents.connect(way, server.url, server.ann, server.program) as agent:
            assert agent.revision == agents.REVISION
            assert {"list_boards", "create_task", "claim_next_task", "wait_for_changes"} <= set(await agent.tools())
            board = (await ask(agent, "create_board", name="Work"))["board"]["id"]
            task = (await ask(agent, "create_task", boardId=board, title="Write the minutes"))["task"]
            claimed = (await ask(agent, "claim_next_task", boardId=board, agent="pytest"))["task"]
            assert claimed["id"] == task["id"]
            done = await ask(agent, "complete_task", taskId=task["id"], fence=claimed["lease"]["fence"])
            assert done["task"]["status"] == "done"

    run(work())


def test_changes_over_http_are_reported(server, agents, way):
    async def work():
        async with agents.connect(way, server.url, server.ann, server.program) as agent:
            board = (await ask(agent, "create_board", name="Heard"))["board"]["id"]
            (uri,) = [uri for uri in await agent.resources() if board in uri]
            assert "Heard" in await agent.read(uri)
            async with agent.watch(uri) as update:
                await asyncio.to_thread(server.create_task, board, "Elsewhere")
                assert await update() == uri
            assert "Elsewhere" in await agent.read(uri)

            snapshot = await ask(agent, "get_board", boardId=board)
            since = {"since": snapshot["seq"], "epoch": snapshot["epoch"]}
            waiting = asyncio.create_task(ask(agent, "wait_for_changes", boardId=board, timeoutSeconds=20, **since))
            await asyncio.to_thread(server.create_task, board, "Waited for")
            assert "Waited for" in json.dumps(await waiting)

    run(work())


def test_a_refusal_has_a_message_and_a_code(server, agents, way):
    async def work():
        async with agents.connect(way, server.url, server.ann, server.program) as agent:
            board = (await ask(agent, "create_board", name="Mine"))["board"]["id"]
            refused, answer = await agent.call("create_task", boardId=board, title="")
            assert refused and answer["code"] == "INVALID_MESSAGE"
        async with agents.connect(way, server.url, server.bob, server.program) as other:
            refused, answer = await other.call("get_board", boardId=board)
            assert refused and answer["code"] == "NOT_FOUND"

    run(work())


def test_wrong_credentials_are_refused(server, agents, way):
    async def work():
        async with agents.connect(way, server.url, "bwk_wrong", server.program):
            pytest.fail("the server accepted wrong credentials")

    # Each SDK wraps the error in its own way.
    with pytest.raises(Exception) as caught:
        run(work())
    assert not isinstance(caught.value, TimeoutError)
