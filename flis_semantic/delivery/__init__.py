"""Receive deliveries: recognise, judge, keep, and make visible."""
