// Our node beside n8n's built-in HaloPSA node: the same n8n, the same simulator,
// the same jobs. Prints a table.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { startSim } from '../test/support/sim.ts';
import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node, Result } from './n8n.ts';
import { ADMINISTRATION, BILLING, HALOPSA, credentialOf } from './n8n.ts';

const THEIRS = 'n8n-nodes-base.haloPSA';
/** How long a run may take before it is stopped. */
const PATIENCE = 60_000;

/** `bulk` and `by-key` are what this node has for creating; the built-in one has one way only. */
type Job = 'list' | 'create' | 'bulk' | 'by-key';

/** What is done with the service before a run, on top of the seed. */
interface Case {
	title: string;
	job: Job;
	items?: number;
	quirks?: string[];
	/** Stands between node and service. */
	proxy?: 'bad-gateway-after-commit';
}

/** All with a latency of 50 ms, which is that of a service some way off. */
const CASES: Case[] = [
	{ title: '717 tickets listed', job: 'list' },
	{ title: '200 tickets created', job: 'create', items: 200 },
	{ title: '200 tickets created, this node with *Bulk*', job: 'bulk', items: 200 },
	{ title: 'page cap 50', job: 'list', quirks: ['page-cap=50'] },
	{ title: 'count too high', job: 'list', quirks: ['count-off=1000'] },
	{ title: 'count missing', job: 'list', quirks: ['no-count'] },
	{ title: 'last page repeated, count too high', job: 'list', quirks: ['repeat-last-page', 'count-off=1000'] },
	{ title: 'token dies after 3 calls', job: 'list', quirks: ['token-dies-after=3'] },
	{ title: 'HTML with status 200', job: 'list', quirks: ['html-200'] },
	{ title: '429 three times, Retry-After 1 s', job: 'list', quirks: ['retry-after=1', 'throttle-next=3'] },
	{ title: '429 three times, no Retry-After', job: 'list', quirks: ['throttle-next=3'] },
	{ title: 'connection cut after a create', job: 'create', quirks: ['cut-after-commit=1'] },
	{ title: 'the same with *Retry On Fail*, this node with *Find or append*', job: 'by-key', quirks: ['cut-after-commit=1'] },
	{ title: '502 after a create', job: 'create', proxy: 'bad-gateway-after-commit' },
	{ title: 'agent that sees nothing', job: 'list', quirks: ['agent-sees-nothing'] },
];

type Run = (items: unknown[], timeout?: number) => Promise<Result>;

