// What `npm run build` made: the component in its two forms, and its manifest.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Manifest } from '../../src/manifest.ts';
import type { Artefact } from '../../src/runtime/component.ts';
import type { Machine } from '../../src/runtime/world.ts';

const generated = (file: string): Promise<unknown> => import(`../../generated/${file}`);

const bundle = (await generated('describe.bundle.mjs')) as { artefact: Artefact; describe(): Promise<string> };

export const artefact = bundle.artefact;
export const manifest = JSON.parse(await bundle.describe()) as Manifest;

/** Timers that keep the process alive, as n8n's server does. */
export const machine: Machine = {
	fetch,
	sleep: async (milliseconds, signal) => {
		await sleep(milliseconds, undefined, { signal });
	},
};
