"""Making what ships in `assets/`: the nano models and the sample streams. A leaf: nothing imports it."""
