// n8n's queue mode: one main process, Redis, PostgreSQL and two workers run 500
// executions of a workflow with the node; none may be lost or doubled.
//
// PostgreSQL is expected at 127.0.0.1:5432, user, password and database `n8n`;
// each run makes a schema of its own there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { startSim } from '../test/support/sim.ts';
import { HALOPSA, N8n, credentialOf } from './n8n.ts';

const EXECUTIONS = 500;
const REDIS_PORT = '6391';

const redis = spawn('redis-server', ['--port', REDIS_PORT, '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
process.once('exit', () => redis.kill());
const environment = {
	EXECUTIONS_MODE: 'queue',
	QUEUE_BULL_REDIS_HOST: '127.0.0.1',
	QUEUE_BULL_REDIS_PORT: REDIS_PORT,
	// n8n does not support SQLite here: it is locked when two write.
	DB_TYPE: 'postgresdb',
	DB_POSTGRESDB_HOST: '127.0.0.1',
	DB_POSTGRESDB_USER: 'n8n',
	DB_POSTGRESDB_PASSWORD: 'n8n',
	DB_POSTGRESDB_DATABASE: 'n8n',
	DB_POSTGRESDB_SCHEMA: `run_${Date.now()}`,
};

const sim = await startSim();
const n8n = await N8n.start('queue-home', 5700, environment);
for (const broker of ['5711', '5712']) {
	n8n.spawn(['worker', '--concurrency=5'], { ...environment, N8N_RUNNERS_BROKER_PORT: broker });
}

try {
	const credentials = await credentialOf(n8n, sim, 'queue');
	const workflow = await n8n.save('queue', [
		{
			name: 'Webhook',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			webhookId: 'queue',
			parameters: { httpMethod: 'POST', path: 'queue', responseMode: 'onReceived', options: {} },
		},
		{
			name: 'HaloPSA',
			type: HALOPSA,
			parameters: { resource: 'ticket', operation: 'create', summary: '=Queued {{ $json.body.n }}' },
			credentials,
		},
	]);
	await n8n.activate(workflow);
	const began = performance.now();
	const send = async (n: number) => {
		const response = await fetch(`${n8n.url}/webhook/queue`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ n }),
		});
		assert.equal(response.status, 200, await response.text());
	};
	for (let n = 0; n < EXECUTIONS; n += 10) await Promise.all(Array.from({ length: 10 }, (_, more) => send(n + more)));
	const queued = async () => {
		const state = (await sim.control('state/Tickets')) as Array<{ summary: string }>;
		return Object.values(state).map(({ summary }) => summary).filter((summary) => summary.startsWith('Queued '));
	};
	let last = -1;
	for (let quiet = 0; quiet < 10; quiet += 1) {
		await sleep(2000);
		const { length } = await queued();
		if (length !== last) quiet = 0;
		last = length;
		if (length >= EXECUTIONS && quiet >= 2) break;
	}
	const made = await queued();
	const requests = await sim.requests();
	const seconds = ((performance.now() - began) / 1000).toFixed(0);
	const logins = requests.filter(({ path }) => path === '/auth/token').length;
	console.log(`${EXECUTIONS} executions, 2 workers: ${made.length} tickets, ${new Set(made).size} different, ${logins} logins, ${seconds} s`);
	assert.equal(made.length, EXECUTIONS);
	assert.equal(new Set(made).size, EXECUTIONS);
} finally {
	await n8n.stop();
	sim.stop();
	redis.kill();
}
process.exit(0);
