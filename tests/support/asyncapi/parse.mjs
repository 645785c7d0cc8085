// Reads an AsyncAPI document from standard input and prints what the official parser says of it, as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The packages lie in a cache folder, not beside this file.
const { Parser } = createRequire(`${process.argv[2]}/`)('@asyncapi/parser');
const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const channels = document === undefined ? [] : document.channels().all();
console.log(
  JSON.stringify({
    valid: document !== undefined,
    diagnostics: diagnostics.map((found) => ({ severity: found.severity, code: found.code, message: found.message, path: found.path.join('.') })),
    channels: Object.fromEntries(channels.map((channel) => [channel.id(), channel.messages().all().map((message) => message.id()).sort()])),
  }),
);
