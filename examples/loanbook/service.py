#!/usr/bin/env python3
"""Loanbook, a fictional tool library with a REST API, to try nodes against.

    python service.py [PORT]          prints its address, then serves

    POST /oauth/token                 client credentials: CLIENT_ID, CLIENT_SECRET
    GET  /v1/me                       {"name": …}
    GET  /v1/loans                    ?page=1&per_page=3&shelf=2&after_id=7&order=desc
    POST /v1/loans                    {"title", "borrower", "shelf_id"}
    GET  /v1/loans/{id}
    GET  /v1/shelves                  ?page=1&q=text
    POST /faults                      {"status": 429, "retry_after": 1, "times": 2}: the next responses

Lists are {"data": […], "next_page": 2 or null}. Requests carry `Authorization: Bearer …`
with a token or API_KEY.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

CLIENT_ID, CLIENT_SECRET, API_KEY = "application-of-tests", "correct-horse-battery", "staple-of-tests"
TOKEN_LIFETIME_S = 3600
SHELVES = ["Power tools", "Ladders", "Garden", "Camping", "Audio"]


class Refused(Exception):
    """A response that is a failure."""

    def __init__(self, status, message, headers=None):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


class Loanbook:
    """What the library knows."""

    def __init__(self):
        self.tokens, self.faults = set(), []
        self.shelves = [{"id": number, "name": name} for number, name in enumerate(SHELVES, 1)]
        self.loans = []
        for number in range(1, 8):
            self.lend({"title": f"Loan {number}", "borrower": f"Person {number}", "shelf_id": number % 5 + 1})

    def lend(self, given):
        if not given.get("title"):
            raise Refused(422, "title is required")
        number = len(self.loans) + 1
        members = {name: given.get(name) for name in ("title", "borrower", "shelf_id")}
        loan = {"id": number, **members, "created_at": f"2026-03-01T10:{number % 60:02}:00Z"}
        self.loans.append(loan)
        return loan

    def token(self, form):
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused(401, "unknown client")
        token = f"loanbook-token-{len(self.tokens) + 1}"
        self.tokens.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME_S}

    def found_loans(self, query):
        shelf, after = query.get("shelf"), int(query.get("after_id", 0))
        loans = [loan for loan in self.loans if loan["id"] > after and shelf in (None, str(loan["shelf_id"]))]
        return loans[::-1] if query.get("order") == "desc" else loans

    def found_shelves(self, query):
        return [shelf for shelf in self.shelves if query.get("q", "").lower() in shelf["name"].lower()]

    def loan(self, number):
        for loan in self.loans:
            if str(loan["id"]) == number:
                return loan
        raise Refused(404, "no such loan")

    def authorise(self, header):
        if header.removeprefix("Bearer ") not in self.tokens | {API_KEY}:
            raise Refused(401, "invalid token")

    def fail_if_told(self):
        if not self.faults:
            return
        fault = self.faults.pop(0)
        after = {"retry-after": str(fault["retry_after"])} if "retry_after" in fault else {}
        raise Refused(fault["status"], "as told", after)

    def add_faults(self, fault):
        self.faults += [fault] * fault.get("times", 1)


def page_of(rows, query):
    page, size = int(query.get("page", 1)), min(int(query.get("per_page", 3)), 100)
    end = page * size
    return {"data": rows[end - size : end], "next_page": page + 1 if end < len(rows) else None}


class Handler(BaseHTTPRequestHandler):
    """HTTP around a Loanbook."""

    protocol_version = "HTTP/1.1"
    library, lock = Loanbook(), Lock()

    def respond(self, method, body):
        library, url = self.library, urlsplit(self.path)
        query, route = dict(parse_qsl(url.query)), (method, url.path)
        if route == ("POST", "/faults"):
            return 200, library.add_faults(json.loads(body))
        if route == ("POST", "/oauth/token"):
            return 200, library.token(dict(parse_qsl(body.decode())))
        library.authorise(self.headers.get("authorization", ""))
        library.fail_if_told()
        if route == ("GET", "/v1/me"):
            return 200, {"name": "Robin Loaner"}
        if route == ("GET", "/v1/loans"):
            return 200, page_of(library.found_loans(query), query)
        if route == ("POST", "/v1/loans"):
            return 201, library.lend(json.loads(body))
        if route == ("GET", "/v1/shelves"):
            return 200, page_of(library.found_shelves(query), query)
        if method == "GET" and url.path.startswith("/v1/loans/"):
            return 200, library.loan(url.path.rsplit("/", 1)[1])
        raise Refused(404, "no such path")

    def handle_any(self):
        body, headers = self.rfile.read(int(self.headers.get("content-length") or 0)), {}
        try:
            with self.lock:
                status, value = self.respond(self.command, body)
        except Refused as refused:
            status, value, headers = refused.status, {"error": {"message": refused.message}}, refused.headers
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"content-type": "application/json", "content-length": str(len(content)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = handle_any

    def log_message(self, format, *arguments):
        print(f"{self.command} {self.path} {arguments[1]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
