// The order in which people see the members of a result: that of its schema,
// where the name of a record comes before what is rarely looked at.

import type { JsonObject } from 'n8n-workflow';

import type { Manifest, Schema } from '../manifest.ts';
import { properties } from '../manifest.ts';

export type Order = (json: JsonObject) => JsonObject;

export function orderOf(manifest: Manifest, schema: Schema = {}): Order {
	const names = properties(manifest, schema).map(({ name }) => name);
	return (json) => {
		const known = names.filter((name) => name in json).map((name) => [name, json[name]]);
		return { ...Object.fromEntries(known), ...json };
	};
}
