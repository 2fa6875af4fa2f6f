import unittest

from loanbook import loanbook
from workflow_node_sdk.testing import ItemFailed, fake


def loan(id):
    return {"id": id, "title": f"Loan {id}", "borrower": None, "shelf_id": 1, "created_at": "2026-03-01T10:00:00Z"}


class LoanbookTest(unittest.TestCase):
    def setUp(self):
        self.service = fake(loanbook)

    def test_a_list_is_read_to_its_end(self):
        self.service.on("GET /v1/loans?page=1&shelf=2", 200, {"data": [loan(1), loan(2)], "next_page": 2})
        self.service.on("GET /v1/loans?page=2&shelf=2", 200, {"data": [loan(3)], "next_page": None})
        rows = self.service.run("loan.list", {"shelf_id": "2"})
        self.assertEqual([row["id"] for row in rows], [1, 2, 3])

    def test_a_loan_that_does_not_exist_fails_its_item_only(self):
        self.service.on("GET /v1/loans/1", 200, loan(1))
        self.service.on("GET /v1/loans/9", 404, {"error": {"message": "no such loan"}})
        missing, found = self.service.run_all("loan.get", [{"id": 9}, {"id": 1}])
        self.assertEqual((missing[1]["code"], missing[1]["vendor_message"]), ("loanbook.not-found", "no such loan"))
        self.assertEqual(found[1][0]["title"], "Loan 1")

    def test_a_loan_whose_response_was_lost_is_not_created_again(self):
        self.service.on("POST /v1/loans", "broken")
        with self.assertRaises(ItemFailed) as failed:
            self.service.run("loan.create", {"title": "Drill"})
        self.assertEqual(failed.exception.error["effect"], "unknown")
        self.assertEqual(len(self.service.requests), 1)

    def test_shelves_are_searched(self):
        self.service.on(
            "GET /v1/shelves?page=1&q=lad", 200, {"data": [{"id": 2, "name": "Ladders"}], "next_page": None}
        )
        self.assertEqual(self.service.options("shelves", "lad"), [{"value": 2, "label": "Ladders"}])

    def test_the_first_poll_is_quiet_and_the_next_one_has_what_is_new(self):
        self.service.on("GET /v1/loans?order=desc&per_page=1", 200, {"data": [loan(7)], "next_page": None})
        self.service.on("GET /v1/loans?after_id=7&per_page=100", 200, {"data": [loan(8)], "next_page": None})
        first = self.service.poll("loan.created")
        self.assertEqual(first.events, [])
        second = self.service.poll("loan.created", first.state)
        self.assertEqual([event["id"] for event in second.events], ["loan.created/8"])


if __name__ == "__main__":
    unittest.main()
