// Walks through n8n's pages as a person would, and takes the pictures of the
// README on the way.

import assert from 'node:assert/strict';

import type { Sim } from '../test/support/sim.ts';
import type { N8n } from './n8n.ts';
import { openBrowser, picture } from './screens.ts';

const OURS = 'n8n-nodes-halopsa-component.halopsa';

export async function walk(n8n: N8n, sim: Sim): Promise<void> {
	const { url, client_id, client_secret } = sim;
	const credential = await n8n.credential('halopsaApi', 'HaloPSA', { hosting_type: 'hosted', url, client_id, client_secret });
	const credentials = { halopsaApi: credential };
	const chain = (name: string, parameters: object) =>
		n8n.save(name, [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
			{ name: 'HaloPSA', type: OURS, parameters, credentials },
		]);
	const created = await chain('Create a ticket', {
		resource: 'ticket',
		operation: 'create',
		summary: 'Printer on the third floor prints blank pages',
		tickettype_id: { __rl: true, mode: 'list', value: 1, cachedResultName: 'Incident' },
		additionalFields: { client_id: { __rl: true, mode: 'list', value: '' } },
	});
	const missing = await chain('Read a ticket that is not there', { resource: 'ticket', operation: 'get', id: 99999 });

	const { page, close } = await openBrowser(n8n);
	try {
		await page.goto(`${n8n.url}/home/credentials/${credential.id}`);
		await page.getByText('Connection tested successfully').or(page.getByText('Client secret')).first().waitFor();
		await page.waitForTimeout(3000);
		await picture(page, 'credential');

		await page.goto(`${n8n.url}/workflow/${created.id}`);
		await page.locator('[data-test-id=canvas-node]').nth(1).dblclick();
		await page.locator('[data-test-id=rlc-input]').nth(1).click();
		await page.locator('[data-test-id=rlc-item]').first().waitFor();
		await page.keyboard.type('log');
		await page.waitForTimeout(3000);
		await picture(page, 'dropdown');
		await page.locator('[data-test-id=rlc-item]').first().click();
		await page.getByText('Execute step').first().click();
		await page.getByText(/items?$/).first().waitFor();
		await page.waitForTimeout(3000);
		await picture(page, 'ticket');

		await page.goto(`${n8n.url}/workflow/${missing.id}`);
		await page.locator('[data-test-id=canvas-node]').nth(1).dblclick();
		await page.getByText('Execute step').first().click();
		await page.getByText('HaloPSA has no such record').first().waitFor();
		await page.waitForTimeout(1500);
		await picture(page, 'error');
		const shown = await page.locator('[data-test-id=output-panel]').innerText();
		assert.match(shown, /Check the id/, 'the advice is shown');
	} catch (error) {
		await picture(page, 'last-seen');
		throw error;
	} finally {
		await close();
	}
}
