import type { Happening, Scenario } from "./scenario.ts";
import { zipf } from "./zipf.ts";

type Page = "home" | "search" | "product" | "cart" | "checkout" | "purchase";
type Way = Page | "leave";

/** Links of a page; a link that is listed more often is followed more often. */
const ways: Record<Page, readonly [Way, ...Way[]]> = {
  home: ["search", "search", "product", "product", "leave"],
  search: ["product", "product", "product", "search", "leave"],
  product: ["product", "search", "cart", "home", "leave"],
  cart: ["checkout", "product", "leave"],
  checkout: ["purchase", "purchase", "cart", "leave"],
  purchase: ["leave"],
};
const entrances: readonly [Page, ...Page[]] = ["home", "home", "search", "product"];
const products: readonly [string, ...string[]] = [
  "rain jacket",
  "espresso machine",
  "desk lamp",
  "running shoes",
  "noise-cancelling headphones",
  "cast-iron pan",
  "travel backpack",
  "bicycle helmet",
];
const texts: Record<Page, (product: string) => string> = {
  home: () => "A visitor opens the home page.",
  search: (product) => `A visitor searches for "${product}".`,
  product: (product) => `A visitor looks at the ${product}.`,
  cart: (product) => `A visitor puts the ${product} into the cart.`,
  checkout: () => "A visitor goes to the checkout.",
  purchase: (product) => `A visitor buys the ${product}.`,
};
const browsers: readonly [string, ...string[]] = ["Firefox", "Chrome", "Safari", "Edge"];

/** Most concurrent visits, if there are as many users. */
const SESSIONS_MAX = 200;

interface Session {
  id: number;
  user: number;
  browser: string;
  page: Page;
  product: string;
  clicks: number;
}

/** Visits of a shop: each starts at an entry page, goes from page to page, and ends; a few users visit most often. */
export const clickstream: Scenario = ({ random, users, devices }) => {
  const visitor = zipf(random, users);
  const sessions: (Session | undefined)[] = Array(Math.min(SESSIONS_MAX, users)).fill(undefined);
  let begun = 0;

  const begin = (): Session => ({
    id: begun++,
    user: visitor(),
    browser: random.pick(browsers),
    page: random.pick(entrances),
    product: random.pick(products),
    clicks: 0,
  });

  return () => {
    const index = random.below(sessions.length);
    const session = sessions[index] ?? begin();
    session.clicks++;
    const happening = clickOf(session, devices);
    const next = random.pick(ways[session.page]);
    if (next === "product") session.product = random.pick(products);
    sessions[index] = next === "leave" ? undefined : Object.assign(session, { page: next });
    return happening;
  };
};

function clickOf({ id, user, browser, page, product, clicks }: Session, devices: number): Happening {
  return {
    event_type: page === "purchase" ? "shop.purchase" : "shop.view",
    user_id: `user-${user}`,
    // Each user has one device, which several users may share.
    device_id: `device-${user % devices}`,
    text: texts[page](product),
    properties: { session: `session-${id}`, page, click: clicks, browser },
  };
}
