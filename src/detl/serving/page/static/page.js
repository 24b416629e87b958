"use strict";
const $ = (id) => document.getElementById(id);
const words = {
  accepted: (answer) => `${answer.network}: ${answer.predicted}`,
  warned: (answer) => `${answer.network}: ${answer.predicted}, with a warning`,
  refused: () => "Refused: no class is named",
};

function say(text, kind = "") {
  $("status").textContent = text;
  $("status").className = kind;
}

async function send(file) {
  say(`Looking at ${file.name} ...`);
  $("result").hidden = true;
  let response, answer;
  try {
    response = await fetch("/api/predict", {
      method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" },
    });
    answer = await response.json();
  } catch (error) {
    say("No answer: is the server still running?", "refused");
    return;
  }
  if (!answer.image) {
    say(`Not usable: ${answer.detail || answer.reasons.join("; ")}`, "refused");
    return;
  }
  say(file.name);
  show(answer);
}

function list(id, texts) {
  $(id).replaceChildren(...texts.map((text) =>
    Object.assign(document.createElement("li"), { textContent: text })));
}

function show(answer) {
  $("image").src = answer.image;
  $("map").hidden = $("fader").hidden = !answer.map;
  if (answer.map) $("map").src = answer.map;
  $("decision").className = answer.decision;
  $("decision").textContent = words[answer.decision](answer);
  list("reasons", answer.reasons);
  list("warnings", answer.warnings);
  const shares = Object.entries(answer.probabilities || {});
  $("probabilities").hidden = $("spread").hidden = !shares.length;
  $("probabilities").tBodies[0].replaceChildren(...shares.map(([name, share]) => {
    const row = document.createElement("tr");
    row.className = name === answer.predicted ? "first" : "";
    const meter = Object.assign(document.createElement("meter"), { value: share });
    meter.setAttribute("aria-label", name);
    row.insertCell().textContent = name;
    row.insertCell().append(meter);
    row.insertCell().textContent = `${(100 * share).toFixed(1)} %`;
    return row;
  }));
  if (shares.length) {
    $("spread").textContent =
      `The folds' networks differ by ${(100 * answer.spread).toFixed(1)} points on it.`;
  }
  $("notice").textContent = answer.notice;
  $("result").hidden = false;
}

$("opacity").addEventListener("input", () => {
  $("map").style.opacity = $("opacity").value / 100;
  $("percent").value = `${$("opacity").value} %`;
});
$("map").style.opacity = 0.6;
$("file").addEventListener("change", () => $("file").files[0] && send($("file").files[0]));
const drop = $("drop");
drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
});
