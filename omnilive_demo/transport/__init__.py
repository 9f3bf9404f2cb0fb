"""Browser media in and out: WebRTC, WebSocket, files, URLs and pushed streams. The only room that knows fastrtc."""
