/** A place where clients speak to the guest agent. */
export interface ClientPort {
  /** As the configuration names it. */
  readonly name: string;
  /** Resolves when it can be reached, or is being tried. @throws {ListenError} */
  start(): Promise<void>;
  /** Ends it and what is connected. Never rejects. */
  stop(): Promise<void>;
}
