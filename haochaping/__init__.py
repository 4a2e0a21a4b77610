"""The one command, `haochaping`; each room's own commands live in that room."""
