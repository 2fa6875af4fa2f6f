// The field notation, and the JSON Schema that it stands for.
//
// "TYPE[] ! Title @list": a type, `[]` for several, `!` for required (`?` in outputs: may
// be null), a title, and the list that a dropdown takes its values from. The long form
// is an object whose `type` is such a text, with members of JSON Schema beside it.

import { suggestion } from "./nearest.js";

const TYPES = {
  any: {},
  boolean: { type: "boolean" },
  date: { type: "string", format: "date" },
  datetime: { type: "string", format: "date-time" },
  integer: { type: "integer" },
  number: { type: "number" },
  object: { type: "object" },
  string: { type: "string" },
  text: { type: "string", contentMediaType: "text/plain" },
  url: { type: "string", format: "uri" },
};

const SHORT = /^([a-z]+)(\[\])?\s*([!?]?)(?:\s+([^@]*[^@\s]))?(?:\s+@([\w.-]+))?$/;

/** Members of the long form that are taken over as they are. */
const KEYWORDS = [
  "default",
  "description",
  "enum",
  "examples",
  "maxItems",
  "maxLength",
  "maximum",
  "minItems",
  "minLength",
  "minimum",
  "pattern",
  "title",
];
const OWN = ["fields", "options", "place", "type", "untrusted"];

/**
 * The schema of an object with these fields. `at` is its place in the manifest; what is
 * wrong is added to `faults`.
 */
export function objectSchema(fields, at, faults, isInput) {
  const properties = {};
  const required = [];
  for (const [name, declared] of Object.entries(fields ?? {})) {
    const place = `${at}/properties/${name}`;
    const { schema, isRequired } = fieldSchema(name, declared, place, faults, isInput);
    properties[name] = schema;
    if (isRequired) required.push(name);
  }
  return {
    type: "object",
    properties,
    ...(required.length ? { required } : {}),
    ...(isInput ? { additionalProperties: false } : {}),
  };
}

function fieldSchema(name, declared, place, faults, isInput) {
  const long = typeof declared === "string" ? { type: declared } : declared;
  const parts = typeof long?.type === "string" ? SHORT.exec(long.type) : null;
  if (!parts || !Object.hasOwn(TYPES, parts[1])) {
    const near = typeof long?.type === "string" ? suggestion(long.type.split(/\W/)[0], Object.keys(TYPES)) : "";
    faults.push(
      `${place}: ${JSON.stringify(declared)} is not a field. Write a type and a title, such as "integer! Shelf".${near}`,
    );
    return { schema: {}, isRequired: false };
  }
  for (const key of Object.keys(long)) {
    if (!KEYWORDS.includes(key) && !OWN.includes(key))
      faults.push(`${place}: a field has no member "${key}".${suggestion(key, [...KEYWORDS, ...OWN])}`);
  }
  const [, type, several, mark, title = titleOf(name), list] = parts;
  const nested = long.fields ? objectSchema(long.fields, place, faults, isInput) : {};
  const one = { ...TYPES[type], ...nested };
  const options = long.options ?? list;
  if (options !== undefined) one["x-options"] = typeof options === "string" ? { list: options } : options;
  const schema = several ? { type: "array", items: one } : one;
  if (mark === "?" && schema.type) schema.type = [schema.type, "null"];
  schema.title = title;
  for (const key of KEYWORDS) if (long[key] !== undefined) schema[key] = long[key];
  if (long.untrusted) schema["x-untrusted"] = true;
  if (long.place) schema["x-place"] = long.place;
  return { schema, isRequired: mark === "!" };
}

/** "shelf_id" is titled "Shelf", "created_at" "Created at". */
export function titleOf(name) {
  const words = name
    .replace(/_ids?$/, "")
    .replaceAll(/[_-]+/g, " ")
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
