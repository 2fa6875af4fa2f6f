import unittest

from main import definition
from workflow_node_sdk.testing import ItemFailed, fake


def item(id):
    return {"id": id, "title": "First item", "folder_id": None}


class NodeTest(unittest.TestCase):
    def setUp(self):
        self.service = fake(definition)

    def test_every_page_is_listed(self):
        self.service.on("GET /items?page=1&folder=2", 200, {"data": [item(1)], "next_page": 2})
        self.service.on("GET /items?page=2&folder=2", 200, {"data": [item(2)], "next_page": None})
        self.assertEqual(self.service.run("item.list", {"folder_id": 2}), [item(1), item(2)])

    def test_an_item_without_a_title_is_refused_before_a_request(self):
        with self.assertRaises(ItemFailed) as failed:
            self.service.run("item.create", {})
        self.assertEqual(failed.exception.error["field"], "/title")
        self.assertEqual(self.service.requests, [])

    def test_an_item_whose_response_was_lost_is_not_created_again(self):
        self.service.on("POST /items", "broken")
        with self.assertRaises(ItemFailed) as failed:
            self.service.run("item.create", {"title": "First item"})
        self.assertEqual(failed.exception.error["effect"], "unknown")

    def test_folders_are_searched(self):
        self.service.on("GET /folders?page=1&q=gar", 200, {"data": [{"id": 3, "name": "Garden"}], "next_page": None})
        self.assertEqual(self.service.options("folders", "gar"), [{"value": 3, "label": "Garden"}])


if __name__ == "__main__":
    unittest.main()
