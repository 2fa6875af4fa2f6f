// Names of the methods that n8n calls for dropdowns. A list that depends on
// other fields has a method for each way in which it does.

import type { Manifest, Reference, Schema } from '../manifest.ts';
import { properties, resolve } from '../manifest.ts';

export const searchMethod = (reference: Reference) => `search_${key(reference)}`;
export const optionsMethod = (reference: Reference) => `options_${key(reference)}`;
export const columnsMethod = (reference: Reference) => `columns_${key(reference)}`;

/** Offers the labels of the fields that a property of the chosen operation can name. */
export const NAMES_METHOD = 'names_of_fields';

/** Offers the names of what the chosen operation returns. */
export const FIELDS_METHOD = 'names_of_results';

function key(reference: Reference): string {
	const parameters = Object.entries(reference.parameters ?? {}).sort(([a], [b]) => a.localeCompare(b));
	// Mostly a parameter is called as the field that it comes from.
	const words = parameters.map(([name, pointer]) => (pointer === `/${name}` ? name : `${name}_from${pointer}`));
	return [reference.list, ...words].join('_by_').replace(/[^A-Za-z0-9]+/g, '_');
}

/** Every way in which operations and triggers refer to lists. */
export function references(manifest: Manifest): Reference[] {
	const found = new Map<string, Reference>();
	const collect = (schema: Schema) => {
		for (const property of properties(manifest, schema)) {
			const items = property.schema.items === undefined ? undefined : resolve(manifest, property.schema.items);
			const reference = property.schema['x-options'] ?? items?.['x-options'];
			if (reference !== undefined) found.set(key(reference), reference);
			// The fields of entries have lists, too.
			for (const inner of [property.schema, items]) if (inner?.properties !== undefined) collect(inner);
		}
	};
	for (const { input } of manifest.operations) collect(input);
	for (const { config } of manifest.triggers) collect(config);
	return [...found.values()];
}
