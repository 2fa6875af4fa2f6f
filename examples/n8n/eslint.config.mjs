import { config } from '@n8n/node-cli/eslint';

export default [
	{ ignores: ['generated/', 'e2e/.work/'] },
	...config,
	{
		files: ['package.json'],
		rules: {
			// Whoever publishes the package names themselves and their page.
			'@n8n/community-nodes/require-homepage': 'off',
			'@n8n/community-nodes/valid-author': 'off',
			'n8n-nodes-base/community-package-json-author-missing': 'off',
		},
	},
	{
		// Tests run beside n8n, not in it.
		files: ['test/**/*.ts', 'e2e/**/*.ts'],
		rules: {
			'@n8n/community-nodes/no-dangerous-functions': 'off',
			'@n8n/community-nodes/no-restricted-globals': 'off',
			'@n8n/community-nodes/no-restricted-imports': 'off',
			'@n8n/community-nodes/require-node-api-error': 'off',
			'import-x/no-unresolved': 'off',
			'no-console': 'off',
		},
	},
];
