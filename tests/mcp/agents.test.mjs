// The work of an agent, over every way to connect.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { WAYS, call, until } from './agents.mjs';
import { startFixture } from './fixture.mjs';

let fixture;
before(async () => {
  fixture = await startFixture();
});
after(() => fixture?.stop());

for (const way of WAYS) {
  describe(way.name, () => {
    let agent;
    let board;
    before(async () => {
      agent = await way.connect({ url: fixture.url, key: fixture.ann });
      ({ board } = await call(agent, 'create_board', { name: way.name }));
    });
    after(() => agent?.close());

    test('negotiates the newest revision that both support', () => assert.equal(agent.revision, way.revision));

    test('tools are listed with their input schemas', async () => {
      const { tools } = await agent.client.listTools();
      const named = new Map(tools.map((tool) => [tool.name, tool]));
      for (const name of ['list_boards', 'create_task', 'claim_next_task', 'complete_task', 'wait_for_changes']) {
        assert.equal(named.get(name)?.inputSchema.type, 'object', name);
      }
      assert.equal(named.get('list_boards').annotations.readOnlyHint, true);
      assert.deepEqual(named.get('create_task').inputSchema.required.toSorted(), ['boardId', 'title']);
    });

    test('a task is created, claimed and completed', async () => {
      const { task } = await call(agent, 'create_task', { boardId: board.id, title: 'Write the minutes' });
      const claimed = await call(agent, 'claim_next_task', { boardId: board.id, agent: way.name });
      assert.equal(claimed.task.id, task.id);
      const none = await call(agent, 'claim_next_task', { boardId: board.id });
      assert.equal(none.task, null);
      const done = await call(agent, 'complete_task', { taskId: task.id, fence: claimed.task.lease.fence });
      assert.equal(done.task.status, 'done');
    });

    test('a board is a resource with update notifications', async () => {
      const { resources } = await agent.client.listResources();
      const { uri } = resources.find((resource) => resource.uri.includes(board.id));
      const read = async () => (await agent.client.readResource({ uri })).contents[0].text;
      assert.match(await read(), /Write the minutes/);
      const updated = [];
      await agent.watch(uri, (changed) => updated.push(changed));
      await fixture.post(`/boards/${board.id}/tasks`, { title: 'From another door' });
      await until(() => updated.includes(uri), 'an update of the board');
      assert.match(await read(), /From another door/);
    });

    test('wait_for_changes returns changes', async () => {
      const { seq, epoch } = await call(agent, 'get_board', { boardId: board.id });
      const waiting = call(agent, 'wait_for_changes', { boardId: board.id, since: seq, epoch, timeoutSeconds: 20 });
      await fixture.post(`/boards/${board.id}/tasks`, { title: 'Waited for' });
      assert.match(JSON.stringify(await waiting), /Waited for/);
    });

    test('a refusal has a message and a code', async () => {
      const missing = await agent.client.callTool({ name: 'get_board', arguments: { boardId: 'nowhere' } });
      assert.equal(missing.isError, true);
      assert.equal(missing.structuredContent.code, 'NOT_FOUND');
      const wrong = await agent.client.callTool({ name: 'create_task', arguments: { boardId: board.id, title: '' } });
      assert.equal(wrong.structuredContent.code, 'INVALID_MESSAGE');
    });

    test('other users see nothing of the board', async (t) => {
      const other = await way.connect({ url: fixture.url, key: fixture.bob });
      t.after(() => other.close());
      const result = await other.client.callTool({ name: 'get_board', arguments: { boardId: board.id } });
      assert.equal(result.structuredContent.code, 'NOT_FOUND');
    });

    test('wrong credentials are refused', async () => {
      await assert.rejects(way.connect({ url: fixture.url, key: 'bwk_wrong' }), /401|credentials|Unauthorized/i);
    });
  });
}
