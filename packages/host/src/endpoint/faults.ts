/** How the endpoint treats a request of the guest's: properly, or in one of the ways in which hosts fail. */
export type RequestTreatment = 'serve' | 'answer-none' | 'answer-empty' | 'never-answer';

/** Misbehaviour, for tests of the guest. */
export interface HostFaults {
  /** Default: `serve`. */
  readonly requests?: RequestTreatment;
  /** Whether to go on reading what the guest sends. Default: yes. */
  readonly reading?: boolean;
  /** Drop each message that would make more than so many bytes wait, unanswered; QEMU: `QEMU_OUTPUT_LIMIT`. Default: none. */
  readonly outputLimit?: number;
}
