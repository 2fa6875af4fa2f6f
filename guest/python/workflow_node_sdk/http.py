"""Requests to the service, within the deadline of a call: retries, and what failing responses
mean. How bytes travel is the transport's affair (wasi.py, testing.py)."""

import hashlib
import json
import re
import uuid
from urllib.parse import quote

from .failure import Failure
from .given import parsed

MAX_ATTEMPTS = 4
"""How often a request is sent at most."""
MAX_WAIT_MS = 10_000
"""The longest that one call waits on purpose; longer waits are the host's."""
DEFAULT_RETRY_AFTER_MS = 30_000
"""What a service is given that throttles without saying for how long."""
USABLE = 0.9
"""The part of the deadline that requests may use."""
LATE = 0.6
"""The part after which no further page or item is begun."""


class DryRun(Exception):
    """Raised in a dry run, in place of a request."""

    def __init__(self, shown):
        super().__init__("dry run")
        self.shown = shown


class TransportError(Exception):
    """No response. `reached` says whether the service may have acted on the request."""

    def __init__(self, reason, reached):
        super().__init__(reason)
        self.reason, self.reached = reason, reached


# What failing statuses mean: kind, code, words and advice.
MEANINGS = {
    401: ("unauthenticated", "unauthenticated", "does not accept the credentials",
          "Check the credentials; they may have expired."),
    403: ("forbidden", "forbidden", "does not allow this", "Give the account the permission for it."),
    404: ("not-found", "not-found", "has no such record",
          "Check the id. The record may be deleted, or the account may not see it."),
    409: ("conflict", "conflict", "refuses this in its current state", None),
    429: ("rate-limited", "rate-limited", "has had too many requests",
          "Wait, ask for less, or run fewer workflows at the same time."),
}  # fmt: skip
MEANINGS |= {410: MEANINGS[404], 412: MEANINGS[409]}
SERVER_ERROR = ("unavailable", "server-error", "returned a server error", "Try again later.")
REJECTED = ("invalid-input", "rejected", "does not accept the values", "Change the values as the service says.")
UNEXPECTED = ("protocol", "unexpected-response", "sent an unexpected response", None)


def meaning(status):
    return MEANINGS.get(status) or (SERVER_ERROR if status >= 500 else REJECTED if status >= 400 else UNEXPECTED)


