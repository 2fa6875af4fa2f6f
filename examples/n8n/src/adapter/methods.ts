// Names of the methods that n8n calls for dropdowns. A list that depends on
// other fields has a method for each way in which it does.

import type { Manifest, Reference } from '../manifest.ts';
import { properties, resolve } from '../manifest.ts';

export const searchMethod = (reference: Reference) => `search_${key(reference)}`;
export const optionsMethod = (reference: Reference) => `options_${key(reference)}`;
export const columnsMethod = (reference: Reference) => `columns_${key(reference)}`;

function key(reference: Reference): string {
	const parameters = Object.entries(reference.parameters ?? {}).sort(([a], [b]) => a.localeCompare(b));
	const words = [reference.list, ...parameters.map(([name, pointer]) => `${name}_from${pointer}`)];
	return words.join('_by_').replace(/[^A-Za-z0-9]+/g, '_');
}

/** Every way in which operations and triggers refer to lists. */
export function references(manifest: Manifest): Reference[] {
	const found = new Map<string, Reference>();
	const schemas = [...manifest.operations.map((each) => each.input), ...manifest.triggers.map((each) => each.config)];
	for (const property of schemas.flatMap((schema) => properties(manifest, schema))) {
		const items = property.schema.items === undefined ? undefined : resolve(manifest, property.schema.items);
		const reference = property.schema['x-options'] ?? items?.['x-options'];
		if (reference !== undefined) found.set(key(reference), reference);
	}
	return [...found.values()];
}
