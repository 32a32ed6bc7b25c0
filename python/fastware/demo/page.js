"use strict";

const log = document.getElementById("log");
const status = document.getElementById("status");
const logout = document.getElementById("logout");
const forged = document.getElementById("forged");

// Another page of this site may set a csrf_token cookie too. The server reads the last one, so this function does too.
function csrfToken() {
  const pair = document.cookie.split("; ").findLast((cookie) => cookie.startsWith("csrf_token="));
  return pair ? pair.slice("csrf_token=".length) : "";
}

function show(method, path, response, body) {
  const line = document.createElement("li");
  const code = document.createElement("span");
  code.className = response.ok ? "good" : "bad";
  code.textContent = `${response.status} `;
  const retryAfter = response.headers.get("Retry-After");
  const wait = retryAfter ? ` (Retry-After: ${retryAfter} s)` : "";
  line.append(code, `${method} ${path} ${body}${wait}`);
  log.prepend(line);
}

async function send(method, path, { json, headers = {} } = {}) {
  const options = { method, headers: { ...headers } };
  if (json) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(json);
  }
  const response = await fetch(path, options);
  const text = await response.text();
  show(method, path, response, text.length > 200 ? `${text.slice(0, 200)}…` : text);
  return response.ok ? JSON.parse(text) : null;
}

function greet(user) {
  status.textContent = user ? `Logged in as ${user.username} (${user.role}).` : "Not logged in.";
  for (const button of [logout, forged]) {
    button.disabled = !user;
  }
}

document.getElementById("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const user = await send("POST", "/login", { json: Object.fromEntries(new FormData(event.target)) });
  if (user) {
    greet(user);
    event.target.elements.password.value = "";
  }
});

// The session survives a reload of the page.
if (csrfToken()) {
  fetch("/profile").then(async (response) => response.ok && greet(await response.json()));
}

for (const button of document.querySelectorAll("[data-get]")) {
  button.addEventListener("click", () => send("GET", button.dataset.get));
}

logout.addEventListener("click", async () => {
  if (await send("POST", "/logout", { headers: { "X-CSRF-Token": csrfToken() } })) {
    greet(null);
  }
});

forged.addEventListener("click", () => send("POST", "/logout"));

document.getElementById("copy").addEventListener("click", async (event) => {
  const button = event.target;
  await navigator.clipboard.writeText(document.getElementById("lines").textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
