from workflow_node_sdk import {{imports}}

ITEM = {
    "id": "integer! Id",
    "title": "string! Title",
    "folder_id": "integer? Folder",
}

definition = node("{{name}}", "{{title}}", "Lists and creates the items of {{title}}.", version="0.1.0")
definition.credentials({{credentials}})


@definition.list("item.list", "List items", input={"folder_id": "integer Folder @folders"}, output=ITEM)
def list_items(http, given, page):
    """Returns items, oldest first."""
    found = http.get("/items", page=page or 1, folder=given.get("folder_id"))
    return found["data"], found["next_page"]


@definition.write(
    "item.create",
    "Create an item",
    input={
        "title": {"type": "string! Title", "maxLength": 200},
        "folder_id": "integer Folder @folders",
    },
    output=ITEM,
    example={"title": "First item", "folder_id": 1},
)
def create_item(http, given):
    """Creates an item. Running it twice creates two."""
    return http.post("/items", given)


@definition.options("folders", "Folders")
def folders(http, search, page):
    found = http.get("/folders", page=page or 1, q=search)
    return [(folder["id"], folder["name"]) for folder in found["data"]], found["next_page"]
