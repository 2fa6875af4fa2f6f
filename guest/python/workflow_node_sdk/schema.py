"""The field notation, and the JSON Schema that it stands for.

"TYPE[] ! Title @list": a type, `[]` for several, `!` for required (`?` in outputs: may be
null), a title, and the list that a dropdown takes its values from. The long form is a
dict whose `type` is such a text, with members of JSON Schema beside it.
"""

import re

from .nearest import suggestion

TYPES = {
    "any": {},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "object": {"type": "object"},
    "string": {"type": "string"},
    "text": {"type": "string", "contentMediaType": "text/plain"},
    "url": {"type": "string", "format": "uri"},
}
SHORT = re.compile(r"([a-z]+)(\[\])?\s*([!?]?)(?:\s+([^@]*[^@\s]))?(?:\s+@([\w.-]+))?")

# Members of the long form that are taken over as they are.
KEYWORDS = [
    "default", "description", "enum", "examples", "maxItems", "maxLength", "maximum", "minItems", "minLength",
    "minimum", "pattern", "title",
]  # fmt: skip
OWN = ["fields", "options", "place", "type", "untrusted"]


def object_schema(fields, at, faults, is_input):
    """The schema of an object with these fields.

    `at` is its place in the manifest; what is wrong is added to `faults`.
    """
    properties, required = {}, []
    for name, declared in (fields or {}).items():
        properties[name], is_required = field_schema(name, declared, f"{at}/properties/{name}", faults, is_input)
        if is_required:
            required.append(name)
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if is_input:
        schema["additionalProperties"] = False
    return schema


def field_schema(name, declared, place, faults, is_input):
    long = {"type": declared} if isinstance(declared, str) else declared
    text = long.get("type") if isinstance(long, dict) else None
    parts = SHORT.fullmatch(text) if isinstance(text, str) else None
    if parts is None or parts[1] not in TYPES:
        near = suggestion(re.split(r"\W", text)[0], TYPES) if isinstance(text, str) else ""
        faults.append(
            f'{place}: {declared!r} is not a field. Write a type and a title, such as "integer! Shelf".{near}'
        )
        return {}, False
    for key in long:
        if key not in KEYWORDS and key not in OWN:
            faults.append(f'{place}: a field has no member "{key}".{suggestion(key, KEYWORDS + OWN)}')
    kind, several, mark, title, listed = parts.groups()
    one = dict(TYPES[kind])
    if "fields" in long:
        one |= object_schema(long["fields"], place, faults, is_input)
    options = long.get("options", listed)
    if options is not None:
        one["x-options"] = {"list": options} if isinstance(options, str) else options
    schema = {"type": "array", "items": one} if several else one
    if mark == "?" and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    schema["title"] = title or title_of(name)
    schema |= {key: long[key] for key in KEYWORDS if key in long}
    if long.get("untrusted"):
        schema["x-untrusted"] = True
    if "place" in long:
        schema["x-place"] = long["place"]
    return schema, mark == "!"


def title_of(name):
    """ "shelf_id" is titled "Shelf", "created_at" "Created at"."""
    words = re.sub(r"[_-]+", " ", re.sub(r"_ids?$", "", name)).strip()
    return words[:1].upper() + words[1:]
