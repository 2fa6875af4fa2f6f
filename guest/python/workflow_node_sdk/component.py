"""The exports of a component: the runtime's plain values as the types of the interface."""

import io
import json
import sys

from componentize_py_types import Err
from wit_world.exports import node as wit_node
from wit_world.exports import setup as wit_setup
from wit_world.exports import types as wit

from .runtime import Auth, CallFailed, Runtime
from .wasi import Transport


class Nowhere(io.TextIOBase):
    """Drops what a node prints: a packed component has no streams."""

    def write(self, text):
        return len(text)


sys.stdout = sys.stderr = Nowhere()


def classes(definition):
    """The classes that componentize-py looks for, by name."""
    runtime = Runtime(definition, Transport())

    class Types:
        pass

    class Node:
        def credential_schema(self):
            return runtime.credential_schema()

        def authenticate(self, context, connection):
            token = answer(runtime.authenticate, context, *account(connection))
            return wit.Session(token=token, expires_at=None, scopes=[], extra=None)

        def execute(self, context, connection, operation, items, cursor):
            texts = [item.json for item in items]
            done = answer(runtime.execute, context, *account(connection), operation, texts, cursor)
            outcomes = [outcome(tag, value) for tag, value in done["outcomes"]]
            return wit_node.Execution(outcomes=outcomes, next=done["next"], resume_after_ms=None, report=report(done))

    class Setup:
        def prepare(self, context, fields):
            made = answer(runtime.prepare, context, {field.name: field.value for field in fields})
            return wit_setup.Prepared(
                fields=typed(made["fields"]), egress=made["egress"], token_url=made["token_url"], report=report(made)
            )

        def check(self, context, connection):
            checked = answer(runtime.check, context, *account(connection))
            return wit_setup.CheckReport(
                account=checked["account"],
                instance=checked["instance"],
                scopes=[],
                steps=[check_step(**step) for step in checked["steps"]],
                fields=typed(checked["fields"]),
                report=report(checked),
            )

    made = {"Types": Types, "Node": Node, "Setup": Setup}
    if definition.lists:
        made["Lookup"] = lookup(runtime)
    if definition.triggers:
        made["Triggers"] = triggers(runtime)
    return made


def lookup(runtime):
    from wit_world.exports import lookup as wit_lookup

    def entry(each):
        return wit_lookup.Entry(
            value=json.dumps(each["value"]), label=str(each["label"]), description=each.get("description"), parent=None,
            disabled=False, details=None,
        )  # fmt: skip

    class Lookup:
        def options(self, context, connection, name, params, search, cursor):
            found = answer(runtime.options, context, *account(connection), name, params, search, cursor)
            entries = [entry(each) for each in found["entries"]]
            return wit_lookup.Entries(entries=entries, next=found["next"], report=report(found))

    return Lookup


def triggers(runtime):
    from wit_world.exports import triggers as wit_triggers

    def event(each):
        return wit_triggers.Event(id=each["id"], occurred_at=each["occurred_at"], item=item(each["json"]))

    def no_webhooks(_self, *_given):
        return answer(runtime.no_webhooks)

    class Triggers:
        def poll(self, context, connection, trigger, config, state):
            polled = answer(runtime.poll, context, *account(connection), trigger, config, state)
            return wit_triggers.Polled(
                events=[event(each) for each in polled["events"]],
                state=polled["state"],
                more=polled["more"],
                next_poll_ms=polled["next_poll_ms"],
                report=report(polled),
            )

        subscribe = unsubscribe = receive = no_webhooks

    return Triggers


def answer(function, *given):
    try:
        return function(*given)
    except CallFailed as failed:
        raise Err(node_error(**failed.error)) from None


def account(connection):
    """Fields and login of a connection."""
    fields = {field.name: field.value for field in connection.fields}
    if isinstance(connection.auth, wit.ConnectionAuth_Session):
        return fields, Auth("session", connection.auth.value.token)
    injected = isinstance(connection.auth, wit.ConnectionAuth_HostInjected)
    return fields, Auth("host-injected" if injected else "self-managed")


def node_error(kind, effect, retry, **members):
    retries = {"never": wit.Retry_Never, "host-default": wit.Retry_HostDefault}
    return wit.NodeError(
        kind=case(wit.ErrorKind, kind),
        effect=case(wit.Effect, effect),
        retry=retries[retry]() if isinstance(retry, str) else wit.Retry_AfterMs(retry),
        **members,
    )


def check_step(status, error, **members):
    error = None if error is None else node_error(**error)
    return wit_setup.CheckStep(status=case(wit_setup.CheckStatus, status), error=error, **members)


def outcome(tag, value):
    if tag == "done":
        return wit_node.Outcome_Done([item(text) for text in value])
    return wit_node.Outcome_Failed(node_error(**value)) if tag == "failed" else wit_node.Outcome_NotAttempted()


def case(enum, name):
    return enum[name.upper().replace("-", "_")]


def item(text):
    return wit.Item(json=text, attachments=[], sources=[])


def typed(fields):
    return [wit.FieldValue(name=name, value=value) for name, value in fields.items()]


def report(result):
    return wit.Report(session=None, usage=wit.Usage(**result["usage"]), diagnostics=[])
