// A page that is opened as a file cannot read other files: there, the results of a search have no extracts.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";
