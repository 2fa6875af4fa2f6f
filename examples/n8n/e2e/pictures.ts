// Walks through n8n's pages as a person would, and takes the pictures of the
// README on the way.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node } from './n8n.ts';
import { HALOPSA, TRIGGER, byId, dataOf } from './n8n.ts';
import type { Page } from './screens.ts';
import { openBrowser, picture } from './screens.ts';

const chosen = (value: number | string, cachedResultName: string) => ({ __rl: true, mode: 'list', value, cachedResultName });

export async function walk(n8n: N8n, sim: Sim): Promise<void> {
	await sim.control('reset', {});
	const credential = await n8n.credential('halopsaApi', 'HaloPSA', dataOf(sim));
	const credentials = { halopsaApi: credential };
	const chain = (name: string, parameters: object) =>
		n8n.save(name, [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
			{ name: 'HaloPSA', type: HALOPSA, parameters, credentials },
		]);
	const create = { resource: 'ticket', operation: 'create' };
	const { page, close } = await openBrowser(n8n);
	const open = async (workflow: { id: string }, node: number) => {
		await page.goto(`${n8n.url}/workflow/${workflow.id}`);
		await page.locator('[data-test-id=canvas-node]').nth(node).dblclick();
		await page.getByText('Parameters').first().waitFor();
		await page.waitForTimeout(1500);
	};
	try {
		await page.setViewportSize({ width: 1280, height: 1060 });
		await page.goto(`${n8n.url}/home/credentials/${credential.id}`);
		await page.getByText('Connection tested successfully').first().waitFor();
		await page.waitForTimeout(1500);
		await picture(page, 'credential');
		await page.setViewportSize({ width: 1400, height: 900 });

		await open(await chain('Create a ticket', {
			...create,
			summary: 'Printer on the third floor prints blank pages',
			tickettype_id: chosen(1, 'Incident'),
			client_id: { __rl: true, mode: 'list', value: '' },
		}), 1);
		await page.locator('[data-test-id=rlc-input]').first().click();
		await page.locator('[data-test-id=rlc-item]').first().waitFor();
		await page.keyboard.type('log');
		await page.waitForTimeout(3000);
		await picture(page, 'dropdown');
		await page.locator('[data-test-id=rlc-item]').first().click();
		await execute(page);
		await page.getByText(/items?$/).first().waitFor();
		await page.getByText('JSON', { exact: true }).nth(1).click();
		// Until the note that it went well is gone.
		await page.waitForTimeout(8000);
		await picture(page, 'ticket');

		await open(await chain('A form of its own', { ...create, summary: 'Replace the core switch', tickettype_id: chosen(4, 'Change Request') }), 1);
		await page.setViewportSize({ width: 1400, height: 1300 });
		await page.getByText('Change Window').first().waitFor();
		await page.waitForTimeout(2000);
		await picture(page, 'custom-fields');
		await page.setViewportSize({ width: 1400, height: 900 });

		await open(await chain('Read a ticket that is not there', { resource: 'ticket', operation: 'get', id: byId('99999') }), 1);
		await execute(page);
		await page.getByText('HaloPSA has no such record').first().waitFor();
		await page.waitForTimeout(1500);
		await picture(page, 'error');
		const shown = await page.locator('[data-test-id=output-panel]').innerText();
		assert.match(shown, /Check the id/, 'the advice is shown');

		const trigger: Node = {
			name: 'HaloPSA Service Desk Trigger',
			type: TRIGGER,
			parameters: { event: 'ticket.status_changed', filters: { client_id: chosen(3, 'Nordlicht Logistik Ltd') } },
			credentials,
			webhookId: 'pictures',
		};
		await open(await n8n.save('When a status changes', [trigger, { name: 'End', type: 'n8n-nodes-base.noOp' }]), 0);
		await picture(page, 'trigger');

		const template = JSON.parse(readFileSync(path.join(import.meta.dirname, '../templates/alert-to-ticket.json'), 'utf8')) as object;
		const imported = await n8n.rest<{ id: string }>('POST', '/rest/workflows', template);
		await page.goto(`${n8n.url}/workflow/${imported.id}`);
		await page.locator('[data-test-id=canvas-node]').first().waitFor();
		await page.waitForTimeout(2500);
		await picture(page, 'template');
	} catch (error) {
		await picture(page, 'last-seen');
		throw error;
	} finally {
		await close();
	}
	console.log('pictures: taken');
}

async function execute(page: Page): Promise<void> {
	await page.getByText('Execute step').first().click();
}
