/** Below the prompt: the model, fed by the backend; who answers; what this session has used. */

import { Widget } from '@lumino/widgets';

import { oneLine } from '../captions';
import { element } from '../section';
import type { Session } from './session';

export class Footer extends Widget {
  constructor() {
    super();
    this.addClass('gm-Footer');
    this.model.setAttribute('aria-label', 'Model');
    this.model.addEventListener('change', () => {
      void this.choose();
    });
    // The backend is asked for its models when somebody looks for one, and once a kernel.
    const list = (): void => {
      void this.list();
    };
    this.model.addEventListener('focus', list);
    this.model.addEventListener('pointerenter', list);
    this.node.append(this.model, this.facts);
    this.facts.setAttribute('aria-label', 'Backend and usage of this session');
    this.facts.setAttribute('role', 'note');
  }

  bind(session: Session | undefined): void {
    this.session = session;
    this.draw();
  }

  private async choose(): Promise<void> {
    if (!(await this.session?.command('model', [this.model.value]))) {
      this.drawn = ''; // What was in force still is.
      this.draw();
    }
  }

  draw(): void {
    const { session } = this;
    const state = session?.state;
    this.model.disabled = session?.condition !== 'ready' || !state;
    const listed = (session && this.listed.get(session)) ?? [];
    const names = [...new Set([...(state?.models ?? []), ...listed])];
    const key = JSON.stringify([state?.model, names]);
    if (key !== this.drawn) {
      this.drawn = key;
      this.model.replaceChildren(
        ...names.map(name => {
          const option = element('option', '', oneLine(name, 60));
          option.value = name;
          option.selected = name === state?.model;
          return option;
        })
      );
    }
    this.facts.textContent = state ? said(state.usage, state.backend) : '';
  }

  private async list(): Promise<void> {
    const { session } = this;
    if (!session?.state || this.listed.has(session)) {
      return;
    }
    this.listed.set(session, []);
    try {
      this.listed.set(session, await session.models());
    } catch (error) {
      this.listed.delete(session);
      session.fail(error);
    }
    this.draw();
  }

  private readonly model = element('select', 'gm-Select gm-Model');
  private readonly facts = element('p', 'gm-Facts');
  private readonly listed = new WeakMap<Session, string[]>();
  private session: Session | undefined;
  private drawn = '';
}

function said(
  usage: { calls: number; tokens: number; cost: string },
  backend: { ok: boolean; said: string }
): string {
  const who = backend.ok ? oneLine(backend.said, 100) : 'no backend';
  if (!usage.calls) {
    return who;
  }
  const calls = usage.calls === 1 ? '1 call' : `${usage.calls.toLocaleString('en-US')} calls`;
  const tokens = `${usage.tokens.toLocaleString('en-US')} tokens`;
  return [who, `this session: ${calls}, ${tokens}`, oneLine(usage.cost, 80)]
    .filter(Boolean)
    .join(' · ');
}
