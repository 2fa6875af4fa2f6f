"""Failures, in the form of `node-error` of the node interface."""

import json


class Failure(Exception):
    """Ends the operation on this item: `raise Failure("not-found", "no-such-shelf", "There is no shelf 7.")`.

    `kind` is an error kind of the node interface; the name of the node is put before `code`.
    `retry` is `never`, `host-default` or a number of milliseconds.
    """

    def __init__(self, kind, code, message, *, advice=None, field=None, http_status=None, vendor_message=None,
                 effect="none", retry="never", details=None):  # fmt: skip
        super().__init__(message)
        self.kind, self.code, self.message, self.advice, self.field = kind, code, message, advice, field
        self.http_status, self.vendor_message = http_status, vendor_message
        self.effect, self.retry, self.details = effect, retry, details


def invalid(code, message, field=None, advice=None):
    """An input that the caller must change; `field` is a JSON pointer."""
    return Failure("invalid-input", code, message, field=field, advice=advice)


def as_failure(raised):
    """Whatever was raised, as a failure: what is not one is a fault of the node."""
    if isinstance(raised, Failure):
        return raised
    words = f"{type(raised).__name__}: {raised}".split("\n")[0][:300]
    return Failure("internal", "internal", f"Internal error: {words}", advice="Report this to the makers of the node.")


def node_error(failure, name, secrets=()):
    """The members of the record, with every secret of this call taken out of its texts."""

    def clean(text):
        for secret in secrets:
            text = text.replace(secret, "***") if text else text
        return text

    retry = failure.retry if isinstance(failure.retry, str) else min(max(round(failure.retry), 0), 0xFFFFFFFF)
    return {
        "kind": failure.kind,
        "code": f"{name}.{failure.code}",
        "message": clean(failure.message),
        "advice": clean(failure.advice),
        "field": failure.field,
        "http_status": failure.http_status,
        "vendor_message": clean(failure.vendor_message),
        "effect": failure.effect,
        "retry": retry,
        "details": None if failure.details is None else clean(json.dumps(failure.details)),
    }
