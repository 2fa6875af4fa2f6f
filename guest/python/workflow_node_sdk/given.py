"""Reads the input of an item, in the forms that docs/manifest.md lists: forms, spreadsheets
and models write a number as text and leave empty fields in."""

import json
import math
import re

from .failure import invalid
from .nearest import suggestion

YES = ("true", "yes", "y", "on", "1")
NO = ("false", "no", "n", "off", "0")
NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
MISSING = object()


def read_input(text, schema):
    """An object out of JSON text, checked against the schema of an object."""
    value = parsed(text)
    if not isinstance(value, dict):
        raise invalid("not-an-object", "The input is not a JSON object.")
    return read_object(value, schema, "")


def read_object(value, schema, at):
    known, read = schema.get("properties", {}), {}
    for name, given in value.items():
        place = f"{at}/{escaped(name)}"
        if name not in known:
            if schema.get("additionalProperties") is False:
                message = f'There is no field "{name}" here.{suggestion(name, known)}'
                raise invalid("unknown-field", message, place)
            read[name] = given
        elif not is_empty(given):
            read[name] = read_value(given, known[name], place, known[name].get("title", name))
    for name, declared in known.items():
        if name not in read and "default" in declared:
            read[name] = declared["default"]
        if name not in read and name in schema.get("required", ()):
            title = declared.get("title", name)
            raise invalid("missing-field", f'"{title}" is missing.', f"{at}/{escaped(name)}")
    return read


def read_value(value, schema, at, title):
    def wrong(wanted):
        return invalid("invalid-value", f'"{title}" must be {wanted}.', at)

    reader = READERS.get(schema.get("type"))
    read = reader(value, schema, at, title, wrong) if reader else value
    if "enum" in schema and read not in schema["enum"]:
        raise wrong(f"one of {', '.join(json.dumps(each) for each in schema['enum'])}")
    if isinstance(read, (str, list)):
        least, most = ("minLength", "maxLength") if isinstance(read, str) else ("minItems", "maxItems")
        if len(read) < schema.get(least, 0):
            raise wrong(f"at least {schema[least]} long")
        if len(read) > schema.get(most, math.inf):
            raise wrong(f"at most {schema[most]} long")
    elif isinstance(read, (int, float)) and not isinstance(read, bool):
        if read < schema.get("minimum", -math.inf):
            raise wrong(f"at least {schema['minimum']}")
        if read > schema.get("maximum", math.inf):
            raise wrong(f"at most {schema['maximum']}")
    if isinstance(read, str) and "pattern" in schema and not re.search(schema["pattern"], read):
        raise wrong(f"of the form {schema['pattern']}")
    return read


def read_string(value, _schema, _at, _title, wrong):
    if isinstance(value, (dict, list)):
        raise wrong("text")
    return value if isinstance(value, str) else json.dumps(value)


def read_integer(value, _schema, _at, _title, wrong):
    number = numeric(value)
    if number is None or number != int(number) or abs(number) > 2**53:
        raise wrong("a whole number")
    return int(number)


def read_number(value, _schema, _at, _title, wrong):
    number = numeric(value)
    if number is None:
        raise wrong("a number")
    return number


def read_boolean(value, _schema, _at, _title, wrong):
    word = "" if isinstance(value, (dict, list)) else str(value).strip().lower()
    if word not in YES + NO:
        raise wrong("true or false")
    return word in YES


def read_array(value, schema, at, title, _wrong):
    several = value
    if isinstance(value, str):
        listed = parsed(value) if value.strip().startswith("[") else None
        several = [each.strip() for each in value.split(",")] if listed is None else listed
    if not isinstance(several, list):
        several = [several]
    items = schema.get("items", {})
    return [read_value(each, items, f"{at}/{i}", title) for i, each in enumerate(several) if not is_empty(each)]


def read_nested(value, schema, at, _title, wrong):
    value = parsed(value) if isinstance(value, str) else value
    if not isinstance(value, dict):
        raise wrong("a JSON object")
    return read_object(value, schema, at)


# For each type: the value, out of what is taken for it.
READERS = {
    "string": read_string,
    "integer": read_integer,
    "number": read_number,
    "boolean": read_boolean,
    "array": read_array,
    "object": read_nested,
}


def numeric(value):
    """The number that a value is, or says as text; `None` where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        if len(value) > 100 or not NUMBER.fullmatch(value):
            return None
        value = float(value) if re.search(r"[.eE]", value) else int(value)
    return value if math.isfinite(value) else None


def parsed(text):
    """JSON text as a value; `None` where it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_empty(value):
    return value is None or value == "" or value == []


def escaped(name):
    return name.replace("~", "~0").replace("/", "~1")
