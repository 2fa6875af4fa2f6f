"""What the Python client tests share: the start line, and a list of what passed."""

import json
import os

SIM = json.loads(os.environ["HALO_SIM"])


class Report:
    """Collects the operations that were exercised."""

    def __init__(self, client):
        self.client = client
        self.passed = []

    def check(self, operation, fine, found=None):
        if not fine:
            raise SystemExit(f"{self.client}: {operation} failed: {found!r}")
        self.passed.append(operation)

    def refused(self, operation, call):
        """A call that must fail: the client is wrong, or asks for something that does not exist."""
        try:
            found = call()
        except Exception:  # noqa: BLE001 - every client has errors of its own
            self.passed.append(f"{operation} (refused, as it should be)")
            return
        raise SystemExit(f"{self.client}: {operation} was not refused: {found!r}")

    def print(self):
        print(f"{self.client}: {len(self.passed)} operations: {', '.join(self.passed)}")
