import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Signal } from '@lumino/signaling';

import type { Notebook } from '../src/cells/notebooks';
import type { KernelLink } from '../src/kernel/link';
import { LiveTurns } from '../src/kernel/live';
import type { ConversationState, Head } from '../src/model/generated';
import { Following } from '../src/sidebar/following';
import { turnOf } from './examples';

const MIME = 'application/vnd.gemini-magic.turn+json';

function head(turn: string, status: Head['status'] = 'complete'): Head {
  return { turn, cell: null, prompt: 'p', whole: true, attached: [], status, notes: [] };
}

function stateOf(...exchanges: Head[]): ConversationState {
  return {
    conversation: 'main',
    conversations: [],
    exchanges,
    undone: 0,
    undoable: false,
    model: 'm',
    models: ['m'],
    backend: { ok: true, said: 'emulator' },
    usage: { calls: 0, tokens: 0, cost: '' },
    here: false
  };
}

/** The link with a kernel that answers what it is told to. */
class Link {
  readonly stateChanged = new Signal<this, undefined>(this);
  readonly received = new Signal<this, { type?: unknown }>(this);
  state = 'none';
  /** Of the answers that are fetched. */
  status: 'streaming' | 'complete' = 'streaming';
  answer: unknown = stateOf();
  readonly sent: unknown[] = [];
  readonly requested: string[] = [];
  probed = 0;

  request(type: string, fields: { turns?: string[] }): Promise<unknown> {
    this.requested.push(type);
    if (type === 'answers') {
      const body = (turn: string): unknown => ({
        data: { [MIME]: turnOf([], { id: turn, status: this.status }) },
        metadata: {}
      });
      const answers = Object.fromEntries((fields.turns ?? []).map(turn => [turn, body(turn)]));
      return Promise.resolve({ answers });
    }
    return this.answer instanceof Error
      ? Promise.reject(this.answer)
      : Promise.resolve(this.answer);
  }

  send(message: unknown): void {
    this.sent.push(message);
  }

  ask(turn: string): void {
    this.sent.push({ type: 'turn', turn });
  }

  probe(): Promise<void> {
    this.probed += 1;
    return Promise.resolve();
  }

  greet(): void {
    this.state = 'ready';
    this.stateChanged.emit(undefined);
  }

  lose(): void {
    this.state = 'none';
    this.stateChanged.emit(undefined);
  }
}

interface Stage {
  link: Link;
  following: Following;
  live: LiveTurns;
  kernel: { status: string; connectionStatus: string };
  told: string[];
  reconnected: () => void;
}

function setUp(): Stage {
  const link = new Link();
  const kernel = { status: 'idle', connectionStatus: 'connected' };
  const sessionContext = { session: { kernel } };
  const connectionStatusChanged = new Signal<object, unknown>(sessionContext);
  const notebook = {
    linkChanged: new Signal<object, undefined>({}),
    link,
    context: {
      sessionContext: {
        ...sessionContext,
        statusChanged: new Signal<object, unknown>(sessionContext),
        connectionStatusChanged
      }
    }
  };
  const told: string[] = [];
  const live = new LiveTurns();
  const following = new Following(notebook as unknown as Notebook, live, {
    changed: () => told.push('changed'),
    answered: turn => told.push(`answered ${turn}`),
    failed: error => told.push(`failed: ${(error as Error).message}`),
    forgotten: () => told.push('forgotten')
  });
  const reconnected = (): void => {
    connectionStatusChanged.emit(undefined);
  };
  return { link, following, live, kernel, told, reconnected };
}

/** Let what is under way come to its end. */
async function settle(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}

test('nothing is asked of a kernel before the sidebar is seen', async () => {
  const { link, following } = setUp();
  assert.equal(link.probed, 0);
  link.greet();
  await settle();
  assert.deepEqual(link.requested, []);
  following.follow(true);
  await settle();
  assert.deepEqual(link.requested, ['conversation']);
  assert.deepEqual(link.sent, [{ type: 'follow', on: true }]);
});

test('a kernel that nobody has asked yet is probed, one that starts is not', () => {
  const { link, following, kernel } = setUp();
  kernel.status = 'restarting';
  following.follow(true);
  assert.equal(link.probed, 0);
  kernel.status = 'idle';
  following.follow(true);
  assert.equal(link.probed, 1);
  link.state = 'foreign';
  following.follow(true);
  assert.equal(link.probed, 1);
});

