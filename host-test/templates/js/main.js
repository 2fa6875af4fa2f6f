import { {{imports}} } from "workflow-node-sdk";

const item = {
  id: "integer! Id",
  title: "string! Title",
  folder_id: "integer? Folder",
};

export default node("{{name}}", "{{title}}", "Lists and creates the items of {{title}}.", { version: "0.1.0" })
  .credentials({{credentials}})
  .list("item.list", "List items", {
    description: "Returns items, oldest first.",
    input: { folder_id: "integer Folder @folders" },
    output: item,
    async run(http, { folder_id }, page = 1) {
      const { data, next_page } = await http.get("/items", { page, folder: folder_id });
      return { items: data, next: next_page };
    },
  })
  .write("item.create", "Create an item", {
    description: "Creates an item. Running it twice creates two.",
    input: {
      title: { type: "string! Title", maxLength: 200 },
      folder_id: "integer Folder @folders",
    },
    output: item,
    example: { title: "First item", folder_id: 1 },
    run: (http, input) => http.post("/items", input),
  })
  .options("folders", "Folders", async (http, search, page = 1) => {
    const { data, next_page } = await http.get("/folders", { page, q: search });
    return { items: data.map((folder) => [folder.id, folder.name]), next: next_page };
  });
