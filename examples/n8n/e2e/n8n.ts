// A real n8n: started with our package in it, and driven through the interface
// that its own pages use.

import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { nodeAreas } from '../src/adapter/description.ts';
import type { Manifest } from '../src/manifest.ts';
import type { Sim } from '../test/support/sim.ts';

/** Where e2e/install has put n8n. */
export const WORK = process.env.N8N_E2E ?? path.join(import.meta.dirname, '.work');

const PREFIX = 'n8n-nodes-halopsa-component';
export const HALOPSA = `${PREFIX}.halopsa`;
export const BILLING = `${PREFIX}.halopsaBilling`;
export const ADMINISTRATION = `${PREFIX}.halopsaAdministration`;
export const TRIGGER = `${PREFIX}.halopsaTrigger`;
export const POLLING_TRIGGER = `${PREFIX}.halopsaPollingTrigger`;

const OWNER = { email: 'owner@example.com', firstName: 'Olga', lastName: 'Owner', password: 'Only-for-e2e-1' };
const PACKAGE = path.join(import.meta.dirname, '..');

export interface Node {
	name: string;
	type: string;
	parameters?: object;
	typeVersion?: number;
	credentials?: Record<string, { id: string; name: string }>;
	webhookId?: string;
	onError?: string;
	retryOnFail?: boolean;
	maxTries?: number;
	waitBetweenTries?: number;
}

export interface Result {
	ok: boolean;
	items: Array<Record<string, unknown>>;
	/** What n8n shows of a failed run. */
	error?: { message: string; description?: string; httpCode?: string };
	milliseconds: number;
}

export class N8n {
	readonly url: string;
	readonly home: string;
	readonly #environment: Record<string, string>;
	#children: ChildProcess[] = [];
	#cookie = '';

