/**
 * How clipmuxd says that somebody in the guest was too slow. The dialect has no other sign of it: the class is GenericError as for nearly all
 * errors. What a program says itself stands behind other words, so that none can be mistaken for these. What is not among them is an error
 * like any other.
 */
const LATE: readonly RegExp[] = [
  // guest-session-call: a program that serves a method, and `ping`.
  /^the program that serves \S+ did not answer within \d+ ms$/,
  /^session \d+ did not answer within \d+ ms$/,
  // guest-clipboard-get: as a whole, and what holds it up.
  /^the content was not there within \d+ ms$/,
  /^the agent of the session does not answer: it hangs, or is stopped$/,
  /^no answer to \S+ within \d+ ms$/,
  /^the owner made no progress for \d+ ms$/,
  /^nothing came for \d+ ms$/,
  /^the host did not answer in time$/,
  /^the host stopped in the middle of its answer$/,
  // Commands of a qemu-ga behind clipmuxd (guest-agent.upstream-answer).
  /^the qemu-ga behind clipmuxd cannot be asked: it did not answer (\S+ )?within \d+ ms$/,
];

/** Whether an error of the guest's is about time. @param description `desc` of the answer */
export function tellsOfLateness(description: string): boolean {
  return LATE.some((pattern) => pattern.test(description));
}
