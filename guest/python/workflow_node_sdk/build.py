"""python -m workflow_node_sdk.build MODULE -o RAW.wasm: a raw component of the node that a
module defines. `host-test pack` makes the node of it."""

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .builder import Contradiction, Definition

SECTION = b"workflow-node:manifest"
HERE = Path(__file__).parent
IMPORTS = [
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
]


def main():
    parser = argparse.ArgumentParser(prog="python -m workflow_node_sdk.build")
    parser.add_argument("module", help="name of the module, in this folder")
    parser.add_argument("-o", "--output", required=True, metavar="RAW.wasm", type=Path)
    arguments = parser.parse_args()
    try:
        build(arguments.module, arguments.output)
    except (BuildError, Contradiction) as error:
        sys.exit(f"The node cannot be built: {error}")


class BuildError(Exception):
    """Why there is no component."""


def build(module, output):
    sys.path.insert(0, str(Path.cwd()))
    name, definition = load(module)
    manifest = json.dumps(definition.manifest(), ensure_ascii=False).encode()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_wit(folder / "wit", definition)
        (folder / "app.py").write_text(
            f"from {module} import {name}\n"
            "from workflow_node_sdk import component\n\n"
            f"globals().update(component.classes({name}))\n"
        )
        # Without the modules for builds and tests.
        shutil.copytree(
            HERE, folder / HERE.name, ignore=shutil.ignore_patterns("build.py", "testing.py", "__pycache__")
        )
        raw = folder / "raw.wasm"
        command = [
            Path(sys.executable).parent / "componentize-py",
            "-d",
            folder / "wit",
            "-w",
            "component",
            "componentize",
        ]
        command += ["-p", folder, "-p", Path.cwd(), "-o", raw, "app"]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise BuildError("componentize-py is not installed: pip install 'workflow-node-sdk[build]'") from None
        if result.returncode:
            raise BuildError(f"componentize-py says:\n{result.stderr or result.stdout}")
        output.write_bytes(with_section(raw.read_bytes(), manifest))


def load(module):
    """The node of a module, and its name there."""
    try:
        found = vars(importlib.import_module(module))
    except ModuleNotFoundError as error:
        raise BuildError(f"there is no module {error.name} here") from None
    nodes = [(name, value) for name, value in found.items() if isinstance(value, Definition)]
    if len(nodes) != 1:
        raise BuildError(f"the module {module} must define one node, and defines {len(nodes)}")
    return nodes[0]


def shared(copy, original):
    """A folder of the repository, or its copy in a published package."""
    return HERE / copy if (HERE / copy).exists() else HERE.parents[1] / original


def write_wit(folder, definition):
    shutil.copytree(
        shared("wit/node", "../wit"), folder / "deps" / "workflow-node", ignore=shutil.ignore_patterns("*.json")
    )
    for file in shared("wit/wasi", "wit/wasi").glob("*.wit"):
        (folder / "deps" / file.stem).mkdir()
        shutil.copy(file, folder / "deps" / file.stem)
    exports = (
        ["types", "node", "setup"] + ["lookup"] * bool(definition.lists) + ["triggers"] * bool(definition.triggers)
    )
    lines = [f"  import {name};" for name in IMPORTS] + [f"  export workflow:node/{name}@0.2.0;" for name in exports]
    (folder / "world.wit").write_text("package guest:component;\n\nworld component {\n" + "\n".join(lines) + "\n}\n")


def with_section(component, manifest):
    """The component with the manifest behind it."""
    section = length(len(SECTION)) + SECTION + manifest
    return component + b"\0" + length(len(section)) + section


def length(count):
    """LEB128."""
    encoded = b""
    while True:
        count, byte = count >> 7, count & 127
        encoded += bytes([byte | (128 if count else 0)])
        if not count:
            return encoded


if __name__ == "__main__":
    main()
