// A board that is loaded in pages: @boardwire/client combines them with the changes made meanwhile, and ends with the server's
// state.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { open } from './client.mjs';
import { seededRandom, SEED, until } from './random.mjs';
import { PACKAGE } from './client-installed.mjs';
import { startFixture } from './client-fixture.mjs';
import { patient } from './patience.mjs';
import { comparable } from './comparable.mjs';

/** How many simulated boards are loaded. */
const BOARDS = 300;
/** More changes than the client keeps while pages load. */
const TOO_MANY = 10_001;

/** A server's board with its log, simulated. Its pages are small. */
class SimulatedBoard {
  epoch = 'first';
  seq = 0;
  #entities = { tasks: new Map(), columns: new Map(), members: new Map(), dependencies: new Map() };
  #versions = 0;

  constructor(random, onEvent) {
    Object.assign(this, { random, onEvent });
  }

  #emit(type, data) {
    this.seq += 1;
    this.onEvent({ type, data, seq: this.seq });
  }

  /** Makes a random change. There are few ids, so that deleted tasks are created again, with versions that start again at 1. */
  change() {
    const { tasks, columns, members, dependencies } = this.#entities;
    const { below, pick, chance } = this.random;
    const [known, other] = [pick([...tasks.values()]), pick([...tasks.values()])];
    const id = `t${String(below(30)).padStart(2, '0')}`;
    const link = pick([...dependencies.entries()]);
    const put = (all, key, one) => (all.set(key, one), one);
    const version = (this.#versions += 1);
    const steps = {
      create: () => !tasks.has(id) && this.#emit('task:created', { task: put(tasks, id, { id, version: 1, title: `new ${version}` }) }),
      update: () => known && this.#emit('task:updated', { task: put(tasks, known.id, { ...known, version: known.version + 1, title: `T ${version}` }) }),
      delete: () => {
        if (!known) return;
        tasks.delete(known.id);
        for (const [key, { task_id, depends_on }] of dependencies) if ([task_id, depends_on].includes(known.id)) dependencies.delete(key);
        this.#emit('task:deleted', { taskId: known.id });
      },
      link: () => {
        if (!known || known === other) return;
        const dependency = { task_id: known.id, type: 'blocks', depends_on: other.id };
        this.#emit('task:dependency:added', { dependency: put(dependencies, `${known.id} ${other.id}`, dependency) });
      },
      unlink: () => link && (dependencies.delete(link[0]), this.#emit('task:dependency:removed', { dependency: link[1] })),
      column: () => {
        if (columns.size > 2) {
          const columnId = pick([...columns.keys()]);
          columns.delete(columnId);
          this.#emit('column:deleted', { columnId });
        } else this.#emit('column:created', { column: put(columns, `c${version}`, { id: `c${version}`, version: 1 }) });
      },
      member: () => {
        const user_id = pick(['ann', 'bob', 'cem']);
        if (chance(0.5)) this.#emit('board:member:set', { member: put(members, user_id, { user_id, role: pick(['viewer', 'member']) }) });
        else if (members.delete(user_id)) this.#emit('board:member:removed', { userId: user_id });
      },
    };
    steps[pick(['create', 'create', 'update', 'update', 'delete', 'link', 'link', 'unlink', 'column', 'member'])]();
  }

  snapshot() {
    const lists = Object.entries(this.#entities).map(([name, all]) => [name, [...all.values()]]);
    return { seq: this.seq, epoch: this.epoch, board: { id: 'b', version: 1 }, ...Object.fromEntries(lists) };
  }

  page({ after = '', limit }, size) {
    const snapshot = this.snapshot();
    const rest = snapshot.tasks.filter(({ id }) => id > after).sort((a, b) => (a.id < b.id ? -1 : 1));
    const tasks = rest.slice(0, Math.min(limit, size));
    const dependencies = snapshot.dependencies.filter(({ task_id }) => tasks.some(({ id }) => id === task_id));
    return { ...snapshot, tasks, dependencies, ...(rest.length > tasks.length ? { next: tasks.at(-1).id } : {}) };
  }
}

describe('a board that is loaded in pages', () => {
  let Replica;
  before(async () => ({ Replica } = await import(pathToFileURL(join(PACKAGE, 'dist/board/replica.js')).href)));

  /** Makes a replica whose connection replies with `answer`. */
  const replicaOn = (answer) => {
    const requests = [];
    const connection = {
      unanswered: 0,
      ask: async (name, payload) => (requests.push(payload), answer(payload, requests.length)),
    };
    const replicaEvents = { join: async () => ({}), applied: () => {}, reset: () => {}, changed: () => {} };
    return { replica: new Replica('b', connection, replicaEvents), requests };
  };
  const shown = ({ seq, epoch, content }) => comparable({ seq, epoch, ...content });

  it('combines the pages with the changes that are made while they load', async () => {
    let pages = 0;
    for (let seed = SEED; seed < SEED + BOARDS; seed += 1) {
      const random = seededRandom(seed);
      const events = [];
      const board = new SimulatedBoard(random, (event) => events.push(event));
      const makeChanges = (limit) => {
        for (let count = random.below(limit); count > 0; count -= 1) board.change();
      };
      makeChanges(200);
      events.length = 0; // from before the client connected
      const { replica } = replicaOn((payload) => {
        makeChanges(30);
        const page = board.page(payload, 1 + random.below(4));
        makeChanges(10);
        // Every event up to the reply's `seq` arrives before the reply; some later ones do too.
        const early = events.filter(({ seq }) => seq <= page.seq).length;
        events.splice(0, early + random.below(events.length - early + 1)).forEach((event) => replica.handleEvent(event));
        pages += 1;
        return { ok: true, ...page };
      });
      await replica.resume();
      events.splice(0).forEach((event) => replica.handleEvent(event));
      assert.deepEqual(shown(replica), comparable(board.snapshot()), `BOARDWIRE_TEST_SEED=${seed}`);
      replica.close();
    }
    assert.ok(pages > 2 * BOARDS, `${pages} pages of ${BOARDS} boards`);
  });

  it('starts again when the log has another epoch', async () => {
    const board = new SimulatedBoard(seededRandom(1), () => {});
    while (board.snapshot().tasks.length < 10) board.change();
    const { replica, requests } = replicaOn((payload, count) => {
      if (count === 3) {
        board.epoch = 'second';
        board.seq = 1;
      }
      return { ok: true, ...board.page(payload, 3) };
    });
    await replica.resume();
    assert.deepEqual(shown(replica), comparable(board.snapshot()));
    assert.equal(requests.filter(({ after }) => after === undefined).length, 2, 'loading started twice');
    replica.close();
  });

  it('starts again when more changes arrive than it keeps', async () => {
    const events = [];
    const board = new SimulatedBoard(seededRandom(1), (event) => events.push(event));
    while (board.snapshot().tasks.length < 10) board.change();
    events.length = 0;
    const { replica, requests } = replicaOn((payload, count) => {
      const page = board.page(payload, 9);
      // After the last page was read, and before its reply arrives.
      while (count === 2 && events.length < TOO_MANY) board.change();
      events.splice(0).forEach((event) => replica.handleEvent(event));
      return { ok: true, ...page };
    });
    await replica.resume();
    assert.deepEqual(shown(replica), comparable(board.snapshot()));
    assert.equal(requests.filter(({ after }) => after === undefined).length, 2, 'loading started twice');
    replica.close();
  });

  it('is loaded in one reply from a server without paging', async () => {
    const board = new SimulatedBoard(seededRandom(1), () => {});
    for (let count = 0; count < 100; count += 1) board.change();
    const { replica, requests } = replicaOn(({ limit }) =>
      limit === undefined ? { ok: true, ...board.snapshot() } : { ok: false, code: 'INVALID_MESSAGE', error: 'limit: there is no such field' },
    );
    await replica.resume();
    assert.deepEqual(shown(replica), comparable(board.snapshot()));
    assert.deepEqual(
      requests.map(({ limit }) => limit),
      [1000, undefined],
    );
    replica.close();
  });
});

describe('a large board of @boardwire/client', { timeout: patient(240_000) }, () => {
  const TASKS = 2_300;
  const WRITERS = 3;
  /** How many changes are made between two pages, at least. */
  const CHANGES_BETWEEN = 40;
  const fixture = startFixture({ keeper: 'ann' });
  const writers = [];

  before(async () => {
    for (let count = 0; count < WRITERS; count += 1) {
      writers.push(open(fixture.server.url, 'ann'));
      await writers[count].connected();
    }
  });
  after(() => writers.forEach((writer) => writer.close()));

  it('loads while others write at full speed', async (t) => {
    t.diagnostic(`BOARDWIRE_TEST_SEED=${SEED}`);
    const { keeper } = fixture;
    const { columns } = await keeper.ask('board:create', { id: 'large', name: 'Large' });
    const ids = Array.from({ length: TASKS }, (_, at) => `t${at}`);
    // No more than may wait at a time.
    for (let from = 0; from < TASKS; from += 500) {
      const some = ids.slice(from, from + 500);
      await Promise.all(some.map((id, at) => keeper.ask('task:create', { boardId: 'large', id, title: id, columnId: columns[at % 3].id })));
    }

    let changes = 0;
    let writing = true;
    const write = async (writer, number) => {
      const { pick, below } = seededRandom(SEED + number);
      for (let serial = 0; writing; serial += 1) {
        const [taskId, dependsOn] = [pick(ids), pick(ids)];
        // Writers may choose the same id, or one that is deleted: refusals don't matter here.
        await {
          0: () => writer.call('task:create', { boardId: 'large', id: pick(['t', 'z', 'a']) + `${number}-${serial}`, title: 'new' }),
          1: () => writer.call('task:move', { taskId, toColumn: pick(columns).id }),
          2: () => writer.call('task:delete', { taskId }),
          3: () => writer.call('task:create', { boardId: 'large', id: taskId, title: 'again' }),
          4: () => writer.call('task:dependency:add', { taskId, dependsOn, type: 'relates_to' }),
          5: () => writer.call('task:update', { taskId, updates: { title: `title ${serial}` } }),
        }[below(6)]();
        changes += 1;
      }
    };
    const written = writers.map(write);

    // Each page is given to the client only after more changes, so that there are some between any two pages.
    const { Connection } = await import(pathToFileURL(join(fixture.installed.folder, 'node_modules/@boardwire/client/dist/connection.js')).href);
    const { ask } = Connection.prototype;
    const pages = [];
    Connection.prototype.ask = async function (name, payload) {
      const answer = await ask.call(this, name, payload);
      if (name !== 'board:get') return answer;
      pages.push(answer);
      const enough = changes + CHANGES_BETWEEN;
      await until('more changes', () => changes >= enough);
      return answer;
    };
    const client = fixture.connect('ann');
    const board = client.openBoard('large');
    await board.ready();
    writing = false;
    await Promise.all(written);
    Connection.prototype.ask = ask;

    const whole = await keeper.ask('board:get', { boardId: 'large' });
    await until(`event ${whole.seq}`, () => board.getSnapshot().seq >= whole.seq);
    assert.deepEqual(comparable(board.getSnapshot()), comparable(whole));
    assert.ok(pages.length >= 3 && pages[0].seq < pages.at(-1).seq, `${pages.map(({ seq }) => seq)}`);
    assert.ok(pages.every(({ tasks }) => tasks.length <= 1000));
    t.diagnostic(`${pages.length} pages, ${changes} changes, ${whole.tasks.length} tasks, ${whole.dependencies.length} dependencies`);
    await client.close({ withinMs: 100 });
  });
});
