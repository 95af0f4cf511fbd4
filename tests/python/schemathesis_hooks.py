"""What requests made from the OpenAPI document take from the state of the server: no schema can say it.

- An Idempotency-Key that was used for another request is refused, and so is a cursor that no page gave. Valid keys are made
  unique, and cursors left out.
- The `after` of a page goes with its `limit`: without one it is left out.
- Tasks are assigned to users that exist, and an upload has no field but its file: what others there are is skipped, and a
  form whose headers break in the middle is none.
- Ids that exist: half of the requests get one that was made before, so that they reach what is behind them.
"""

import itertools
import json
import os
import re

import schemathesis

KEY = re.compile(r"[!-~]{1,64}")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ETAG = re.compile(r'[*]|"[0-9]{1,15}([.][0-9a-f]{16})?(-gzip)?"')
THINGS = json.loads(os.environ["BOARDWIRE_TEST_THINGS"])
numbers = itertools.count(1)
turns = {name: itertools.cycle(ids) for name, ids in THINGS.items()}


@schemathesis.hook
def before_call(context, case, kwargs):
    headers, query, path = case.headers, case.query, case.path_parameters
    valid = case.meta and case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE
    key = headers.get("Idempotency-Key") if headers else None
    if isinstance(key, str) and valid and KEY.fullmatch(key):
        headers["Idempotency-Key"] = f"{next(numbers):0{len(key)}}"
    if query and isinstance(query.get("cursor"), str) and query["cursor"]:
        del query["cursor"]
    if valid and query and "after" in query and "limit" not in query:
        del query["after"]
    # It makes up values for this pattern that do not fit it, and takes them for valid.
    if valid and headers and not ETAG.fullmatch(headers.get("If-Match", '"1"')):
        del headers["If-Match"]
    if valid and isinstance(case.body, dict):
        if case.media_type == "multipart/form-data" and "file" in case.body:
            case.body = {"file": case.body["file"]}
        elif isinstance(case.body.get("assignee"), str) and ID.fullmatch(case.body["assignee"]):
            case.body["assignee"] = "ann"
    for name, value in (path or {}).items():
        if name in turns and ID.fullmatch(str(value)) and next(numbers) % 2:
            path[name] = next(turns[name])