class Response:
    """A response that is a success."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Http:
    """What a function of an operation is given."""

    def __init__(self, transport, origin, title, carried, context):
        self._transport, self._carried = transport, carried
        self.origin, self.title, self.context = origin, title, context
        begin = transport.now()
        self._end = begin + context.deadline_ms * USABLE
        self._late = begin + context.deadline_ms * LATE
        self._waited = self._drawn = 0
        self._changed = False
        self.usage = {"requests": 0, "retries": 0, "waited_ms": 0, "rate_limited": 0}

    @property
    def now(self):
        """The time at which the call started, RFC 3339."""
        return self.context.now

    def uuid(self):
        """A random id that is new in each call."""
        self._drawn += 1
        drawn = hashlib.sha256(bytes(self.context.entropy) + self._drawn.to_bytes(4)).digest()
        return str(uuid.UUID(bytes=drawn[:16], version=4))

    def get(self, path, query=None, **more):
        """Sends a GET; the query may be given by keyword."""
        return self.request("GET", path, query={**(query or {}), **more})

    def post(self, path, body=None):
        return self.request("POST", path, body=body)

    def put(self, path, body=None):
        return self.request("PUT", path, body=body)

    def patch(self, path, body=None):
        return self.request("PATCH", path, body=body)

    def delete(self, path):
        return self.request("DELETE", path)

    def request(self, method, path, **options):
        """The body of the response: JSON as a value, other text as it is, nothing as `None`."""
        return self.exchange(method, path, **options).body

    def exchange(self, method, path, *, query=None, body=None, headers=None, reads=None):
        """The same with status and headers. `reads` says of a request that is not a GET that
        it changes nothing."""
        is_read = method in ("GET", "HEAD") if reads is None else reads
        url = self._url(path, query or {})
        if self.context.dry_run:
            shown = {"dry_run": True, "method": method, "url": url}
            raise DryRun(shown if body is None else shown | {"body": body})
        content = None if body is None else json.dumps(body)
        request = (method, url, self._headers(headers or {}, content), content)
        attempt = 1
        while True:
            outcome = self._send(request)
            wait = self._pause(outcome, is_read, attempt)
            if wait is None:
                return self._judge(outcome, is_read)
            attempt += 1
            self.usage["retries"] += 1
            self.usage["waited_ms"] += wait
            self._waited += wait
            self._transport.sleep(wait)

    def is_late(self):
        """Whether it is too late in the call to begin something."""
        return self._transport.now() >= self._late

    def settle(self, failure):
        """A failure of this item, with what its earlier requests have changed."""
        if self._changed and failure.effect == "none":
            failure.effect = "applied"
        self._changed = False
        return failure

    def next_item(self):
        """Forgets what the requests of an item have changed."""
        self._changed = False

    def _url(self, path, query):
        pairs = [(n, v) for n, value in query.items() for v in (value if isinstance(value, list) else [value])]
        text = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs if value is not None)
        full = self.origin + path if path.startswith("/") else path
        if full != self.origin and not full.startswith(f"{self.origin}/"):
            message = "The node asked for an address that is not the service's."
            raise Failure("internal", "foreign-address", message)
        # `..` in an id would name another record.
        if re.search(r"[/\\](\.|%2e){1,2}([/\\?#]|$)", full[len(self.origin) :], re.IGNORECASE):
            raise Failure("invalid-input", "invalid-value", 'A value in the address of a request is "." or "..".')
        return f"{full}{'&' if '?' in full else '?'}{text}" if text else full

    def _headers(self, own, content):
        headers = {"accept": "application/json", **own}
        if content is not None:
            headers.setdefault("content-type", "application/json")
        if self.context.trace_parent:
            headers["traceparent"] = self.context.trace_parent
        if self._carried:
            headers[self._carried[0]] = self._carried[1]
        return headers

    def _send(self, request):
        self.usage["requests"] += 1
        left = self._end - self._transport.now()
        if left <= 0:
            return TransportError("timeout", False)
        try:
            return self._transport.exchange(*request, left)
        except TransportError as error:
            return error

    def _pause(self, outcome, is_read, attempt):
        """How long to wait before the request is sent again; `None` to leave it."""
        is_lost = isinstance(outcome, TransportError)
        status = 0 if is_lost else outcome.status
        throttled = status == 429
        self.usage["rate_limited"] += throttled
        # A time-out has used up the time already.
        lost = is_lost and outcome.reason in ("refused", "broken")
        did_nothing = throttled or (lost and not outcome.reached)
        if not (did_nothing or (is_read and (lost or 502 <= status <= 504))) or attempt >= MAX_ATTEMPTS:
            return None
        growing = 500 * 2 ** (attempt - 1)
        wait = retry_after(outcome)
        if wait is None:
            wait = growing + growing // 2 * bytes(self.context.entropy)[attempt] // 255
        fits = self._waited + wait <= MAX_WAIT_MS and self._transport.now() + wait < self._end
        return wait if fits else None

    def _judge(self, outcome, is_read):
        if isinstance(outcome, TransportError):
            raise self._no_response(outcome, is_read)
        status, text = outcome.status, outcome.body
        value = parsed(text)
        if 200 <= status < 300:
            if not is_read:
                self._changed = True
            is_json = "json" in outcome.headers.get("content-type", "json")
            if text and value is None and is_json and text.strip() != "null":
                message = f"{self.title} sent a response that cannot be read."
                raise Failure("protocol", "unexpected-response", message, http_status=status)
            return Response(status, outcome.headers, value if is_json or not text else text)
        kind, code, words, advice = meaning(status)
        after, retry = retry_after(outcome), "never"
        if kind == "rate-limited":
            retry = DEFAULT_RETRY_AFTER_MS if after is None else after
        elif kind == "unavailable":
            retry = "host-default" if after is None else after
        raise Failure(
            kind,
            code,
            f"{self.title} {words} (status {status}).",
            advice=advice,
            http_status=status,
            vendor_message=vendor_message(value),
            effect="unknown" if not is_read and (status >= 500 or status < 400) else "none",
            retry=retry,
        )

    def _no_response(self, lost, is_read):
        effect = "none" if is_read or not lost.reached else "unknown"
        check = f"The change may have been made. Check {self.title} before you run this again."
        advice = check if effect == "unknown" else None
        if lost.reason == "denied":
            message = "The host does not allow requests to this address."
            return Failure("denied", "address-denied", message, advice="Accept the address for this node.")
        if lost.reason == "timeout":
            message = f"{self.title} did not respond in time."
            return Failure("timeout", "timeout", message, effect=effect, advice=advice, retry="host-default")
        if lost.reason == "too-large":
            message = f"{self.title} sent a response that is too large."
            return Failure("protocol", "response-too-large", message, effect=effect, advice=advice)
        advice = advice or "Check the address, and try again later."
        message = f"{self.title} cannot be reached."
        return Failure("unavailable", "no-response", message, effect=effect, advice=advice, retry="host-default")


def encoded(value):
    if isinstance(value, bool):
        value = "true" if value else "false"
    return quote(str(value), safe="")


def retry_after(outcome):
    """The `Retry-After` of a response in milliseconds, where it is a number of seconds."""
    seconds = "" if isinstance(outcome, TransportError) else outcome.headers.get("retry-after", "")
    return int(seconds) * 1000 if re.fullmatch(r"\s*\d{1,6}\s*", seconds, re.ASCII) else None


def vendor_message(value):
    """The service's own words in an error response."""
    if not isinstance(value, dict):
        return None
    error = value.get("error") or (value.get("errors") or [None])[0] or value
    nested = error if isinstance(error, dict) else {}
    words = [nested.get(name) for name in ("message", "detail", "title", "error_description")] + [
        value.get("message"),
        error,
    ]
    words = next((each for each in words if isinstance(each, str)), "")
    return re.sub(r"<[^>]*>|[\x00-\x1f\x7f]", " ", words).strip()[:300] or None
