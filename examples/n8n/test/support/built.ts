// What `npm run build` made: the component in its two forms, and its manifest.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Manifest } from '../../src/manifest.ts';
import type { Artefact } from '../../src/runtime/component.ts';
import type { Machine } from '../../src/runtime/world.ts';

const generated = path.join(import.meta.dirname, '../../generated');

export const { artefact } = (await import(path.join(generated, 'artefact.bundle.mjs'))) as { artefact: Artefact };
export const manifest = JSON.parse(await readFile(path.join(generated, 'manifest.json'), 'utf8')) as Manifest;

/** Timers that keep the process alive, as n8n's server does. */
export const machine: Machine = {
	fetch,
	sleep: async (milliseconds, signal) => {
		await sleep(milliseconds, undefined, { signal });
	},
};
