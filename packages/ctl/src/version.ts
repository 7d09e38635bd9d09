declare const __CLIPMUX_VERSION__: string | undefined;

/** The version of clipmux; put in when the programs are built. */
export const CLIPMUX_VERSION = typeof __CLIPMUX_VERSION__ === 'string' ? __CLIPMUX_VERSION__ : '0.0.0-source';