	constructor(home: string, port: number, environment: Record<string, string>) {
		this.home = home;
		this.url = `http://127.0.0.1:${port}`;
		this.#environment = {
			N8N_PORT: String(port),
			N8N_RUNNERS_BROKER_PORT: String(port + 1),
			WEBHOOK_URL: `${this.url}/`,
			...environment,
		};
	}

	/** A new n8n with the package as it is built now. */
	static async start(name: string, port = 5690, environment: Record<string, string> = {}): Promise<N8n> {
		const home = path.join(WORK, name);
		rmSync(home, { recursive: true, force: true });
		installPackage(home);
		const n8n = new N8n(home, port, environment);
		await n8n.up();
		await n8n.rest('POST', '/rest/owner/setup', OWNER);
		return n8n;
	}

	/** Starts the main process, again after `stop`. */
	async up(): Promise<void> {
		await this.#ready(this.spawn(['start'], this.#environment));
	}

	/** One more process of n8n, such as a worker. */
	spawn(command: string[], environment: Record<string, string>): ChildProcess {
		const child = spawn(process.execPath, [path.join(WORK, 'node_modules/n8n/bin/n8n'), ...command], {
			env: { ...process.env, ...SETTINGS, N8N_USER_FOLDER: this.home, ...environment },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const log = createWriteStream(path.join(this.home, `${command[0]}-${this.#children.length}.log`), { flags: 'a' });
		child.stdout.pipe(log);
		child.stderr.pipe(log);
		this.#children.push(child);
		process.once('exit', () => child.kill('SIGKILL'));
		return child;
	}

	async #ready(main: ChildProcess): Promise<void> {
		for (let tries = 0; tries < 240 && main.exitCode === null; tries += 1) {
			const up = await fetch(`${this.url}/rest/settings`).then(
				(response) => response.ok && response.headers.get('content-type')?.includes('json'),
				() => false,
			);
			if (up === true) return;
			await sleep(500);
		}
		throw new Error(`n8n did not start; see ${this.home}`);
	}

	async stop(): Promise<void> {
		for (const child of this.#children) {
			const gone = new Promise((resolve) => child.once('exit', resolve));
			if (child.exitCode !== null) continue;
			child.kill();
			await Promise.race([gone, sleep(10_000)]);
			child.kill('SIGKILL');
		}
		this.#children = [];
	}

	/** The owner's log-in, for a browser. */
	get owner(): typeof OWNER {
		return OWNER;
	}

	async rest<T>(method: string, where: string, body?: unknown): Promise<T> {
		const response = await fetch(this.url + where, {
			method,
			// A connection that is kept may be closed just now.
			headers: { 'content-type': 'application/json', cookie: this.#cookie, 'browser-id': 'e2e', connection: 'close' },
			body: body === undefined ? null : JSON.stringify(body),
		});
		const cookies = response.headers.getSetCookie().map((each) => each.split(';')[0]);
		if (cookies.length > 0) this.#cookie = cookies.join('; ');
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text.slice(0, 500)}`);
		const json = JSON.parse(text) as { data?: T };
		return json.data ?? (json as T);
	}

	credential(type: string, name: string, data: object): Promise<{ id: string; name: string }> {
		return this.rest('POST', '/rest/credentials', { name, type, data });
	}

	testCredential(type: string, data: object): Promise<{ status: string; message: string }> {
		return this.rest('POST', '/rest/credentials/test', { credentials: { id: '', name: 'tested', type, data } });
	}

	/** Saves a chain of nodes, each connected to the next where `more` says nothing else. */
	async save(name: string, nodes: Node[], more: object = {}): Promise<{ id: string; versionId: string }> {
		const placed = nodes.map((node, index) => ({
			id: `00000000-0000-4000-8000-00000000000${index}`,
			typeVersion: 1,
			parameters: {},
			position: [index * 240, 0],
			...node,
		}));
		const links = nodes.slice(0, -1).map((node, index) => [node.name, { main: [[{ node: nodes[index + 1]?.name, type: 'main', index: 0 }]] }]);
		return this.rest('POST', '/rest/workflows', {
			name,
			nodes: placed,
			connections: Object.fromEntries(links),
			settings: { executionOrder: 'v1' },
			...more,
		});
	}

	async activate(workflow: { id: string; versionId: string }): Promise<void> {
		await this.rest('POST', `/rest/workflows/${workflow.id}/activate`, { versionId: workflow.versionId });
		await this.#published(workflow);
	}

	async deactivate(workflow: { id: string }): Promise<void> {
		await this.rest('POST', `/rest/workflows/${workflow.id}/deactivate`, {});
		await this.#published(workflow);
	}

	/** Newer versions of n8n set triggers up, and take them down, after they have answered. */
	async #published({ id }: { id: string }): Promise<void> {
		const ask = () => this.rest<Publication>('GET', `/rest/workflows/${id}/publication-status`);
		// Older ones do not know the address.
		const asked = () => ask().catch((error: unknown) => (String(error).includes(': 404 ') ? undefined : Promise.reject(error as Error)));
		let publication = await asked();
		for (let tries = 0; tries < 300 && publication?.status === 'in_progress'; tries += 1) {
			await sleep(100);
			publication = await asked();
		}
		const failed = publication?.triggers.find(({ status }) => status === 'failed');
		if (failed !== undefined) throw new Error(`the trigger cannot be set up: ${failed.errorMessage}`);
	}

	/** A workflow that runs these nodes for each element that is posted to it. */
	async job(name: string, nodes: Node[]): Promise<(items: unknown[], timeout?: number) => Promise<Result>> {
		const address = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
		const workflow = await this.save(name, [
			{
				name: 'Webhook',
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2,
				webhookId: address,
				parameters: { httpMethod: 'POST', path: address, responseMode: 'lastNode', responseData: 'allEntries', options: {} },
			},
			{ name: 'Items', type: 'n8n-nodes-base.splitOut', parameters: { fieldToSplitOut: 'body.items', options: {} } },
			...nodes,
		]);
		await this.activate(workflow);
		return async (items, timeout = 60_000) => {
			const began = performance.now();
			const response = await fetch(`${this.url}/webhook/${address}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ items }),
				signal: AbortSignal.timeout(timeout),
			});
			const body = (await response.json()) as unknown;
			const milliseconds = performance.now() - began;
			if (response.ok) return { ok: true, items: body as Result['items'], milliseconds };
			const error = (await this.lastError(workflow.id)) ?? { message: `${response.status} ${JSON.stringify(body)}` };
			return { ok: false, items: [], milliseconds, error };
		};
	}

	async executions(workflow: string): Promise<Array<{ id: string; status: string }>> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId: workflow }));
		const found = await this.rest<{ results: Array<{ id: string; status: string }> }>(
			'GET',
			`/rest/executions?filter=${filter}&limit=100`,
		);
		return found.results;
	}

	async execution(id: string): Promise<ExecutionData> {
		const { data } = await this.rest<{ data: string }>('GET', `/rest/executions/${id}`);
		const { parse } = createRequire(path.join(WORK, 'node_modules/n8n/package.json'))('flatted') as typeof JSON;
		return parse(data) as ExecutionData;
	}

	/** Runs a saved workflow as a person would who clicks on it; says what its nodes gave. */
	async runManually(workflow: { id: string }, trigger: string): Promise<ExecutionData['resultData']> {
		const { executionId } = await this.rest<{ executionId: string }>('POST', `/rest/workflows/${workflow.id}/run`, {
			triggerToStartFrom: { name: trigger },
		});
		for (let tries = 0; tries < 300; tries += 1) {
			const [found] = (await this.executions(workflow.id)).filter(({ id }) => id === executionId);
			if (found !== undefined && !['new', 'running', 'waiting'].includes(found.status)) {
				return (await this.execution(executionId)).resultData;
			}
			await sleep(100);
		}
		throw new Error(`execution ${executionId} does not end`);
	}

	/** What a node of an active workflow gave, over all executions, the oldest first. */
	async given(workflow: { id: string }, node: string): Promise<Array<Record<string, unknown>>> {
		const all: Array<Record<string, unknown>> = [];
		for (const { id } of (await this.executions(workflow.id)).reverse()) {
			all.push(...itemsOf((await this.execution(id)).resultData, node));
		}
		return all;
	}

	async lastError(workflow: string): Promise<Result['error']> {
		const [last] = await this.executions(workflow);
		return last === undefined ? undefined : (await this.execution(last.id)).resultData.error;
	}
}

