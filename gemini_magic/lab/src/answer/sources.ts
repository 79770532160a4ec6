/** Sources of a grounded answer: the pages it names, of which only safe ones may be linked. */

import { oneLine } from './captions';

export interface Source {
  title: string;
  url?: string;
}

export type Json = Record<string, unknown>;

/** `url` when it is http or https without white space, quotes or controls. */
export function linkable(url: unknown): string | undefined {
  if (typeof url !== 'string' || url.length > 8000 || /[\s<>"'`\\\p{Cc}]/u.test(url)) {
    return undefined;
  }
  try {
    const { protocol, host } = new URL(url);
    return (protocol === 'https:' || protocol === 'http:') && host ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The sources in the order of Gemini's chunk indices, then pages read and works cited. */
export function sources(grounding: Json | null): Source[] {
  const found = new Map<string, Source>();
  for (const [title, url] of named(grounding ?? {})) {
    const good = linkable(url);
    const key = good ?? `${String(title)}\0${String(url)}`;
    const words = typeof title === 'string' && title.trim() ? title : url;
    if (found.has(key) || typeof words !== 'string' || !words.trim()) {
      continue;
    }
    const aside = !good && typeof url === 'string' && url !== words ? ` (${oneLine(url)})` : '';
    found.set(key, { title: oneLine(words) + aside, url: good });
  }
  return [...found.values()];
}

function* named(grounding: Json): Generator<[unknown, unknown]> {
  for (const chunk of list(grounding.groundingMetadata, 'groundingChunks')) {
    for (const kind of ['web', 'maps', 'retrievedContext', 'image']) {
      const page = chunk[kind];
      if (isJson(page)) {
        yield [page.title || page.domain, page.uri || page.sourceUri];
      }
    }
  }
  for (const page of list(grounding.urlContextMetadata, 'urlMetadata')) {
    const status = page.urlRetrievalStatus;
    const url = page.retrievedUrl;
    if (status === undefined || status === 'URL_RETRIEVAL_STATUS_SUCCESS') {
      yield [undefined, url];
    } else if (typeof url === 'string' && typeof status === 'string') {
      const reason = status.replace(/^URL_RETRIEVAL_STATUS_/, '').toLowerCase();
      yield [`${oneLine(url)} (not read: ${reason})`, url];
    }
  }
  for (const name of ['citations', 'citationSources']) {
    for (const work of list(grounding.citationMetadata, name)) {
      yield [work.title, work.uri];
    }
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(holder: unknown, name: string): Json[] {
  const items = isJson(holder) ? holder[name] : undefined;
  return Array.isArray(items) ? items.filter(isJson) : [];
}
