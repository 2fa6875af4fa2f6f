"""A node as a value: what its author declares, and the manifest of it."""

import inspect
import json
import re

from .credentials import none
from .failure import Failure
from .given import read_input
from .nearest import suggestion
from .schema import object_schema, title_of

CONTRACT = "workflow:node@0.2.0"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

READS = {"read_only": True, "destructive": False, "customer_visible": False, "idempotent": True, "dry_run": True}


class Contradiction(Exception):
    """Declarations that do not fit together, with all the places."""


def node(name, title, description, **more):
    """Begins a node. `more` has `version`, `license`, `keywords` and `documentation_url`."""
    return Definition(name, title, description, **more)


class Definition:
    """A node."""

    def __init__(self, name, title, description, *, version="0.1.0", license="UNLICENSED", keywords=None,
                 documentation_url=None):  # fmt: skip
        self.name, self.title = name, title
        self._head = {
            "contract": CONTRACT,
            "name": name,
            "title": title,
            "version": version,
            "description": description,
            "license": license,
            "documentation_url": documentation_url,
            "keywords": keywords,
        }
        self._faults, self._login, self._made = [], None, None
        self.operations, self.lists, self.triggers = [], [], []
        self.account_of = None

    def credentials(self, login):
        """How the node logs in; once."""
        if self._login:
            self._faults.append("/credentials: credentials() is called twice")
        self._login = login
        return self

    def account(self, run):
        """Whom the credentials belong to: `run(http)` returns a name, for the check."""
        self.account_of = run
        return run

    def list(self, id, title, **settings):
        """Reads page by page: the function takes `http, input, page` and returns the items and
        where the next page begins (`None`: nowhere)."""
        return self._operation(id, title, {**READS, "paginated": True}, **settings)

    def read(self, id, title, **settings):
        """Reads at once: the function takes `http, input` and returns a result or a list of them."""
        return self._operation(id, title, {**READS, "paginated": False}, **settings)

    def write(self, id, title, *, destructive=False, customer_visible=False, idempotent=False, **settings):
        """Changes something: as `read`."""
        marks = {
            "read_only": False,
            "destructive": destructive,
            "customer_visible": customer_visible,
            "idempotent": idempotent,
            "paginated": False,
            "dry_run": True,
        }
        return self._operation(id, title, marks, **settings)

    def _operation(self, id, title, annotations, *, description=None, input=None, output=None, example=None,
                   examples=None, scopes=(), essential=None, confirm_when=None):  # fmt: skip
        at = f"/operations/{len(self.operations)}"
        schema = object_schema(input, f"{at}/input", self._faults, True)
        given = examples
        if given is None:
            given = [{"title": title, "input": example or {}}] if example or "required" not in schema else []
        if not given:
            self._faults.append(f'{at}: "{id}" has required fields and no example. Add `example={{…}}`')
        manifest = {
            "id": id,
            "resource": id.split(".")[0] if "." in id else None,
            "title": title,
            "description": description,
            "annotations": annotations,
            "confirm_when": confirm_when,
            "scopes": list(scopes),
            "input": schema,
            "output": object_schema(output, f"{at}/output", self._faults, False) if output else {"type": "object"},
            "essential": essential,
            "examples": given,
        }
        return self._add(self.operations, {"manifest": manifest, "input": schema})

    def options(self, name, title, *, description=None, parameters=None):
        """A list for dropdowns: the function takes `http, search, page`, and `parameters` where there
        are any, and returns entries and where the next page begins. An entry is `(value, label)` or a
        dict with `value`, `label` and `description`."""
        at = f"/lists/{len(self.lists)}"
        schema = object_schema(parameters, f"{at}/parameters", self._faults, True)
        manifest = {
            "name": name,
            "title": title,
            "description": description,
            "kind": "values",
            "parameters": schema,
            "searchable": True,
            "tree": False,
        }
        return self._add(self.lists, {"manifest": manifest, "parameters": schema})

    def poll(self, name, title, *, description=None, output=None, config=None, every_ms=60_000, sample=None, id="id",
             time=None):  # fmt: skip
        """A polling trigger: the function takes `http, state`, and `config` where there is any, and
        returns items, the next state and whether more are waiting. `state` is `None` in the first
        poll, whose items are dropped. `id` and `time` name the members of an item that identify the
        event and say when it occurred."""
        at = f"/triggers/{len(self.triggers)}"
        schema = object_schema(config, f"{at}/config", self._faults, True)
        manifest = {
            "name": name,
            "resource": name.split(".")[0] if "." in name else None,
            "title": title,
            "description": description,
            "config": schema,
            "output": object_schema(output, f"{at}/output", self._faults, False) if output else {"type": "object"},
            "modes": ["poll"],
            "poll_interval_ms": every_ms,
            "sample": sample,
        }
        return self._add(self.triggers, {"manifest": manifest, "config": schema, "id": id, "time": time})

    @staticmethod
    def _add(entries, entry):
        def decorate(run):
            manifest = entry["manifest"]
            # A docstring describes what a function does to people, too.
            description = manifest["description"] or inspect.getdoc(run) or f"{manifest['title']}."
            takes = len(inspect.signature(run).parameters)
            entries.append(entry | {"manifest": manifest | {"description": description}, "run": run, "takes": takes})
            return run

        return decorate

    @property
    def login(self):
        """How the node logs in."""
        self._login = self._login or none()
        return self._login

    def manifest(self):
        """The manifest. Raises where declarations contradict each other."""
        if self._made is None:
            resources = [entry["manifest"]["resource"] for entry in self.operations + self.triggers]
            manifest = without_none(
                {
                    **self._head,
                    "credentials": self.login.spec,
                    "resources": [{"name": name, "title": title_of(name)} for name in dict.fromkeys(resources) if name],
                    "operations": [entry["manifest"] for entry in self.operations],
                    "lists": [entry["manifest"] for entry in self.lists],
                    "triggers": [entry["manifest"] for entry in self.triggers],
                }
            )
            faults = self._faults + contradictions(manifest)
            if faults:
                raise Contradiction(f'The node "{self.name}" contradicts itself:\n  ' + "\n  ".join(faults))
            self._made = manifest
        return self._made


