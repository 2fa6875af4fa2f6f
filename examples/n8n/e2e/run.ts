// The package in a real n8n. `run.ts` does all; with arguments only the parts
// that are named: `jobs`, `safety`, `operations`, `triggers`, `templates`, `tool`, `pictures`, `compare`.

import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { startSim } from '../test/support/sim.ts';
import { compare } from './compare.ts';
import { jobs } from './jobs.ts';
import { N8n } from './n8n.ts';
import { operations } from './operations.ts';
import { walk } from './pictures.ts';
import { safety } from './safety.ts';
import { templates } from './templates.ts';
import { tool } from './tool.ts';
import { triggers } from './triggers.ts';

const COMPARISON = `# Beside n8n's built-in HaloPSA node

The same n8n (2.36.8), the same simulator, the same jobs: \`examples/n8n/e2e/run compare\` made this table. Each row begins
with a fresh simulator and one run before its trouble; the requests are those that reached the service, logins among them.
Each answer takes 50 ms longer, as from a service some way off. Times are those of one run on a shared machine: compare the
sizes, not the digits.

Rows on which this node is not ahead, or not in every respect:

- *200 created*: as many requests, several in flight; with *Bulk* four.
- *Page cap 50*: all pages have to be read, by both; here several at a time, and one request for each call of the component for the
  names of priorities, which the other node does not give.
- *A create that was cut off* or answered with 502 ends with an error in both, since the ticket may be there; this one says so,
  and that a second run could make a second ticket. With *Find or append*, a run repeated by n8n finds what the first one made.
- *429*: this node takes longer because it waits and then reads all, where the other one gives up.
- *An agent that sees nothing* gets an empty list from both: HaloPSA does not tell it from a list that is empty. The credential
  test of this node fails with the reason.

`;

const parts = new Set(process.argv.slice(2));
const wanted = (name: string) => parts.size === 0 || parts.has(name);
const sim = await startSim();
const n8n = await N8n.start('home');
try {
	if (wanted('jobs')) await jobs(n8n, sim);
	if (wanted('safety')) await safety(n8n, sim);
	if (wanted('operations')) await operations(n8n, sim);
	if (wanted('triggers')) await triggers(n8n, sim);
	if (wanted('templates')) await templates(n8n, sim);
	if (wanted('tool')) await tool(n8n, sim);
	if (wanted('pictures')) await walk(n8n, sim);
	if (wanted('compare')) {
		const table = await compare(n8n);
		writeFileSync(path.join(import.meta.dirname, '../docs/comparison.md'), `${COMPARISON}${table}\n`);
	}
} finally {
	await n8n.stop();
	sim.stop();
}
process.exit(0);
