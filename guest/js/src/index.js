// What the author of a node imports.
export { node } from "./builder.js";
export { apiKey, basic, bearerKey, none, oauth2ClientCredentials } from "./credentials.js";
export { fail } from "./failure.js";
