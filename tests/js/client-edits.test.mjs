// Texts that several users edit at the same time with @boardwire/client: nobody's text is overwritten unseen, whoever saves
// first, online or offline.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { seededRandom, SEED, until } from './random.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';
import { token } from './server.mjs';

describe('edits of @boardwire/client', { timeout: patient(120_000) }, () => {
  const fixture = startFixture({
    users: ['ann', 'bob'],
    // Text is sent only on `flush`.
    options: { edits: { debounceMs: 600_000, maxWaitMs: 600_000 } },
  });
  let boardId, taskId;
  let number = 0;

  /** Connects a client and opens the board. */
  const openAs = async (user, url) => {
    const client = fixture.connect(user, {}, url);
    const board = client.openBoard(boardId);
    await board.ready();
    return { client, board, shown: () => board.getSnapshot().tasks.get(taskId).description };
  };
  const stored = async () => (await fixture.keeper.ask('task:get', { taskId })).task;
  const change = (updates) => fixture.keeper.ask('task:update', { taskId, updates });

  beforeEach(async () => {
    boardId = `texts-${(number += 1)}`;
    await fixture.keeper.ask('board:create', { id: boardId, name: 'Board' });
    for (const userId of ['ann', 'bob']) await fixture.keeper.ask('board:member:set', { boardId, userId, role: 'member' });
    taskId = (await fixture.keeper.ask('task:create', { boardId, title: 'One', description: 'First line\nSecond line\nThird line' })).task.id;
  });

  it('merge changes by two users in different places, in either order', async () => {
    const [ann, bob] = [await openAs('ann'), await openAs('bob')];
    const [anns, bobs] = [ann, bob].map(({ board }) => board.startEdit(taskId, 'description'));
    anns.write('First line by Ann\nSecond line\nThird line');
    bobs.write('First line\nSecond line\nThird line by Bob');
    await anns.save();
    await bobs.save();
    const both = 'First line by Ann\nSecond line\nThird line by Bob';
    assert.equal((await stored()).description, both);
    // Both continue from the text in their own field.
    anns.write('First line by Ann, and more\nSecond line\nThird line');
    bobs.write('First line\nSecond line, too\nThird line by Bob');
    await bobs.save();
    await anns.save();
    assert.equal((await stored()).description, 'First line by Ann, and more\nSecond line, too\nThird line by Bob');
    assert.deepEqual([anns.state, bobs.state], ['saved', 'saved']);
    await Promise.all([ann.board.endEdit(anns), bob.board.endEdit(bobs)]);
    await until('both to see it', () => [ann, bob].every(({ shown }) => shown() === 'First line by Ann, and more\nSecond line, too\nThird line by Bob'));
    await Promise.all([ann.client.close(), bob.client.close()]);
  });

  it('keep both versions of a conflict until the user decides', async () => {
    const [ann, bob] = [await openAs('ann'), await openAs('bob')];
    const refusals = [];
    bob.board.onRefusal(({ error }) => refusals.push(error.code));
    const [anns, bobs] = [ann, bob].map(({ board }) => board.startEdit(taskId, 'description'));
    anns.write('What Ann wrote');
    bobs.write('What Bob wrote');
    await anns.save();
    await bobs.save();
    assert.deepEqual([(await stored()).description, anns.state], ['What Ann wrote', 'saved']);
    assert.deepEqual([bobs.state, bobs.value, bobs.theirs], ['conflict', 'What Bob wrote', 'What Ann wrote']);
    assert.deepEqual(bob.board.getSnapshot().conflicts, [bobs]);
    await until('the stored text to be shown', () => bob.shown() === 'What Ann wrote');
    // Neither more typing nor ending the edit decides.
    bobs.write('What Bob wrote, and more');
    await bob.board.flush();
    await bob.board.endEdit(bobs);
    assert.equal((await stored()).description, 'What Ann wrote');
    const again = bob.board.startEdit(taskId, 'description');
    assert.deepEqual([again.state, again.value], ['conflict', 'What Bob wrote, and more']);
    await again.decide('What both wrote');
    assert.deepEqual([(await stored()).description, again.state], ['What both wrote', 'saved']);
    // Ann's edit is still open, and is now in conflict.
    await until('the conflict in Ann’s edit', () => anns.state === 'conflict');
    assert.deepEqual([anns.value, anns.theirs], ['What Ann wrote', 'What both wrote']);
    await anns.decide(anns.theirs);
    assert.deepEqual([anns.state, anns.value, (await stored()).description], ['saved', 'What both wrote', 'What both wrote']);
    assert.deepEqual(refusals, []);
    await Promise.all([ann.client.close(), bob.client.close()]);
  });

  it('are based on the text at startEdit, not at the first key', async () => {
    const ann = await openAs('ann');
    const edit = ann.board.startEdit(taskId, 'description');
    await change({ description: 'theirs' });
    await until('the change', () => ann.shown() === 'theirs');
    assert.equal(edit.state, 'saved');
    edit.write('First line\nSecond line\nThird line, mine');
    await edit.save();
    assert.deepEqual([edit.state, (await stored()).description], ['conflict', 'theirs']);
    await ann.client.close();
  });

  it('without changes can follow changes by others', async () => {
    const ann = await openAs('ann');
    const edit = ann.board.startEdit(taskId, 'description');
    await change({ description: 'theirs' });
    await until('the change', () => ann.shown() === 'theirs');
    edit.follow();
    assert.deepEqual([edit.state, edit.value], ['saved', 'theirs']);
    edit.write('theirs, and mine');
    edit.follow();
    assert.deepEqual([edit.state, edit.value], ['unsaved', 'theirs, and mine']);
    await edit.save();
    assert.deepEqual([edit.state, (await stored()).description], ['saved', 'theirs, and mine']);
    await change({ description: 'before: theirs, and mine' });
    await until('the change', () => ann.shown() === 'before: theirs, and mine');
    edit.follow();
    assert.equal(edit.value, 'theirs, and mine', 'written text is not replaced');
    await ann.client.close();
  });

  it('are in conflict again when a decision is taken back', async () => {
    const ann = await openAs('ann');
    const edit = ann.board.startEdit(taskId, 'description');
    edit.write('mine');
    await change({ description: 'theirs' });
    await until('the conflict', () => edit.state === 'conflict');
    const { draft } = edit;
    await edit.decide(edit.theirs);
    assert.deepEqual([edit.state, edit.value], ['saved', 'theirs']);
    await change({ description: 'theirs, later' });
    edit.resume(draft);
    await until('the current text', () => edit.theirs === 'theirs, later');
    assert.deepEqual([edit.state, edit.value, (await stored()).description], ['conflict', 'mine', 'theirs, later']);
    await ann.client.close();
  });

  it('made without a connection are merged, or kept as a conflict', async () => {
    const ann = await openAs('ann');
    const [text, title] = [ann.board.startEdit(taskId, 'description'), ann.board.startEdit(taskId, 'title')];
    fixture.proxy.refuse();
    await until('the end of the connection', () => ann.board.getSnapshot().state === 'stale');
    text.write('First line, mine\nSecond line\nThird line');
    title.write('My title');
    // `flush` does not wait for a connection.
    await ann.board.flush();
    assert.deepEqual([text.state, title.state], ['unsaved', 'unsaved']);
    await change({ description: 'First line\nSecond line\nThird line, theirs', title: 'Their title' });
    fixture.proxy.accept();
    await until('both', () => text.state === 'saved' && title.state === 'conflict');
    const { description, title: storedTitle } = await stored();
    assert.deepEqual([description, storedTitle], ['First line, mine\nSecond line\nThird line, theirs', 'Their title']);
    assert.deepEqual([title.value, title.theirs], ['My title', 'Their title']);
    // A conflict from `board.edit` waits for a decision as well.
    fixture.proxy.refuse();
    await until('the end of the connection', () => ann.board.getSnapshot().state === 'stale');
    ann.board.edit(taskId, 'priority', 3);
    await change({ priority: 9 });
    fixture.proxy.accept();
    await until('the conflict', () => ann.board.getSnapshot().conflicts.length === 2);
    assert.equal((await stored()).priority, 9);
    await ann.client.close();
  });

  it('continue from a draft in another client, after changes by others', async () => {
    const ann = await openAs('ann');
    const edit = ann.board.startEdit(taskId, 'description');
    fixture.proxy.refuse();
    edit.write('First line, mine\nSecond line\nThird line');
    const draft = JSON.parse(JSON.stringify(edit.draft));
    await ann.client.close();
    await change({ description: 'First line\nSecond line\nThird line, theirs' });
    fixture.proxy.accept();
    const later = await openAs('ann');
    const resumed = later.board.startEdit(taskId, 'description', draft);
    assert.deepEqual([resumed.value, resumed.state], ['First line, mine\nSecond line\nThird line', 'unsaved']);
    await resumed.save();
    assert.deepEqual([resumed.state, resumed.draft], ['saved', undefined]);
    assert.equal((await stored()).description, 'First line, mine\nSecond line\nThird line, theirs');
    await change({ description: 'quite another' });
    const clash = await openAs('ann');
    const conflict = clash.board.startEdit(taskId, 'description', draft);
    assert.deepEqual([conflict.state, conflict.value, conflict.theirs], ['conflict', draft.value, 'quite another']);
    await Promise.all([later.client.close(), clash.client.close()]);
  });

  it('that the server refuses keep their text and the reason', async () => {
    const ann = await openAs('ann');
    const edit = ann.board.startEdit(taskId, 'description');
    edit.write('x'.repeat(20_001));
    await edit.save();
    assert.deepEqual([edit.state, edit.value.length, edit.error.code], ['refused', 20_001, 'INVALID_MESSAGE']);
    edit.write('shorter');
    await edit.save();
    assert.deepEqual([edit.state, (await stored()).description], ['saved', 'shorter']);
    await ann.client.close();
  });

  it('are retried after an internal error of the server, and report it', async (t) => {
    const ann = await openAs('ann');
    const refusals = [];
    ann.board.onRefusal(({ error }) => refusals.push(error.code));
    const edit = ann.board.startEdit(taskId, 'description');
    t.after(() => fixture.server.sql('DROP TRIGGER IF EXISTS fault'));
    fixture.server.sql("CREATE TRIGGER fault BEFORE UPDATE ON tasks BEGIN SELECT RAISE(ABORT, 'out of order'); END");
    edit.write('Mine');
    await edit.save();
    assert.deepEqual([edit.state, edit.error?.code, edit.draft?.value], ['unsaved', 'INTERNAL', 'Mine']);
    // The edit is not taken back.
    assert.deepEqual([ann.shown(), refusals], ['Mine', []]);
    fixture.server.sql('DROP TRIGGER fault');
    await until('it to be saved', () => edit.state === 'saved');
    assert.deepEqual([edit.error, (await stored()).description, refusals], [undefined, 'Mine', []]);
    await ann.client.close();
  });

  it('keep everything that two users type at the same time, over connections that end', async (t) => {
    t.diagnostic(`BOARDWIRE_TEST_SEED=${SEED}`);
    const random = seededRandom(SEED);
    const lines = Array.from({ length: 20 }, (_, at) => `Line ${at}`);
    await change({ description: lines.join('\n') });
    const users = [await openAs('ann'), await openAs('bob')];
    await until('the text', () => users.every(({ shown }) => shown() === lines.join('\n')));
    const edits = users.map(({ board }) => board.startEdit(taskId, 'description'));
    const texts = [[...lines], [...lines]];
    for (let count = 0; count < 60; count += 1) {
      const who = random.below(2);
      // Each user edits every other line.
      const at = random.below(10) * 2 + who;
      texts[who][at] += ` ${'ab'[who]}${count}`;
      edits[who].write(texts[who].join('\n'));
      if (random.chance(0.5)) void edits[who].save();
      if (random.chance(0.1)) fixture.proxy.cut();
      if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.below(20)));
    }
    await until('all to be saved', async () => {
      await Promise.all(users.map(({ board }) => board.flush()));
      return edits.every(({ state }) => state !== 'unsaved');
    });
    assert.deepEqual(
      edits.map(({ state }) => state),
      ['saved', 'saved'],
      `BOARDWIRE_TEST_SEED=${SEED}`,
    );
    const expected = lines.map((_, at) => texts[at % 2][at]).join('\n');
    assert.equal((await stored()).description, expected, `BOARDWIRE_TEST_SEED=${SEED}`);
    await Promise.all(users.map(({ client }) => client.close()));
  });

  it('wait when the command queue is full', async () => {
    // In its own process, which can be killed if it never ends.
    const script = `
      const { connect } = await import(${JSON.stringify(pathToFileURL(join(fixture.installed.folder, 'node_modules/@boardwire/client/dist/index.js')).href)});
      const client = connect(${JSON.stringify(fixture.proxy.url)}, { token: ${JSON.stringify(token('ann'))}, queueLimit: 3, reconnect: { minMs: 10, maxMs: 100 } });
      const board = client.openBoard(${JSON.stringify(boardId)});
      await board.ready();
      console.log('ready');
      await new Promise((lost) => board.subscribe(() => board.getSnapshot().state === 'stale' && lost()));
      for (const title of ['a', 'b', 'c']) void board.createTask({ title });
      const full = await board.createTask({ title: 'd' }).catch(({ code }) => code);
      board.edit(${JSON.stringify(taskId)}, 'title', 'typed');
      await board.flush();
      console.log(full, board.getSnapshot().tasks.get(${JSON.stringify(taskId)}).title);
      await client.ready();
      await board.flush();
      await client.close();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = [];
    child.stdout.setEncoding('utf8').on('data', (text) => output.push(text));
    const killTimer = setTimeout(() => child.kill('SIGKILL'), patient(60_000));
    await until('the board to be open', () => output.length > 0, patient(60_000));
    fixture.proxy.refuse();
    await until('the answers', () => output.join('').includes('QUEUE_FULL') || child.exitCode !== null || child.signalCode !== null, patient(60_000));
    fixture.proxy.accept();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(killTimer);
    assert.deepEqual([child.exitCode, child.signalCode], [0, null], output.join(''));
    assert.match(output.join(''), /QUEUE_FULL typed/);
    const { tasks } = await fixture.keeper.ask('board:get', { boardId });
    assert.deepEqual(tasks.map(({ title }) => title).sort(), ['a', 'b', 'c', 'typed']);
  });

  it('combine both versions in one text without repeating lines', async () => {
    const { merge, mergeAll } = fixture.installed.client;
    const base = 'One\nTwo\nThree\nFour';
    assert.equal(
      mergeAll(base, 'One\nTwo, mine\nThree\nFour', 'One, theirs\nTwo, theirs\nThree\nFour\nFive'),
      'One, theirs\nTwo, theirs\nTwo, mine\nThree\nFour\nFive',
    );
    assert.equal(mergeAll('', 'Mine', 'Theirs'), 'Theirs\nMine');
    assert.equal(mergeAll(base, 'All mine', 'All theirs'), 'All theirs\nAll mine');
    assert.equal(mergeAll('Same', 'Same, mine', 'Same'), 'Same, mine');
    // `merge` works word by word, and returns nothing for a conflict.
    assert.equal(merge('Alpha beta gamma', 'ALPHA beta gamma', 'Alpha BETA gamma'), 'ALPHA BETA gamma');
    assert.equal(merge('Write the notes', 'Write all the notes', 'Write the notes today'), 'Write all the notes today');
    assert.equal(merge('One', 'One, mine', 'One, theirs'), undefined);
    assert.equal(merge('One', 'One two', 'One two'), 'One two');
    assert.equal(merge('One two three', 'One three', 'One two and three'), undefined);
  });

  it('of long repetitive texts are merged quickly', async () => {
    const { mergeTexts } = fixture.installed.client;
    const base = 'the '.repeat(5_000);
    const merged = mergeTexts({ base, mine: `${base}end`.trim(), theirs: `begin ${base}` });
    assert.ok(merged === undefined || merged.startsWith('begin'));
    const other = (letters) => Array.from({ length: 10_000 }, (_, at) => letters[at % letters.length]).join('\n');
    assert.equal(mergeTexts({ base: other('0123456789'), mine: other('abcd'), theirs: other('efg') }), undefined);
  });
});
