import dbus from 'dbus-next';

/**
 * A message's body as plain values: what dbus-next wraps in a Variant is unwrapped, at any depth, and a dictionary becomes an object
 * without prototype, so that no key can be taken for a method.
 */
export function plainBody(body: unknown): readonly unknown[] {
  return Array.isArray(body) ? body.map(plainValue) : [];
}

function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof dbus.Variant) return plainValue(value.value);
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value)) plain[key] = plainValue(entry);
  return plain;
}
