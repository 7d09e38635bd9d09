/** Set by the build (esbuild's `define`); absent when the sources run as they are. */
declare const __CLIPMUX_VERSION__: string | undefined;

/** The version that `--version` prints. */
export const VERSION: string = typeof __CLIPMUX_VERSION__ === 'string' ? __CLIPMUX_VERSION__ : '0.1.0';
