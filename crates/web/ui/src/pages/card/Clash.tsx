/** Two texts of which only one can be there: both are shown, until who wrote the one has decided. */
import { Button } from "../../parts/Button";

interface Props {
  /** What it is, such as "description". */
  what: string;
  /** Who wrote the other. */
  who: string;
  mine: string;
  theirs: string;
  /** Both in one; nothing where that makes no sense. */
  both?: string;
  onDecide: (text: string) => void;
}

export function Clash({ what, who, mine, theirs, both, onDecide }: Props) {
  return (
    <div className="theirs" role="alert" data-testid="clash">
      <p>
        <strong className="said">{who}</strong> changed the same words of the {what}. What you wrote has not been saved yet; it stays here until you choose.
      </p>
      <div className="theirs-texts">
        <section aria-label="What you wrote">
          <h4>What you wrote</h4>
          <pre className="said">{mine}</pre>
        </section>
        <section aria-label="What is there now">
          <h4>What is there now</h4>
          <pre className="said">{theirs}</pre>
        </section>
      </div>
      <div className="row">
        <Button size="small" onClick={() => onDecide(mine)}>
          Keep mine
        </Button>
        {both !== undefined && (
          <Button size="small" onClick={() => onDecide(both)}>
            Keep both
          </Button>
        )}
        <Button size="small" onClick={() => onDecide(theirs)}>
          Take theirs
        </Button>
      </div>
    </div>
  );
}
