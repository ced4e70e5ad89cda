// Appends a run's events to its page while it runs. Text is only ever set as text.
"use strict";
const log = document.getElementById("log");
const most = 500;

function row(agent) {
  const found = [...log.querySelectorAll("details")].find((d) => d.dataset.agent === agent);
  if (found) return found;
  const made = document.getElementById("agent").content.firstElementChild.cloneNode(true);
  made.dataset.agent = agent;
  made.querySelector(".name").textContent = agent;
  log.append(made);
  return made;
}

function show(event) {
  const made = row(event.agent);
  const state = made.querySelector(".state");
  if (event.kind === "started") {
    made.querySelector("ol").replaceChildren();
    made.dataset.started = event.at;
    state.textContent = "reading";
    state.className = "state running";
  }
  if (event.kind === "done" || event.kind === "failed") {
    state.textContent = event.kind;
    state.className = "state " + (event.kind === "done" ? "finished" : "failed");
    made.dataset.ended = event.at;
  }
  if (event.tokens) made.querySelector(".tokens").textContent = event.tokens.toLocaleString("en") + " tokens";
  if (event.kind === "text" || event.kind === "tool") made.querySelector(".words").textContent = event.text.trim().split("\n").pop().slice(0, 200);
  const item = document.createElement("li");
  item.className = event.kind;
  item.textContent = event.text;
  const list = made.querySelector("ol");
  list.append(item);
  while (list.children.length > most) list.firstElementChild.remove();
}

function tick() {
  for (const made of log.querySelectorAll("details[data-started]")) {
    const until = made.dataset.ended ? Date.parse(made.dataset.ended) : Date.now();
    const seconds = Math.max(0, (until - Date.parse(made.dataset.started)) / 1000);
    made.querySelector(".time").textContent = seconds.toFixed(1) + " s";
  }
}

if (log && log.dataset.live) {
  const source = new EventSource("/api/runs/" + encodeURIComponent(log.dataset.run) + "/events?after=" + log.dataset.last);
  source.onmessage = (message) => show(JSON.parse(message.data));
  source.addEventListener("end", () => { source.close(); location.reload(); });
  setInterval(tick, 1000);
}
