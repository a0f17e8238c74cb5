// The form of the page that checks proofs. The files are read here and go nowhere.

import { textOf, verdictOn } from "./verify.mjs";

const at = (id) => document.getElementById(id);

/** The text of a chosen file, null where none is chosen; empty, which is no proof and no checkpoint, for other bytes. */
async function chosen(id) {
  const file = at(id).files[0];
  if (!file) return null;
  try {
    return textOf(await file.arrayBuffer());
  } catch {
    return "";
  }
}

function recordOf(proof) {
  try {
    return JSON.stringify(JSON.parse(JSON.parse(proof).leaf), null, 1);
  } catch {
    return "";
  }
}

at("verify").addEventListener("submit", async (event) => {
  event.preventDefault();
  const proof = (await chosen("proof")) ?? "";
  const checkpoint = await chosen("checkpoint");
  const key = at("key").value.trim() === "" ? null : at("key").value;
  const found = await verdictOn(proof, checkpoint, key);
  const holds = found.verdict === "ok";
  at("verdict").textContent = document.querySelector(`[data-verdict="${found.verdict}"]`).textContent;
  at("verdict").className = holds ? "holds" : "fails";
  at("alone").hidden = !holds || checkpoint !== null || key !== null;
  for (const place of document.querySelectorAll("[data-fact]")) {
    place.textContent = String(found[place.dataset.fact] ?? "—");
  }
  at("record").textContent = found.verdict === "malformed_bundle" ? "" : recordOf(proof);
  at("result").hidden = false;
  at("verdict").focus();
});
