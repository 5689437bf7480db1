/** The rules of who may import whom, as a function of the sources, so that a test can plant faults. */
import { posix } from 'node:path';

/** Rooms of loader/ in their order; a name that ends in `.ts` is a file beside them. */
export const LOADER_ORDER = [
  'base',
  'events',
  'engine',
  'decompress',
  'presets',
  'elf',
  'vmalloc',
  'stats',
  'view',
  'export',
  'module',
  'survey',
  'kmod',
  'vfs',
  'memfs',
  'userspace',
  'kernel-tests',
  'kernel.ts',
  'session',
  'catalog',
  'scenario',
  'import',
  'trace.ts',
  'index.ts',
] as const;

/** What each part of the tree may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  loader: [],
  emulator: ['loader'],
  scripts: ['loader', 'emulator', 'guest-images'],
  examples: [],
};

/** Packages that a room of the core may use. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  scenario: ['zod'],
  memfs: ['memfs'],
};

const FORMS = [
  /^\s*(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'/gm,
  /^\s*import\s+'([^']+)'/gm,
  /\bimport\s*\(\s*'([^']+)'/g,
];

/** Every module that `text` names in an import, types included. */
export function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  return FORMS.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]!));
}

/** Path below the root and text of each source file. */
export type Sources = ReadonlyMap<string, string>;

interface Edge {
  readonly from: string;
  readonly to: string;
}

/** What breaks a rule, one line each: `FILE imports FILE: why`. */
export function brokenRules(sources: Sources): string[] {
  const edges = edgesOf(sources);
  return [
    ...edges.flatMap((edge) => wrongPart(edge)),
    ...edges.flatMap((edge) => wrongRoom(edge)),
    ...foreignPackages(sources),
    ...circles(edges),
  ];
}

function edgesOf(sources: Sources): Edge[] {
  return [...sources].flatMap(([from, text]) =>
    importsOf(text)
      .filter((name) => name.startsWith('.') && name.endsWith('.ts'))
      .map((name) => ({ from, to: posix.normalize(posix.join(posix.dirname(from), name)) })),
  );
}

const partOf = (path: string): string => path.split('/')[0]!;
const roomOf = (path: string): string => path.split('/')[1]!;

function wrongPart({ from, to }: Edge): string[] {
  const part = partOf(from);
  const allowed = MAY_IMPORT[part] ?? [];
  if (partOf(to) !== part && !allowed.includes(partOf(to))) {
    return [`${from} imports ${to}: ${part}/ may import ${['itself', ...allowed].join(', ')}`];
  }
  if (from.startsWith('emulator/port/') && /^loader\/(?:scenario|catalog|import)\//.test(to)) {
    return [`${from} imports ${to}: the port knows no scenario`];
  }
  return [];
}

function wrongRoom({ from, to }: Edge): string[] {
  if (!to.startsWith('loader/')) return [];
  const room = roomOf(to);
  if (partOf(from) === 'loader' && roomOf(from) === room) return [];
  const order: readonly string[] = LOADER_ORDER;
  if (!order.includes(room)) return [`${from} imports ${to}: no room of that name in the table`];
  if (!room.endsWith('.ts') && to !== `loader/${room}/index.ts`) {
    return [`${from} imports ${to}: a room is entered by its index.ts`];
  }
  if (partOf(from) !== 'loader') return [];
  const own = roomOf(from);
  if (!order.includes(own)) return [`${from}: no room of that name in the table`];
  return order.indexOf(room) < order.indexOf(own)
    ? []
    : [`${from} imports ${to}: ${room} is not above ${own}`];
}

function foreignPackages(sources: Sources): string[] {
  return [...sources]
    .filter(([path]) => partOf(path) === 'loader')
    .flatMap(([path, text]) =>
      importsOf(text)
        .filter((name) => !name.startsWith('.'))
        .filter((name) => !(PACKAGES[roomOf(path)] ?? []).includes(name))
        .map((name) => `${path} imports ${name}: not a package of that room`),
    );
}

/** One line for each circle of files, found by Tarjan's strongly connected components. */
function circles(edges: readonly Edge[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const list = next.get(from);
    if (list) list.push(to);
    else next.set(from, [to]);
  }
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    onStack.add(file);
    for (const to of next.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (onStack.has(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const members = stack.splice(stack.indexOf(file));
    for (const member of members) onStack.delete(member);
    const alone = members.length === 1 && !(next.get(file) ?? []).includes(file);
    if (!alone) found.push(`circle of files: ${members.sort().join(', ')}`);
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found;
}
