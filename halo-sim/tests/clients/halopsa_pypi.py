"""PyPI `halopsa` 2.0.2 against the simulator.

The client builds https://TENANT.halopsa.com itself, so its HTTP session is
pointed elsewhere; everything else is as its users have it.
"""

import base64

import requests

from common import SIM, Report

send = requests.Session.request


def redirected(self, method, url, **rest):
    return send(self, method, url.replace(f"https://{SIM['tenant']}.halopsa.com", SIM["url"]), **rest)


requests.Session.request = redirected

from HaloPSA.Halo import Halo  # noqa: E402 - after the session is redirected

report = Report("halopsa 2.0.2")
halo = Halo(SIM["tenant"], SIM["client_id"], SIM["client_secret"])
report.check("token", halo._mh.token.count(".") == 2)

try:
    Halo(SIM["tenant"], SIM["client_id"], "wrong")
    report.check("wrong secret", False)
except ValueError as error:
    report.check("wrong secret", "credentials are invalid" in str(error), error)

seen = set()
for page in range(1, 9):
    answer = halo.Tickets.search(pageinate=True, page_size=100, page_no=page, order="id")
    report.check(f"tickets.search page {page}", answer["record_count"] == 717, answer["record_count"])
    seen |= {row["id"] for row in answer["tickets"]}
report.check("tickets.search whole", len(seen) == 717, len(seen))
found = halo.Tickets.search(status_id=9, search="Drucker")["tickets"]
report.check("tickets.search filters", found and all(row["status_id"] == 9 for row in found), found)

ticket = halo.Tickets.update(summary="Größe ändern 📐", details="x", client_id=12)
report.check("tickets.update creates", ticket["id"] == 718 and ticket["client_id"] == 12, ticket)
changed = halo.Tickets.update(id=718, status_id=2)
report.check("tickets.update changes", changed["status_id"] == 2 and changed["summary"] == ticket["summary"], changed)
details = halo.Tickets.get(718, includedetails=True)
report.check("tickets.get", details["status_name"] == "In Progress", details)

try:
    halo.Tickets.update(summary="x", tickettype_id=3)
    report.check("mandatory field", False)
except ValueError as error:
    report.check("mandatory field", "Category is mandatory" in str(error), error)

action = halo.Actions.update(ticket_id=718, outcome_id=7, note="Notiz", timetaken=0.5)
report.check("actions.update creates", action["id"] == 2 and action["outcome"] == "Private Note", action)
actions = halo.Actions.search(ticket_id=718)["actions"]
report.check("actions.search", [row["id"] for row in actions] == [1, 2], actions)
report.check("actions.get", halo.Actions.get(2, 718)["note"] == "Notiz")

data = "data:text/plain;base64," + base64.b64encode("Grüße".encode()).decode()
stored = halo.Attachments.upload(filename="Gruß.txt", ticket_id=718, data_base64=data)
report.check("attachments.upload", stored["filename"] == "Gruß.txt", stored)
listed = halo.Attachments.search(ticket_id=718)
report.check("attachments.search", listed["record_count"] == 1, listed)

clients = halo.Clients.get_all()
report.check("clients.get_all", len(clients) == 30, len(clients))
client = halo.Clients.update(name="Neue Kundin")
report.check("clients.update creates", client["site_update"][0]["users_update"], client)
report.check("clients.get", halo.Clients.get(client["id"])["name"] == "Neue Kundin")
users = halo.Users.search(search="müller", pageinate=True, page_size=100, page_no=1)
report.check("users.search", users["record_count"] > 0, users)

for name, call in {
    "agents.search": lambda: halo.Agents.search(),
    "status.search": lambda: halo.Status.search(),
    "teams.search": lambda: halo.Teams.search(),
    "tickettypes.search": lambda: halo.TicketTypes.search(),
}.items():
    rows = call()
    report.check(name, isinstance(rows, list) and len(rows) > 1, rows)
for name, key, call in [
    ("assets.search", "assets", lambda: halo.Assets.search(pageinate=True, page_no=2, page_size=50)),
    ("sites.search", "sites", lambda: halo.Sites.search()),
    ("items.search", "items", lambda: halo.Items.search()),
    ("invoices.search", "invoices", lambda: halo.Invoices.search()),
    ("recurringinvoices.search", "invoices", lambda: halo.RecurringInvoices.search()),
    ("contracts.search", "contracts", lambda: halo.Contracts.search()),
    ("quotes.search", "quotes", lambda: halo.Quotes.search()),
    ("reports.search", "reports", lambda: halo.Reports.search()),
    ("suppliers.search", "suppliers", lambda: halo.Suppliers.search()),
    ("knowledgebase.search", "articles", lambda: halo.KnowledgeBase.search()),
    ("toplevel.search", "tree", lambda: halo.TopLevel.search()),
    ("softwarelicences.search", "licences", lambda: halo.SoftwareLicences.search()),
    ("salesorder.search", "salesorders", lambda: halo.SalesOrder.search()),
]:
    answer = call()
    report.check(name, len(answer[key]) > 0, answer)
report.print()
