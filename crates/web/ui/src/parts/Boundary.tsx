/** What is shown in place of a page that could not be drawn: a fault of ours, and a way on. */
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
        <Empty icon={<TriangleAlert />} heading="h1" title="This page has broken">
          <p>What has been saved is safe. Load the page again to go on.</p>
          <Button kind="primary" onClick={() => location.reload()}>
            Load again
          </Button>
        </Empty>
      </main>
    );
  }
}
