"""The fault rig: workers that are killed while they send, and a history that is checked against what the provider saw.

`python -m ecosystem.config.embedded test -- python -m tests.rig --kills 100` prints the table of docs/reliability.md.
"""
