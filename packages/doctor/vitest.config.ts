export { default } from "@millrace/stack/vitest-config";
