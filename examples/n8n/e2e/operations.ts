// Every example of the component's manifest, filled in as a form and run by
// n8n, each against a simulator that is as it was at the beginning.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

import { actionsOf } from '../src/adapter/form.ts';
import type { Operation, Schema } from '../src/manifest.ts';
import { manifest } from '../test/support/built.ts';
import { filledIn } from '../test/support/filled.ts';
import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node } from './n8n.ts';
import { WORK, credentialOf, nodeFor } from './n8n.ts';

/** A file for operations that take one. */
const FILE: Node = {
	name: 'File',
	type: 'n8n-nodes-base.convertToFile',
	typeVersion: 1.1,
	parameters: { operation: 'toText', sourceProperty: 'text', options: { fileName: 'example.txt' } },
};

export async function operations(n8n: N8n, sim: Sim): Promise<void> {
	const credentials = await credentialOf(n8n, sim, 'operations');
	const actions = actionsOf(manifest);
	const groups = new Set<string | undefined>();
	let examples = 0;
	for (const action of actions) {
		const { operation } = action;
		const fits = validator(operation);
		for (const { title, input } of operation.examples ?? []) {
			await sim.control('reset', {});
			const takes = operation.files?.takes === true && operation.files.needed !== false;
			// Everything that the schema promises.
			const parameters = { ...filledIn(manifest, action, input), output: 'all', ...(takes ? { inputFiles: 'data' } : {}) };
			const node: Node = { name: 'HaloPSA', type: nodeFor(manifest, action.resource), parameters, credentials };
			const job = await n8n.job(`${operation.id} ${examples}`, [...(takes ? [FILE] : []), node]);
			const { ok, items, error } = await job([{ text: 'hello' }]);
			const place = `${operation.id}, ${title}`;
			assert.ok(ok, `${place}: ${error?.message} ${error?.description}`);
			assert.ok(items.length > 0, `${place}: nothing came`);
			for (const item of items) assert.equal(fits(item), undefined, place);
			examples += 1;
		}
		groups.add(manifest.resources?.find(({ name }) => name === action.resource)?.group);
	}
	const resources = new Set(actions.map(({ resource }) => resource));
	console.log(
		`operations: ${examples} examples of ${actions.length} operations, ${resources.size} resources, ${groups.size} groups; each result fits its schema`,
	);
}

/** Says what does not fit; n8n has the validator. */
function validator(operation: Operation): (value: unknown) => string | undefined {
	const require = createRequire(path.join(WORK, 'node_modules/n8n/package.json'));
	const Ajv = require('ajv/dist/2020') as new (options: object) => {
		compile(schema: Schema & object): { (value: unknown): boolean; errors?: unknown };
	};
	const validate = new Ajv({ strict: false, validateFormats: false }).compile({ ...operation.output, $defs: manifest.$defs ?? {} } as Schema);
	return (value) => (validate(value) ? undefined : JSON.stringify(validate.errors));
}
