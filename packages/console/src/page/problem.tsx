import { useEffect, useState } from "preact/hooks";

/** A problem is said aloud when it comes. */
export function Problem({ text }: { text: string | undefined }) {
  const [shown, setShown] = useState<string>();
  useEffect(() => setShown(text), [text]);
  return (
    <div role="alert" class={shown ? "problem" : "unseen"}>
      {shown}
    </div>
  );
}
