//! Who hears what, and in what order: patterns, filters, rooms and the hub.
