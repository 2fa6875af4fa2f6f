// The workflow templates, imported as they are, filled in as their notes say,
// and run; what came of them is looked up at the simulator.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node } from './n8n.ts';
import { HALOPSA, byId, credentialOf, itemsOf } from './n8n.ts';

type Row = Record<string, unknown> & { id: number };
/** By the name of a node: what a person chooses in it. */
type Choices = Record<string, object>;

export async function templates(n8n: N8n, sim: Sim): Promise<void> {
	await sim.control('reset', {});
	const credentials = await credentialOf(n8n, sim, 'templates');
	const imported = async (file: string, choices: Choices = {}) => {
		const text = readFileSync(path.join(import.meta.dirname, '../templates', `${file}.json`), 'utf8');
		const workflow = JSON.parse(text) as { nodes: Node[] };
		for (const node of workflow.nodes) {
			if (node.type.startsWith(HALOPSA)) node.credentials = credentials;
			node.parameters = { ...node.parameters, ...choices[node.name] };
		}
		return n8n.rest<{ id: string; versionId: string }>('POST', '/rest/workflows', workflow);
	};
	const rows = async (resource: string) => Object.values((await sim.control(`state/${resource}`)) as Record<string, Row>);
	const ticket = async (id: unknown) => (await rows('Tickets')).find((row) => row.id === Number(id));

	await alertToTicket(n8n, await imported('alert-to-ticket'), ticket, credentials);

	const mapping = await n8n.runManually(await imported('client-mapping'), 'Start');
	const [opened, ...others] = itemsOf(mapping, 'Open a ticket');
	assert.equal(mapping.error, undefined);
	assert.equal(others.length, 0);
	assert.equal((await ticket(opened?.id))?.client_id, 8);
	assert.deepEqual(itemsOf(mapping, 'For a person to decide').map(({ name }) => name), ['Nobody We Know']);
	console.log('template client-mapping: a ticket for the client that is known, the other left to a person');

	const calls = await n8n.runManually(await imported('connect-and-call'), 'Start');
	const [read] = itemsOf(calls, 'Read it');
	assert.equal(calls.error, undefined);
	assert.equal((await ticket(read?.id))?.summary, 'Made by a custom call');
	console.log('template connect-and-call: three tickets read, one made and read');

	const sync = await imported('quantity-sync');
	const changed = async () => {
		const run = await n8n.runManually(sync, 'Start');
		assert.equal(run.error, undefined);
		return itemsOf(run, 'Only what changed').map(({ quantity }) => quantity);
	};
	assert.deepEqual([await changed(), await changed()], [[25], []]);
	console.log('template quantity-sync: a quantity set to 25; nothing changed by a second run');

	const triage = await imported('triage', {
		Assign: { agent_id: byId(3), team: { __rl: true, mode: 'name', value: '1st Line Support' } },
		Rank: { additionalFields: { priority_id: byId(2) } },
	});
	await n8n.activate(triage);
	await sleep(3000);
	const create = await n8n.job('for triage', [
		{ name: 'HaloPSA', type: HALOPSA, parameters: { resource: 'ticket', operation: 'create', summary: 'Nobody can print' }, credentials },
	]);
	const [made] = (await create([{}])).items;
	for (let tries = 0; tries < 130 && (await ticket(made?.id))?.status_id !== 2; tries += 1) await sleep(1000);
	await n8n.deactivate(triage);
	const triaged = await ticket(made?.id);
	assert.deepEqual([triaged?.agent_id, triaged?.team, triaged?.priority_id, triaged?.status_id], [3, '1st Line Support', 2, 2]);
	console.log('template triage: a new ticket has agent, team, priority and a note, and is in progress');
}

async function alertToTicket(
	n8n: N8n,
	workflow: { id: string; versionId: string },
	ticket: (id: unknown) => Promise<Row | undefined>,
	credentials: NonNullable<Node['credentials']>,
): Promise<void> {
	await n8n.activate(workflow);
	const alert = async (domain: string, more: object = {}) => {
		const response = await fetch(`${n8n.url}/webhook/halopsa-alert`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ domain, key: `${domain}/mfa-disabled`, summary: 'MFA is off', details: `Of an administrator of ${domain}.`, ...more }),
		});
		return (await response.json()) as { done: string; ticket_id: number };
	};
	const first = await alert('client8.example');
	assert.equal(first.done, 'created');
	assert.equal((await ticket(first.ticket_id))?.client_id, 8);
	const again = await alert('client8.example');
	assert.deepEqual([again.done, again.ticket_id], ['appended', first.ticket_id]);
	const close = await n8n.job('close the alert', [
		{ name: 'HaloPSA', type: HALOPSA, parameters: { resource: 'ticket', operation: 'close', id: byId('={{ $json.id }}') }, credentials },
	]);
	assert.ok((await close([{ id: first.ticket_id }])).ok);
	const anew = await alert('client8.example');
	assert.equal(anew.done, 'created');
	assert.notEqual(anew.ticket_id, first.ticket_id);
	const stranger = await alert('nobody.example');
	assert.equal(stranger.done, 'created');
	const bare = await alert('', { key: 4711, summary: 12345, details: null });
	assert.equal((await ticket(bare.ticket_id))?.client_id, 1, JSON.stringify(bare));
	await n8n.deactivate(workflow);
	console.log('template alert-to-ticket: a ticket, a note on it, a new ticket once it was closed, one of an unknown client, and one of an alert without a domain and with a number as key');
}
