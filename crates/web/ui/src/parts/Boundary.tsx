/** Shown in place of a page whose rendering has failed. */
import { TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { Empty } from "./Empty";

export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <main>
        <Empty icon={<TriangleAlert />} heading="h1" title="Something went wrong">
          <p>Everything that was saved is safe. Reload the page to continue.</p>
          <Button kind="primary" onClick={() => location.reload()}>
            Reload
          </Button>
        </Empty>
      </main>
    );
  }
}
