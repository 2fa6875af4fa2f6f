// Pictures of the nodes in n8n's own pages, taken by headless Chromium.

import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import type { N8n } from './n8n.ts';
import { WORK } from './n8n.ts';

const DOCS = path.join(import.meta.dirname, '../docs');

/** The part of playwright-core that is used; it is installed beside n8n only. */
interface Locator {
	click(options?: object): Promise<void>;
	dblclick(options?: object): Promise<void>;
	fill(text: string): Promise<void>;
	first(): Locator;
	or(other: Locator): Locator;
	nth(index: number): Locator;
	count(): Promise<number>;
	waitFor(options?: object): Promise<void>;
	locator(selector: string): Locator;
	screenshot(options?: object): Promise<unknown>;
	innerText(): Promise<string>;
}

export interface Page {
	goto(url: string, options?: object): Promise<unknown>;
	getByTestId(id: string): Locator;
	getByText(text: string | RegExp, options?: object): Locator;
	getByRole(role: string, options?: object): Locator;
	locator(selector: string): Locator;
	screenshot(options?: object): Promise<unknown>;
	waitForTimeout(milliseconds: number): Promise<void>;
	setViewportSize(size: { width: number; height: number }): Promise<void>;
	mouse: { move(x: number, y: number): Promise<void>; wheel(x: number, y: number): Promise<void> };
	keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
	url(): string;
}

export async function openBrowser(n8n: N8n): Promise<{ page: Page; close(): Promise<void> }> {
	const require = createRequire(path.join(WORK, 'package.json'));
	const { chromium } = require('playwright-core') as {
		chromium: { launch(options: object): Promise<{ newPage(options: object): Promise<Page>; close(): Promise<void> }> };
	};
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox'],
	});
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	await page.goto(`${n8n.url}/signin`);
	await page.locator('input[name=emailOrLdapLoginId]').fill(n8n.owner.email);
	await page.locator('input[type=password]').fill(n8n.owner.password);
	await page.keyboard.press('Enter');
	await page.waitForTimeout(3000);
	return { page, close: () => browser.close() };
}

export async function picture(page: Page, name: string): Promise<void> {
	mkdirSync(DOCS, { recursive: true });
	await page.screenshot({ path: path.join(DOCS, `${name}.png`) });
}
