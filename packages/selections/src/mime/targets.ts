import { MAX_TYPE_BYTES, MAX_TYPES } from '../limits.ts';

/** The MIME type of text on every interface of clipmux. */
export const TEXT_TYPE = 'text/plain;charset=utf-8';

/** KDE's mark on a copied password; it names no MIME type but is worth knowing. */
const PASSWORD_HINT = 'x-kde-passwordManagerHint';

/** Targets by which text is asked for, best first: those that state UTF-8, then those that may be anything. */
const TEXT_TARGETS: readonly string[] = [
  'UTF8_STRING',
  'text/plain;charset=utf-8',
  'STRING',
  'TEXT',
  'COMPOUND_TEXT',
  'text/plain',
];

/** Other names of image types, as programs use them. The first of each list is ours. */
const IMAGE_ALIASES: readonly (readonly string[])[] = [
  ['image/png'],
  ['image/bmp', 'image/x-bmp', 'image/x-MS-bmp'],
  ['image/tiff'],
  ['image/jpeg', 'image/jpg'],
];

/** What an owner's TARGETS list means. */
export interface Offer {
  /** MIME types, in the order of the owner's list. */
  readonly types: readonly string[];
  /** For each type the targets to ask for, best first. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
}

/** What a program offers that does not know TARGETS: such programs (ICCCM demands TARGETS) have text, if anything. */
export const TARGETLESS_OFFER: Offer = {
  types: [TEXT_TYPE],
  targets: new Map([[TEXT_TYPE, ['UTF8_STRING', 'STRING']]]),
};

/** An offer of nothing. */
export const EMPTY_OFFER: Offer = { types: [], targets: new Map() };

/** `text/plain; charset="UTF-8"` and the like, all as one. */
export function isUtf8Text(target: string): boolean {
  return /^text\/plain; ?charset="?utf-?8"?$/i.test(target);
}

/** Printable ASCII, no space at either end, not too long. */
export function isValidType(type: string): boolean {
  return type.length > 0 && type.length <= MAX_TYPE_BYTES && /^[!-~](?:[ -~]*[!-~])?$/.test(type);
}

function textRank(target: string): number {
  return TEXT_TARGETS.indexOf(isUtf8Text(target) ? 'text/plain;charset=utf-8' : target);
}

/** The MIME type for a target's name, or undefined for one that clipmux does not hand on. */
export function typeOfTarget(target: string): string | undefined {
  if (textRank(target) !== -1) return TEXT_TYPE;
  const lower = target.toLowerCase();
  for (const names of IMAGE_ALIASES) {
    if (names.some((name) => name.toLowerCase() === lower)) return names[0];
  }
  if (target === PASSWORD_HINT) return target;
  return target.includes('/') && isValidType(target) ? target : undefined;
}

/**
 * Reads an owner's list of targets. At most {@link MAX_TYPES} types come out; text and images are never the ones left out.
 *
 * @param names the targets' names in the owner's order
 */
export function offerOfTargets(names: Iterable<string>): Offer {
  const targets = new Map<string, string[]>();
  for (const name of names) {
    const type = typeOfTarget(name);
    if (type === undefined) continue;
    const known = targets.get(type);
    if (known === undefined) targets.set(type, [name]);
    else if (!known.includes(name)) known.push(name);
  }
  for (const known of targets.values()) if (known.length > 1) known.sort((a, b) => textRank(a) - textRank(b));
  const isKnown = (type: string) => type === TEXT_TYPE || IMAGE_ALIASES.some((names) => names[0] === type);
  let spare = MAX_TYPES - [...targets.keys()].filter(isKnown).length;
  const types = [...targets.keys()].filter((type) => isKnown(type) || spare-- > 0);
  return { types, targets };
}

/** How a request for a target is answered: from which of our types, and in which form. */
export interface Answer {
  /** The MIME type to get from the provider. */
  readonly type: string;
  readonly form: 'as-is' | 'latin1' | 'compound-text';
  /** The type that the property is to bear. */
  readonly answerType: string;
}

/** Targets offered for text, best first. STRING is listed for all text and refused where the text does not fit. */
const OFFERED_TEXT: readonly (Omit<Answer, 'type'> & { readonly target: string })[] = [
  { target: 'UTF8_STRING', form: 'as-is', answerType: 'UTF8_STRING' },
  { target: 'text/plain;charset=utf-8', form: 'as-is', answerType: 'text/plain;charset=utf-8' },
  { target: 'text/plain;charset=UTF-8', form: 'as-is', answerType: 'text/plain;charset=UTF-8' },
  { target: 'text/plain', form: 'as-is', answerType: 'text/plain' },
  { target: 'TEXT', form: 'as-is', answerType: 'UTF8_STRING' },
  { target: 'STRING', form: 'latin1', answerType: 'STRING' },
  { target: 'COMPOUND_TEXT', form: 'compound-text', answerType: 'COMPOUND_TEXT' },
];

/** The targets under which we offer these types, and how each is answered, in the order to list them. */
export function targetsOfTypes(types: readonly string[]): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  const add = (target: string, answer: Answer) => {
    if (!answers.has(target)) answers.set(target, answer);
  };
  for (const type of types) {
    if (typeOfTarget(type) === TEXT_TYPE) {
      for (const { target, form, answerType } of OFFERED_TEXT) add(target, { type, form, answerType });
      continue;
    }
    const names = IMAGE_ALIASES.find((aliases) => aliases[0] === type) ?? [type];
    for (const name of names) add(name, { type, form: 'as-is', answerType: name });
  }
  return answers;
}
