import assert from 'node:assert/strict';
import { test } from 'node:test';

import { displayedOf, imagesOf } from '../src/answer/kernelRuns';
import { framePage, rights } from '../src/answer/framePage';
import type { Displayed, ResponsePart } from '../src/model/generated';
import { storedTurn } from '../src/model/stored';
import { TURN_MIME } from '../src/model/turn';
import { turnOf } from './examples';

const HTML: Displayed = { mime_type: 'text/html', data: '<p class="x">a & b</p><script>1</script>' };

function policy(page: string): string[] {
  const [, found] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  return (found ?? '').split(/; */);
}

test('a page of a frame loads nothing from elsewhere, goes nowhere and is sandboxed', () => {
  for (const live of [false, true]) {
    const rules = policy(framePage(HTML, live));
    for (const rule of ["default-src 'none'", "frame-src 'none'", "form-action 'none'"]) {
      assert.ok(rules.includes(rule), rule);
    }
    assert.ok(!/https?:|\*/.test(rules.join(';')), 'no address');
    assert.equal(rules.some(rule => rule.startsWith('script-src')), live);
  }
  assert.equal(rights(false), '');
  assert.equal(rights(true), 'allow-scripts');
});

test('what is shown is quoted, so that nothing of it ends the inner page', () => {
  const page = framePage({ ...HTML, data: '"></iframe><script>1</script>&quot;' }, true);
  const inner = page.slice(page.indexOf('srcdoc="') + 8, page.lastIndexOf('"></iframe>'));
  assert.ok(!inner.includes('"'));
  assert.ok(inner.includes('&quot;></iframe><script>1</script>&amp;quot;'));
});

test('JavaScript is an address, and nothing at all before it may run', () => {
  const script = { mime_type: 'application/javascript', data: '"</script>" + \ud800' };
  assert.ok(!framePage(script, false).includes('script'));
  assert.ok(framePage(script, true).includes('data:text/javascript;charset=utf-8,%22%3C%2Fscript'));
});

test('what a run has shown is read off its response; what is damaged is left out', () => {
  const shown = [HTML, { mime_type: 5 }, 'x', null, { mime_type: 'text/html', frame: 'open' }];
  const part = { kind: 'response', name: 'run_python', shown } as unknown as ResponsePart;
  assert.deepEqual(
    displayedOf(part).map(({ data, frame }) => [data, frame]),
    [[HTML.data, undefined], ['', undefined]]
  );
  assert.deepEqual(displayedOf({ ...part, shown: 'x' } as unknown as ResponsePart), []);
});

test('pictures of a run are found in its response, and where they are only named in the HTML', () => {
  const sha256 = 'a'.repeat(64);
  const blob = { inlineData: { mimeType: 'image/png', sha256 } };
  const part = {
    kind: 'response',
    name: 'run_python',
    extra: { functionResponse: { parts: [blob] } },
    shown: [{ mime_type: 'image/png', data: 'AAAA' }]
  } as unknown as ResponsePart;
  const html = `<img class="gm-Image" data-sha256="${sha256}" src="data:image/png;base64,BBBB" alt="">`;
  const turn = turnOf([part]);
  const whole = storedTurn({ [TURN_MIME]: turn, 'text/html': html });
  assert.deepEqual(whole?.parts.flatMap(imagesOf).map(image => image.data), ['BBBB', 'AAAA']);
  assert.deepEqual(imagesOf(part).map(image => image.data), [undefined, 'AAAA'], 'left as it was');
});