export async function compare(n8n: N8n): Promise<string> {
	const rows = [['what it can do', await abilities(n8n, THEIRS), await abilities(n8n, HALOPSA, BILLING, ADMINISTRATION)]];
	for (const [index, each] of CASES.entries()) {
		const row = [each.title];
		for (const whose of ['theirs', 'ours'] as const) row.push(await outcome(n8n, each, whose, index));
		console.error(row.join(' | '));
		rows.push(row);
	}
	const header = [['', "n8n's built-in node", 'this node'], ['---', '---', '---']];
	return [...header, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Operations and events, by the forms that n8n shows. */
async function abilities(n8n: N8n, ...nodes: string[]): Promise<string> {
	const types = await n8n.rest<Array<{ name: string; properties: Array<{ name: string; options?: unknown[] }> }>>(
		'GET',
		'/types/nodes.json',
	);
	const count = (name: string, field: string) => {
		const fields = types.find((each) => each.name === name)?.properties.filter((each) => each.name === field) ?? [];
		return fields.reduce((sum, { options = [] }) => sum + options.length, 0);
	};
	const operations = nodes.reduce((sum, type) => sum + count(type, 'operation'), 0);
	const events = Math.max(...nodes.flatMap((type) => [count(`${type}Trigger`, 'event'), count(`${type}PollingTrigger`, 'event')]));
	return `${operations} operations, ${events} events`;
}

async function outcome(n8n: N8n, { job, items = 1, quirks = [], proxy }: Case, whose: 'theirs' | 'ours', index: number) {
	const sim = await startSim();
	const front = proxy === undefined ? undefined : await badGateway(sim);
	const url = front?.url ?? sim.url;
	const run = await jobOf(n8n, `${whose} ${index}`, job, whose, { ...sim, url });
	// The session is there before the trouble begins.
	await run(job === 'list' ? [{}] : [{ summary: 'warm-up' }], 60_000);
	const before = await tickets(sim);
	for (const quirk of ['latency=50', ...quirks]) await sim.control('faults', { quirk });
	await sim.forget();
	front?.arm();
	const input = Array.from({ length: items }, (_, n) => ({ summary: `Ticket ${n}` }));
	const result = await run(input, PATIENCE).catch((): undefined => undefined);
	const requests = (await sim.requests()).length;
	await sim.control('faults', undefined, 'DELETE');
	const made = (await tickets(sim)) - before;
	const said = result === undefined ? `**not done** after ${PATIENCE / 1000} s` : told(result, job, made, items);
	sim.stop();
	front?.stop();
	const seconds = result === undefined ? '' : `, ${(result.milliseconds / 1000).toFixed(1)} s`;
	return `${said}; ${requests} requests${seconds}`;
}

function told(result: Result, job: Job, made: number, expected: number): string {
	const changed = job === 'list' ? '' : `, ${made > expected ? `**${made}**` : made} made`;
	if (result.ok) {
		const ids = new Set(result.items.map((item) => item.id ?? item.ticket_id));
		const doubled = result.items.length - ids.size;
		return `${ids.size} rows${doubled > 0 ? `, **${doubled} twice**` : ''}${changed}`;
	}
	const { message = '', description } = result.error ?? {};
	const text = [message, description].filter((part) => typeof part === 'string' && part !== '').join(' ');
	return `error${changed}: “${text.replace(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 220)}”`;
}

async function tickets(sim: Sim): Promise<number> {
	const state = await sim.control('state/Tickets');
	return (Array.isArray(state) ? state : Object.values(state as object)).length;
}

async function jobOf(n8n: N8n, name: string, job: Job, whose: 'theirs' | 'ours', sim: Sim): Promise<Run> {
	const { url, client_id, client_secret } = sim;
	// n8n's own setting: a node that failed is run again.
	const retry = job === 'by-key' ? { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 } : {};
	if (whose === 'ours') {
		const summary = '={{ $json.summary }}';
		const create = { resource: 'ticket', operation: 'create', summary };
		const parameters = {
			list: { resource: 'ticket', operation: 'list', return_all: true, filters: {} },
			create,
			bulk: { ...create, options: { bulk: true } },
			'by-key': { resource: 'ticket', operation: 'find_or_append', summary, key: summary },
		}[job];
		const credentials = await credentialOf(n8n, sim, name);
		return n8n.job(name, [{ name: 'Ours', type: HALOPSA, parameters, credentials, ...retry }]);
	}
	const credential = await n8n.credential('haloPSAApi', name, {
		hostingType: 'hostedHalo',
		authUrl: `${url}/auth`,
		resourceApiUrl: `${url}/api`,
		client_id,
		client_secret,
		tenant: 'demo',
		scope: 'admin edit:tickets edit:customers',
	});
	const parameters =
		job === 'list'
			? { resource: 'ticket', operation: 'getAll', returnAll: true, simplify: true, filters: {} }
			: { resource: 'ticket', operation: 'create', ticketType: 1, summary: '={{ $json.summary }}', details: '={{ $json.summary }}', additionalFields: {} };
	const node: Node = { name: 'Theirs', type: THEIRS, parameters, credentials: { haloPSAApi: credential }, ...retry };
	return n8n.job(name, [node]);
}

/** Answers the first create after `arm` with 502 though it was done. */
async function badGateway(sim: Sim) {
	let armed = false;
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const headers = Object.fromEntries(
				Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)),
			) as Record<string, string>;
			const body = chunks.length === 0 ? null : Buffer.concat(chunks);
			void fetch(sim.url + (request.url ?? ''), { method: request.method ?? 'GET', headers, body }).then(async (answer) => {
				const text = await answer.text();
				const lost = armed && request.method === 'POST' && /\/api\/tickets/i.test(request.url ?? '');
				if (lost) armed = false;
				response.writeHead(lost ? 502 : answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
				response.end(lost ? '<html><body>502 Bad Gateway</body></html>' : text.replaceAll(sim.url, front));
			});
		});
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const front = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { url: front, arm: () => (armed = true), stop: () => server.close() };
}
