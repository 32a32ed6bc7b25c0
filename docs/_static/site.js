// A page that is opened as a file cannot read other files: there, the results of a search have no extracts.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";

// What the theme leaves out for a keyboard and a screen reader.
for (const box of document.querySelectorAll("pre, .table-wrapper")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
for (const caption of document.querySelectorAll('[role="heading"]')) caption.ariaLevel = "2";
document.querySelector("aside.sidebar-drawer").ariaLabel = "Pages";
document.querySelector("aside.toc-drawer").ariaLabel = "Sections of this page";

// A button that copies a block: of a shell session, the commands without the prompts and the output.
for (const block of document.querySelectorAll("div.highlight")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const code = block.querySelector("pre").cloneNode(true);
    for (const part of code.querySelectorAll(".gp, .go")) part.remove();
    try {
      await navigator.clipboard.writeText(code.textContent.replace(/^\n+/gm, ""));
      button.textContent = "Copied";
    } catch { // the page has no permission, or is served over plain HTTP
      button.textContent = "Not allowed";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}
