"""How requests leave the sandbox: wasi:http, one at a time, within the time that is left.
Only the component has this module; tests use testing.py instead."""

import math

from componentize_py_types import Err
from wit_world.imports import monotonic_clock, outgoing_handler
from wit_world.imports import types as wasi
from wit_world.imports.poll import poll
from wit_world.imports.streams import StreamError_Closed

from .http import Response, TransportError

MS = 1_000_000
MAX_RESPONSE_BYTES = 8 << 20
METHODS = ("Get", "Head", "Post", "Put", "Delete", "Options", "Patch")

# Errors after which the service certainly has not seen the request.
NOT_SENT = (
    wasi.ErrorCode_DnsTimeout, wasi.ErrorCode_DnsError, wasi.ErrorCode_DestinationNotFound,
    wasi.ErrorCode_DestinationUnavailable, wasi.ErrorCode_DestinationIpProhibited,
    wasi.ErrorCode_DestinationIpUnroutable, wasi.ErrorCode_ConnectionRefused, wasi.ErrorCode_ConnectionTimeout,
    wasi.ErrorCode_ConnectionLimitReached, wasi.ErrorCode_TlsProtocolError, wasi.ErrorCode_TlsCertificateError,
    wasi.ErrorCode_TlsAlertReceived, wasi.ErrorCode_HttpRequestUriInvalid,
)  # fmt: skip
TIMED_OUT = (
    wasi.ErrorCode_DnsTimeout, wasi.ErrorCode_ConnectionTimeout, wasi.ErrorCode_ConnectionReadTimeout,
    wasi.ErrorCode_ConnectionWriteTimeout, wasi.ErrorCode_HttpResponseTimeout,
)  # fmt: skip


class Transport:
    """Sends requests and waits."""

    def now(self):
        return monotonic_clock.now() // MS

    def sleep(self, ms):
        with monotonic_clock.subscribe_duration(ms * MS) as pollable:
            pollable.block()

    def exchange(self, method, url, headers, body, left):
        left = math.ceil(left) * MS
        with monotonic_clock.subscribe_duration(left) as deadline:
            return exchange(method, url, headers, None if body is None else body.encode(), left, deadline)


def exchange(method, url, headers, body, left, deadline):
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if body is not None:
        headers = headers | {"content-length": str(len(body))}
    fields = wasi.Fields.from_list([(name, value.encode()) for name, value in headers.items()])
    request = wasi.OutgoingRequest(fields)
    name = method.capitalize()
    request.set_method(getattr(wasi, f"Method_{name}")() if name in METHODS else wasi.Method_Other(method))
    request.set_scheme(wasi.Scheme_Http() if scheme == "http" else wasi.Scheme_Https())
    request.set_authority(authority)
    request.set_path_with_query(f"/{path}")
    options = wasi.RequestOptions()
    options.set_connect_timeout(left)
    options.set_first_byte_timeout(left)
    sink = None if body is None else request.body()
    try:
        future = outgoing_handler.handle(request, options)
    except Err as error:
        raise transport_error(error.value, False) from None
    with future:
        if sink is not None:
            write(sink, body, deadline)
        with future.subscribe() as pollable:
            wait(pollable, deadline)
        outcome = future.get()
        if outcome is None or isinstance(outcome, Err):
            raise TransportError("broken", True)
        if isinstance(outcome.value, Err):
            raise transport_error(outcome.value.value, True)
        with outcome.value.value as response:
            return read(response, deadline)


def write(sink, body, deadline):
    try:
        with sink.write() as stream:
            at = 0
            while at < len(body):
                room = stream.check_write()
                if room == 0:
                    with stream.subscribe() as pollable:
                        wait(pollable, deadline)
                    continue
                stream.write(body[at : at + room])
                at += room
            stream.flush()
            with stream.subscribe() as pollable:
                wait(pollable, deadline)
        wasi.OutgoingBody.finish(sink, None)
    except Err:
        # A service may respond before it has read everything: the response says what happened.
        pass


def read(response, deadline):
    status, chunks, length = response.status(), [], 0
    with response.headers() as fields:
        headers = {name.lower(): value.decode("utf-8", "replace") for name, value in fields.entries()}
    with response.consume() as body, body.stream() as stream:
        while True:
            with stream.subscribe() as pollable:
                wait(pollable, deadline)
            try:
                chunk = stream.read(65536)
            except Err as error:
                if isinstance(error.value, StreamError_Closed):
                    return Response(status, headers, b"".join(chunks).decode("utf-8", "replace"))
                raise TransportError("broken", True) from None
            chunks.append(chunk)
            length += len(chunk)
            if length > MAX_RESPONSE_BYTES:
                raise TransportError("too-large", True)


def wait(pollable, deadline):
    """Waits for a pollable until the time is up."""
    if 0 not in poll([pollable, deadline]):
        raise TransportError("timeout", True)


def transport_error(code, reached):
    if isinstance(code, wasi.ErrorCode_HttpRequestDenied):
        return TransportError("denied", False)
    reached = reached and not isinstance(code, NOT_SENT)
    if isinstance(code, TIMED_OUT):
        return TransportError("timeout", reached)
    return TransportError("broken" if reached else "refused", reached)
