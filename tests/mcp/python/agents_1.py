"""An agent on the Python SDK 1, whose revisions have sessions."""

import asyncio
import contextlib

import httpx
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ResourceUpdatedNotification

REVISION = "2025-11-25"


class Agent:
    def __init__(self, session, revision, heard):
        self.session, self.revision, self.heard = session, revision, heard

    async def tools(self):
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def call(self, tool, /, **arguments):
        result = await self.session.call_tool(tool, arguments)
        return result.isError, result.structuredContent

    async def resources(self):
        return [str(resource.uri) for resource in (await self.session.list_resources()).resources]

    async def read(self, uri):
        return (await self.session.read_resource(uri)).contents[0].text

    @contextlib.asynccontextmanager
    async def watch(self, uri):
        """Gives what waits for the next update."""
        await self.session.subscribe_resource(uri)
        yield self.heard.get


@contextlib.asynccontextmanager
async def streams(way, url, key, program):
    if way == "http":
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
            async with streamable_http_client(f"{url}/mcp", http_client=http) as opened:
                yield opened
        return
    server = StdioServerParameters(
        command=str(program), args=["mcp", "--url", url], env={"BOARDWIRE_API_KEY": key}
    )
    async with stdio_client(server) as opened:
        yield opened


@contextlib.asynccontextmanager
async def connect(way, url, key, program):
    heard = asyncio.Queue()

    async def keep(message):
        notification = getattr(message, "root", None)
        if isinstance(notification, ResourceUpdatedNotification):
            await heard.put(str(notification.params.uri))

    async with streams(way, url, key, program) as (read, write, *_):
        async with ClientSession(read, write, message_handler=keep) as session:
            hello = await session.initialize()
            yield Agent(session, hello.protocolVersion, heard)
