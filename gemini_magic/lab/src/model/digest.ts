/** The hash by which page and kernel know that they mean the same text. */

import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

/**
 * SHA-256 of `source` in hex. Not the browser's own: pages that were not loaded by https, as from a
 * lab server, have none.
 */
export function digest(source: string): string {
  return bytesToHex(sha256(utf8ToBytes(source)));
}
