"""An agent on the Python SDK 2, whose revision has no sessions."""

import contextlib

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

REVISION = "2026-07-28"
WAYS = ["http", "stdio"]


class Agent:
    def __init__(self, client):
        self.client, self.revision = client, client.protocol_version

    async def tools(self):
        return [tool.name for tool in (await self.client.list_tools()).tools]

    async def call(self, tool, /, **arguments):
        result = await self.client.call_tool(tool, arguments)
        return result.is_error, result.structured_content

    async def resources(self):
        return [str(resource.uri) for resource in (await self.client.list_resources()).resources]

    async def read(self, uri):
        return (await self.client.read_resource(uri)).contents[0].text

    @contextlib.asynccontextmanager
    async def watch(self, uri):
        """Yields a function that waits for the next update."""
        async with self.client.listen(resource_subscriptions=[uri]) as subscription:

            async def update():
                return (await anext(aiter(subscription))).uri

            yield update


@contextlib.asynccontextmanager
async def connect(way, url, key, program):
    async with contextlib.AsyncExitStack() as stack:
        if way == "http":
            http = await stack.enter_async_context(httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}))
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
        else:
            transport = stdio_client(
                StdioServerParameters(
                    command=str(program), args=["mcp", "--url", url], env={"BOARDWIRE_API_KEY": key}
                )
            )
        yield Agent(await stack.enter_async_context(Client(transport)))
