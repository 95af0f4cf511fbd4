// The documents in docs/api follow the rules of their formats, and the recorded messages match their schemas.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020.js';

const here = dirname(fileURLToPath(import.meta.url));
const api = resolve(here, '../../docs/api');
const read = (name) => readFileSync(join(api, name), 'utf8');
const examples = JSON.parse(read('examples.json'));
/** The existing documents that Spectral checks. */
const DOCUMENTS = ['asyncapi.yaml', 'openapi.json'].filter((name) => existsSync(join(api, name)));

/** Returns the document, and the errors and warnings of the AsyncAPI parser, which `asyncapi validate` uses. */
async function parse(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const problems = diagnostics.filter(({ severity }) => severity <= DiagnosticSeverity.Warning);
  return { document, problems: problems.map(({ code, message, path }) => `${path.join('.')}: ${code}: ${message}`) };
}

/** Returns the exit code of `spectral lint` and its output; a warning counts as an error. */
function lint(path) {
  const program = join(here, 'node_modules/@stoplight/spectral-cli/dist/index.js');
  const options = ['lint', '--fail-severity=warn', '--ruleset', join(here, '.spectral.yaml'), path];
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...options], (error, out, err) => resolve({ code: error ? error.code : 0, output: out + err }));
  });
}

describe('asyncapi.yaml', () => {
  let document;

  it('is valid AsyncAPI', async () => {
    const parsed = await parse(read('asyncapi.yaml'));
    assert.deepEqual(parsed.problems, []);
    ({ document } = parsed);
  });

  it('has an operation for each command, with both replies, and for each event', () => {
    const names = (messages) => messages.all().map((message) => message.name());
    const found = document
      .operations()
      .all()
      .map((operation) => {
        const replies = operation.reply() ? names(operation.reply().messages()) : [];
        return [operation.action(), ...names(operation.messages()), ...replies].join(' ');
      });
    const commands = Object.keys(examples.commands).map((name) => `send ${name} ${name}:success ${name}:error`);
    const events = Object.keys(examples.events).map((name) => `receive ${name}`);
    assert.deepEqual(found.sort(), [...commands, ...events].sort());
  });

  it('shows the recorded examples', () => {
    const shown = new Map(
      document
        .components()
        .messages()
        .all()
        .map((message) => [message.id(), message]),
    );
    const payload = (id) =>
      shown
        .get(id)
        .examples()
        .all()
        .map((example) => example.payload());
    for (const [name, { payload: sent, reply }] of Object.entries(examples.commands)) {
      const id = `command.${name.replaceAll(':', '.')}`;
      assert.deepEqual([payload(`${id}.payload`), payload(`${id}.success`)], [[sent], [reply]], name);
    }
    for (const [name, envelope] of Object.entries(examples.events)) {
      assert.deepEqual(payload(`event.${name.replaceAll(':', '.')}`), [envelope], name);
    }
  });

  it('has schemas that the examples match', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    for (const message of document.components().messages().all()) {
      const validate = ajv.compile(message.payload().json());
      for (const example of message.examples().all()) {
        assert.ok(validate(example.payload()), `${message.id()}: ${ajv.errorsText(validate.errors)}`);
      }
    }
  });

  it('is rejected with a dangling reference', async () => {
    const broken = read('asyncapi.yaml').replaceAll('"#/components/schemas/Task"', '"#/components/schemas/Tusk"');
    assert.notDeepEqual((await parse(broken)).problems, []);
  });
});

describe('schema.json', () => {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true });
  addFormats(ajv);
  for (const [format, limit] of [
    ['uint8', 255],
    ['uint32', 2 ** 32 - 1],
    ['uint64', Infinity],
  ]) {
    ajv.addFormat(format, { type: 'number', validate: (value) => Number.isInteger(value) && value >= 0 && value <= limit });
  }
  const schema = JSON.parse(read('schema.json'));
  ajv.addSchema(schema);
  const check = (name, value) => {
    const validate = ajv.getSchema(`${schema.$id}#/$defs/${name}`);
    assert.ok(validate, `there is no ${name}`);
    return validate(value) ? [] : validate.errors.map(({ instancePath, message }) => `${name}${instancePath} ${message}`);
  };

  it('has definitions that all compile', () => {
    for (const name of Object.keys(schema.$defs)) assert.ok(ajv.getSchema(`${schema.$id}#/$defs/${name}`), name);
  });

  it('describes the recorded messages', () => {
    for (const [name, { payload, reply }] of Object.entries(examples.commands)) {
      const id = `command.${name.replaceAll(':', '.')}`;
      assert.deepEqual([...check(`${id}.payload`, payload), ...check(`${id}.reply`, reply)], []);
    }
    for (const [name, envelope] of Object.entries(examples.events)) {
      assert.deepEqual(check(`event.${name.replaceAll(':', '.')}`, envelope), []);
    }
    assert.deepEqual(check('command.view.board.payload', 'launch'), []);
    assert.deepEqual(check('command.task.get.reply', { ok: false, error: 'no such task', code: 'NOT_FOUND' }), []);
  });

  it('rejects what the server rejects', () => {
    assert.notDeepEqual(check('command.task.create.payload', { boardId: 'launch' }), []);
    assert.notDeepEqual(check('command.task.create.payload', { boardId: 'launch', title: 'T', colour: 'red' }), []);
    assert.notDeepEqual(check('command.task.get.reply', { ok: false, error: 'no', code: 'NO' }), []);
    assert.notDeepEqual(check('event.task.created', { ...examples.events['task:created'], seq: undefined }), []);
  });
});

describe('spectral', () => {
  for (const name of DOCUMENTS) {
    it(`reports nothing about ${name}`, async (t) => {
      const { code, output } = await lint(join(api, name));
      t.diagnostic(output.trim());
      assert.equal(code, 0, output);
    });
  }
});
