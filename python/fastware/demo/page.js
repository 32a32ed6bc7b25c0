import { attacks } from "/attacks.js";
import { element, newExchanges, onExchanges, recorded, tell, view } from "/exchanges.js";

const byId = (id) => document.getElementById(id);
const form = byId("login");
const STOPPED = "The demo does not answer. Is it still running?";

async function passwordOf(username) {
  const response = await fetch("/demo/accounts");
  return (await response.json())[username];
}

function csrfToken() {
  const pair = document.cookie.split("; ").findLast((cookie) => cookie.startsWith("csrf_token="));
  return pair ? pair.slice("csrf_token=".length) : "";
}

function post(path, body) {
  return fetch(path, { method: "POST", headers: { "X-CSRF-Token": csrfToken() }, body });
}

let loggedIn = null;
let knownCookie = "";
let isStopped = false;

function greet(user) {
  loggedIn = user;
  knownCookie = csrfToken();
  byId("status").textContent = user ? `Logged in as ${user.username} (${user.role}).` : "Not logged in.";
  byId("logout").hidden = !user;
}

/** Greet the user of the cookies, which a logout in another tab or a new start of the demo makes invalid. */
async function identify() {
  const response = csrfToken() ? await fetch("/profile") : null;
  greet(response?.ok ? await response.json() : null);
}

/** Run *action* once at a time; *said* tells when it cannot run. */
async function run(button, said, action) {
  // A disabled button would lose the focus of the keyboard.
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  button.setAttribute("aria-disabled", "true");
  try {
    await action();
  } catch (error) {
    isStopped = error instanceof TypeError; // of fetch
    said.textContent = isStopped ? STOPPED : `It did not work: ${error.message}`;
    throw error;
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

async function detailOf(response) {
  return (await response.json()).detail;
}

// Step 1

for (const button of document.querySelectorAll("[data-fill]")) {
  button.addEventListener("click", () => run(button, byId("status"), async () => {
    const username = button.dataset.fill;
    form.elements.username.value = username;
    form.elements.password.value = await passwordOf(username);
    byId("status").textContent = `The password of ${username} is filled in. Now log in.`;
  }));
}

byId("show-password").addEventListener("click", (event) => {
  const isShown = event.target.getAttribute("aria-pressed") === "false";
  event.target.setAttribute("aria-pressed", String(isShown));
  form.elements.password.type = isShown ? "text" : "password";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(form.querySelector(".primary"), byId("status"), async () => {
    const [response, [exchange]] = await recorded("/login", () => fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    }));
    byId("login-result").replaceChildren(view(exchange, { level: 3, decisive: ["set-cookie"], isOpen: false }));
    if (response.ok) {
      greet(await response.json());
      form.elements.password.value = "";
    } else {
      const detail = await detailOf(response);
      byId("status").textContent = loggedIn ? `${detail}. You are still ${loggedIn.username}.` : `Not logged in: ${detail}.`;
    }
  });
});

byId("logout").addEventListener("click", (event) => run(event.target, byId("status"), async () => {
  const [response, [exchange]] = await recorded("/logout", () => post("/logout"));
  byId("login-result").replaceChildren(view(exchange, { level: 3, decisive: ["set-cookie"], isOpen: false }));
  if (response.ok) {
    form.querySelector(".primary").focus();
    greet(null);
  } else {
    await identify();
  }
}));

// Step 2

const words = {
  200: "It worked",
  400: "Not possible",
  401: "Not without a session",
  403: "Forbidden",
  429: "Too many, wait a little",
};
const tries = {
  profile: () => fetch("/profile"),
  admin: () => fetch("/admin"),
  search: () => fetch("/search"),
  transfer: () => post("/transfer", new URLSearchParams({ to: "bob", amount: "10" })),
};

for (const button of document.querySelectorAll("[data-try]")) {
  button.addEventListener("click", () => run(button, byId("try-status"), async () => {
    const [response, [exchange]] = await recorded(`/${button.dataset.try}`, tries[button.dataset.try]);
    const body = await response.json();
    const said = body.detail ?? body.message;
    const kind = response.ok ? "done" : "rejected";
    tell(byId("try-status"), kind, `${response.status}`, `${words[response.status]}${said ? `: “${said}”` : ""}.`);
    byId("try-result").replaceChildren(view(exchange, {
      level: 3,
      decisive: ["cookie", "x-csrf-token", "sec-fetch-site", "retry-after", "www-authenticate", "{"],
    }));
    if (response.status === 401) {
      greet(null);
    }
  }));
}

// Step 3

const demo = { post, greet, attackerOrigin: `http://${location.hostname}:${document.body.dataset.attackerPort}` };
byId("origin").textContent = demo.attackerOrigin;

const verdicts = new Map([[true, ["blocked", "Blocked."]], [false, ["passed", "The attack worked."]], [null, ["none", "Not yet."]]]);

for (const button of document.querySelectorAll("[data-attack]")) {
  const card = byId(button.dataset.attack);
  const outcome = card.querySelector(".outcome");
  const results = card.querySelector(".results");
  button.addEventListener("click", () => run(button, outcome, async () => {
    results.replaceChildren();
    delete outcome.dataset.verdict;
    outcome.textContent = "The attack is running.";
    const { isBlocked, reason, views } = await attacks[button.dataset.attack](demo, card, (progress) => {
      outcome.textContent = progress;
    });
    const [kind, verdict] = verdicts.get(isBlocked);
    tell(outcome, kind, verdict, reason);
    results.replaceChildren(...views);
    if (isBlocked === null) {
      await identify();
    }
  }));
}

// Step 4

byId("copy").addEventListener("click", (event) => run(event.target, byId("copied"), async () => {
  const password = await passwordOf("alice");
  await navigator.clipboard.writeText(byId("lines").textContent.replace("PASSWORD", password));
  byId("copied").textContent = "Copied, with the password.";
  setTimeout(() => { byId("copied").textContent = ""; }, 4000);
}));

// The live line. Requests of curl appear in it, too.

onExchanges((exchanges) => {
  const checked = exchanges.findLast((exchange) => Object.keys(exchange.nanoseconds).length);
  if (!checked) {
    return;
  }
  const times = Object.entries(checked.nanoseconds);
  const microseconds = (nanoseconds) => `${(nanoseconds / 1000).toFixed(1)} µs`;
  const total = times.reduce((sum, [, nanoseconds]) => sum + nanoseconds, 0);
  const each = times.map(([name, nanoseconds]) => `${name} ${microseconds(nanoseconds)}`).join(" + ");
  const rejected = checked.status < 400 ? "" : ", rejected and logged";
  byId("last").replaceChildren(
    "Last check ",
    element("strong", {}, microseconds(total)),
    ` ${checked.method} ${checked.path} (${each}${rejected})`,
  );
});

async function follow() {
  try {
    await newExchanges();
    if (isStopped || csrfToken() !== knownCookie) {
      await identify();
    }
    if (isStopped) {
      byId("last").textContent = "The demo answers again.";
    }
    isStopped = false;
  } catch {
    isStopped = true;
    byId("last").textContent = STOPPED;
  }
}

setInterval(() => document.hidden || follow(), 2000);

// The session survives a reload of the page.
await newExchanges();
await identify();
document.body.dataset.ready = "true";