def without_none(value):
    if isinstance(value, dict):
        return {name: without_none(each) for name, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, (list, tuple)) else value


def contradictions(manifest):
    """What in a manifest refers to something that is not there, or is there twice."""
    faults = []
    for kind, key in (("operations", "id"), ("lists", "name"), ("triggers", "name")):
        seen = {}
        for index, entry in enumerate(manifest[kind]):
            name, at = entry[key], f"/{kind}/{index}"
            if not NAME.fullmatch(name):
                faults.append(f'{at}: "{name}" is not a name: letters, digits, ".", "-" and "_"')
            here = f'{at} ("{entry["title"]}")'
            if name in seen:
                faults.append(f'"{name}" is declared twice: at {seen[name]} and at {here}')
            seen.setdefault(name, here)
    lists = {entry["name"]: entry for entry in manifest["lists"]}
    for kind, side in (("operations", "input"), ("triggers", "config")):
        for index, entry in enumerate(manifest[kind]):
            for place, options in references(entry[side], f"/{kind}/{index}/{side}"):
                faults += bad_reference(place, options, lists, entry[side])
    for index, operation in enumerate(manifest["operations"]):
        at = f"/operations/{index}"
        for number, example in enumerate(operation["examples"]):
            try:
                read_input(json.dumps(example["input"]), operation["input"])
            except Failure as failure:
                place = f"{at}/examples/{number}/input{failure.field or ''}"
                faults.append(f"{place} does not fit {at}/input: {failure.message}")
    return faults


def references(schema, at):
    """Every `x-options` in a schema, with its place."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "x-options":
                yield at, value
            else:
                yield from references(value, f"{at}/{key}")


def bad_reference(place, options, lists, beside):
    name, passed = options["list"], options.get("parameters", {})
    if name not in lists:
        there = ", ".join(f'"{each}"' for each in lists)
        there = f"/lists has only {there}" if lists else "/lists is empty"
        return [f'{place} takes values of the list "{name}", and {there}.{suggestion(name, lists)}']
    parameters, faults = lists[name]["parameters"], []
    for parameter, pointer in passed.items():
        if parameter not in parameters["properties"]:
            declared = ", ".join(parameters["properties"]) or "none"
            faults.append(f'{place} passes "{parameter}" to the list "{name}", whose parameters are: {declared}')
        if pointer[1:] not in beside["properties"]:
            faults.append(
                f'{place} passes the field "{pointer}" to the list "{name}", and there is no such field beside it'
            )
    for parameter in parameters.get("required", ()):
        if parameter not in passed:
            faults.append(f'{place} does not pass "{parameter}", which the list "{name}" requires')
    return faults
