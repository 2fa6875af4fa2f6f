// Ways to log in: each is the credential form, the recipe for hosts, and what the node
// does itself where the host leaves the login to it.

import { Failure, invalid } from "./failure.js";

/**
 * Makes a login out of its part of the form.
 *
 * `url` is the fixed address of the service; without it the form asks for one, and
 * `address` says how (`label`, `help`, `placeholder`, `default_value`).
 */
function login(settings, own) {
  const { url, address, ...rest } = settings;
  const asked = {
    name: "url",
    label: "Address",
    help: "Where the service runs, without a path.",
    kind: "url",
    required: true,
    ...address,
  };
  const { tokenUrl } = rest;
  const origins = [url ?? "{url}", ...(tokenUrl && !tokenUrl.startsWith("{") ? [tokenUrl] : [])].map(originOf);
  return {
    spec: {
      fields: [...(url === undefined ? [asked] : []), ...own.fields],
      auth_recipe: own.recipe,
      egress: [...new Set(origins)],
      ...(rest.documentationUrl === undefined ? {} : { documentation_url: rest.documentationUrl }),
    },
    /** The address of the service, out of the fields. */
    origin: (fields) => (url === undefined ? cleanAddress(required(fields, "url")) : originOf(url)),
    /** Where the host gets a token, if it does. */
    tokenUrl: (origin) => tokenUrl?.replace("{url}", origin),
    /** The key that is the session; `undefined` where only the recipe gets one. */
    key: own.key,
    /** Header or query parameter that carries the token. */
    carry: own.carry,
  };
}

const header = (name, prefix = "") => ({ header: prefix ? { name, prefix } : { name } });
const carried =
  (name, prefix = "") =>
  (token) => [name, prefix + token];
const secret = (name, label, help) => ({ name, label, ...(help ? { help } : {}), kind: "secret", required: true });

/** The service needs no credentials. */
export const none = (settings = {}) =>
  login(settings, { fields: [], recipe: "none", key: () => undefined, carry: () => undefined });

/** A key in a header: `apiKey({ header: "x-api-key" })`. */
export function apiKey({ header: name, prefix = "", label = "API key", help, ...settings }) {
  return login(settings, {
    fields: [secret("api_key", label, help)],
    recipe: { static_token: { token_field: "api_key", inject: header(name, prefix) } },
    key: (fields) => required(fields, "api_key"),
    carry: carried(name, prefix),
  });
}

/** A key as bearer token. */
export const bearerKey = (settings = {}) => apiKey({ header: "authorization", prefix: "Bearer ", ...settings });

/** User name and password (RFC 7617). */
export function basic({ help, ...settings } = {}) {
  return login(settings, {
    fields: [
      { name: "username", label: "User name", kind: "text", required: true },
      secret("password", "Password", help),
    ],
    recipe: { basic: { username_field: "username", password_field: "password" } },
    key: (fields) => base64(`${required(fields, "username")}:${required(fields, "password")}`),
    carry: carried("authorization", "Basic "),
  });
}

/**
 * An application with id and secret (RFC 6749, 4.4). The host gets the token:
 * `oauth2ClientCredentials({ tokenUrl: "{url}/oauth/token" })`.
 */
export function oauth2ClientCredentials({ help, scope, ...settings }) {
  return login(settings, {
    fields: [
      { name: "client_id", label: "Client id", ...(help ? { help } : {}), kind: "text", required: true },
      secret("client_secret", "Client secret"),
    ],
    recipe: {
      oauth2_client_credentials: {
        token_url: settings.tokenUrl,
        client_id_field: "client_id",
        client_secret_field: "client_secret",
        ...(scope ? { scope } : {}),
        inject: header("authorization", "Bearer "),
        renew_on: [401],
      },
    },
    carry: carried("authorization", "Bearer "),
  });
}

/** The value of a field that must be filled in. */
function required(fields, name) {
  const value = fields.find((field) => field.name === name)?.value.trim();
  if (!value) throw invalid("missing-field", `The credential field "${name}" is empty.`, `/${name}`);
  return value;
}

/** Scheme, host and port of what a person typed. */
function cleanAddress(typed) {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`;
  try {
    const url = new URL(full);
    if (["http:", "https:"].includes(url.protocol) && !url.username && !url.password && url.hostname)
      return `${url.protocol}//${url.host}`;
  } catch {
    // Told below.
  }
  throw invalid("invalid-value", "The address must look like https://service.example.com.", "/url");
}

function originOf(template) {
  const [, origin] = /^(\{\w+\}|[a-z]+:\/\/[^/?#]+)/.exec(template) ?? [];
  return origin ?? template;
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** What `authenticate` answers where the host logs in. */
export const hostLogsIn = () =>
  new Failure("unsupported", "host-logs-in", "This node does not log in by itself.", {
    advice: "Let the host log in, by the recipe in the credential form.",
  });
