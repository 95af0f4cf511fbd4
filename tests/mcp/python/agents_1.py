"""An agent on a release of the Python SDK 1, whose revisions have sessions. Differences between releases are noted below."""

import asyncio
import contextlib
import inspect
import json

import httpx
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import LATEST_PROTOCOL_VERSION, ResourceUpdatedNotification

try:
    from mcp.client import streamable_http
except ImportError:  # the first releases
    streamable_http = None

#: The server supports the newest revision of each SDK.
REVISION = LATEST_PROTOCOL_VERSION
WAYS = ["http", "stdio"] if streamable_http else ["stdio"]


class Agent:
    def __init__(self, session, revision, updates):
        self.session, self.revision, self.updates = session, revision, updates

    async def tools(self):
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def call(self, tool, /, **arguments):
        result = await self.session.call_tool(tool, arguments)
        answer = json.loads(result.content[0].text)
        # Releases before 2025-06-18 define only the text, and pass on other fields unchanged.
        assert getattr(result, "structuredContent", answer) == answer
        return result.isError, answer

    async def resources(self):
        return [str(resource.uri) for resource in (await self.session.list_resources()).resources]

    async def read(self, uri):
        return (await self.session.read_resource(uri)).contents[0].text

    @contextlib.asynccontextmanager
    async def watch(self, uri):
        """Yields a function that waits for the next update."""
        await self.session.subscribe_resource(uri)
        yield self.updates.get


@contextlib.asynccontextmanager
async def streams(way, url, key, program):
    if way == "http":
        headers = {"Authorization": f"Bearer {key}"}
        if hasattr(streamable_http, "streamable_http_client"):
            http = httpx.AsyncClient(headers=headers, timeout=60)
            client = streamable_http.streamable_http_client(f"{url}/mcp", http_client=http)
        else:
            http = contextlib.nullcontext()
            client = streamable_http.streamablehttp_client(f"{url}/mcp", headers=headers)
        async with http, client as opened:
            yield opened
        return
    server = StdioServerParameters(
        command=str(program), args=["mcp", "--url", url], env={"BOARDWIRE_API_KEY": key}
    )
    async with stdio_client(server) as opened:
        yield opened


@contextlib.asynccontextmanager
async def connect(way, url, key, program):
    updates = asyncio.Queue()

    async def record(message):
        notification = getattr(message, "root", None)
        if isinstance(notification, ResourceUpdatedNotification):
            await updates.put(str(notification.params.uri))

    async with streams(way, url, key, program) as (read, write, *_):
        handles = "message_handler" in inspect.signature(ClientSession).parameters
        async with ClientSession(read, write, **({"message_handler": record} if handles else {})) as session:
            initialized = await session.initialize()
            # The first releases have a stream of messages instead of a handler.
            recording = None if handles else asyncio.create_task(record_all(session.incoming_messages, record))
            yield Agent(session, initialized.protocolVersion, updates)
            if recording:
                recording.cancel()


async def record_all(messages, record):
    async for message in messages:
        await record(message)
