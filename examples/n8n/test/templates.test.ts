// The workflow templates fit the forms, and hold nothing of somebody's own.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { NodeHelpers } from 'n8n-workflow';
import type { INode, INodeType, IWorkflowBase } from 'n8n-workflow';

import { nodesOf } from '../src/nodes.ts';
import { artefact, machine, manifest } from './support/built.ts';

const PREFIX = 'n8n-nodes-halopsa-component.';
const FOLDER = path.join(import.meta.dirname, '../templates');
const RECIPES = path.join(import.meta.dirname, '../../workflows');
const jsonIn = (folder: string) => readdirSync(folder).filter((file) => file.endsWith('.json'));

const { nodes } = nodesOf(manifest, artefact, machine);
const types = new Map<string, INodeType>(
	Object.values(nodes).map((Class) => new Class()).map((type) => [PREFIX + type.description.name, type]),
);

describe('the templates', () => {
	test('are one for each recipe', () => {
		assert.deepEqual(jsonIn(FOLDER).sort(), jsonIn(RECIPES).sort());
	});

	for (const file of jsonIn(FOLDER)) {
		const workflow = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as IWorkflowBase;

		test(`${file} says what to fill in, and names no credential`, () => {
			assert.ok(workflow.nodes.some(({ type }) => type === 'n8n-nodes-base.stickyNote'));
			for (const node of workflow.nodes) {
				assert.equal(node.credentials, undefined, node.name);
				assert.ok(types.has(node.type) || node.type.startsWith('n8n-nodes-base.'), node.type);
			}
		});

		for (const node of workflow.nodes.filter(({ type }) => types.has(type))) {
			test(`${file}: ${node.name} is a form that exists`, () => {
				const { description } = types.get(node.type) as INodeType;
				const { pollTimes, ...given } = node.parameters as Record<string, unknown>;
				assert.deepEqual(kept(node, given as INode['parameters'], description), given);
				assert.equal(pollTimes !== undefined, description.polling === true);
			});
		}
	}
});

/** What n8n keeps of parameters: it drops what the form does not have. */
function kept(node: INode, parameters: INode['parameters'], description: INodeType['description']) {
	const all = NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node, description) ?? {};
	const only = (given: object, from: Record<string, unknown>): object =>
		Object.fromEntries(
			Object.entries(given)
				.filter(([name]) => name in from)
				.map(([name, value]) => [name, name === 'filters' || name === 'additionalFields' ? only(value as object, from[name] as Record<string, unknown>) : from[name]]),
		);
	return only(parameters, all);
}
