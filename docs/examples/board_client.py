"""Follows a board and prints each change as a line. Needs Python 3.11 and `pip install python-socketio aiohttp`.

    python board_client.py --url http://127.0.0.1:3456 --token TOKEN BOARD --add "Water the plants"

In a program: keep `Board.run()` running, read `parts`, send changes of that board with `change()`. Events are applied by
`seq`; a sender gets the reply in their place. A new connection asks for what came after the last `seq`, and for all unless
told `recovered: true`. A change has a `requestId` and is sent until it is answered: one effect. See docs/guides/REALTIME.md.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import uuid

import socketio

PARTS = {"task": "tasks", "column": "columns", "member": "members", "dependency": "dependencies"}
LABELS = ("title", "body", "name", "filename", "depends_on", "commentId", "attachmentId", "taskId", "columnId", "userId")


class Refused(Exception):
    """The server said no, and would say it again."""


def key(one):
    return one.get("id") or one.get("user_id") or (one["task_id"], one["type"], one["depends_on"])


class Board:
    """A copy of a board that stays right. `auth` is `{"token": …}` or `{"apiKey": …}`, or a function that returns one."""

    def __init__(self, url, auth, board_id, show=lambda line: print(line, flush=True)):
        self.url, self.auth, self.board_id, self.show = url, auth, board_id, show
        self.seq = self.epoch = self.board = None
        self.parts = {part: {} for part in PARTS.values()}  # the tasks by id, and so on
        self._live = asyncio.Event()  # set while the copy follows the board
        self._early = {}  # by seq: what has arrived and is not applied yet
        self._unanswered = 0  # changes of one's own that wait for their reply

    async def run(self):
        """Follows the board until the server refuses the credentials or the board."""
        while True:
            self._sio, self._early, reasons = socketio.AsyncClient(reconnection=False), {}, []
            self._sio.on("connect_error", reasons.append)
            self._sio.on("*", lambda name, message=None: self._arrived(name, message))
            try:
                await self._sio.connect(self.url, auth=self.auth, transports=["websocket"], wait_timeout=10)
                self._over = asyncio.shield(self._sio.eio.wait())
                since = {} if self.seq is None else {"since": self.seq, "epoch": self.epoch}
                if not (await self._ask("view:board", {"boardId": self.board_id, **since})).get("recovered"):
                    wanted, pages = {"boardId": self.board_id, "limit": 1000}, []
                    while not pages or "next" in pages[-1]:  # What happens meanwhile waits, and is applied after the first `seq`.
                        pages.append(await self._ask("board:get", wanted | ({"after": pages[-1]["next"]} if pages else {})))
                    self.seq, self.epoch, self.board = (pages[0][name] for name in ("seq", "epoch", "board"))
                    self.parts = {part: {key(one): one for page in pages for one in page[part]} for part in PARTS.values()}
                    self.show(f"{self.seq} the board as it is, with {len(self.parts['tasks'])} tasks")
                self._live.set()
                self._advance()
                await asyncio.wait([self._over])
            except (ConnectionError, socketio.exceptions.ConnectionError) as error:
                reason = next((one["message"] for one in reasons if isinstance(one, dict) and "message" in one), error)
                if reason == "Authentication failed":
                    raise Refused(reason) from error
                self.show(f"no connection: {reason}")
            finally:
                self._live.clear()
                await asyncio.wait([asyncio.create_task(self._sio.disconnect())], timeout=1)
            await asyncio.sleep(random.uniform(0.2, 2))

    async def change(self, command, payload):
        """Sends a change of this board until it is answered. A `requestId` of one's own outlives the program."""
        payload = {"requestId": uuid.uuid4().hex, **payload}
        self._unanswered += 1
        try:
            while True:
                await self._live.wait()
                with contextlib.suppress(ConnectionError):
                    return await self._ask(command, payload, self._arrived)
        finally:
            self._unanswered -= 1
            self._advance()

    async def _ask(self, command, payload, answered=lambda command, reply: None):
        sio, over = self._sio, self._over
        while True:
            future = asyncio.get_running_loop().create_future()
            with contextlib.suppress(socketio.exceptions.SocketIOError):  # the connection has ended: `over` is done
                await sio.emit(command, payload, callback=lambda reply: (answered(command, reply), future.set_result(reply)))
            await asyncio.wait({future, over}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                over.cancel()  # The next connection tells, and fills every hole.
                raise ConnectionError(f"no answer to {command}")
            if (reply := future.result())["ok"]:
                return reply
            if reply["code"] not in ("RATE_LIMIT", "UNAVAILABLE"):
                raise Refused(f"{command}: {reply['code']}: {reply['error']}")
            await asyncio.sleep(reply.get("retryAfter", 1))

    def _arrived(self, name, message):
        if isinstance(message, dict) and "seq" in message and message.get("boardId", self.board_id) == self.board_id:
            self._early.setdefault(message["seq"], (name, message))
            self._advance()

    def _advance(self):
        """Applies what is next. What then is left stands behind a hole, which only a reply on its way may fill."""
        if self._live.is_set():
            self._early = {seq: early for seq, early in self._early.items() if seq > self.seq}
            while early := self._early.pop(self.seq + 1, None):
                self.seq += 1
                self._apply(*early)
            if self._early and not self._unanswered:
                self._over.cancel()

    def _apply(self, name, message):
        data = message.get("data", message)
        entity, verb = name.removesuffix("d").split(":")[-2:]  # A reply has the command's name, without the `d`.
        things = [thing for thing in data.values() if isinstance(thing, dict)] + [data]
        label = next((thing[field] for thing in things for field in LABELS if field in thing), "")
        if entity in PARTS and verb in ("delete", "remove"):
            self.parts[PARTS[entity]].pop(key(data["dependency"]) if "dependency" in data else label, None)
            links = self.parts["dependencies"].items()
            self.parts["dependencies"] = {at: one for at, one in links if entity != "task" or label not in at[::2]}
        else:
            self.board = data.get("board", self.board)
            for entity, part in PARTS.items():
                self.parts[part].update({key(one): one for one in data.get(part) or [data.get(entity)] if one})
        self.show(f"{self.seq} {name} {json.dumps(label, ensure_ascii=False)} by {message.get('userId', 'this client')}")


async def main():
    parser = argparse.ArgumentParser(description="Follows a board and prints each change as a line.")
    parser.add_argument("board", metavar="BOARD")
    parser.add_argument("--url", default="http://127.0.0.1:3456")
    parser.add_argument("--token", default=os.environ.get("BOARDWIRE_TOKEN"), help="or BOARDWIRE_TOKEN")
    parser.add_argument("--api-key", default=os.environ.get("BOARDWIRE_API_KEY"), help="or BOARDWIRE_API_KEY")
    parser.add_argument("--add", metavar="TITLE", action="append", default=[], help="adds a task first")
    options = parser.parse_args()
    board = Board(options.url, {"token": options.token} if options.token else {"apiKey": options.api_key}, options.board)
    adding = [board.change("task:create", {"boardId": options.board, "title": title}) for title in options.add]
    try:
        await asyncio.gather(board.run(), *adding)
    except Refused as refusal:
        parser.exit(1, f"refused: {refusal}\n")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
