"""Runs a node without a service and without a sandbox: the same code as in the component,
over responses that a test wrote down."""

import json
import re
from types import SimpleNamespace

from .http import Response, TransportError
from .runtime import Auth, Runtime

ORIGIN = "https://service.test"


def fake(definition):
    """A fake service for a node: `fake(loanbook).on("GET /v1/me", 200, {"name": "Ada"})`."""
    return FakeService(definition)


class ItemFailed(Exception):
    """The failure of an item; `error` has the members of `node-error`."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error


class FakeService:
    """Responses by request, and what was requested."""

    def __init__(self, definition):
        definition.manifest()
        self._definition, self._routes, self._clock = definition, {}, 0
        self._runtime = Runtime(definition, self)
        self.requests = []
        """Every request that was sent: `method`, `url`, `path`, `headers` and `body`."""

    def on(self, route, status, body=None, headers=None):
        """The response to a request. Of several for one request each is given once, in order, and
        the last one again and again. `status` may be `"refused"`, `"broken"` or `"timeout"`."""
        self._routes.setdefault(normal(route), []).append((status, body, headers or {}))
        return self

    # The transport.

    def now(self):
        return self._clock

    def sleep(self, ms):
        self._clock += ms

    def exchange(self, method, url, headers, body, _left):
        path = re.sub(r"^https?://[^/]+", "", url)
        request = {"method": method, "url": url, "path": path, "headers": headers}
        self.requests.append(SimpleNamespace(**request, body=None if body is None else json.loads(body)))
        key = normal(f"{method} {path}")
        responses = self._routes.get(key)
        if not responses:
            raise AssertionError(
                f"The fake service has no response to {key}. It has: {', '.join(self._routes) or 'none'}"
            )
        status, body, headers = responses.pop(0) if len(responses) > 1 else responses[0]
        if isinstance(status, str):
            raise TransportError(status, status != "refused")
        return Response(
            status, {"content-type": "application/json", **headers}, "" if body is None else json.dumps(body)
        )

    # What a host does.

    def run(self, operation, input=None, **call):
        """The results of an operation for one item, of all pages. Raises the failure of the item."""
        tag, value = self.run_all(operation, [input or {}], **call)[0]
        if tag == "failed":
            raise ItemFailed(value)
        return value

    def run_all(self, operation, inputs, **call):
        """For each item `("done", results)` or `("failed", error)`, over all calls."""
        items, cursor = [json.dumps(each) for each in inputs], None
        outcomes = [("done", []) for _ in inputs]
        while True:
            execution = self._call("execute", call, operation, items, cursor)
            for index, (tag, value) in enumerate(execution["outcomes"]):
                if tag == "done":
                    outcomes[index][1].extend(map(json.loads, value))
                elif tag == "failed":
                    outcomes[index] = (tag, value)
            cursor = execution["next"]
            if cursor is None:
                return outcomes

    def options(self, name, search=None, **parameters):
        """The entries of a list, of all pages."""
        entries, cursor = [], None
        while True:
            found = self._call("options", {}, name, json.dumps(parameters), search, cursor)
            entries += found["entries"]
            cursor = found["next"]
            if cursor is None:
                return entries

    def poll(self, trigger, state=None, **config):
        """One poll: `events` with `id`, `occurred_at` and `item`, and `state` for the next one."""
        polled = self._call("poll", {}, trigger, json.dumps(config), state)
        events = [event | {"item": json.loads(event["json"])} for event in polled["events"]]
        return SimpleNamespace(**polled | {"events": events})

    def check(self):
        """The report of the connection check."""
        return self._call("check", {})

    def _call(self, function, call, *given):
        context = SimpleNamespace(
            now="2026-03-01T09:15:02Z", deadline_ms=60_000, attempt=1, entropy=bytes(range(0, 224, 7)),
            trace_parent=None, dry_run=False, read_only=False, allowed_operations=None, confirmed=True,
        )  # fmt: skip
        vars(context).update(call)
        form = self._definition.login.spec["fields"]
        fields = {field["name"]: ORIGIN if field["kind"] == "url" else f"test-{field['name']}" for field in form}
        return getattr(self._runtime, function)(context, fields, Auth("session", "test-token"), *given)


def normal(route):
    """A route with its query in order."""
    path, _, query = route.partition("?")
    return f"{path}?{'&'.join(sorted(query.split('&')))}" if query else path
