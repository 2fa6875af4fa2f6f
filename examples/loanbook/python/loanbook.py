from workflow_node_sdk import node, oauth2_client_credentials

LOAN = {
    "id": "integer! Loan",
    "title": "string! Title",
    "borrower": "string? Borrower",
    "shelf_id": "integer? Shelf",
    "created_at": "datetime! Created at",
}
SAMPLE = {"id": 1, "title": "Drill", "borrower": "Ada", "shelf_id": 1, "created_at": "2026-03-01T10:00:00Z"}

loanbook = node("loanbook", "Loanbook", "Lends and lists the tools of a tool library.", version="0.1.0", license="MIT")
loanbook.credentials(oauth2_client_credentials("{url}/oauth/token", help="From Loanbook's page Applications."))


@loanbook.account
def account(http):
    return http.get("/v1/me")["name"]


@loanbook.list("loan.list", "List loans", input={"shelf_id": "integer Shelf @shelves"}, output=LOAN)
def list_loans(http, given, page):
    """Returns loans, oldest first."""
    loans = http.get("/v1/loans", page=page or 1, shelf=given.get("shelf_id"))
    return loans["data"], loans["next_page"]


@loanbook.read("loan.get", "Get a loan", input={"id": "integer! Loan"}, output=LOAN, example={"id": 1})
def get_loan(http, given):
    """Reads one loan by its id."""
    return http.get(f"/v1/loans/{given['id']}")


@loanbook.write(
    "loan.create",
    "Create a loan",
    input={
        "title": {"type": "string! Title", "maxLength": 200},
        "borrower": "string Borrower",
        "shelf_id": "integer Shelf @shelves",
    },
    output=LOAN,
    example={"title": "Drill", "borrower": "Ada", "shelf_id": 1},
)
def create_loan(http, given):
    """Lends a tool to a person. Running it twice makes two loans."""
    return http.post("/v1/loans", given)


@loanbook.options("shelves", "Shelves")
def shelves(http, search, page):
    found = http.get("/v1/shelves", page=page or 1, q=search)
    return [(shelf["id"], shelf["name"]) for shelf in found["data"]], found["next_page"]


@loanbook.poll("loan.created", "New loan", output=LOAN, sample=SAMPLE, time="created_at")
def created(http, last):
    """Starts at each new loan."""
    if last is None:
        newest = http.get("/v1/loans", order="desc", per_page=1)["data"]
        return [], newest[0]["id"] if newest else 0, False
    loans = http.get("/v1/loans", after_id=last, per_page=100)
    rows = loans["data"]
    return rows, rows[-1]["id"] if rows else last, loans["next_page"] is not None
