"""Fixtures: a server for each test module, and clients that are closed with their test."""

import asyncio
import collections
import contextlib

import pytest
import socketio

from boardwire_server import Server, patient, token

PATIENCE_SECONDS = patient(30)
DISCONNECT_SECONDS = 2


class Client:
    """An asynchronous python-socketio client that records every event in order."""

    def __init__(self, user, permissions=("read", "write")):
        self.user = user
        self.auth = {"token": token(user, permissions)}
        self.unread = collections.deque()
        self.arrived = asyncio.Condition()
        self.sio = socketio.AsyncClient(reconnection=False)
        self.sio.on("*", self._record)

    async def _record(self, name, payload=None):
        async with self.arrived:
            self.unread.append((name, payload))
            self.arrived.notify_all()

    async def connect(self, url, transports, auth=None):
        """Connects and waits for `connection:status`, whose data it returns."""
        await self.sio.connect(
            url, auth=self.auth if auth is None else auth, transports=transports, wait_timeout=PATIENCE_SECONDS
        )
        return (await self.event("connection:status"))["data"]

    async def close(self):
        """Disconnects, without waiting for the last poll, which the server may hold until its next ping."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DISCONNECT_SECONDS):
                await self.sio.disconnect()
        if self.sio.eio.http and not self.sio.eio.http.closed:
            await self.sio.eio.http.close()

    async def call(self, name, payload):
        """Sends a command. Returns the reply, which comes through the callback."""
        return await self.sio.call(name, payload, timeout=PATIENCE_SECONDS)

    async def ask(self, name, payload):
        """The same, which must be a success."""
        reply = await self.call(name, payload)
        assert reply["ok"] is True, (name, reply)
        return reply

    async def refused(self, name, payload, code):
        """The same, which must be refused with `code`."""
        reply = await self.call(name, payload)
        assert reply["ok"] is False and reply["code"] == code and reply["error"], (name, reply)
        return reply

    async def event(self, name):
        """Waits for the next event of this name; the others stay for later."""
        async with asyncio.timeout(PATIENCE_SECONDS), self.arrived:
            while True:
                for entry in self.unread:
                    if entry[0] == name:
                        self.unread.remove(entry)
                        return entry[1]
                await self.arrived.wait()

    def unread_log_events(self):
        """Returns the unread events of boards' logs: all but presence, typing and notifications."""
        return [entry for entry in self.unread if not entry[0].startswith(("user:", "typing:", "notification"))]

    async def next_event(self):
        """Waits for the next event of a board's log. Returns its name and its payload."""
        async with asyncio.timeout(PATIENCE_SECONDS), self.arrived:
            await self.arrived.wait_for(self.unread_log_events)
            entry = self.unread_log_events()[0]
            self.unread.remove(entry)
            return entry

    async def expect_no_events(self, seconds=0.3):
        """Fails if an event of a board's log is unread or arrives within that time."""
        await asyncio.sleep(seconds)
        assert not self.unread_log_events(), f"{self.user} should have received nothing"
        assert self.sio.connected, f"{self.user} is silent because the connection ended"


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running
