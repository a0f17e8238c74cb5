// Reads cases as JSON lines ({proof, checkpoint, key, native}) and prints the verdict on each: for tests under node.

import { createInterface } from "node:readline";
import { verdictOn } from "../../webapp/static/verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { proof, checkpoint, key, native } = JSON.parse(line);
  const { verdict } = await verdictOn(proof, checkpoint, key, native);
  console.log(verdict);
}
