"""A TCP proxy in front of a server: it cuts connections, refuses new ones, and swallows answers."""

import asyncio
import contextlib
import urllib.parse


class Proxy:
    """Passes bytes on; an asynchronous context manager. `url` is where clients connect."""

    def __init__(self, url):
        target = urllib.parse.urlsplit(url)
        self.target = (target.hostname, target.port)
        self.open = True  # Whether new connections are let through.
        self.answers = True  # Whether the client hears anything.
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
        """Ends every connection without a goodbye."""
        for writer in self.connections:
            writer.transport.abort()

    def fail(self):
        """Ends every connection and refuses new ones until `heal`."""
        self.open = False
        self.cut()

    def heal(self):
        """Lets connections through, and answers."""
        self.open = self.answers = True

    async def _accept(self, reader, writer):
        self.connections.add(writer)
        self.accepted += 1
        with contextlib.suppress(OSError):
            if self.open:
                there_reader, there_writer = await asyncio.open_connection(*self.target)
                self.connections.add(there_writer)
                ways = [
                    asyncio.create_task(self._pass_on(reader, there_writer, lambda: True)),
                    asyncio.create_task(self._pass_on(there_reader, writer, lambda: self.answers)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                there_writer.transport.abort()
                self.connections.discard(there_writer)
        writer.transport.abort()
        self.connections.discard(writer)

    async def _pass_on(self, reader, writer, wanted):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if wanted():
                    writer.write(data)
                    await writer.drain()
