import { useEffect, useState } from "preact/hooks";

/** Screen readers announce a problem when it appears. */
export function Problem({ text }: { text: string | undefined }) {
  const [shown, setShown] = useState<string>();
  useEffect(() => setShown(text), [text]);
  return (
    <div role="alert" class={shown ? "problem" : "unseen"}>
      {shown}
    </div>
  );
}
