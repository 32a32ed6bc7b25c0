// What the server saw and sent: fetched from the server, shown with masked secrets.

let last = 0;
const listeners = [];
let queue = Promise.resolve();

/** Return the exchanges that the server has recorded since the last call. */
export function newExchanges() {
  queue = queue.catch(() => {}).then(async () => {
    const response = await fetch(`/demo/exchanges?after=${last}`);
    const exchanges = await response.json();
    if (exchanges.length) {
      last = exchanges.at(-1).number;
      listeners.forEach((listen) => listen(exchanges));
    }
    return exchanges;
  });
  return queue;
}

export function onExchanges(listen) {
  listeners.push(listen);
}

/** Run *action*, and return its result and what the server saw of *path* meanwhile. */
export async function recorded(path, action) {
  const seen = [];
  const listen = (exchanges) => seen.push(...exchanges.filter((exchange) => exchange.path === path));
  await newExchanges();
  listeners.push(listen);
  try {
    const result = await action();
    await newExchanges();
    return [result, seen];
  } finally {
    listeners.splice(listeners.indexOf(listen), 1);
  }
}

/** Return the secret that follows *label* in a message, for example "session=". */
export function secretAfter(parts, label) {
  const index = parts.findIndex(([text, isSecret], i) => isSecret && parts[i - 1][0].endsWith(label));
  return index < 0 ? null : parts[index][0];
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Write one message of the exchange into *pre*; lines that start with one of *decisive* are marked. */
function write(pre, parts, decisive, isShown) {
  pre.replaceChildren();
  let line = [];
  const finish = () => {
    const text = line.map((node) => node.textContent).join("");
    const isDecisive = decisive.some((start) => text.toLowerCase().startsWith(start));
    pre.append(...(isDecisive ? [element("mark", {}, ...line)] : line));
    line = [];
  };
  for (const [text, isSecret] of parts) {
    if (isSecret) {
      line.push(element("span", { className: "secret" }, isShown ? text : "••••••••"));
      continue;
    }
    text.split("\n").forEach((piece, index) => {
      if (index) {
        finish();
        pre.append("\n");
      }
      line.push(piece);
      line = line.map((node) => (typeof node === "string" ? document.createTextNode(node) : node));
    });
  }
  finish();
}

let count = 0;

/** Return the request and the response as an element, which is open or has to be opened. */
export function view(exchange, { caption = "", level = 4, decisive = [], isOpen = true } = {}) {
  const id = `exchange-${++count}`;
  const title = caption || `${exchange.method} ${exchange.path}: ${exchange.status}`;
  const messages = [["The server saw", exchange.request], ["The server sent", exchange.response]];
  const sides = messages.map(([name, parts]) => {
    const pre = element("pre");
    write(pre, parts, decisive, false);
    return { parts, pre, box: element("div", { className: "side" }, element(`h${level + 1}`, {}, name), pre) };
  });
  if (exchange.audit.length) {
    const events = exchange.audit.map((event) => element("code", {}, event));
    sides[1].box.append(element("p", { className: "audit" }, "The audit log says: ", ...events));
  }
  const shown = element(
    "details",
    { className: "exchange", open: isOpen },
    element("summary", {}, element(`h${level}`, {}, title)),
    element("div", { className: "sides", id }, ...sides.map(({ box }) => box)),
  );
  if (sides.some(({ parts }) => parts.some(([, isSecret]) => isSecret))) {
    const show = element("button", { type: "button", className: "small", textContent: "Show tokens and passwords" });
    show.setAttribute("aria-expanded", "false");
    show.setAttribute("aria-controls", id);
    show.addEventListener("click", () => {
      const isShown = show.getAttribute("aria-expanded") === "false";
      show.setAttribute("aria-expanded", String(isShown));
      show.textContent = isShown ? "Hide tokens and passwords" : "Show tokens and passwords";
      sides.forEach(({ pre, parts }) => write(pre, parts, decisive, isShown));
    });
    shown.append(show);
  }
  return shown;
}

/** Show an outcome in words: a verdict and its reason. */
export function tell(outcome, kind, verdict, reason) {
  outcome.dataset.verdict = kind;
  outcome.replaceChildren(element("strong", {}, verdict), ` ${reason}`);
}
