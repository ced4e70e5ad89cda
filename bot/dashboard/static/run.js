// Appends a run's events to its page: while it runs, and afterwards those that the page had no
// room for. Text is only ever set as text.
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
    delete made.dataset.ended;
    state.textContent = "reading";
    state.className = "state running";
  }
  if (event.kind === "done" || event.kind === "failed") {
    state.textContent = event.kind;
    state.className = "state " + (event.kind === "done" ? "finished" : "failed");
    made.dataset.ended = event.at;
  }
  if (event.tokens) made.querySelector(".tokens").textContent = event.tokens.toLocaleString("en") + " tokens";
  if (event.words) made.querySelector(".words").textContent = event.words;
  const item = document.createElement("li");
  item.className = event.kind;
  item.textContent = event.text;
  const list = made.querySelector("ol");
  list.append(item);
  while (list.children.length > most) list.firstElementChild.remove();
}

function tick() {
  for (const made of log.querySelectorAll("details[data-started]")) {
    if (!made.dataset.ended && !log.dataset.live) continue;
    const until = made.dataset.ended ? Date.parse(made.dataset.ended) : Date.now();
    const seconds = Math.max(0, (until - Date.parse(made.dataset.started)) / 1000);
    made.querySelector(".time").textContent = seconds.toFixed(1) + " s";
  }
}

if (log && (log.dataset.live || log.dataset.more)) {
  const source = new EventSource("/api/runs/" + encodeURIComponent(log.dataset.run) + "/events?after=" + log.dataset.last);
  const ticking = setInterval(tick, 1000);
  source.onmessage = (message) => show(JSON.parse(message.data));
  source.addEventListener("end", () => {
    source.close();
    clearInterval(ticking);
    if (log.dataset.live) return location.reload();
    tick();
    for (const state of log.querySelectorAll(".state.running")) {
      state.textContent = "cut off";
      state.className = "state soft";
    }
    delete log.dataset.more;
  });
}
