// The form of the page that checks proofs. The files are read here and go nowhere.

import { verdictOn } from "./verify.mjs";

const at = (id) => document.getElementById(id);

async function textOf(id) {
  const file = at(id).files[0];
  return file ? file.text() : null;
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
  const proof = (await textOf("proof")) ?? "";
  const checkpoint = await textOf("checkpoint");
  const key = at("key").value.trim() || null;
  const found = await verdictOn(proof, checkpoint, key);
  const holds = found.verdict === "ok";
  at("verdict").textContent = document.querySelector(`[data-verdict="${found.verdict}"]`).textContent;
  at("verdict").className = holds ? "holds" : "fails";
  at("alone").hidden = !holds || checkpoint !== null || key !== null;
  for (const place of document.querySelectorAll("[data-fact]")) {
    place.textContent = String(found[place.dataset.fact] ?? "—");
  }
  at("record").textContent = recordOf(proof);
  at("result").hidden = false;
  at("verdict").focus();
});
