// Sets the theme before anything is painted, so that nothing flashes.
"use strict";
try {
  const theme = localStorage.getItem("corscope-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's setting holds.
}
