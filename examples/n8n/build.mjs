// Builds the package from a component: `npm run build [-- COMPONENT.wasm]`.
//
// 1. The component is transpiled twice: for engines that can suspend a stack,
//    and for the others (src/runtime/component.ts).
// 2. Everything is bundled into dist/component.js; n8n-workflow stays outside,
//    n8n brings it along.
// 3. For each credential and node that its manifest gives, an entry file is
//    written that n8n finds, and package.json lists them.

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

import { transpile } from '@bytecodealliance/jco';
import { build } from 'esbuild';

import { manifestIn } from './src/section.mts';

const here = import.meta.dirname;
const source = path.resolve(process.argv[2] ?? path.join(here, '../../target/node/wasm32-wasip2/node/halopsa_node.wasm'));
const generated = path.join(here, 'generated');
const dist = path.join(here, 'dist');

/** What may have to wait. */
const ASYNC_EXPORTS = {
	node: ['authenticate', 'execute'],
	setup: ['prepare', 'check'],
	lookup: ['options'],
	triggers: ['poll', 'subscribe', 'unsubscribe', 'receive'],
};
const ASYNC_IMPORTS = [
	'wasi:io/poll#poll',
	'wasi:io/poll#[method]pollable.block',
	'wasi:io/streams#[method]input-stream.blocking-read',
];

/** The generated code and the core modules, the same ones for both ways to wait. */
async function transpiled(component, waiting) {
	const suspend = {
		asyncMode: 'jspi',
		asyncImports: ASYNC_IMPORTS,
		asyncExports: Object.entries(ASYNC_EXPORTS).flatMap(([name, functions]) =>
			functions.map((each) => `workflow:node/${name}@0.2.0#${each}`),
		),
	};
	const { files } = await transpile(component, {
		name: 'node',
		instantiation: 'async',
		wasiShim: false,
		typescript: false,
		minify: true,
		base64Cutoff: 0,
		...(waiting === 'suspend' ? suspend : {}),
	});
	return Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith('.d.ts')));
}

/**
 * Generated code can do more than a community node may: it looks into the environment whether to print each of its steps,
 * and would read files where it is not given the modules. Nothing of that is in the package.
 */
function tamed(bytes) {
	const without = (code, what, pattern, by) => {
		const rest = code.replaceAll(pattern, by);
		if (rest === code) throw new Error(`generated code has changed: ${what} has moved`);
		return rest;
	};
	let code = Buffer.from(bytes).toString();
	code = without(code, 'the debug log', /globalThis\?\.process\?\.env\?\.JCO_DEBUG&&console\.debug\(\.\.\.\w+\)/g, '');
	code = without(
		code,
		'the reading of files',
		/(\w+)=typeof process<`u`&&process\.versions&&process\.versions\.node,(\w+);async function (\w+)\(\w+\)\{return \1\?.*?compileStreaming\)\}/g,
		'$1,$2;async function $3(){throw Error(`no files here`)}',
	);
	return without(code, 'a global', /\bglobalThis\.WebAssembly\b/g, 'WebAssembly');
}

async function bundle(entry, outfile, options) {
	await build({
		entryPoints: [path.join(generated, entry)],
		outfile,
		bundle: true,
		platform: 'node',
		target: 'node24',
		loader: { '.wasm': 'binary' },
		// Where generated code would look for files; it is given the modules.
		define: { 'import.meta.url': '"file:///"' },
		logLevel: 'warning',
		...options,
	});
}

await rm(generated, { recursive: true, force: true });
await rm(dist, { recursive: true, force: true });
await mkdir(generated, { recursive: true });

const component = await readFile(source);
const modules = new Set();
for (const waiting of ['suspend', 'replay']) {
	for (const [name, bytes] of Object.entries(await transpiled(component, waiting))) {
		const file = name.endsWith('.js') ? `${waiting}.mjs` : name;
		const known = modules.has(file) ? await readFile(path.join(generated, file)) : undefined;
		if (known !== undefined && !known.equals(bytes)) throw new Error(`${file} differs between the two ways to wait`);
		await writeFile(path.join(generated, file), file.endsWith('.mjs') ? tamed(bytes) : bytes);
		if (file.endsWith('.wasm')) modules.add(file);
	}
}

const imports = [...modules].map((file, index) => `import core${index} from './${file}';`);
const members = [...modules].map((file, index) => `${JSON.stringify(file)}: core${index}`);
await writeFile(
	path.join(generated, 'artefact.mjs'),
	`import * as suspend from './suspend.mjs';
import * as replay from './replay.mjs';
${imports.join('\n')}
export const artefact = { glue: { suspend, replay }, modules: { ${members.join(', ')} } };
`,
);

// For the tests.
await bundle('artefact.mjs', path.join(generated, 'artefact.bundle.mjs'), { format: 'esm' });

await writeFile(path.join(generated, 'manifest.json'), manifestIn(component));
await writeFile(
	path.join(generated, 'component.mjs'),
	`import { artefact } from './artefact.mjs';
import manifest from './manifest.json';
import { nodesOf } from '../src/nodes.ts';
export const { credentials, nodes } = nodesOf(JSON.parse(manifest), artefact);
`,
);
await bundle('component.mjs', path.join(dist, 'component.js'), {
	format: 'cjs',
	external: ['n8n-workflow'],
	legalComments: 'none',
	drop: ['console'],
	inject: [path.join(here, 'src/adapter/timers.ts')],
	loader: { '.wasm': 'binary', '.json': 'text' },
});

const { credentials, nodes } = createRequire(import.meta.url)(path.join(dist, 'component.js'));
const written = { credentials: [], nodes: [] };
for (const [kind, classes] of Object.entries({ credentials, nodes })) {
	await mkdir(path.join(dist, kind), { recursive: true });
	await copyFile(path.join(here, 'icon.svg'), path.join(dist, kind, 'icon.svg'));
	for (const name of Object.keys(classes)) {
		const file = `dist/${kind}/${name}.${kind === 'nodes' ? 'node' : 'credentials'}.js`;
		await writeFile(path.join(here, file), `module.exports.${name} = require('../component.js').${kind}.${name};\n`);
		written[kind].push(file);
	}
}

const file = path.join(here, 'package.json');
const about = JSON.parse(await readFile(file, 'utf8'));
if (JSON.stringify({ ...about.n8n, ...written }) !== JSON.stringify(about.n8n)) {
	about.n8n = { ...about.n8n, ...written };
	await writeFile(file, `${JSON.stringify(about, null, 2)}\n`);
	console.log('package.json lists other nodes now.');
}
