// n8n loads `n8n-workflow` by `require`, and its form for `import` is meant for
// bundlers: here, too, the first one is taken.

import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const file = pathToFileURL(createRequire(import.meta.url).resolve('n8n-workflow')).href;

registerHooks({
	resolve: (specifier, context, next) =>
		specifier === 'n8n-workflow' ? { url: file, format: 'commonjs', shortCircuit: true } : next(specifier, context),
});
