/** The theme: light, dark, or that of the system. Kept in the browser, and shared by its tabs. */
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";

const KEY = "boardwire-theme";

const useStore = create<Theme>(() => stored());

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

/** Applies the theme that is stored in the browser. */
export function applyTheme(): void {
  const theme = stored();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  useStore.setState(theme);
}

export function setTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

export function useTheme(): Theme {
  return useStore();
}

addEventListener("storage", ({ key }) => {
  if (key === KEY) applyTheme();
});
