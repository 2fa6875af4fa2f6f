// A component made of JavaScript: with lists, triggers and files in every form
// that a manifest can have, and answers that a test decides on.

import type { Manifest } from '../../src/manifest.ts';
import type { Exports, Report } from '../../src/runtime/contract.ts';
import type { Artefact } from '../../src/runtime/component.ts';

const annotations = { read_only: false, destructive: false, idempotent: false, paginated: false, dry_run: false };

export const manifest: Manifest = {
	name: 'desk',
	title: 'Desk',
	description: 'A service desk.',
	version: '1.0.0',
	credentials: {
		fields: [
			{ name: 'token', label: 'Token', help: 'A key.', kind: 'secret', required: true, advanced: false, choices: [], shown_when: [] },
		],
		egress: ['https://desk.example.com'],
	},
	resources: [{ name: 'ticket', title: 'Ticket', plural: 'Tickets', group: 'Service desk', description: 'Work.' }],
	operations: [
		{
			id: 'ticket.create',
			resource: 'ticket',
			title: 'Create a ticket',
			description: 'Makes a ticket.',
			annotations,
			files: { takes: true, gives: true },
			serialize_by: ['/client'],
			input: {
				type: 'object',
				properties: {
					client: { type: ['integer', 'string'], title: 'Client', 'x-options': { list: 'clients' } },
					site: {
						type: ['integer', 'string'],
						title: 'Site',
						'x-options': { list: 'sites', parameters: { client_id: '/client' } },
					},
					teams: {
						type: 'array',
						title: 'Teams',
						items: { type: ['integer', 'string'], 'x-options': { list: 'teams' } },
					},
					custom: {
						type: 'object',
						title: 'Custom fields',
						'x-options': { list: 'fields', parameters: { client_id: '/client' } },
					},
					urgency: { type: 'string', enum: ['low', 'high'], title: 'Urgency' },
					urgent: { type: 'boolean', title: 'Urgent', description: 'Wakes people.' },
					due: { type: 'string', format: 'date-time', title: 'Due' },
				},
				required: ['client'],
			},
		},
	],
	lists: [
		{ name: 'clients', title: 'Clients', kind: 'values', parameters: {}, searchable: true, tree: false },
		{
			name: 'sites',
			title: 'Sites',
			kind: 'values',
			parameters: { type: 'object', properties: { client_id: { type: 'integer' } } },
			searchable: false,
			tree: true,
		},
		{ name: 'teams', title: 'Teams', kind: 'values', parameters: {}, searchable: false, tree: false },
		{
			name: 'fields',
			title: 'Fields',
			kind: 'fields',
			parameters: { type: 'object', properties: { client_id: { type: 'integer' } } },
			searchable: false,
			tree: false,
		},
	],
	triggers: [
		{
			name: 'ticket.created',
			resource: 'ticket',
			title: 'Ticket created',
			description: 'A ticket is new.',
			config: { type: 'object', properties: { client: { type: ['integer', 'string'], 'x-options': { list: 'clients' } } } },
			modes: ['poll', 'webhook'],
			sample: { id: 1 },
		},
	],
};

export const report: Report = { usage: { requests: 0, retries: 0, waitedMs: 0, rateLimited: 0 }, diagnostics: [] };

type Parts = { node?: Partial<Exports['node']>; setup?: Partial<NonNullable<Exports['setup']>> | null; lookup?: Exports['lookup']; triggers?: Partial<NonNullable<Exports['triggers']>> };

/** A component that answers with these functions; `null` for an interface that it lacks. */
export function component(parts: Parts): Artefact {
	const exports = {
		node: {
			authenticate: () => ({ token: 'session', scopes: [] }),
			...parts.node,
		},
		setup: parts.setup === null ? undefined : { prepare: () => ({ fields: [], egress: [], report }), ...parts.setup },
		lookup: parts.lookup,
		triggers: parts.triggers,
	} as unknown as Exports;
	const glue = { instantiate: () => Promise.resolve(exports) };
	return { glue: { suspend: glue, replay: glue }, modules: {} };
}