test('several changes while the state is on its way are asked for once more', async () => {
  const { link, following } = setUp();
  link.state = 'ready';
  following.follow(true);
  for (let times = 0; times < 5; times++) {
    link.received.emit({ type: 'changed' });
  }
  await settle();
  assert.deepEqual(link.requested, ['conversation', 'conversation']);
});

test('the state is what the kernel told last, and is forgotten with the kernel', async () => {
  const { link, following, told } = setUp();
  link.state = 'ready';
  link.answer = stateOf(head('a'), head('b', 'streaming'), head('c', 'waiting'));
  following.follow(true);
  await settle();
  assert.deepEqual(following.running, ['b', 'c']);
  assert.deepEqual(link.sent.at(-1), { type: 'turn', turn: 'b' }, 'what streams is asked for');
  link.lose();
  assert.deepEqual([following.state, following.running], [undefined, []]);
  assert.deepEqual(told.slice(-2), ['forgotten', 'changed']);
});

test('the state of another version is refused in words', async () => {
  const { link, following, told } = setUp();
  link.state = 'ready';
  link.answer = { ...stateOf(), models: undefined };
  following.follow(true);
  await settle();
  assert.equal(following.state, undefined);
  assert.match(told.at(-1) ?? '', /^failed: .*another version.*restart the kernel/);
});

test('what a kernel says no to is told, unless the kernel has gone', async () => {
  const { link, following, told } = setUp();
  link.state = 'ready';
  link.answer = new Error('no');
  following.follow(true);
  await settle();
  assert.deepEqual(told.filter(one => one.startsWith('failed')), ['failed: no']);
  following.follow(true);
  link.state = 'none';
  await settle();
  assert.equal(told.filter(one => one.startsWith('failed')).length, 1);
});

test('an answer whose end was missed is ended, and fetched again', async () => {
  const { link, following, live, told } = setUp();
  link.state = 'ready';
  link.answer = stateOf(head('a', 'streaming'));
  following.follow(true);
  await settle();
  assert.equal(following.answers.get('a'), undefined);
  await settle();
  assert.ok(following.answers.isStreaming('a'));
  const delta = { type: 'delta', turn: 'a', seq: 1, ops: [], phase: '', phase_ms: 0 } as const;
  live.receive({ ...delta, ops: [] }, link as unknown as KernelLink);
  link.answer = stateOf(head('a'));
  link.status = 'complete';
  link.received.emit({ type: 'changed' });
  await settle();
  assert.equal(live.get('a'), undefined);
  assert.ok(link.requested.filter(type => type === 'answers').length >= 2);
  assert.ok(told.includes('answered a'));
});

test('an answer that was continued is fetched again when it has ended once more', async () => {
  const { link, following } = setUp();
  link.state = 'ready';
  link.status = 'complete';
  link.answer = stateOf(head('a', 'truncated'), head('b'));
  following.follow(true);
  await settle();
  following.answers.get('a');
  await settle();
  link.answer = stateOf(head('a', 'streaming'), head('b', 'streaming'));
  link.received.emit({ type: 'changed' });
  await settle();
  const fetched = (): number => link.requested.filter(type => type === 'answers').length;
  const before = fetched();
  link.answer = stateOf(head('a'), head('b'));
  link.received.emit({ type: 'changed' });
  await settle();
  assert.equal(fetched(), before + 1, 'the one that is shown, and no other');
  link.answer = stateOf({ ...head('a'), notes: ['continued 2 times'] }, head('b'));
  link.received.emit({ type: 'changed' });
  await settle();
  assert.equal(fetched(), before + 2, 'also where it was too quick to be seen streaming');
});

test('after the connection was lost, the state is asked for again', async () => {
  const { link, following, kernel, reconnected } = setUp();
  link.state = 'ready';
  following.follow(true);
  await settle();
  kernel.connectionStatus = 'connecting';
  reconnected();
  await settle();
  assert.deepEqual(link.requested, ['conversation']);
  kernel.connectionStatus = 'connected';
  reconnected();
  await settle();
  assert.deepEqual(link.requested, ['conversation', 'conversation']);
});

test('without a kernel a request is refused in words', async () => {
  const { following } = setUp();
  following.link = undefined;
  await assert.rejects(following.request('models', {}), /no kernel/);
});
