/** The classes of errors that qemu-ga gives. QEMU has more, for the monitor. */
export type ErrorClass = 'CommandNotFound' | 'GenericError';

/** An error as a client is told it. */
export class GuestAgentError extends Error {
  override readonly name = 'GuestAgentError';
  /** `class` of the answer. */
  readonly errorClass: ErrorClass;

  /** @param description `desc` of the answer: for a person, in one line */
  constructor(errorClass: ErrorClass, description: string) {
    super(description);
    this.errorClass = errorClass;
  }
}

/** The errors that qemu-ga gives for what is not a command's own business, in its words (qapi/qmp-dispatch.c, qapi/qapi-visit-core.c). */
export const dialectErrors = {
  notAnObject: () => generic('QMP input must be a JSON object'),
  notAString: (member: string) => generic(`QMP input member '${member}' must be a string`),
  argumentsNotAnObject: () => generic("QMP input member 'arguments' must be an object"),
  unexpectedMember: (member: string) => generic(`QMP input member '${member}' is unexpected`),
  noCommand: () => generic("QMP input lacks member 'execute'"),
  notFound: (command: string) => new GuestAgentError('CommandNotFound', `The command ${command} has not been found`),
  /** @param reason why, where qemu-ga says so */
  disabled: (command: string, reason?: string) =>
    new GuestAgentError('CommandNotFound', `Command ${command} has been disabled${reason ? `: ${reason}` : ''}`),
  missingParameter: (name: string) => generic(`Parameter '${name}' is missing`),
  unexpectedParameter: (name: string) => generic(`Parameter '${name}' is unexpected`),
  wrongType: (name: string, expected: string) => generic(`Invalid parameter type for '${name}', expected: ${expected}`),
  wrongChoice: (name: string, value: string) => generic(`Parameter '${name}' does not accept value '${value}'`),
  /** @param expected what the value must be: `a number from 1 to 3` */
  wrongValue: (name: string, expected: string) => generic(`Parameter '${name}' expects ${expected}`),
} as const;

/** Why qemu-ga refuses most commands while file systems are frozen. */
export const FROZEN_REASON = 'the agent is in frozen state';

function generic(description: string): GuestAgentError {
  return new GuestAgentError('GenericError', description);
}
