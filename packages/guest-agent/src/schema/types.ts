/** What an argument of a command may be. */
export type ArgumentType =
  /** A whole number of 64 bits. With a range it is handed on as a number, else as a bigint. */
  | { readonly kind: 'integer'; readonly range?: { readonly least: number; readonly most: number } }
  | { readonly kind: 'string' }
  /** Bytes in base64 (RFC 4648, section 4), at most so many before encoding. */
  | { readonly kind: 'base64'; readonly bytesMax: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** Any JSON object. */
  | { readonly kind: 'object' };

/** An argument of a command. */
export interface Argument<T extends ArgumentType = ArgumentType, O extends boolean = boolean> {
  readonly type: T;
  readonly optional: O;
  /** What it means, for the reference: a sentence. */
  readonly description: string;
}

/** A member of what a command returns, for the reference. */
export interface ReturnedMember {
  /** As the reference writes it: `integer`, `list of string`. */
  readonly type: string;
  readonly description: string;
}

/** A command: what it takes and gives. The one description from which checking, guest-info and the reference are made. */
export interface CommandSchema {
  /** What it does, for the reference: sentences. */
  readonly description: string;
  readonly arguments: Readonly<Record<string, Argument>>;
  /** What it returns: members of an object, or one value in words. */
  readonly returns: Readonly<Record<string, ReturnedMember>> | string;
  /** A request and its answer, for the reference. They are parsed by its test. */
  readonly example: { readonly request: string; readonly answer: string };
}

/** What an argument of that type is once it is checked. */
export type ArgumentValue<T extends ArgumentType> = T extends { kind: 'integer' }
  ? T extends { range: object }
    ? number
    : bigint
  : T extends { kind: 'boolean' }
    ? boolean
    : T extends { kind: 'choice'; values: readonly (infer V)[] }
      ? V
      : T extends { kind: 'base64' }
        ? Buffer
        : T extends { kind: 'object' }
          ? JsonObjectValue
          : string;

type JsonObjectValue = import('../json/value.ts').JsonObject;

/** The arguments of a command once they are checked; optional ones may be undefined. */
export type ArgumentsOf<S extends CommandSchema> = {
  readonly [N in keyof S['arguments']]: S['arguments'][N] extends Argument<infer T, infer O>
    ? ArgumentValue<T> | (O extends true ? undefined : never)
    : never;
};

/** An argument that must be given. */
export function required<const T extends ArgumentType>(type: T, description: string): Argument<T, false> {
  return { type, optional: false, description };
}

/** An argument that may be left out. */
export function optional<const T extends ArgumentType>(type: T, description: string): Argument<T, true> {
  return { type, optional: true, description };
}

/** A type in the words of qemu-ga's errors. */
export function typeName({ kind }: ArgumentType): string {
  switch (kind) {
    case 'choice':
    case 'base64':
    case 'string':
      return 'string';
    default:
      return kind;
  }
}
