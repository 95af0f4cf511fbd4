// The hooks of @boardwire/client for React: a component shows the current board and connection, and closes the board
// when it is unmounted.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createElement, StrictMode } from 'react';
import { create } from 'react-test-renderer';

import { until } from './random.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';

describe('the hooks of @boardwire/client', { timeout: patient(60_000) }, () => {
  const fixture = startFixture({ keeper: 'ann' });
  let hooks;
  let client;

  before(async () => {
    hooks = await fixture.installed.react();
    for (const id of ['one', 'two']) await fixture.keeper.ask('board:create', { id, name: `Board ${id}` });
    client = fixture.connect('ann');
  });

  for (const [mode, wrap] of [
    ['plain', (element) => element],
    ['strict', (element) => createElement(StrictMode, {}, element)],
  ]) {
    it(`show a board, live (${mode} mode)`, async () => {
      let board;
      const Page = ({ boardId }) => {
        const connection = hooks.useConnection(client);
        const shown = hooks.useBoard(client, boardId);
        board = shown.board;
        const titles = [...shown.snapshot.tasks.values()].map(({ title }) => title);
        return `${connection.state} ${shown.snapshot.board?.name ?? '…'}: ${titles.join(', ')}`;
      };
      const page = (boardId) => wrap(createElement(Page, { boardId }));
      const shown = create(page('one'));
      const shows = (text) => until(text, () => shown.toJSON() === text);

      await shows('live Board one: ');
      const { task } = await fixture.keeper.ask('task:create', { boardId: 'one', title: 'Theirs' });
      await shows('live Board one: Theirs');
      board.updateTask(task.id, { title: 'Mine' });
      await shows('live Board one: Mine');
      await fixture.keeper.ask('task:delete', { taskId: task.id });
      await shows('live Board one: ');

      shown.update(page('two'));
      await shows('live Board two: ');
      assert.equal(client.board('one'), undefined, 'the board that is not shown is closed');
      shown.unmount();
      await until('the board to be closed', () => client.board('two') === undefined);
    });
  }
});
