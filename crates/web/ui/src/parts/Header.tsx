/** The header of every page: its title, the connection, notifications and the user's menu. */
import { Activity, Check, LogOut, Monitor, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { go, paths } from "../app/router";
import { signOut } from "../app/session";
import { useSignedIn } from "../app/signedIn";
import { setTheme, useTheme, type Theme } from "../app/theme";
import { executeAllDeletions } from "../app/deletions";
import { notifyError } from "../app/notices";
import { Avatar } from "./Avatar";
import { ConnectionLine } from "./ConnectionLine";
import { Notifications } from "./Notifications";
import { Choice, ChoiceItem, Item, Separator, Menu } from "./Menu";
import "../styles/header.css";

interface Props {
  /** The title, beside the logo. */
  title?: ReactNode;
  /** The actions of the page. */
  children?: ReactNode;
}

export function Header({ title, children }: Props) {
  return (
    <header className="header">
      <Link className="logo" href={paths.boards} aria-label="All boards">
        <Logo />
      </Link>
      {title}
      <div className="header-middle">{children}</div>
      <ConnectionLine />
      <Notifications />
      <UserMenu />
    </header>
  );
}

export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <rect x="7" y="8" width="5" height="16" rx="2" fill="var(--on-accent)" />
      <rect x="13.5" y="8" width="5" height="10" rx="2" fill="var(--on-accent)" opacity=".85" />
      <rect x="20" y="8" width="5" height="13" rx="2" fill="var(--on-accent)" opacity=".7" />
    </svg>
  );
}

const THEMES: [Theme, string, ReactNode][] = [
  ["system", "System theme", <Monitor size={16} key="system" />],
  ["light", "Light", <Sun size={16} key="light" />],
  ["dark", "Dark", <Moon size={16} key="dark" />],
];

function UserMenu() {
  const { user } = useSignedIn();
  const theme = useTheme();
  return (
    <Menu icon label={`${user.name}: account and appearance`} button={<Avatar id={user.id} name={user.name} label="" />}>
      <div className="menu-head">
        <strong className="user-text">{user.name}</strong>
        <span className="faint user-text">{user.id}</span>
      </div>
      <Separator />
      <Choice value={theme} onChoose={setTheme}>
        {THEMES.map(([value, label, icon]) => (
          <ChoiceItem key={value} value={value}>
            {icon} <span className="menu-label">{label}</span> {theme === value && <Check size={14} />}
          </ChoiceItem>
        ))}
      </Choice>
      <Separator />
      {user.permissions.includes("admin") && (
        <Item onSelect={() => go(paths.operator)}>
          <Activity size={16} /> Operator
        </Item>
      )}
      <Item
        onSelect={() =>
          void executeAllDeletions()
            .then(signOut)
            .catch((error: unknown) => notifyError("Signing out failed", error))
        }
      >
        <LogOut size={16} /> Sign out
      </Item>
    </Menu>
  );
}
