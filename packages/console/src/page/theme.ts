export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const KEY = "millrace-theme";

export function storedTheme(): Theme {
  const stored = storage()?.getItem(KEY);
  return themes.find((theme) => theme === stored) ?? "system";
}

/** A browser that blocks site data throws on access. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** The attribute selects a side of each `light-dark()` token. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") storage()?.removeItem(KEY);
  else storage()?.setItem(KEY, theme);
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new Event("theme"));
}

/** Calls back when the page's colours change, by the user or the system; returns the function that unsubscribes. */
export function onColoursChange(callback: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", callback);
  document.addEventListener("theme", callback);
  return () => {
    system.removeEventListener("change", callback);
    document.removeEventListener("theme", callback);
  };
}
