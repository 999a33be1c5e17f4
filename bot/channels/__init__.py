"""One file per channel: raw updates in, messages out."""