interface Publication {
	status: string;
	triggers: Array<{ status: string; errorMessage: string | null }>;
}

interface ExecutionData {
	resultData: {
		error?: { message: string; description?: string; httpCode?: string };
		runData: Record<string, Array<{ data?: { main: Array<Array<{ json: Record<string, unknown> }> | null> } }>>;
	};
}

/** The items of a node, over all its runs, at one of its outputs. */
export function itemsOf({ runData }: ExecutionData['resultData'], node: string, output = 0): Array<Record<string, unknown>> {
	return (runData[node] ?? []).flatMap(({ data }) => data?.main[output] ?? []).map(({ json }) => json);
}

/** The node that has a resource of the component. */
export function nodeFor(manifest: Manifest, resource: string): string {
	const group = manifest.resources?.find(({ name }) => name === resource)?.group ?? '';
	const area = nodeAreas(manifest).find((each) => each.area?.groups.includes(group) === true);
	return `${PREFIX}.${area?.name ?? manifest.name}`;
}

/** What a credential for the simulator holds. */
export const dataOf = ({ url, client_id, client_secret }: Pick<Sim, 'url' | 'client_id' | 'client_secret'>) => ({
	hosting_type: 'hosted',
	url,
	client_id,
	client_secret,
});

/** A credential for the simulator, as a node refers to it. */
export async function credentialOf(n8n: N8n, sim: Pick<Sim, 'url' | 'client_id' | 'client_secret'>, name: string) {
	return { halopsaApi: await n8n.credential('halopsaApi', name, dataOf(sim)) };
}

/** A value of a resource locator. */
export const byId = (value: unknown) => ({ __rl: true, mode: 'id', value });

/** Packs what is built and installs it as the README says, in a home folder that has packages of its own. */
export function installPackage(home: string): void {
	const nodes = path.join(home, '.n8n/nodes');
	mkdirSync(path.join(home, 'node_modules'), { recursive: true });
	writeFileSync(path.join(home, 'package.json'), '{"name":"home","private":true}');
	const run = (command: string, ...options: string[]) => execFileSync(command, options, { cwd: home, encoding: 'utf8' });
	const packed = run('npm', 'pack', '--silent', '--pack-destination', home, PACKAGE).trim().split('\n').at(-1) ?? '';
	run('npm', 'install', '--silent', '--prefix', nodes, '--legacy-peer-deps', '--ignore-scripts', `./${packed}`);
}

/** Nothing that talks to the world, and a key that is no secret. */
const SETTINGS = {
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_SECURE_COOKIE: 'false',
	N8N_ENCRYPTION_KEY: 'only-for-e2e',
	N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
	NODE_NO_WARNINGS: '1',
};
