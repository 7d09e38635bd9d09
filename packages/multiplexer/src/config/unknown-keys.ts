import { ALL_DEFINITIONS } from './setting-tree.ts';
import { nearest } from './suggest.ts';
import { alternatives } from './value-kind.ts';

/** What to tell who wrote a name that is no key or table of ours. */

const TABLES = [...new Set(ALL_DEFINITIONS.flatMap(({ table }) => table ?? []))];

/** Advice for an unknown key in a table, or before the first table (null). */
export function adviseKey(table: string | null, key: string): string {
  const siblings = ALL_DEFINITIONS.filter((definition) => definition.table === table).map(
    (definition) => definition.key,
  );
  const [sibling] = nearest(key, siblings);
  if (sibling !== undefined) return `unknown key; did you mean ${table === null ? sibling : `${table}.${sibling}`}?`;
  const near = nearest(
    key,
    ALL_DEFINITIONS.map((definition) => definition.key),
  );
  const elsewhere = ALL_DEFINITIONS.filter((definition) => near.includes(definition.key));
  if (elsewhere.length > 0) return `unknown key; did you mean ${alternatives(elsewhere.map(place))}?`;
  if (table !== null) return `unknown key; [${table}] has ${siblings.join(', ')}`;
  return `unknown key; before the first table there are ${siblings.join(', ')}`;
}

/** Advice for an unknown table. */
export function adviseTable(table: string): string {
  const near = nearest(table, TABLES);
  if (near.length > 0) return `unknown table; did you mean ${alternatives(near.map((name) => `[${name}]`))}?`;
  return `unknown table; there are ${TABLES.map((name) => `[${name}]`).join(', ')}`;
}

/** A key's full name; a key without a table must be told where it belongs, because it was written below one. */
function place({ table, name }: { readonly table: string | null; readonly name: string }): string {
  return table === null ? `${name}, before the first table` : name;
}
