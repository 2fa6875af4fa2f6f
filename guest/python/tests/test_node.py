import unittest

from workflow_node_sdk import Failure, api_key, basic, node, oauth2_client_credentials
from workflow_node_sdk.builder import Contradiction
from workflow_node_sdk.credentials import clean_address
from workflow_node_sdk.runtime import CallFailed
from workflow_node_sdk.testing import ItemFailed, fake


def todo():
    made = node("todo", "To-do list", "To-dos.", license="MIT")
    made.credentials(api_key("x-api-key"))
    return made


def nothing(http, given=None, page=None):
    return {}


class NodeTest(unittest.TestCase):
    def test_contradictions_are_told_with_both_places(self):
        made = todo()
        made.list("todo.list", "List to-dos", input={"tag": "string @tgas"})(nothing)
        made.read("todo.list", "Get a to-do", input={"id": "integer!"}, example={"id": "x"})(nothing)
        made.write("todo.add", "Add", input={"title": "string!"})(nothing)
        made.options("tags", "Tags")(nothing)
        made.credentials(basic())
        with self.assertRaises(Contradiction) as raised:
            made.manifest()
        for part in (
            '"todo.list" is declared twice: at /operations/0 ("List to-dos") and at /operations/1 ("Get a to-do")',
            '/operations/0/input/properties/tag takes values of the list "tgas", and /lists has only "tags". Did you mean "tags"?',
            '/operations/1/examples/0/input/id does not fit /operations/1/input: "Id" must be a whole number.',
            '/operations/2: "todo.add" has required fields and no example',
            "credentials() is called twice",
        ):
            self.assertIn(part, str(raised.exception))

    def test_parameters_of_a_list_lead_to_fields_beside_it(self):
        made = todo()
        site = {"type": "integer", "options": {"list": "sites", "parameters": {"client": "/clinet"}}}
        made.read("todo.find", "Find", input={"site": site})(nothing)
        made.options("sites", "Sites", parameters={"client": "integer!"})(nothing)
        with self.assertRaisesRegex(Contradiction, 'passes the field "/clinet"'):
            made.manifest()

    def test_a_call_of_many_pages_is_cut_and_goes_on_where_it_was(self):
        made = todo()

        @made.list("todo.list", "List")
        def pages(http, given, page):
            page = page or 1
            return [page], page + 1 if page < 25 else None

        self.assertEqual(len(fake(made).run("todo.list")), 25)

    def test_a_first_poll_is_quiet_to_its_last_page(self):
        made = todo()
        made.poll("todo.new", "New")(lambda http, last: ([{"id": (last or 0) + 1}], (last or 0) + 1, (last or 0) < 2))
        state = None
        for count in (0, 0, 0, 1):
            polled = fake(made).poll("todo.new", state)
            self.assertEqual(len(polled.events), count)
            state = polled.state

    def test_an_id_leads_to_no_other_record(self):
        made = todo()
        made.read("todo.get", "Get", input={"id": "string!"}, example={"id": "1"})(
            lambda http, given: http.get(f"/todos/{given['id']}")
        )
        for given in ("..", "../users/1", "%2E%2e/users", "a/../../b", r"..\users"):
            with self.subTest(given), self.assertRaises(ItemFailed) as raised:
                fake(made).run("todo.get", {"id": given})
            self.assertEqual(raised.exception.error["code"], "todo.invalid-value")

    def test_rules_of_the_call_are_kept(self):
        made = todo()
        made.write("todo.drop", "Drop", destructive=True)(nothing)

        def code(**call):
            try:
                fake(made).run("todo.drop", {}, **call)
            except CallFailed as failed:
                return failed.error["code"]

        self.assertEqual(code(read_only=True), "todo.read-only")
        self.assertEqual(code(allowed_operations=[]), "todo.not-allowed")
        self.assertEqual(code(confirmed=False), "todo.needs-confirmation")
        self.assertIsNone(code())

    def test_a_dry_run_shows_the_request_and_sends_nothing(self):
        made = todo()
        made.write("todo.add", "Add")(lambda http, given: http.post("/todos", {"title": "x"}))
        service = fake(made)
        shown = {"dry_run": True, "method": "POST", "url": "https://service.test/todos", "body": {"title": "x"}}
        self.assertEqual(service.run("todo.add", dry_run=True), [shown])
        self.assertEqual(service.requests, [])

    def test_a_write_after_which_another_failed_was_applied(self):
        made = todo()
        made.write("todo.add", "Add")(lambda http, given: (http.post("/todos"), http.post("/notes")))
        service = fake(made).on("POST /todos", 201, {}).on("POST /notes", 409)
        with self.assertRaises(ItemFailed) as failed:
            service.run("todo.add")
        self.assertEqual((failed.exception.error["effect"], failed.exception.error["kind"]), ("applied", "conflict"))

    def test_secrets_and_faults_of_the_node_are_in_no_message(self):
        made = todo()

        @made.read("todo.get", "Get")
        def get(http, given):
            raise TypeError("test-api_key and test-token")

        with self.assertRaises(ItemFailed) as failed:
            fake(made).run("todo.get")
        self.assertEqual(failed.exception.error["message"], "Internal error: TypeError: *** and ***")

    def test_what_was_read_before_a_failure_is_delivered(self):
        made = todo()

        @made.list("todo.list", "List")
        def pages(http, given, page):
            if page == 2:
                raise Failure("conflict", "cut", "The list was cut.")
            return [1], 2

        [(tag, error)] = fake(made).run_all("todo.list", [{}])
        self.assertEqual((tag, error["code"]), ("failed", "todo.cut"))

    def test_garbage_as_state_is_refused(self):
        made = todo()
        made.poll("todo.new", "New")(lambda http, state: ([], 1, False))
        for state in ("", "x", "1", "{}", '{"trigger":"other","state":1}'):
            with self.assertRaises(CallFailed) as failed:
                fake(made).poll("todo.new", state)
            self.assertEqual(failed.exception.error["code"], "todo.invalid-state")

    def test_each_call_has_other_ids(self):
        made = todo()
        made.read("todo.get", "Get")(lambda http, given: [http.uuid(), http.uuid()])
        one, other = fake(made).run("todo.get")
        self.assertRegex(one, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertNotEqual(one, other)

    def test_addresses_are_cleaned(self):
        for typed, clean in (
            ("service.example.com", "https://service.example.com"),
            ("HTTP://Service.example.com:80/path?x=1", "http://service.example.com"),
            ("https://[::1]:8443/", "https://[::1]:8443"),
        ):
            self.assertEqual(clean_address(typed), clean)
        for typed in ("ftp://x", "https://user:secret@x", "https://", "https://x:port"):
            with self.assertRaises(Failure):
                clean_address(typed)

    def test_the_host_logs_in_where_only_a_recipe_can(self):
        made = node("x", "X", "X.")
        made.credentials(oauth2_client_credentials("{url}/token"))
        credentials = made.manifest()["credentials"]
        self.assertEqual(credentials["egress"], ["{url}"])
        self.assertEqual(credentials["auth_recipe"]["oauth2_client_credentials"]["token_url"], "{url}/token")


if __name__ == "__main__":
    unittest.main()
