"""Realtime: Phoenix channels over WebSocket, HTTP broadcasts, and server-sent events."""
