/** Starts the board in the browser. */
// The common styles first, so that those of a page come after them.
import "@fontsource-variable/inter";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { restoreSession } from "./app/session";
import { applyTheme } from "./app/theme";

applyTheme();
void restoreSession();
const root = document.getElementById("app");
if (root) createRoot(root).render(<App />);
