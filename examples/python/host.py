"""A host in Python: runs one operation of the node and prints the outcome of each call.

    python host.py halopsa_node.wasm ticket.list '{"limit": 3}' < credentials.json

The package `wasmtime` has no hook for outgoing requests: see README.md.
"""

import json
import sys
import time
from datetime import datetime, timezone

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker


def invoke(engine, component, connection, operation, items):
    """Follows `flat.invoke` from cursor to cursor, each call in an instance of its own."""
    linker = Linker(engine)
    linker.add_wasip2()
    linker.add_wasi_http()
    cursor = None
    while True:
        store = Store(engine)
        store.set_wasi(WasiConfig())  # no files, no environment, no arguments
        store.set_wasi_http()
        store.set_limits(memory_size=256 << 20)
        instance = linker.instantiate(store, component)
        interface = instance.get_export_index(store, "workflow:node/flat@0.1.0")
        function = instance.get_func(store, instance.get_export_index(store, "invoke", interface))
        context = {"now": datetime.now(timezone.utc).isoformat(), "deadline_ms": 60_000, "confirmed": True}
        result = function(store, json.dumps(connection), json.dumps(context), operation, json.dumps(items), cursor)
        if not isinstance(result, str):  # the variant flat-error
            sys.exit(f"{result.tag}: {result.payload}")
        result = json.loads(result)
        yield from result["outcomes"]
        if (cursor := result.get("next")) is None:
            return
        time.sleep(result.get("resume_after_ms", 0) / 1000)


if __name__ == "__main__":
    path, operation, items = sys.argv[1:4]
    engine = Engine()
    component = Component.from_file(engine, path)
    for outcome in invoke(engine, component, json.load(sys.stdin), operation, json.loads(items)):
        print(json.dumps(outcome))
