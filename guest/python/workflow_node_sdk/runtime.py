"""The functions of the node interface for a definition, with plain values: records are dicts.
What the types of a component are is component.py's affair."""

import json
import re

from .credentials import host_logs_in
from .failure import Failure, as_failure, invalid, node_error
from .given import parsed, read_input
from .http import DryRun, Http
from .nearest import suggestion

MAX_PAGES = 10
"""Pages that one call reads."""


class CallFailed(Exception):
    """The error of a call, as the members of `node-error`."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error


class Auth:
    """Who adds the credentials: `session` (with the token), `host-injected` or `self-managed`."""

    def __init__(self, tag, token=None):
        self.tag, self.token = tag, token


def call(function):
    """What a function raises becomes the error of the call."""

    def guarded(self, *given):
        try:
            return function(self, *given)
        except Exception as raised:
            raise CallFailed(self._error(raised)) from raised

    return guarded


def report(usage=None):
    return usage or {"requests": 0, "retries": 0, "waited_ms": 0, "rate_limited": 0}


class Runtime:
    """A node that runs. Fields are dicts of names and values."""

    def __init__(self, definition, transport):
        self._definition, self._transport, self._secrets = definition, transport, []

    def _error(self, raised):
        return node_error(as_failure(raised), self._definition.name, self._secrets)

    def credential_schema(self):
        return json.dumps(self._definition.manifest()["credentials"])

    @call
    def prepare(self, _context, fields):
        login = self._definition.login
        origin = login.origin(fields)
        shown = [field["name"] for field in login.spec["fields"] if field["kind"] != "secret"]
        cleaned = {name: origin if name == "url" else value.strip() for name, value in fields.items() if name in shown}
        egress = [origin] + [each for each in login.spec["egress"] if each not in ("{url}", origin)]
        return {"fields": cleaned, "egress": egress, "token_url": login.token_request(origin), "usage": report()}

    @call
    def authenticate(self, _context, fields, _auth):
        login = self._definition.login
        self._hide(fields)
        if login.key is None:
            raise host_logs_in()
        return login.key(fields)

    @call
    def check(self, context, fields, auth):
        account_of, title = self._definition.account_of, self._definition.title
        http = self._http(context, fields, auth)
        step = {
            "name": "account",
            "label": "Read the account",
            "status": "pass",
            "message": "",
            "error": None,
            "advice": None,
        }
        account = None
        try:
            if account_of is None:
                step |= {"status": "warn", "message": f"The node for {title} has no way to try the credentials.",
                         "advice": "Run an operation to try them."}  # fmt: skip
            else:
                account = str(account_of(http))
                step["message"] = f"Signed in to {title} as {account}."
        except DryRun:
            step |= {"status": "skipped", "message": "Nothing is sent in a dry run."}
        except Exception as raised:
            error = self._error(http.settle(as_failure(raised)))
            step |= {"status": "fail", "message": error["message"], "error": error}
        fields = self.prepare(context, fields)["fields"]
        return {"account": account, "instance": http.origin, "steps": [step], "fields": fields, "usage": http.usage}

    @call
    def execute(self, context, fields, auth, id, items, cursor):
        operation = self._find(self._definition.operations, "operation", id, "id")
        self._permit(context, operation["manifest"])
        first, page = read_cursor(cursor, len(items), operation["manifest"]["annotations"]["paginated"])
        http = self._http(context, fields, auth)
        outcomes, next_cursor, pages = [("done", [])] * first, None, 0
        for index in range(first, len(items)):
            if index > first and http.is_late():
                next_cursor = cursor_at(index, None)
                break
            rows, failure = [], None
            http.next_item()
            while True:
                try:
                    some, page = self._run(http, operation, items[index], page)
                    rows += some
                    pages += 1
                except Exception as raised:
                    failure = http.settle(as_failure(raised))
                if failure or page is None or pages >= MAX_PAGES or http.is_late():
                    break
            is_unauthenticated = failure is not None and failure.kind == "unauthenticated" and failure.effect == "none"
            # A host logs in anew and repeats the call, so nothing of it may be lost.
            if is_unauthenticated and index == first and not rows:
                raise failure
            if failure and is_unauthenticated and not rows:
                next_cursor = cursor_at(index, page)
                break
            # What was read before a failure is delivered; the next call begins with the failure.
            if page is not None and (rows or not failure):
                next_cursor = cursor_at(index, page)
            done = rows or not failure
            outcomes.append(("done", [json.dumps(row) for row in rows]) if done else ("failed", self._error(failure)))
            if next_cursor is not None:
                break
            page = None
        outcomes += [("not-attempted", None)] * (len(items) - len(outcomes))
        return {"outcomes": outcomes, "next": next_cursor, "usage": http.usage}

    @staticmethod
    def _run(http, operation, text, page):
        """One page of an item: its results, and where the next one begins."""
        given = read_input(text, operation["input"])
        try:
            if operation["manifest"]["annotations"]["paginated"]:
                return part(operation["run"](*(http, given, page)[: operation["takes"]]), operation["manifest"]["id"])
            results = operation["run"](http, given)
            return results if isinstance(results, list) else [] if results is None else [results], None
        except DryRun as dry:
            return [dry.shown], None

    @call
    def options(self, context, fields, auth, name, parameters, search, cursor):
        listed = self._find(self._definition.lists, "list", name, "name")
        parameters = read_input(parameters, listed["parameters"])
        page = None if cursor is None else parsed(cursor)
        if cursor is not None and page is None:
            raise bad_cursor()
        http = self._http(context, fields, auth)
        entries, page = part(live(listed["run"], *(http, search, page, parameters)[: listed["takes"]]), name)
        entries = [each if isinstance(each, dict) else {"value": each[0], "label": each[1]} for each in entries]
        return {"entries": entries, "next": None if page is None else json.dumps(page), "usage": http.usage}

    @call
    def poll(self, context, fields, auth, name, config, state):
        trigger = self._find(self._definition.triggers, "trigger", name, "name")
        config = read_input(config, trigger["config"])
        kept = {"state": None, "begins": True} if state is None else read_state(state, name)
        # The first poll is quiet to its last page.
        begins = kept.get("begins") is True
        http = self._http(context, fields, auth)
        polled = live(trigger["run"], *(http, kept["state"], config)[: trigger["takes"]])
        if not isinstance(polled, tuple) or len(polled) != 3 or polled[1] is None:
            message = f'Internal error: the trigger "{name}" did not return items, a state and whether there is more.'
            raise Failure("internal", "internal", message)
        items, after, more = polled
        events = [
            {"id": f"{name}/{row[trigger['id']]}", "occurred_at": row.get(trigger["time"]), "json": json.dumps(row)}
            for row in ([] if begins else items)
        ]
        return {
            "events": events,
            "state": json.dumps({"trigger": name, "state": after} | ({"begins": True} if begins and more else {})),
            "more": bool(more),
            "next_poll_ms": trigger["manifest"]["poll_interval_ms"],
            "usage": http.usage,
        }

    @call
    def no_webhooks(self, *_given):
        message = f"The node for {self._definition.title} has no webhooks."
        raise Failure("unsupported", "no-webhooks", message, advice="Use the trigger by polling.")

    @staticmethod
    def _find(entries, kind, name, key):
        names = [entry["manifest"][key] for entry in entries]
        if name in names:
            return entries[names.index(name)]
        raise invalid(f"unknown-{kind}", f'There is no {kind} "{name}".{suggestion(name, names)}')

    @staticmethod
    def _permit(context, operation):
        """Refuses what the rules of the call forbid."""
        id, marks = operation["id"], operation["annotations"]
        if context.allowed_operations is not None and id not in context.allowed_operations:
            message = f'The host does not allow the operation "{id}".'
            raise Failure("denied", "not-allowed", message, advice="Allow it for this workflow.")
        if context.read_only and not marks["read_only"]:
            message = f'"{id}" changes something, and this call may only read.'
            raise Failure("denied", "read-only", message, advice="Use a connection that may write.")
        if not context.confirmed and (marks["destructive"] or marks["customer_visible"]):
            message = f'"{id}" needs a person\'s confirmation.'
            raise Failure("denied", "needs-confirmation", message, advice="Set `confirmed` to run it.")

    def _hide(self, fields, token=None):
        secret = [field["name"] for field in self._definition.login.spec["fields"] if field["kind"] == "secret"]
        values = [value for name, value in fields.items() if name in secret] + [token or ""]
        self._secrets = [value for value in values if len(value) >= 4]

    def _http(self, context, fields, auth):
        login, token = self._definition.login, auth.token
        self._hide(fields, token)
        if auth.tag == "self-managed" and not context.dry_run:
            if login.key is None and login.carry is not None:
                raise host_logs_in()
            token = login.key and login.key(fields)
        carried = None if token is None or login.carry is None else login.carry(token)
        return Http(self._transport, login.origin(fields), self._definition.title, carried, context)


def live(run, *given):
    try:
        return run(*given)
    except DryRun:
        raise Failure("unsupported", "no-dry-run", "Only operations can be tried in a dry run.") from None


def part(answer, name):
    """What a function that reads pages returned."""
    if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[0], list):
        message = f'Internal error: "{name}" did not return a list and where the next page begins.'
        raise Failure("internal", "internal", message)
    return answer


def cursor_at(index, page):
    return f"{index}:{json.dumps(page)}"


def bad_cursor():
    return invalid("invalid-cursor", "The cursor is not one of this operation.")


def read_cursor(cursor, count, is_paginated):
    if cursor is None:
        return 0, None
    index, _, text = cursor.partition(":")
    page = parsed(text)
    known = re.fullmatch(r"\d{1,9}", index, re.ASCII) and (page is not None or text == "null")
    if not known or int(index) >= count or (page is not None and not is_paginated):
        raise bad_cursor()
    return int(index), page


def read_state(text, name):
    state = parsed(text)
    if not isinstance(state, dict) or state.get("trigger") != name or state.get("state") is None:
        advice = "Start the trigger anew, without a state."
        raise invalid("invalid-state", f'The state is not one of the trigger "{name}".', advice=advice)
    return state
