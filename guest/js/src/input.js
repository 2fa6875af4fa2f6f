// Reads the input of an item, in the forms that docs/manifest.md lists: forms,
// spreadsheets and models write a number as text and leave empty fields in.

import { invalid } from "./failure.js";
import { suggestion } from "./nearest.js";

const YES = ["true", "yes", "y", "on", "1"];
const NO = ["false", "no", "n", "off", "0"];

/** An object out of JSON text, checked against the schema of an object. */
export function readInput(text, schema) {
  const value = parsed(text);
  if (!isObject(value)) throw invalid("not-an-object", "The input is not a JSON object.");
  return readObject(value, schema, "");
}

function readObject(value, schema, at) {
  const known = schema.properties ?? {};
  const read = {};
  for (const [name, given] of Object.entries(value)) {
    const place = `${at}/${escaped(name)}`;
    if (!Object.hasOwn(known, name)) {
      if (schema.additionalProperties !== false) read[name] = given;
      else
        throw invalid(
          "unknown-field",
          `There is no field "${name}" here.${suggestion(name, Object.keys(known))}`,
          place,
        );
    } else if (!isEmpty(given)) {
      read[name] = readValue(given, known[name], place, known[name].title ?? name);
    }
  }
  for (const [name, property] of Object.entries(known)) {
    if (read[name] === undefined && property.default !== undefined) read[name] = property.default;
    if (read[name] === undefined && schema.required?.includes(name))
      throw invalid("missing-field", `"${property.title ?? name}" is missing.`, `${at}/${escaped(name)}`);
  }
  return read;
}

function readValue(value, schema, at, title) {
  const wrong = (wanted) => invalid("invalid-value", `"${title}" must be ${wanted}.`, at);
  const read = READERS[schema.type]?.(value, schema, at, title, wrong) ?? value;
  if (schema.enum && !schema.enum.includes(read))
    throw wrong(`one of ${schema.enum.map((each) => JSON.stringify(each)).join(", ")}`);
  const { length } = Array.isArray(read) ? read : typeof read === "string" ? [...read] : {};
  const [least, most] = Array.isArray(read) ? [schema.minItems, schema.maxItems] : [schema.minLength, schema.maxLength];
  if (length < least) throw wrong(`at least ${least} long`);
  if (length > most) throw wrong(`at most ${most} long`);
  if (read < schema.minimum) throw wrong(`at least ${schema.minimum}`);
  if (read > schema.maximum) throw wrong(`at most ${schema.maximum}`);
  if (schema.pattern && typeof read === "string" && !new RegExp(schema.pattern, "u").test(read))
    throw wrong(`of the form ${schema.pattern}`);
  return read;
}

/** For each type: the value, out of what is taken for it. */
const READERS = {
  string(value, _schema, _at, _title, wrong) {
    if (typeof value === "object") throw wrong("text");
    return String(value);
  },
  integer(value, _schema, _at, _title, wrong) {
    const number = numeric(value);
    if (!Number.isSafeInteger(number)) throw wrong("a whole number");
    return number;
  },
  number(value, _schema, _at, _title, wrong) {
    const number = numeric(value);
    if (!Number.isFinite(number)) throw wrong("a number");
    return number;
  },
  boolean(value, _schema, _at, _title, wrong) {
    const word = typeof value === "object" ? "" : String(value).trim().toLowerCase();
    if (!YES.includes(word) && !NO.includes(word)) throw wrong("true or false");
    return YES.includes(word);
  },
  array(value, schema, at, title) {
    let several = value;
    if (typeof value === "string")
      several = value.trim().startsWith("[") ? (parsed(value) ?? value) : value.split(",").map((each) => each.trim());
    if (!Array.isArray(several)) several = [several];
    return several
      .map((each, index) => [each, index])
      .filter(([each]) => !isEmpty(each))
      .map(([each, index]) => readValue(each, schema.items ?? {}, `${at}/${index}`, title));
  },
  object(value, schema, at, _title, wrong) {
    const object = typeof value === "string" ? parsed(value) : value;
    if (!isObject(object)) throw wrong("a JSON object");
    return readObject(object, schema, at);
  },
};

function numeric(value) {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : NaN;
}

/** JSON text as a value; `undefined` where it is not JSON. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isEmpty = (value) =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");
