"""A TCP proxy in front of a server: it cuts connections, refuses new ones, and drops answers."""

import asyncio
import contextlib
import urllib.parse


class Proxy:
    """An asynchronous context manager that forwards bytes. Clients connect to `url`."""

    def __init__(self, url):
        target = urllib.parse.urlsplit(url)
        self.target = (target.hostname, target.port)
        self.open = True  # Whether new connections are forwarded.
        self.answers = True  # Whether the server's data is forwarded.
        self.connections = set()
        self.accepted = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        self.cut()

    def cut(self):
        """Aborts every connection."""
        for writer in self.connections:
            writer.transport.abort()

    def fail(self):
        """Ends every connection and refuses new ones until `heal`."""
        self.open = False
        self.cut()

    def heal(self):
        """Forwards connections and answers again."""
        self.open = self.answers = True

    async def _accept(self, reader, writer):
        self.connections.add(writer)
        self.accepted += 1
        with contextlib.suppress(OSError):
            if self.open:
                server_reader, server_writer = await asyncio.open_connection(*self.target)
                self.connections.add(server_writer)
                directions = [
                    asyncio.create_task(self._forward(reader, server_writer, lambda: True)),
                    asyncio.create_task(self._forward(server_reader, writer, lambda: self.answers)),
                ]
                await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
                for direction in directions:
                    direction.cancel()
                server_writer.transport.abort()
                self.connections.discard(server_writer)
        writer.transport.abort()
        self.connections.discard(writer)

    async def _forward(self, reader, writer, is_forwarded):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if is_forwarded():
                    writer.write(data)
                    await writer.drain()
