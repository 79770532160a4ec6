// TypeScript of a JSON Schema on standard input: called by scripts/generate_types.py.

import { readFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';

const { schema, banner } = JSON.parse(readFileSync(0, 'utf8'));
const types = await compile(schema, 'Messages', {
  additionalProperties: false,
  bannerComment: banner,
  style: { printWidth: 100, singleQuote: true, trailingComma: 'none' }
});
process.stdout.write(types);
