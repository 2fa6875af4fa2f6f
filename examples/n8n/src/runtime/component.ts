// Runs the component: a fresh instance for each call, and the event loop free
// while the call waits.
//
// Where WebAssembly can suspend a stack (JSPI, seen in Node 24.21 without a
// flag) it does. Elsewhere the call is run again from the start whenever it has
// to wait, with the same answers as before (`world.ts`): no request is sent
// twice, at the price of computing the same thing again. It needs neither
// threads nor flags.

import type { Exports, Glue } from './contract.ts';
import { World } from './world.ts';
import type { Gate, Machine, Waiting } from './world.ts';

/** What the build made of the component. */
export interface Artefact {
	/** The two forms of the generated code. */
	glue: Record<Waiting, Glue>;
	/** The core modules by file name. */
	modules: Record<string, Uint8Array<ArrayBuffer>>;
}

export class Component {
	readonly waiting: Waiting;
	readonly #glue: Glue;
	readonly #sources: Artefact['modules'];
	readonly #modules = new Map<string, Promise<WebAssembly.Module>>();
	readonly #machine: Machine;

	constructor(artefact: Artefact, machine: Machine, waiting = best()) {
		this.waiting = waiting;
		this.#glue = artefact.glue[waiting];
		this.#sources = artefact.modules;
		this.#machine = machine;
	}

	/** One call; `gate` decides which requests leave. */
	async call<T>(gate: Gate, run: (exports: Exports) => Promise<T> | T): Promise<T> {
		const world = new World(this.#machine, gate, this.waiting);
		try {
			for (;;) {
				const instance = await this.#glue.instantiate((name) => this.#module(name), world.imports());
				try {
					return await run(instance);
				} catch (stop) {
					await world.resume(stop);
				}
			}
		} finally {
			world.close();
		}
	}

	/** Compiled once for all calls. */
	#module(name: string): Promise<WebAssembly.Module> {
		const known = this.#modules.get(name);
		if (known !== undefined) return known;
		const source = this.#sources[name];
		if (source === undefined) return Promise.reject(new Error(`The package lacks ${name}.`));
		const compiled = WebAssembly.compile(source);
		this.#modules.set(name, compiled);
		return compiled;
	}
}

function best(): Waiting {
	return 'Suspending' in WebAssembly && 'promising' in WebAssembly ? 'suspend' : 'replay';
}
