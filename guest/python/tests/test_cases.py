"""What guest/cases.json says of every SDK."""

import json
import unittest
from pathlib import Path

from workflow_node_sdk import Failure, api_key, node
from workflow_node_sdk.given import read_input
from workflow_node_sdk.runtime import CallFailed
from workflow_node_sdk.schema import object_schema
from workflow_node_sdk.testing import fake

CASES = json.loads((Path(__file__).parents[2] / "cases.json").read_text())


class CasesTest(unittest.TestCase):
    def test_fields_stand_for_schemas(self):
        for case in CASES["schemas"]:
            with self.subTest(case=case):
                faults = []
                made = object_schema(case["fields"], "", faults, True)
                if "fault" in case:
                    self.assertEqual(len(faults), 1)
                    self.assertIn(case["fault"], faults[0])
                else:
                    self.assertEqual((made, faults), (case["schema"], []))

    def test_inputs_are_read_in_every_form_that_the_manifest_allows(self):
        for case in CASES["inputs"]:
            with self.subTest(case=case):
                schema = object_schema(case["fields"], "", [], True)
                if "read" in case:
                    self.assertEqual(read_input(json.dumps(case["input"]), schema), case["read"])
                    continue
                with self.assertRaises(Failure) as failed:
                    read_input(json.dumps(case["input"]), schema)
                failure = failed.exception
                self.assertEqual((failure.code, failure.field), (case["error"], case.get("at")))
                self.assertIn(case.get("message", ""), failure.message)

    def test_responses_become_results_repetitions_and_failures(self):
        for case in CASES["responses"]:
            with self.subTest(case=case):
                made = node("x", "X", "X.")
                made.credentials(api_key("x-api-key"))
                declare = made.read if case["method"] == "GET" else made.write
                declare("x.y", "Y")(lambda http, given: http.request(case["method"], "/x"))
                service = fake(made)
                for response in case["responses"]:
                    service.on(f"{case['method']} /x", *response)
                try:
                    [(tag, value)] = service.run_all("x.y", [{}])
                except CallFailed as failed:
                    tag, value = "failed", failed.error
                self.assertEqual(len(service.requests), case["requests"])
                self.assertEqual(tag, "failed" if "kind" in case else "done")
                if "kind" in case:
                    self.assertEqual((value["kind"], value["effect"]), (case["kind"], case["effect"]))
                if "retry" in case:
                    self.assertEqual(value["retry"], case["retry"])
                self.assertEqual(service.requests[0].headers["x-api-key"], "test-token")


if __name__ == "__main__":
    unittest.main()
