// Made by `cargo xtask codegen` from the crate `boardwire-protocol`. Do not edit.

export const PROTOCOL_VERSION = 1;

export * from "./protocol/commands.js";
export * from "./protocol/entities.js";
export * from "./protocol/eventData.js";
export * from "./protocol/events.js";
export * from "./protocol/replies.js";
