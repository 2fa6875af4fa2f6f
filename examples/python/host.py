"""A host in Python: runs one operation of the node and prints the outcome of each item.

    python host.py halopsa_node.wasm ticket.list '{"limit": 3}' < credentials.json

The package `wasmtime` has no hook for outgoing requests: see README.md.
"""

import json
import os
import sys
import time
from datetime import datetime, timezone

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, Variant


class Node:
    """A component, called in a fresh instance each time."""

    def __init__(self, path):
        self.engine = Engine()
        self.component = Component.from_file(self.engine, path)
        self.linker = Linker(self.engine)
        self.linker.add_wasip2()
        self.linker.add_wasi_http()

    def has(self, interface):
        return f"workflow:node/{interface}@0.2.0" in self.component.type.exports(self.engine)

    def call(self, interface, function, *arguments):
        store = Store(self.engine)
        store.set_wasi(WasiConfig())  # no files, no environment, no arguments
        store.set_wasi_http()
        store.set_limits(memory_size=256 << 20)
        instance = self.linker.instantiate(store, self.component)
        exports = instance.get_export_index(store, f"workflow:node/{interface}@0.2.0")
        result = instance.get_func(store, instance.get_export_index(store, function, exports))(store, *arguments)
        if not isinstance(result, Variant):
            return result
        if result.tag == "err":
            sys.exit(json.dumps(plain(result.payload)))
        return result.payload


def execute(node, credentials, operation, items):
    """The outcomes of an operation; the node logs in by itself."""
    form = json.loads(node.call("node", "credential-schema"))
    secret = {field["name"] for field in form["fields"] if field["kind"] == "secret" or field.get("secret")}
    fields = [record(name=name, value=value) for name, value in credentials.items()]
    if node.has("setup"):  # which completes the fields and sees no secret
        typed = [field for field in fields if field.name not in secret]
        fields = [field for field in fields if field.name in secret]
        fields += node.call("setup", "prepare", context(), typed).fields
    connection = record(fields=fields, auth=Variant("self-managed"))
    items = [record(json=json.dumps(item), attachments=[], sources=[]) for item in items]
    cursor = None
    while True:
        execution = node.call("node", "execute", context(), connection, operation, items, cursor)
        for index, outcome in enumerate(execution.outcomes):
            # The package shows `outcome` without its case names: a list, an error, or None.
            if isinstance(outcome, list):
                yield {"item": index, "items": [json.loads(item.json) for item in outcome]}
            elif outcome is not None:
                yield {"item": index, "error": plain(outcome)}
        if (cursor := execution.next) is None:
            return
        time.sleep((getattr(execution, "resume-after-ms") or 0) / 1000)


def context():
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return record(
        now=now, deadline_ms=60_000, attempt=1, idempotency_key=None, entropy=os.urandom(32), trace_parent=None,
        time_zone=None, locale=None, dry_run=False, read_only=False, allowed_operations=None, confirmed=True, extensions=None,
    )  # fmt: skip


def record(**members):
    """A record of WIT, whose names have hyphens."""
    made = Record()
    vars(made).update({name.replace("_", "-"): value for name, value in members.items()})
    return made


def plain(value):
    """The JSON form of an error."""
    if isinstance(value, Record):
        return {name.replace("-", "_"): plain(each) for name, each in vars(value).items() if each is not None}
    if isinstance(value, Variant):
        return value.tag if value.payload is None else {value.tag.replace("-", "_"): value.payload}
    return value


if __name__ == "__main__":
    path, operation, given = sys.argv[1:4]
    given = json.loads(given)
    failed = False
    for outcome in execute(Node(path), json.load(sys.stdin), operation, given if isinstance(given, list) else [given]):
        print(json.dumps(outcome))
        failed |= "error" in outcome
    sys.exit(failed)
