// A page that is opened as a file cannot read other files: there, the results of a search have no extracts.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";

// What the theme leaves out for a keyboard and a screen reader.
for (const box of document.querySelectorAll("pre, .table-wrapper")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
for (const caption of document.querySelectorAll('[role="heading"]')) caption.ariaLevel = "2";
document.querySelector("aside.sidebar-drawer").ariaLabel = "Pages";
document.querySelector("aside.toc-drawer").ariaLabel = "Sections of this page";
