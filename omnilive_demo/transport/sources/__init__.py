"""Picture and sound that do not come from the browser: samples, uploaded files, stream URLs, pushed RTMP streams."""
