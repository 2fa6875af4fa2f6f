// Which members of a result people see, and in which order: that of its schema,
// where the name of a record comes before what is rarely looked at.

import type { JsonObject, JsonValue } from 'n8n-workflow';

import type { Manifest, Schema } from '../manifest.ts';
import { properties, resolve } from '../manifest.ts';
import { isObject } from './shapes.ts';

/** The main members, all of them, or those that are named. */
export type Extent = 'main' | 'all' | readonly string[];

export type Order = (json: JsonObject) => JsonObject;

export function orderOf(manifest: Manifest, schema: Schema = {}, extent: Extent = 'all'): Order {
	const members = properties(manifest, schema);
	const main = extent === 'main' ? resolve(manifest, schema)['x-main'] : undefined;
	const only = typeof extent === 'string' ? main : extent;
	const names = only ?? members.map(({ name }) => name);
	const within = typeof extent === 'string' ? extent : 'all';
	const inner = new Map(
		members
			.filter((member) => member.schema.properties !== undefined)
			.map((member) => [member.name, orderOf(manifest, member.schema, within)]),
	);
	const value = (name: string, held: JsonValue): JsonValue => {
		const order = inner.get(name);
		return order !== undefined && isObject(held) ? order(held as JsonObject) : held;
	};
	return (json) => {
		const known = names.flatMap((name) => (json[name] === undefined ? [] : [[name, value(name, json[name])] as const]));
		const ordered = Object.fromEntries(known);
		// What the schema does not know comes last.
		return only === undefined ? { ...ordered, ...Object.fromEntries(Object.entries(json).filter(([name]) => !(name in ordered))) } : ordered;
	};
}
