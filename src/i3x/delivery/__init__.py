"""Subscriptions: how updates are read, and how nothing of them is lost unnoticed."""
