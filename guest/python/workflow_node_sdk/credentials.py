"""Ways to log in: each is the credential form, the recipe for hosts, and what the node does
itself where the host leaves the login to it."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from .failure import Failure, invalid


@dataclass
class Login:
    """A way to log in."""

    spec: dict
    """`credentials` of the manifest."""
    url: str | None
    """The fixed address of the service; `None` where the form asks for it."""
    token_url: str | None = None
    key: Callable | None = None
    """The key that is the session, out of the fields; `None` where only the recipe gets one."""
    carry: Callable | None = None
    """Name and value of the header that carries a token."""

    def origin(self, fields):
        """The address of the service."""
        return clean_address(required(fields, "url")) if self.url is None else origin_of(self.url)

    def token_request(self, origin):
        """Where the host gets a token, if it does."""
        return self.token_url and self.token_url.replace("{url}", origin)


def login(own_fields, recipe, *, url=None, address=None, token_url=None, documentation_url=None, key=None, carry=None):
    """Makes a login out of its part of the form.

    `url` is the fixed address of the service; without it the form asks for one, and
    `address` says how (`label`, `help`, `placeholder`, `default_value`).
    """
    asked = {
        "name": "url",
        "label": "Address",
        "help": "Where the service runs, without a path.",
        "kind": "url",
        "required": True,
    }
    origins = [url or "{url}"] + ([token_url] if token_url and not token_url.startswith("{") else [])
    spec = {
        "fields": ([asked | (address or {})] if url is None else []) + own_fields,
        "auth_recipe": recipe,
        "egress": list(dict.fromkeys(map(origin_of, origins))),
    }
    if documentation_url:
        spec["documentation_url"] = documentation_url
    return Login(spec, url, token_url, key, carry)


def header(name, prefix=""):
    return {"header": {"name": name, "prefix": prefix} if prefix else {"name": name}}


def secret(name, label, help=None):
    return {"name": name, "label": label, **({"help": help} if help else {}), "kind": "secret", "required": True}


def none(**settings):
    """The service needs no credentials."""
    return login([], "none", **settings)


def api_key(header_name, prefix="", label="API key", help=None, **settings):
    """A key in a header: `api_key("x-api-key")`."""
    return login(
        [secret("api_key", label, help)],
        {"static_token": {"token_field": "api_key", "inject": header(header_name, prefix)}},
        key=lambda fields: required(fields, "api_key"),
        carry=lambda token: (header_name, prefix + token),
        **settings,
    )


def bearer_key(**settings):
    """A key as bearer token."""
    return api_key("authorization", "Bearer ", **settings)


def basic(help=None, **settings):
    """User name and password (RFC 7617)."""

    def key(fields):
        pair = f"{required(fields, 'username')}:{required(fields, 'password')}"
        return base64.b64encode(pair.encode()).decode()

    username = {"name": "username", "label": "User name", "kind": "text", "required": True}
    return login(
        [username, secret("password", "Password", help)],
        {"basic": {"username_field": "username", "password_field": "password"}},
        key=key,
        carry=lambda token: ("authorization", f"Basic {token}"),
        **settings,
    )


def oauth2_client_credentials(token_url, scope=None, help=None, **settings):
    """An application with id and secret (RFC 6749, 4.4). The host gets the token:
    `oauth2_client_credentials("{url}/oauth/token")`."""
    recipe = {
        "token_url": token_url,
        "client_id_field": "client_id",
        "client_secret_field": "client_secret",
        **({"scope": scope} if scope else {}),
        "inject": header("authorization", "Bearer "),
        "renew_on": [401],
    }
    client_id = {
        "name": "client_id",
        "label": "Client id",
        **({"help": help} if help else {}),
        "kind": "text",
        "required": True,
    }
    return login(
        [client_id, secret("client_secret", "Client secret")],
        {"oauth2_client_credentials": recipe},
        token_url=token_url,
        carry=lambda token: ("authorization", f"Bearer {token}"),
        **settings,
    )


def required(fields, name):
    """The value of a field that must be filled in."""
    value = fields.get(name, "").strip()
    if not value:
        raise invalid("missing-field", f'The credential field "{name}" is empty.', f"/{name}")
    return value


def clean_address(typed):
    """Scheme, host and port of what a person typed."""
    full = typed if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", typed) else f"https://{typed}"
    try:
        url = urlsplit(full)
        host, port = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in ("http", "https") or "@" in url.netloc or not re.fullmatch(r"[\w.:-]+", host):
        raise invalid("invalid-value", "The address must look like https://service.example.com.", "/url")
    host = f"[{host}]" if ":" in host else host.lower()
    default = {"http": 80, "https": 443}[url.scheme]
    return f"{url.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")


def origin_of(template):
    found = re.match(r"\{\w+\}|[a-z]+://[^/?#]+", template)
    return found[0] if found else template


def host_logs_in():
    """What `authenticate` answers where the host logs in."""
    return Failure(
        "unsupported",
        "host-logs-in",
        "This node does not log in by itself.",
        advice="Let the host log in, by the recipe in the credential form.",
    )
