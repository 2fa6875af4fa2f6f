// What becomes of the value that n8n hands over: the JSON that the component is
// given. The component converts; here only n8n's own forms are undone.

import type { Manifest, Schema } from '../manifest.ts';
import { properties, resolve } from '../manifest.ts';
import { isObject, shapeOf, typesOf } from './shapes.ts';
import { instantOf, withOffset } from './time.ts';

/** The entries of a structured field. */
export const ENTRY = 'entry';

/** What a resource locator holds; an expression may give the bare value. */
export function located(raw: unknown): unknown {
	return isObject(raw) && 'value' in raw && ('__rl' in raw || 'mode' in raw) ? raw.value : raw;
}

/** The JSON for what is in the field, or `undefined` where nothing is: it is not sent then. */
export function valueOf(manifest: Manifest, schema: Schema, raw: unknown, zone: string): unknown {
	const value = converted(manifest, schema, located(raw), zone);
	return isGiven(value) ? value : undefined;
}

/** `null`, `undefined`, an empty text, list or object mean "not given", wherever a field is. */
export function isGiven(value: unknown): boolean {
	if (Array.isArray(value)) return value.length > 0;
	if (isObject(value)) return Object.keys(value).length > 0;
	return value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');
}

function converted(manifest: Manifest, schema: Schema, raw: unknown, zone: string): unknown {
	const shape = shapeOf(manifest, schema);
	switch (shape) {
		case 'record':
		case 'whole-number':
		case 'number':
			return numeric(raw, schema);
		case 'records':
		case 'choices':
		case 'texts':
			return listed(parsed(raw, '['));
		case 'numbers':
			return typeof raw === 'string' ? numbers(raw) : listed(raw);
		case 'columns':
			return columns(raw, zone);
		case 'object':
		case 'objects':
			return structured(manifest, schema, raw, zone);
		case 'json':
			return parsed(raw, '[{"0123456789-tfn');
		case 'date-time':
			return dated(raw, zone);
		default:
			// A date in a text field: n8n's own objects have no other JSON.
			return instantOf(raw) ?? raw;
	}
}

/** A number that was typed as text, or comes so from an expression, where the schema knows numbers. */
function numeric(value: unknown, schema: Schema): unknown {
	const number = typesOf(schema).some((type) => type === 'integer' || type === 'number');
	return number && typeof value === 'string' && /^-?\d{1,15}(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

/** The text of what the component is given. NaN has no JSON, and would look as if nothing was given: its name is refused instead. */
export function textOf(json: unknown): string {
	return JSON.stringify(json, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value));
}

/** JSON as text; a text that is something else is the component's to read, or to refuse. */
function parsed(raw: unknown, begins: string): unknown {
	const text = typeof raw === 'string' ? raw.trim() : '';
	if (text === '' || !begins.includes(text.charAt(0))) return raw;
	try {
		return JSON.parse(text);
	} catch {
		return raw;
	}
}

/** Without what is empty; a single value stays one, since a text may hold several. */
function listed(raw: unknown): unknown {
	if (!Array.isArray(raw)) return raw;
	return raw.map(located).filter((each) => isGiven(each));
}

/** Numbers with commas between them, with brackets or without. */
function numbers(raw: string): unknown {
	const parts = raw.replace(/^\s*\[|\]\s*$/g, '').split(',').map((part) => part.trim().replace(/^"(.*)"$/, '$1'));
	// The component says which of them is no number.
	return parts.filter((part) => part !== '').map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
}

function dated(raw: unknown, zone: string): unknown {
	const instant = instantOf(raw);
	if (instant !== undefined) return instant;
	return typeof raw === 'string' ? withOffset(raw, zone) : raw;
}

/** Custom fields: n8n's mapping of columns, an object or a list from an expression, or either as text. */
function columns(raw: unknown, zone: string): unknown {
	const mapped = isObject(raw) && 'mappingMode' in raw ? raw.value : raw;
	const value = parsed(mapped, '[{');
	if (Array.isArray(value)) return value.map((each) => withInstants(each));
	if (!isObject(value)) return value;
	const dates = new Set(
		(isObject(raw) && Array.isArray(raw.schema) ? raw.schema : [])
			.filter((column): column is { id: string; type: string } => isObject(column) && column.type === 'dateTime')
			.map(({ id }) => id),
	);
	const given = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
	return Object.fromEntries(
		given.map(([name, each]) => [name, dates.has(name) ? inUtc(dated(each, zone)) : withInstants(each)]),
	);
}

/** The service keeps custom fields as they are sent, and its dates are in UTC. */
function inUtc(date: unknown): unknown {
	const instant = typeof date === 'string' ? Date.parse(date) : Number.NaN;
	return Number.isNaN(instant) ? date : new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** With n8n's dates as text, however deep they are. */
function withInstants(value: unknown): unknown {
	const instant = instantOf(value);
	if (instant !== undefined) return inUtc(instant);
	if (Array.isArray(value)) return value.map((each) => withInstants(each));
	if (!isObject(value)) return value;
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withInstants(each)]));
}

/** Entries of n8n's structured field, or an object or list from an expression. */
function structured(manifest: Manifest, schema: Schema, raw: unknown, zone: string): unknown {
	const entries = parsed(isObject(raw) && ENTRY in raw ? raw[ENTRY] : raw, '[{');
	const of = schema.items === undefined ? schema : resolve(manifest, schema.items);
	const members = new Map(properties(manifest, of).map((property) => [property.name, property.schema]));
	const entry = (each: unknown): unknown => {
		const object = parsed(each, '{');
		if (!isObject(object)) return object;
		const known = Object.entries(object).map(([name, value]): [string, unknown] => {
			const member = members.get(name);
			// What the schema does not know is for the component to refuse.
			return [name, member === undefined ? value : valueOf(manifest, member, value, zone)];
		});
		return Object.fromEntries(known.filter(([, value]) => value !== undefined));
	};
	if (schema.items === undefined) return entry(entries);
	return Array.isArray(entries) ? entries.map(entry).filter((each) => isGiven(each)) : isObject(entries) ? [entry(entries)].filter((each) => isGiven(each)) : entries;
}
