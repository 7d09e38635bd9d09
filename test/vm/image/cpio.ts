/** One file of an archive. Paths are absolute in the guest. */
export type CpioEntry =
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'file'; readonly path: string; readonly data: Uint8Array; readonly executable?: boolean }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

/** <sys/stat.h>: type bits of a mode. */
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
/** Names and contents begin at multiples of this. */
const ALIGNMENT = 4;

/**
 * A "newc" archive, which is what the kernel unpacks as initramfs
 * (https://docs.kernel.org/driver-api/early-userspace/buffer-format.html). Missing parent folders are added.
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const pieces: Buffer[] = [];
  let inode = 0;
  const add = (path: string, mode: number, data: Uint8Array) => {
    inode += path === 'TRAILER!!!' ? 0 : 1;
    const name = Buffer.from(`${path}\0`);
    const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    pieces.push(
      padded(Buffer.concat([Buffer.from(header), name])),
      padded(Buffer.from(data.buffer, data.byteOffset, data.length)),
    );
  };

  const folders = new Set<string>();
  const addFolder = (path: string) => {
    if (path === '' || folders.has(path)) return;
    addFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    folders.add(path);
    add(path, S_IFDIR | 0o755, Buffer.alloc(0));
  };
  for (const entry of entries) {
    const path = entry.path.replace(/^\/+/, '');
    if (entry.type === 'folder') {
      addFolder(path);
      continue;
    }
    addFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (entry.type === 'link') add(path, S_IFLNK | 0o777, Buffer.from(entry.target));
    else add(path, S_IFREG | (entry.executable ? 0o755 : 0o644), entry.data);
  }
  add('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(pieces);
}

function padded(data: Buffer): Buffer {
  const missing = (ALIGNMENT - (data.length % ALIGNMENT)) % ALIGNMENT;
  return missing === 0 ? data : Buffer.concat([data, Buffer.alloc(missing)]);
}
