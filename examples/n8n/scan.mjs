// What n8n's own scanner for community packages says of the package as it would
// be published. Each finding that is left is named here with its reason.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { analyzePackage } from '@n8n/scan-community-package/scanner/scanner.mjs';

const EXPECTED = {
	// Nothing is published yet. Author, homepage, repository and bugs are left out
	// of package.json, since there is no address that would be true: whoever
	// publishes the package adds all four.
	'@n8n/community-nodes/require-homepage': 'the publisher adds it',
	'@n8n/community-nodes/valid-author': 'the publisher adds it',
	'n8n-nodes-base/community-package-json-author-missing': 'the publisher adds it',
};

const folder = mkdtempSync(path.join(tmpdir(), 'n8n-scan-'));
const run = (command, ...options) => execFileSync(command, options, { encoding: 'utf8' });
try {
	const packed = run('npm', 'pack', '--silent', '--pack-destination', folder).trim().split('\n').at(-1);
	run('tar', '-xzf', path.join(folder, packed), '-C', folder);
	const { passed, details = '', message } = await analyzePackage(path.join(folder, 'package'));
	const found = [...details.matchAll(/^\s+\d+:\d+\s+(?:error|warning)\s.*?\s(\S+)$/gm)].map(([line, rule]) => ({ line: line.trim(), rule }));
	if (!passed && found.length === 0) throw new Error(`${message} ${details}`);
	const bad = found.filter(({ rule }) => !(rule in EXPECTED));
	for (const [rule, reason] of Object.entries(EXPECTED)) {
		if (found.some((each) => each.rule === rule)) console.log(`scanner: ${rule}: ${reason}`);
	}
	for (const { line } of bad) console.error(line);
	if (bad.length > 0) throw new Error(`n8n's scanner has ${bad.length} objections`);
	console.log('scanner: no other objection');
} finally {
	rmSync(folder, { recursive: true });
}
