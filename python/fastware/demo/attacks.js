// The attacks. Each returns whether it was blocked (null: it could not run), the reason in words, and what to show.
import { element, recorded, secretAfter, view } from "/exchanges.js";

const NOT_LOGGED_IN = { isBlocked: null, reason: "Log in first, in step 1.", views: [] };

/** Read the profile with a token as a thief does: without the cookies of this browser. */
function useToken(token) {
  return fetch("/profile", { headers: { Authorization: `Bearer ${token}` }, credentials: "omit" });
}

async function readProfile() {
  const [response, seen] = await recorded("/profile", () => fetch("/profile"));
  return response.ok ? [await response.json(), seen.at(-1)] : [null, null];
}

async function forgery({ attackerOrigin }, card, progress) {
  const [before] = await readProfile();
  if (!before) {
    return NOT_LOGGED_IN;
  }
  progress("The hostile page is open, and sends its requests.");
  const frame = element("iframe", { src: attackerOrigin });
  frame.setAttribute("aria-label", `The hostile page of ${attackerOrigin}`);
  const [, seen] = await recorded("/transfer", () => new Promise((resolve) => {
    const done = (event) => {
      if (event.origin === attackerOrigin) {
        removeEventListener("message", done);
        resolve();
      }
    };
    addEventListener("message", done);
    setTimeout(resolve, 30_000);
    card.querySelector(".frame").replaceChildren(element("p", {}, attackerOrigin), frame);
  }));
  const [after] = await readProfile();
  const forged = seen.filter((exchange) => exchange.method === "POST");
  if (!forged.length) {
    return { isBlocked: null, reason: "The hostile page sent nothing: the browser did not open it.", views: [] };
  }
  const isBlocked = forged.every((exchange) => exchange.status === 403) && after.coins === before.coins;
  const site = forged[0].request.map(([text]) => text).join("").match(/^sec-fetch-site: (.*)$/mi)?.[1];
  const proof = site
    ? `The browser itself says where the request comes from (Sec-Fetch-Site: ${site}), and a page cannot change that.`
    : "The Origin of the request is not the host that it is sent to.";
  return {
    isBlocked,
    reason: isBlocked
      ? `${proof} The cookies and the right CSRF token, which the page could read because cookies ignore ports, do not `
        + `help it. You still have ${after.coins} coins.`
      : `You had ${before.coins} coins, and have ${after.coins}.`,
    views: forged.map((exchange, index) => view(exchange, {
      caption: `${index ? "The fetch" : "The form"}: ${exchange.status}`,
      decisive: ["sec-fetch-site", "origin", "cookie", "{\"detail"],
      isOpen: index === 0,
    })),
  };
}

async function guesses(demo, card, progress) {
  const seen = [];
  for (const password of ["123456", "password", "qwerty", "letmein", "dragon", "sunshine"]) {
    progress(`Guess ${seen.length + 1} of 6.`);
    const [, [exchange]] = await recorded("/login", () => fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: "carol", password }),
    }));
    seen.push(exchange);
  }
  const final = seen.at(-1);
  const wait = final.response.map(([text]) => text).join("").match(/^retry-after: (\d+)$/mi)?.[1];
  const isBlocked = final.status === 429;
  return {
    isBlocked,
    reason: isBlocked
      ? `The answers were ${seen.map((exchange) => exchange.status).join(", ")}. After five wrong passwords, LoginGuard does not even check the `
        + `next one from this address, for ${Math.ceil(wait / 60)} minutes. alice can still log in.`
      : `The answers were ${seen.map((exchange) => exchange.status).join(", ")}.`,
    views: [view(final, { caption: `The sixth guess: ${final.status}`, decisive: ["retry-after", "{\"detail"] })],
  };
}

async function expired({ post }, card, progress) {
  const response = await post("/brief-token");
  if (!response.ok) {
    return NOT_LOGGED_IN;
  }
  const { token, expires_in: seconds } = await response.json();
  const [, [first]] = await recorded("/profile", () => useToken(token));
  progress(`The token works: ${first.status}. It expires in ${seconds} seconds.`);
  await new Promise((resolve) => { setTimeout(resolve, seconds * 1000 + 100); });
  const [, [second]] = await recorded("/profile", () => useToken(token));
  const isBlocked = second.status === 401;
  return {
    isBlocked,
    reason: isBlocked
      ? `${seconds} seconds ago, the same token got a ${first.status}. Its signature is still valid, but the time in its exp `
        + "claim has passed. The response does not say that to the attacker; the audit log says it to you."
      : `The token still works: ${second.status}.`,
    views: [
      view(first, { caption: `At once: ${first.status}`, decisive: ["authorization"], isOpen: false }),
      view(second, { caption: `After it has expired: ${second.status}`, decisive: ["authorization", "{\"detail"] }),
    ],
  };
}

async function stolen({ post, greet }, card, progress) {
  const [profile, exchange] = await readProfile();
  if (!profile) {
    return NOT_LOGGED_IN;
  }
  // JavaScript cannot read the cookie, which is HttpOnly. The thief has it from what the server saw.
  const token = secretAfter(exchange.request, "session=");
  const [, [before]] = await recorded("/profile", () => useToken(token));
  progress("The copy works while you are logged in. Now you log out.");
  const [, [logout]] = await recorded("/logout", () => post("/logout"));
  greet(null);
  const [, [after]] = await recorded("/profile", () => useToken(token));
  const isBlocked = after.status === 401;
  return {
    isBlocked,
    reason: isBlocked
      ? `Before the logout the copy got a ${before.status}, and its signature is still valid. But the logout revoked the `
        + "session on the server, not only in your browser. You are logged out now."
      : `The copy still works: ${after.status}.`,
    views: [
      view(before, { caption: `The copy, before the logout: ${before.status}`, decisive: ["authorization"], isOpen: false }),
      view(logout, { caption: `Your logout: ${logout.status}`, decisive: ["set-cookie"], isOpen: false }),
      view(after, { caption: `The copy, after the logout: ${after.status}`, decisive: ["authorization", "{\"detail"] }),
    ],
  };
}

export const attacks = { forgery, guesses, expired, stolen };
