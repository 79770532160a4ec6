/**
 * The page of a frame that shows what approved code has displayed: HTML, a vector, JavaScript.
 *
 * Two frames, one in the other, both sandboxed without the origin of the application: what is shown
 * stands in the inner one, and the outer one has nothing but the policy. A document's own policy
 * says what it may load, not where it may go; that its parent's says (`frame-src`). So a script in
 * the inner frame cannot carry data out by leaving its page.
 */

import type { Displayed } from '../model/generated';

const CLOSED = "default-src 'none'; frame-src 'none'; form-action 'none'; base-uri 'none'; ";

const STILL = `${CLOSED}style-src 'unsafe-inline'; img-src data:; font-src data:`;

const LIVE =
  `${CLOSED}script-src 'unsafe-inline' 'unsafe-eval' data: blob:; worker-src data: blob:; ` +
  "style-src 'unsafe-inline' data:; img-src data: blob:; font-src data:; media-src data: blob:";

/** What the frames may do: nothing, or run scripts. */
export function rights(live: boolean): string {
  return live ? 'allow-scripts' : '';
}

/** The document of the outer frame. */
export function framePage(shown: Displayed, live: boolean): string {
  const head =
    '<!doctype html><meta charset="utf-8">' +
    `<meta http-equiv="Content-Security-Policy" content="${live ? LIVE : STILL}">` +
    '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light">';
  const inner =
    head +
    '<style>body{margin:8px;background:#fff;color:#000;font:13px/1.4 sans-serif}' +
    'table{border-collapse:collapse}td,th{padding:3px 8px}</style>' +
    content(shown, live);
  return (
    head +
    '<style>html,body{height:100%;margin:0}iframe{display:block;border:0;width:100%;height:100%}' +
    `</style><iframe sandbox="${rights(live)}" srcdoc="${quoted(inner)}"></iframe>`
  );
}

function content({ mime_type: kind, data = '' }: Displayed, live: boolean): string {
  if (kind !== 'application/javascript') {
    return data;
  }
  if (!live) {
    return '';
  }
  // As an address, since no text of the script can end that element.
  const source = encodeURIComponent(data.replace(/\p{Surrogate}/gu, '\ufffd'));
  return (
    '<div id="output"></div><script>var element = document.getElementById("output")</script>' +
    `<script src="data:text/javascript;charset=utf-8,${source}"></script>`
  );
}

function quoted(html: string): string {
  return html.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}
