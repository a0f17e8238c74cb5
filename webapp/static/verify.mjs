// Checks a proof of modalshift: that one record is in a signed Merkle tree, unchanged.
//
// Written from optimizer/accounts/FORMAT.md alone; it shares no code with the product that writes proofs. Runs in a
// browser and under node, without any library:
//
//     node verify.mjs proof.json [checkpoint.txt] [--key PUBLIC_KEY]      exit 0 holds, 1 does not, 2 cannot be read
//
// SHA-256 and Ed25519 come from WebCrypto where it has them. A page without https has no WebCrypto and an older browser
// no Ed25519; then the plain versions at the end of this file do the work.

const FORMAT = "modalshift-proof-1";
const ROTATION = "modalshift key rotation";
const ORIGIN = /^[!-*,-~]{1,200}$/;
const COUNT = /^(0|[1-9][0-9]{0,14})$/;
const HASH = /^[0-9a-f]{64}$/;
const TIME = /^time [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const REQUIRED = ["format", "entry", "index", "leaf", "path", "checkpoint", "keys"];
const OPTIONAL = ["document", "since"];
const MAX_NOTE_CHARACTERS = 100000;
const DEEPEST = 100;
// A text inside JSON, with the colon after it where it is a name.
const TEXT_IN_JSON = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g;
const KEY_EDGES = /^[ \t\r\n]+|[ \t\r\n]+$/g;

const utf8 = (text) => new TextEncoder().encode(text);

/** The text of a file's bytes: UTF-8, without a byte order mark, every line end a newline. Throws for other bytes. */
export function textOf(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
}

/**
 * The verdict on a proof file.
 *
 * proof: text of the file; checkpoint: text of a tree head exported before, or null; key: public key as published, or
 * null; native: false does without WebCrypto. Resolves to {verdict, entry, index, size, root, origin, sealedAt, key};
 * verdict is "ok" or names the first fault.
 */
export async function verdictOn(proof, checkpoint = null, key = null, native = true) {
  const crypto = native ? globalThis.crypto?.subtle : undefined;
  const bundle = parseProof(proof);
  if (!bundle) return { verdict: "malformed_bundle" };
  const head = await parseCheckpoint(bundle.checkpoint, crypto);
  if (!head) return { verdict: "malformed_head" };
  const facts = {
    entry: bundle.entry,
    index: bundle.index,
    size: head.size,
    root: hex(head.root),
    origin: head.origin,
    sealedAt: head.sealedAt,
    key: head.key.text,
  };
  const verdict =
    (await headFault(bundle, head, crypto)) ??
    (await contentFault(bundle, crypto)) ??
    (await trustFault(bundle, head, checkpoint, key, crypto)) ??
    "ok";
  return { verdict, ...facts };
}

async function headFault(bundle, head, crypto) {
  if (!(await isSigned(head.note, head.key, crypto))) return "head_signature_wrong";
  const leaf = await sha256(joined([0], utf8(bundle.leaf)), crypto);
  const root = await rootFromInclusion(leaf, bundle.index, head.size, bundle.path, crypto);
  return root && same(root, head.root) ? undefined : "not_included";
}

async function contentFault(bundle, crypto) {
  const leaf = readJson(bundle.leaf);
  if (!isObject(leaf) || !isObject(leaf.record)) return "entry_differs";
  const { kind, id } = leaf;
  if (typeof kind !== "string" || typeof id !== "string" || `${kind}:${id}` !== bundle.entry) return "entry_differs";
  if (bundle.document === undefined) return undefined;
  const digest = hex(await sha256(utf8(bundle.document), crypto));
  return digest === leaf.record.document_sha256 ? undefined : "document_differs";
}

async function trustFault(bundle, head, checkpointText, keyText, crypto) {
  let trusted = head.key;
  let checkpoint = null;
  if (checkpointText !== null) {
    checkpoint = await parseCheckpoint(checkpointText, crypto);
    if (!checkpoint) return "malformed_checkpoint";
    if (!(await isSigned(checkpoint.note, checkpoint.key, crypto))) return "checkpoint_signature_wrong";
    if (checkpoint.origin !== head.origin) return "other_log";
    trusted = checkpoint.key;
  }
  if (keyText !== null) {
    const published = await parseKey(keyText.replace(KEY_EDGES, ""), crypto);
    if (!published) return "malformed_key";
    if (checkpoint && published.text !== checkpoint.key.text) return "other_key";
    trusted = published;
  }
  for (const text of bundle.keys) {
    const rotation = await parseRotation(text, crypto);
    if (!rotation || rotation.origin !== head.origin) return "rotation_wrong";
    if (!(await isSigned(rotation.note, rotation.old, crypto))) return "rotation_wrong";
    if (rotation.old.text === trusted.text) trusted = rotation.next;
  }
  if (trusted.text !== head.key.text) return "other_key";
  return checkpoint ? linkFault(bundle, head, checkpoint, crypto) : undefined;
}

async function linkFault(bundle, head, checkpoint, crypto) {
  if (checkpoint.size === head.size) return same(checkpoint.root, head.root) ? undefined : "root_differs";
  if (!bundle.since || bundle.since.size !== checkpoint.size) return "not_linked";
  const path = bundle.since.path;
  const linked = await isConsistent(checkpoint.size, checkpoint.root, head.size, head.root, path, crypto);
  return linked ? undefined : "not_consistent";
}

// Files

function parseProof(text) {
  const bundle = readJson(text);
  if (!isObject(bundle)) return null;
  const names = Object.keys(bundle);
  if (!REQUIRED.every((name) => names.includes(name))) return null;
  if (!names.every((name) => REQUIRED.includes(name) || OPTIONAL.includes(name))) return null;
  const { format, entry, index, leaf, path, checkpoint, keys, document, since } = bundle;
  const texts = [format, entry, index, leaf, checkpoint];
  if (!Array.isArray(keys)) return null;
  texts.push(...keys);
  if (names.includes("document")) texts.push(document);
  if (!texts.every((value) => typeof value === "string" && !LONE_SURROGATE.test(value))) return null;
  if (format !== FORMAT || !COUNT.test(index) || !areHashes(path)) return null;
  const found = { entry, index: Number(index), leaf, path: path.map(unhex), checkpoint, keys, document };
  if (names.includes("since")) {
    if (!isObject(since) || Object.keys(since).sort().join() !== "path,size") return null;
    if (typeof since.size !== "string" || !COUNT.test(since.size) || !areHashes(since.path)) return null;
    found.since = { size: Number(since.size), path: since.path.map(unhex) };
  }
  return found;
}

/** The value of a JSON text. Undefined for any other text, where an object says a name twice or it nests too deep. */
function readJson(text) {
  try {
    const value = JSON.parse(text);
    let written = 0;
    for (const [, colon] of text.matchAll(TEXT_IN_JSON)) written += colon === undefined ? 0 : 1;
    return namesIn(value, DEEPEST) === written ? value : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(value, left) {
  if (typeof value !== "object" || value === null) return 0;
  if (left === 0) throw new RangeError("nested too deep");
  const inner = Object.values(value).map((one) => namesIn(one, left - 1));
  return inner.reduce((sum, count) => sum + count, Array.isArray(value) ? 0 : inner.length);
}

async function parseCheckpoint(text, crypto) {
  const note = parseNote(text);
  if (!note || note.lines.length !== 5) return null;
  const [origin, size, rootText, time, keyLine] = note.lines;
  const root = exactBase64(rootText);
  if (!ORIGIN.test(origin) || !COUNT.test(size) || root?.length !== 32) return null;
  if (!TIME.test(time) || !keyLine.startsWith("key ")) return null;
  const key = await parseKey(keyLine.slice(4), crypto);
  if (!key || key.name !== origin) return null;
  return { origin, size: Number(size), root, sealedAt: time.slice(5), key, note };
}

async function parseRotation(text, crypto) {
  const note = parseNote(text);
  if (!note || note.lines.length !== 5) return null;
  const [origin, title, oldLine, newLine, time] = note.lines;
  if (title !== ROTATION || !oldLine.startsWith("old ") || !newLine.startsWith("new ") || !TIME.test(time)) return null;
  const old = await parseKey(oldLine.slice(4), crypto);
  const next = await parseKey(newLine.slice(4), crypto);
  if (!old || !next || old.name !== origin || next.name !== origin) return null;
  return { origin, old, next, note };
}

/** A signed note: text, its lines, its signatures. Null unless the text is exactly what would be written again. */
function parseNote(text) {
  if ([...text].length > MAX_NOTE_CHARACTERS) return null;
  const gap = text.indexOf("\n\n");
  if (gap < 0 || !text.endsWith("\n")) return null;
  const body = text.slice(0, gap + 1);
  const tail = text.slice(gap + 2);
  if (!tail.endsWith("\n")) return null;
  const signatures = [];
  for (const line of tail.slice(0, -1).split("\n")) {
    const parts = line.split(" ");
    if (parts.length !== 3 || parts[0] !== "—" || !ORIGIN.test(parts[1])) return null;
    const signature = exactBase64(parts[2]);
    if (signature?.length !== 68) return null;
    signatures.push({ name: parts[1], keyId: signature.slice(0, 4), signature: signature.slice(4) });
  }
  return { text: body, lines: body.slice(0, -1).split("\n"), signatures };
}

async function parseKey(text, crypto) {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0) return null;
  const name = text.slice(0, first);
  const raw = exactBase64(text.slice(second + 1));
  if (!ORIGIN.test(name) || raw?.length !== 33 || raw[0] !== 1) return null;
  const id = (await sha256(joined(utf8(name), [10], raw), crypto)).slice(0, 4);
  return text.slice(first + 1, second) === hex(id) ? { name, id, publicKey: raw.slice(1), text } : null;
}

async function isSigned(note, key, crypto) {
  const own = note.signatures.find(({ name, keyId }) => name === key.name && same(keyId, key.id));
  return own !== undefined && ed25519(key.publicKey, own.signature, utf8(note.text), crypto);
}

// The tree (RFC 9162, sections 2.1.3.2 and 2.1.4.2)

async function rootFromInclusion(leaf, index, size, path, crypto) {
  if (index >= size) return null;
  let position = index;
  let last = size - 1;
  let folded = leaf;
  for (const step of path) {
    if (last === 0) return null;
    if (position % 2 === 1 || position === last) {
      folded = await nodeHash(step, folded, crypto);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      folded = await nodeHash(folded, step, crypto);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 ? folded : null;
}

async function isConsistent(oldSize, oldRoot, size, root, path, crypto) {
  if (oldSize === size) return path.length === 0 && same(oldRoot, root);
  if (oldSize === 0) return path.length === 0 && same(oldRoot, await sha256(new Uint8Array(), crypto));
  if (oldSize > size) return false;
  const powerOfTwo = Number.isInteger(Math.log2(oldSize)) && 2 ** Math.round(Math.log2(oldSize)) === oldSize;
  const steps = powerOfTwo ? [oldRoot, ...path] : path;
  if (steps.length === 0) return false;
  let position = oldSize - 1;
  let last = size - 1;
  while (position % 2 === 1) [position, last] = [half(position), half(last)];
  let [oldFolded, folded] = [steps[0], steps[0]];
  for (const step of steps.slice(1)) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldFolded = await nodeHash(step, oldFolded, crypto);
      folded = await nodeHash(step, folded, crypto);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      folded = await nodeHash(folded, step, crypto);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && same(oldFolded, oldRoot) && same(folded, root);
}

// Sizes go beyond 2^31, where shifts of JavaScript end.
const half = (value) => Math.floor(value / 2);
const nodeHash = (left, right, crypto) => sha256(joined([1], left, right), crypto);

// Bytes

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const areHashes = (value) => Array.isArray(value) && value.every((step) => typeof step === "string" && HASH.test(step));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of a text that is exactly their base64, null for any other text. */
function exactBase64(text) {
  try {
    const binary = atob(text);
    return btoa(binary) === text ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

async function sha256(bytes, crypto) {
  return crypto ? new Uint8Array(await crypto.digest("SHA-256", bytes)) : sha2(bytes, SHA256);
}

async function ed25519(publicKey, signature, message, crypto) {
  if (crypto) {
    let key;
    try {
      key = await crypto.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      return plainEd25519(publicKey, signature, message);
    }
    return crypto.verify({ name: "Ed25519" }, key, signature, message);
  }
  return plainEd25519(publicKey, signature, message);
}

// SHA-256 and SHA-512 (FIPS 180-4), for where WebCrypto is missing. Both are one algorithm over words of 32 or 64 bits;
// its constants are the fractional parts of roots of the first primes and are computed, not listed.

const SHA256 = shaParameters(32n, 64, [2, 13, 22], [6, 11, 25], [7, 18, 3], [17, 19, 10]);
const SHA512 = shaParameters(64n, 80, [28, 34, 39], [14, 18, 41], [1, 8, 7], [19, 61, 6]);

function shaParameters(bits, rounds, big0, big1, small0, small1) {
  const primes = [];
  for (let number = 2; primes.length < rounds; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  const mask = (1n << bits) - 1n;
  const fraction = (prime, degree) => integerRoot(BigInt(prime) << (bits * degree), degree) & mask;
  return {
    bits,
    rounds,
    mask,
    start: primes.slice(0, 8).map((prime) => fraction(prime, 2n)),
    constants: primes.map((prime) => fraction(prime, 3n)),
    turns: [big0, big1, small0, small1].map((turn) => turn.map(BigInt)),
  };
}

function integerRoot(value, degree) {
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle;
  }
  return low;
}

function sha2(message, { bits, rounds, mask, start, constants, turns: [big0, big1, small0, small1] }) {
  const wordBytes = Number(bits) / 8;
  const blockBytes = 16 * wordBytes;
  const padded = new Uint8Array(Math.ceil((message.length + 1 + 2 * wordBytes) / blockBytes) * blockBytes);
  padded.set(message);
  padded[message.length] = 0x80;
  for (let at = padded.length - 1, length = BigInt(message.length) * 8n; length > 0n; at--, length >>= 8n) {
    padded[at] = Number(length & 255n);
  }
  const turn = (word, by) => ((word >> by) | (word << (bits - by))) & mask;
  const big = (word, [a, b, c]) => turn(word, a) ^ turn(word, b) ^ turn(word, c);
  const small = (word, [a, b, shift]) => turn(word, a) ^ turn(word, b) ^ (word >> shift);
  let state = start;
  for (let block = 0; block < padded.length; block += blockBytes) {
    const words = [];
    for (let number = 0; number < rounds; number++) {
      if (number < 16) {
        const from = block + number * wordBytes;
        words.push(BigInt(`0x${hex(padded.slice(from, from + wordBytes))}`));
      } else {
        const added = small(words[number - 2], small1) + words[number - 7] + small(words[number - 15], small0);
        words.push((added + words[number - 16]) & mask);
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let number = 0; number < rounds; number++) {
      const first = h + big(e, big1) + ((e & f) ^ (~e & mask & g)) + constants[number] + words[number];
      const second = big(a, big0) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & mask, c, b, a, (first + second) & mask];
    }
    state = [a, b, c, d, e, f, g, h].map((word, at) => (word + state[at]) & mask);
  }
  return unhex(state.map((word) => word.toString(16).padStart(2 * wordBytes, "0")).join(""));
}

// Ed25519 verification (RFC 8032, 5.1.7), for where WebCrypto has none. Only public values are handled, so it need not
// take constant time. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const modulo = (value, by = P) => ((value % by) + by) % by;
const inverse = (value) => power(value, P - 2n);
const D = modulo(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const NEUTRAL = [0n, 1n, 1n, 0n];
const BASE = pointWith(modulo(4n * inverse(5n)), 0n);

function power(base, exponent) {
  let result = 1n;
  for (let factor = modulo(base), left = exponent; left > 0n; left >>= 1n, factor = modulo(factor * factor)) {
    if (left & 1n) result = modulo(result * factor);
  }
  return result;
}

/** The point of a y and the lowest bit of its x, null where there is none. */
function pointWith(y, odd) {
  const top = modulo(y * y - 1n);
  const bottom = modulo(D * y * y + 1n);
  let x = modulo(top * bottom ** 3n * power(top * bottom ** 7n, (P - 5n) / 8n));
  if (modulo(bottom * x * x) !== top) x = modulo(x * ROOT_OF_MINUS_ONE);
  if (modulo(bottom * x * x) !== top) return null;
  if ((x & 1n) !== odd) x = modulo(-x);
  return [x, y, 1n, modulo(x * y)];
}

function plus([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = modulo((y1 - x1) * (y2 - x2));
  const b = modulo((y1 + x1) * (y2 + x2));
  const c = modulo(2n * D * t1 * t2);
  const d = modulo(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

function times(scalar, point) {
  let result = NEUTRAL;
  for (let left = scalar, doubled = point; left > 0n; left >>= 1n, doubled = plus(doubled, doubled)) {
    if (left & 1n) result = plus(result, doubled);
  }
  return result;
}

const littleEndian = (bytes) => BigInt(`0x${hex(bytes.slice().reverse())}`);

function plainEd25519(publicKey, signature, message) {
  const encoded = littleEndian(publicKey);
  const key = pointWith(modulo(encoded & (2n ** 255n - 1n)), encoded >> 255n);
  const commitment = signature.slice(0, 32);
  const response = littleEndian(signature.slice(32));
  if (!key || response >= ORDER) return false;
  const challenge = modulo(littleEndian(sha2(joined(commitment, publicKey, message), SHA512)), ORDER);
  const [x, y, z] = plus(times(response, BASE), times(ORDER * 8n - challenge, key));
  const scale = inverse(z);
  const value = modulo(y * scale) | ((modulo(x * scale) & 1n) << 255n);
  return same(unhex(value.toString(16).padStart(64, "0")).reverse(), commitment);
}

// Under node

if (globalThis.process?.argv?.[1] !== undefined && import.meta.url.startsWith("file:")) {
  const { pathToFileURL } = await import("node:url");
  if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main(process.argv.slice(2));
}

async function main(words) {
  const { readFile } = await import("node:fs/promises");
  const at = words.indexOf("--key");
  const key = at < 0 ? null : words[at + 1] ?? "";
  const files = at < 0 ? words : words.filter((_, position) => position !== at && position !== at + 1);
  if (files.length < 1 || files.length > 2) {
    console.error("usage: node verify.mjs proof.json [checkpoint.txt] [--key PUBLIC_KEY]");
    return 2;
  }
  let texts;
  try {
    texts = await Promise.all(files.map(async (file) => textOf(await readFile(file))));
  } catch (error) {
    console.error(`cannot read: ${error.message}`);
    return 2;
  }
  const found = await verdictOn(texts[0], texts[1] ?? null, key);
  console.log(JSON.stringify(found, null, 1));
  return found.verdict === "ok" ? 0 : 1;
}
