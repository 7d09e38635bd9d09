/** Programs that may be connected at once. Each has four calls at most under way, and all together as many as clipmuxd lets a session have. */
export const PROGRAM_CONNECTIONS_MAX = 16;
