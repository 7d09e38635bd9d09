/**
 * What the bundles hold of others, with the licences under which they hold it: most ask that their text goes along with each copy.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package whose code is in a bundle. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  /** Its licence, whole. */
  readonly licence: string;
}

const PACKAGE_OF_INPUT = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/;
const LICENCE_FILE = /^(licen[cs]e|copying)(\.(md|txt))?$/i;

/** The folders of the packages that a bundle's inputs (paths as esbuild's metafile has them) come from, without ours. */
export function packageFolders(inputs: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const input of inputs) {
    const folder = PACKAGE_OF_INPUT.exec(input)?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort();
}

/** Reads what a package says of itself. @throws where it has no licence file: then somebody must look under which terms it may be passed on */
export async function readThirdParty(folder: string): Promise<ThirdParty> {
  const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const file = (await readdir(folder)).find((entry) => LICENCE_FILE.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} is bundled and has no licence file in ${folder}`);
  return { name, version, licence: (await readFile(join(folder, file), 'utf8')).trim() };
}

/** The text that goes along with the programs. */
export function formatNotices(packages: readonly ThirdParty[]): string {
  const parts = packages.map(({ name, version, licence }) => `${'-'.repeat(80)}\n${name} ${version}\n\n${licence}\n`);
  return `The programs of clipmux hold code of these packages, under these licences.\n\n${parts.join('\n')}`;
}
