// The fields for files that go in and come out. An operation that needs a file
// begins with its field; elsewhere it is among the additional ones.

import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Operation } from '../manifest.ts';
import { COLLECTIONS } from './fields.ts';
import { isObject } from './shapes.ts';
import { isGiven } from './values.ts';

const INPUT = 'inputFiles';
const OUTPUT = 'outputFile';

const HELP = 'The name of the input field containing the binary file data to be sent, or several with commas between them';

type Files = Pick<Operation, 'files'>;

export function neededFile({ files }: Files): INodeProperties[] {
	if (files?.takes !== true || files.needed !== true) return [];
	return [
		{
			displayName: 'Input Data Field Name',
			name: INPUT,
			type: 'string',
			default: 'data',
			placeholder: 'e.g. data',
			required: true,
			description: HELP,
			typeOptions: { binaryDataProperty: true },
		},
	];
}

export function optionalFile({ files }: Files): INodeProperties[] {
	if (files?.takes !== true || files.needed === true) return [];
	return [
		{
			displayName: 'Files (Input Data Field Name)',
			name: INPUT,
			type: 'string',
			default: 'data',
			placeholder: 'e.g. data',
			description: HELP,
		},
	];
}

export function outputFile({ files }: Files): INodeProperties[] {
	if (files?.gives !== true) return [];
	return [
		{
			displayName: 'Put Output File in Field',
			name: OUTPUT,
			type: 'string',
			default: 'data',
			description: 'The name of the output binary field to put the file in; further files get a number after it',
		},
	];
}

/** The binary fields of an item that are to be sent. */
export function filesToSend(self: IExecuteFunctions, { files }: Files, item: number): string[] {
	if (files?.takes !== true) return [];
	const collection: unknown = files.needed === true ? {} : self.getNodeParameter(COLLECTIONS.fields, item, {});
	const stated: unknown = files.needed === true ? self.getNodeParameter(INPUT, item, '') : isObject(collection) ? collection[INPUT] : undefined;
	const names = [stated].flat().flatMap((name) => (isGiven(name) ? String(name).split(',') : []));
	return names.map((name) => name.trim()).filter((name) => name !== '');
}

/** The binary field that a file comes out in. */
export function fileToGive(self: IExecuteFunctions, item: number): string {
	const stated = self.getNodeParameter(OUTPUT, item, 'data');
	return isGiven(stated) ? String(stated).trim() : 'data';
}
