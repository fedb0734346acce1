// SPDX-License-Identifier: LGPL-2.1-or-later
//
// LiveKit's messages as gst/livekit/proto has them, and values that none of their fields expects.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../gst/livekit/proto');
const kScalars = ['string', 'bytes', 'bool', 'double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64'];

/** { messages: name -> [{ name, number, type, repeated, map }], enums: Set, methods: [{ service, name, request }] } */
export function readSchema() {
  const schema = { messages: new Map(), enums: new Set(), methods: [] };
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.proto')).sort()) {
    const scope = [];  // { kind, name }
    for (const line of fs.readFileSync(path.join(folder, file), 'utf8').split('\n')) {
      const opened = /^\s*(message|enum|oneof|service) (\w+) \{/.exec(line);
      const rpc = /^\s*rpc (\w+)\(([\w.]+)\)/.exec(line);
      const field = /^\s*(repeated |optional )?(map<\w+, *([\w.]+)>|[\w.]+) (\w+) = (\d+)/.exec(line);
      const message = `livekit.${scope.filter(({ kind }) => kind === 'message').map(({ name }) => name).join('.')}`;
      if (opened) {
        const [, kind, name] = opened;
        scope.push({ kind, name });
        const full = message === 'livekit.' ? `livekit.${name}` : `${message}.${name}`;
        if (kind === 'message') schema.messages.set(full, []);
        if (kind === 'enum') schema.enums.add(full);
        if (/\}\s*$/.test(line)) scope.pop();
      } else if (rpc) {
        schema.methods.push({ service: scope.at(-1).name, name: rpc[1], request: rpc[2] });
      } else if (field && scope.at(-1)?.kind !== 'enum') {
        const [, label, type, value, name, number] = field;
        schema.messages.get(message).push({ name, number: Number(number), type: value ?? type, repeated: label === 'repeated ', map: Boolean(value) });
      } else if (/^\s*\}/.test(line)) {
        scope.pop();
      }
    }
  }
  return schema;
}

/** As JSON text, what a field may hold that it should not, and what is as much as it may. */
function jsonValues({ messages, enums }, { type, repeated, map }) {
  const long = JSON.stringify('x'.repeat(70000));
  if (repeated) return ['5', '"x"', '{}', '[null]', '[[]]', `[${Array(2000).fill(type === 'string' ? '"x"' : '{}').join(',')}]`];
  if (map) return ['5', '"x"', '[]', '{"a":{}}', '{"a":null}', `{${Array.from({ length: 2000 }, (_, i) => `"k${i}":"v"`).join(',')}}`];
  if (messages.has(type)) return ['5', '"x"', '[]', 'true', '{"noSuchField":1}', '{}'];
  if (enums.has(type)) return ['"NO_SUCH_VALUE"', '-1', '999999', '1.5', '{}', long];
  switch (type) {
    case 'string': return ['5', '{}', '[]', 'true', '""', long, '"\\u0000"', '"\\ud800"', '"../../../etc/passwd"', '"\\u202e\\r\\nX: y"'];
    case 'bytes': return ['5', '{}', '"!!! no base64 !!!"', '""', long];
    case 'bool': return ['"yes"', '2', '{}', '[]'];
    default: return ['"x"', '-1', '1.5', '1e400', '18446744073709551616', '"4294967296"', '{}', 'true', '""'];
  }
}

/** JSON texts of `message`, each with one strange field; those of messages in it down to `depth`. */
export function* hostileJson(schema, message, depth = 2) {
  const fields = schema.messages.get(message) ?? [];
  for (const field of fields) {
    for (const value of jsonValues(schema, field)) yield `{${JSON.stringify(field.name)}:${value}}`;
    if (depth === 0 || !schema.messages.has(field.type) || field.map) continue;
    for (const inner of hostileJson(schema, field.type, depth - 1))
      yield `{${JSON.stringify(field.name)}:${field.repeated ? `[${inner}]` : inner}}`;
  }
}

export function varint(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | (rest >= 128n ? 128 : 0));
    if (rest < 128n) return Buffer.from(bytes);
  }
}

const tagged = (number, wire, ...rest) => Buffer.concat([varint((number << 3) | wire), ...rest]);
/** A field of bytes, a text or a message. */
export const lengthDelimited = (number, payload) => tagged(number, 2, varint(payload.length), payload);

/** Protobuf messages of `message` that are broken in one field, or full to the brim. */
export function* hostileProtobuf(schema, message, depth = 1) {
  yield crypto.randomBytes(300);
  for (const field of schema.messages.get(message) ?? []) {
    const { number } = field;
    yield tagged(number, 0, varint((1n << 64n) - 1n));
    yield tagged(number, 1, Buffer.alloc(8, 0xff));
    yield tagged(number, 5, Buffer.alloc(4, 0xff));
    yield tagged(number, 3, tagged(number, 3));  // groups that never end
    yield tagged(number, 2, varint(1 << 30));  // a length beyond the end
    yield lengthDelimited(number, Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00]));
    yield lengthDelimited(number, Buffer.alloc(40000, 0x78));
    yield Buffer.concat(Array(1000).fill(lengthDelimited(number, Buffer.alloc(0))));
    if (depth === 0 || !schema.messages.has(field.type)) continue;
    for (const inner of hostileProtobuf(schema, field.type, depth - 1)) yield lengthDelimited(number, inner);
  }
}

/** Types that the schema names and does not have: it was not read whole. */
export const unknownTypes = ({ messages, enums }) => [...new Set([...messages.values()].flat().map(({ type }) => type))]
  .filter((type) => !messages.has(type) && !enums.has(type) && !kScalars.includes(type) && !type.startsWith('google.'));
