import { node, oauth2ClientCredentials } from "workflow-node-sdk";

const loan = {
  id: "integer! Loan",
  title: "string! Title",
  borrower: "string? Borrower",
  shelf_id: "integer? Shelf",
  created_at: "datetime! Created at",
};

export default node("loanbook", "Loanbook", "Lends and lists the tools of a tool library.", {
  version: "0.1.0",
  license: "MIT",
})
  .credentials(oauth2ClientCredentials({ tokenUrl: "{url}/oauth/token", help: "From Loanbook's page Applications." }))
  .account(async (http) => (await http.get("/v1/me")).name)
  .list("loan.list", "List loans", {
    description: "Returns loans, oldest first.",
    input: { shelf_id: "integer Shelf @shelves" },
    output: loan,
    async run(http, { shelf_id }, page = 1) {
      const { data, next_page } = await http.get("/v1/loans", { page, shelf: shelf_id });
      return { items: data, next: next_page };
    },
  })
  .read("loan.get", "Get a loan", {
    description: "Reads one loan by its id.",
    input: { id: "integer! Loan" },
    output: loan,
    example: { id: 1 },
    run: (http, { id }) => http.get(`/v1/loans/${id}`),
  })
  .write("loan.create", "Create a loan", {
    description: "Lends a tool to a person. Running it twice makes two loans.",
    input: {
      title: { type: "string! Title", maxLength: 200 },
      borrower: "string Borrower",
      shelf_id: "integer Shelf @shelves",
    },
    output: loan,
    example: { title: "Drill", borrower: "Ada", shelf_id: 1 },
    run: (http, input) => http.post("/v1/loans", input),
  })
  .options("shelves", "Shelves", async (http, search, page = 1) => {
    const { data, next_page } = await http.get("/v1/shelves", { page, q: search });
    return { items: data.map((shelf) => [shelf.id, shelf.name]), next: next_page };
  })
  .poll("loan.created", "New loan", {
    description: "Starts at each new loan.",
    output: loan,
    time: "created_at",
    sample: { id: 1, title: "Drill", borrower: "Ada", shelf_id: 1, created_at: "2026-03-01T10:00:00Z" },
    async run(http, last) {
      if (last === undefined) {
        const { data } = await http.get("/v1/loans", { order: "desc", per_page: 1 });
        return { items: [], state: data[0]?.id ?? 0 };
      }
      const { data, next_page } = await http.get("/v1/loans", { after_id: last, per_page: 100 });
      return { items: data, state: data.at(-1)?.id ?? last, more: next_page !== null };
    },
  });
