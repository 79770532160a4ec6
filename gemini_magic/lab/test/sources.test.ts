import assert from 'node:assert/strict';
import { test } from 'node:test';

import { linkable, sources } from '../src/answer/sources';

test('only http and https can be followed', () => {
  for (const url of ['https://example.org/a?b=c', 'HTTP://example.org']) {
    assert.equal(linkable(url), url);
  }
  const bad = ['javascript:alert(1)', 'data:text/html,x', 'file:///etc', '//example.org', '/a', '', 1];
  for (const url of [...bad, 'https://a b', 'https://a"b', 'https://', undefined]) {
    assert.equal(linkable(url), undefined, String(url));
  }
});

test('sources come once each, in the order of their numbers, with where they were not read', () => {
  const grounding = {
    groundingMetadata: {
      groundingChunks: [
        { web: { title: 'A', uri: 'https://a.example' } },
        { web: { uri: 'javascript:alert(1)', title: 'B\n' } },
        { web: { title: 'A again', uri: 'https://a.example' } },
        'damaged'
      ]
    },
    urlContextMetadata: {
      urlMetadata: [
        { retrievedUrl: 'https://c.example', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS' },
        { retrievedUrl: 'https://d.example', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_ERROR' }
      ]
    },
    citationMetadata: { citations: [{ title: 'E' }] }
  };
  assert.deepEqual(sources(grounding), [
    { title: 'A', url: 'https://a.example' },
    { title: 'B (javascript:alert(1))', url: undefined },
    { title: 'https://c.example', url: 'https://c.example' },
    { title: 'https://d.example (not read: error)', url: 'https://d.example' },
    { title: 'E', url: undefined }
  ]);
  assert.deepEqual([sources(null), sources({ groundingMetadata: [] })], [[], []]);
});
