/** The names of methods: of the host, for programs of sessions, and of programs, for the host. */

/** What a name may be. */
export const METHOD_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
/** {@link METHOD_NAME} in words. */
export const METHOD_NAME_WORDS = '1 to 64 letters, digits, ".", "_" and "-"';

/** What clipmux itself answers in a session, or may answer some day: no program can serve it in its place. */
const RESERVED = /^(?:ping$|(?:clipmux|host|selection|session)\.)/;
/** The reserved names in words. */
export const RESERVED_METHODS_WORDS = '"ping" and what begins with "clipmux.", "host.", "selection." or "session."';

/** Whether the name is one of clipmux's own, which no program of a session can serve. */
export function isReservedMethod(name: string): boolean {
  return RESERVED.test(name);
}
