// A HaloPSA to try things against: the simulator of this repository.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const BINARY = process.env.HALO_SIM ?? path.join(import.meta.dirname, '../../../../target/debug/halo-sim');

export interface Sim {
	url: string;
	client_id: string;
	client_secret: string;
	/** Its control interface, below `/_sim`. */
	control(what: string, body?: unknown, method?: string): Promise<unknown>;
	/** Requests that came in since the start or the last `forget`. */
	requests(): Promise<Array<{ method: string; path: string; status: number }>>;
	forget(): Promise<void>;
	stop(): void;
}

export async function startSim(...quirks: string[]): Promise<Sim> {
	if (!existsSync(BINARY)) throw new Error('Build the simulator first: cargo build -p halo-sim');
	const options = quirks.flatMap((quirk) => ['--quirk', quirk]);
	const child = spawn(BINARY, options, { stdio: ['ignore', 'pipe', 'inherit'] });
	process.once('exit', () => child.kill());
	const line = await new Promise<string>((resolve, reject) => {
		child.stdout.once('data', (data) => resolve(String(data)));
		child.once('exit', () => reject(new Error('the simulator ended')));
	});
	const about = JSON.parse(line) as Pick<Sim, 'url' | 'client_id' | 'client_secret'>;
	const control: Sim['control'] = async (what, body, method = body === undefined ? 'GET' : 'POST') => {
		const response = await fetch(`${about.url}/_sim/${what}`, {
			method,
			// A connection that is kept may be closed just now.
			headers: { 'content-type': 'application/json', connection: 'close' },
			body: body === undefined ? null : JSON.stringify(body),
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`${what}: ${text}`);
		return text === '' ? undefined : (JSON.parse(text) as unknown);
	};
	return {
		...about,
		control,
		requests: async () => (await control('requests')) as Awaited<ReturnType<Sim['requests']>>,
		forget: async () => {
			await control('requests', undefined, 'DELETE');
		},
		stop: () => {
			child.kill();
		},
	};
}
