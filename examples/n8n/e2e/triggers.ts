// The trigger nodes: each event starts the workflow once, a workflow that is
// switched off leaves nothing at the service, and what was missed is caught up.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node } from './n8n.ts';
import { HALOPSA, POLLING_TRIGGER, TRIGGER, byId, credentialOf } from './n8n.ts';

type Credentials = NonNullable<Node['credentials']>;
const END: Node = { name: 'End', type: 'n8n-nodes-base.noOp' };

export async function triggers(n8n: N8n, sim: Sim): Promise<void> {
	const credentials = await credentialOf(n8n, sim, 'triggers');
	const create = await n8n.job('create for triggers', [
		{ name: 'HaloPSA', type: HALOPSA, parameters: { resource: 'ticket', operation: 'create', summary: '={{ $json.summary }}' }, credentials },
	]);
	const make = async (...summaries: string[]) => {
		const { items } = await create(summaries.map((summary) => ({ summary })));
		assert.equal(items.length, summaries.length);
		return items.map(({ id }) => id);
	};
	await polling(n8n, credentials, make);
	await webhook(n8n, sim, credentials, make);
}

type Make = (...summaries: string[]) => Promise<unknown[]>;

/** n8n polls when a workflow is switched on, and then once a minute at most. */
async function polling(n8n: N8n, credentials: Credentials, make: Make): Promise<void> {
	const pollTimes = { item: [{ mode: 'everyMinute' }] };
	const trigger = { name: 'Event', type: POLLING_TRIGGER, parameters: { event: 'ticket.created', pollTimes }, credentials };
	const workflow = await n8n.save('polling', [trigger, END]);
	await n8n.activate(workflow);
	// The first poll, at once, says where to begin.
	await sleep(3000);
	const first = await make('Seen by a poll', 'Seen by the same poll');
	await until(async () => (await n8n.given(workflow, 'Event')).length >= 2, 130);
	await n8n.deactivate(workflow);
	const missed = await make('Made while the workflow was off');
	await n8n.activate(workflow);
	await until(async () => (await n8n.given(workflow, 'Event')).length >= 3, 130);
	await sleep(2000);
	assert.deepEqual(idsOf(await n8n.given(workflow, 'Event')), sorted([...first, ...missed]));
	await n8n.deactivate(workflow);
	console.log('polling: 2 new tickets, and 1 made while the workflow was off, each once');
}

async function webhook(n8n: N8n, sim: Sim, credentials: Credentials, make: Make): Promise<void> {
	const before = await registered(sim);
	const flow = async (event: string, more: object = {}) => {
		const trigger = { name: 'Event', type: TRIGGER, parameters: { event, ...more }, credentials, webhookId: event.replace('.', '-') };
		const workflow = await n8n.save(event, [trigger, END]);
		await n8n.activate(workflow);
		return workflow;
	};
	const tried = await n8n.save('tried out', [{ name: 'Event', type: TRIGGER, parameters: { event: 'ticket.created' }, credentials, webhookId: 'tried-out' }, END]);
	await n8n.rest('POST', `/rest/workflows/${tried.id}/run`, { triggerToStartFrom: { name: 'Event' } });
	const [seen] = await make('Made while somebody tries the trigger out');
	await until(async () => (await n8n.given(tried, 'Event')).length >= 1, 30);
	assert.deepEqual(idsOf(await n8n.given(tried, 'Event')), [seen]);
	await until(async () => (await registered(sim)).length === before.length, 10);
	assert.deepEqual(await registered(sim), before, 'nothing is left behind');
	console.log('webhook: tried out in the editor with a real event, and taken down after it');

	const created = await flow('ticket.created');
	const closed = await flow('ticket.closed');
	const during = await registered(sim);
	assert.equal(during.filter((each) => each.startsWith('Webhook')).length, before.filter((each) => each.startsWith('Webhook')).length + 2);

	// Each delivery comes three times, and later ones overtake earlier ones.
	for (const quirk of ['delivery-repeat=2', 'delivery-delay=300']) await sim.control('faults', { quirk });
	const first = await make('One', 'Two', 'Three');
	const close = await n8n.job('close for triggers', [
		{ name: 'HaloPSA', type: HALOPSA, parameters: { resource: 'ticket', operation: 'close', id: byId('={{ $json.id }}') }, credentials },
	]);
	await close([{ id: first[1] }]);
	await until(async () => (await n8n.given(created, 'Event')).length >= 3 && (await n8n.given(closed, 'Event')).length >= 1, 30);
	await sleep(5000);
	assert.deepEqual(idsOf(await n8n.given(created, 'Event')), sorted(first));
	assert.deepEqual(idsOf(await n8n.given(closed, 'Event')), [first[1]]);
	await sim.control('faults', undefined, 'DELETE');
	console.log('webhook: 3 new tickets and 1 closed, each delivered three times, each told once');

	await n8n.stop();
	const missed = await direct(sim, 'Made while n8n was down', 'So was this one');
	await n8n.up();
	assert.deepEqual(await registered(sim), during, 'nothing is made twice');
	const last = await make('Made when n8n was up again');
	const all = sorted([...first, ...missed, ...last]);
	await until(async () => (await n8n.given(created, 'Event')).length >= all.length, 30);
	await sleep(2000);
	assert.deepEqual(idsOf(await n8n.given(created, 'Event')), all);
	console.log('webhook: 2 tickets made while n8n was down came with the next delivery, once');

	await n8n.deactivate(created);
	await n8n.deactivate(closed);
	assert.deepEqual(await registered(sim), before, 'nothing is left behind');
	console.log('webhook: nothing is left at the service after the workflows were switched off');
}

/** Webhooks and what points at them, at the simulator. */
async function registered(sim: Sim): Promise<string[]> {
	const kinds = await Promise.all(['Webhook', 'Notification'].map(async (kind) => Object.keys((await sim.control(`state/${kind}`)) as object).map((key) => `${kind} ${key}`)));
	return kinds.flat();
}

/** Tickets that n8n has nothing to do with. */
async function direct(sim: Sim, ...summaries: string[]): Promise<unknown[]> {
	const { url, client_id, client_secret } = sim;
	const login = await fetch(`${url}/auth/token`, {
		method: 'POST',
		body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'all', client_id, client_secret }),
	});
	const { access_token: token } = (await login.json()) as { access_token: string };
	const made: unknown[] = [];
	for (const summary of summaries) {
		const response = await fetch(`${url}/api/Tickets`, {
			method: 'POST',
			headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
			body: JSON.stringify([{ summary }]),
		});
		made.push(((await response.json()) as { id: number }).id);
	}
	return made;
}

async function until(happened: () => Promise<boolean>, seconds: number): Promise<void> {
	for (let tries = 0; tries < seconds; tries += 1) {
		if (await happened()) return;
		await sleep(1000);
	}
}

const sorted = (ids: unknown[]) => [...ids].sort((a, b) => Number(a) - Number(b));
const idsOf = (items: Array<Record<string, unknown>>) => sorted(items.map(({ id }) => id));
