"""Oat & Ember, a bakery that does not exist, with a year of believable history: what a first start shows."""
