// SPDX-License-Identifier: MIT
import { fnmatch } from './fnmatch.ts';

/** One alias and what it stands for. */
export interface AliasEntry {
  readonly pattern: string;
  readonly module: string;
  /** Position of the module in depmod's order; results come in this order. */
  readonly priority: number;
}

interface Node {
  readonly children: Map<number, Node>;
  /** Aliases that end here and hold no wildcard. */
  readonly exact: AliasEntry[];
  /** Aliases whose first wildcard stands here. */
  readonly wild: AliasEntry[];
}

/** First character that is not matched literally: `*`, `?` or `[`. */
const WILDCARD = /[*?[]/;

function newNode(): Node {
  return { children: new Map(), exact: [], wild: [] };
}

/**
 * Many alias patterns, searched for one name: a trie of the literal text before each pattern's
 * first wildcard; only patterns that hang on the way of the name are matched in full
 * (libkmod-index.c, kmod 30).
 */
export class AliasTrie {
  readonly #root = newNode();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: AliasEntry): void {
    const wildcard = entry.pattern.search(WILDCARD);
    const end = wildcard < 0 ? entry.pattern.length : wildcard;
    let node = this.#root;
    for (let i = 0; i < end; i += 1) {
      const code = entry.pattern.charCodeAt(i);
      let child = node.children.get(code);
      if (!child) {
        child = newNode();
        node.children.set(code, child);
      }
      node = child;
    }
    (wildcard < 0 ? node.exact : node.wild).push(entry);
    this.#size += 1;
  }

  /** Entries whose pattern matches `name`, by priority; of one module all of them. */
  search(name: string): AliasEntry[] {
    const found: AliasEntry[] = [];
    let node: Node | undefined = this.#root;
    for (let i = 0; node; i += 1) {
      if (node.wild.length > 0) {
        const rest = name.slice(i);
        for (const entry of node.wild) {
          if (fnmatch(entry.pattern.slice(i), rest)) found.push(entry);
        }
      }
      if (i === name.length) {
        found.push(...node.exact);
        break;
      }
      node = node.children.get(name.charCodeAt(i));
    }
    return found.sort((a, b) => a.priority - b.priority);
  }
}
