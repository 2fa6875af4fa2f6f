// The imports of a component, on `fetch` and timers: `wasi:io`, `wasi:clocks`
// and the outgoing half of `wasi:http`, all of 0.2. One `World` for one call.
//
// A guest runs without a break from one wait to the next, and while it runs no
// promise settles. So what it sees changes only while it waits, and there are
// two ways to wait: its stack is suspended (JSPI), or it is left and run again
// from the start, with the same answers up to the same place.

import { HttpExchange } from './exchange.ts';
import type { ErrorCode } from './exchange.ts';
import * as resources from './resources.ts';
import type { OutgoingRequest, View } from './resources.ts';
import { FutureIncomingResponse, Pollable } from './resources.ts';

/** What a call needs of the machine. */
export interface Machine {
	fetch: typeof fetch;
	/** Settles after this time, or rejects when the signal fires. */
	sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** May a request go to this URL? */
export type Gate = (url: URL) => boolean;

/** How a guest waits: its stack is suspended, or it is run again. */
export type Waiting = 'suspend' | 'replay';

/** Thrown through a guest that has to wait and cannot be suspended. */
class MustWait {
	readonly until: readonly Pollable[];

	constructor(until: readonly Pollable[]) {
		this.until = until;
	}
}

/** What one call of a guest sees of the world. */
export class World implements View {
	readonly drops: boolean;
	readonly #machine: Machine;
	readonly #gate: Gate;
	readonly #call = new AbortController();
	/** In the order in which the guest began them, over all its runs. */
	readonly #exchanges: HttpExchange[] = [];
	/** How many of them this run has begun. */
	#begun = 0;
	/** The time after each wait, the beginning first. Only replay adds any. */
	readonly #moments = [clock()];
	/** How many waits this run has passed. */
	#passed = 0;

	constructor(machine: Machine, gate: Gate, waiting: Waiting) {
		this.#machine = machine;
		this.#gate = gate;
		this.drops = waiting === 'suspend';
	}

	/** Lets go of whatever is still under way. */
	close(): void {
		this.#call.abort();
	}

	/** Waits for what a run stopped at, and makes ready for the next run; throws on what else ended it. */
	async resume(stop: unknown): Promise<void> {
		if (!(stop instanceof MustWait)) throw stop;
		await this.#wait(stop.until);
		this.#moments.push(clock());
		this.#passed = 0;
		this.#begun = 0;
	}

	poll(pollables: readonly Pollable[]): Uint32Array | Promise<Uint32Array> {
		const ready = readyOnes(pollables);
		if (ready.length > 0) return ready;
		if (this.drops) return this.#wait(pollables).then(() => this.poll(pollables));
		if (this.#passed + 1 === this.#moments.length) throw new MustWait(pollables);
		this.#passed += 1;
		return this.poll(pollables);
	}

	sees(wait: number): boolean {
		return this.drops || wait <= this.#passed;
	}

	async #wait(pollables: readonly Pollable[]): Promise<void> {
		const rest = new AbortController();
		const signal = AbortSignal.any([rest.signal, this.#call.signal]);
		try {
			await Promise.race(pollables.map((pollable) => pollable.settles(signal)));
		} finally {
			rest.abort();
		}
	}

	#now(): bigint {
		return this.drops ? clock() : (this.#moments[this.#passed] ?? clock());
	}

	#alarm(when: bigint): Pollable {
		return new Pollable(
			this,
			() => this.#now() >= when,
			async (signal) => {
				// A timer may fire a fraction of a millisecond early.
				while (clock() < when && !signal.aborted) {
					const milliseconds = Number((when - clock()) / 1_000_000n) + 1;
					await this.#machine.sleep(Math.min(milliseconds, 0x7fffffff), signal).catch(() => undefined);
				}
			},
		);
	}

	#handle(request: OutgoingRequest): FutureIncomingResponse {
		const url = request.url();
		if (url === undefined) throw { tag: 'HTTP-request-URI-invalid' } satisfies ErrorCode;
		if (!this.#gate(url)) throw { tag: 'HTTP-request-denied' } satisfies ErrorCode;
		const known = this.#exchanges[this.#begun];
		this.#begun += 1;
		if (known !== undefined) return new FutureIncomingResponse(this, known);
		const exchange = new HttpExchange({
			fetch: this.#machine.fetch,
			outgoing: { method: request.method, url, headers: request.headers.list },
			signal: this.#call.signal,
			whole: !this.drops,
			wait: () => this.#moments.length,
		});
		this.#exchanges.push(exchange);
		const body = request.content;
		if (body === undefined) {
			exchange.send(undefined);
		} else {
			body.onFinish = (bytes) => exchange.send(bytes);
			body.onDrop = () => exchange.cancel();
		}
		return new FutureIncomingResponse(this, exchange);
	}

	/** The imports, by interface name without version. */
	imports(): Record<string, Record<string, unknown>> {
		const { InputStream, IoError, OutputStream, ...http } = resources;
		return {
			'wasi:clocks/monotonic-clock': {
				now: () => this.#now(),
				resolution: () => 1_000n,
				subscribeInstant: (when: bigint) => this.#alarm(when),
				subscribeDuration: (duration: bigint) => this.#alarm(this.#now() + duration),
			},
			'wasi:io/poll': { Pollable, poll: (pollables: Pollable[]) => this.poll(pollables) },
			'wasi:io/error': { Error: IoError },
			'wasi:io/streams': { InputStream, OutputStream },
			'wasi:http/types': { ...http, httpErrorCode: (error: resources.IoError) => error.code },
			'wasi:http/outgoing-handler': { handle: (request: OutgoingRequest) => this.#handle(request) },
		};
	}
}

function readyOnes(pollables: readonly Pollable[]): Uint32Array {
	return Uint32Array.from(pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : [])));
}

/** Nanoseconds since some beginning. */
function clock(): bigint {
	return BigInt(Math.round(performance.now() * 1e6));
}
