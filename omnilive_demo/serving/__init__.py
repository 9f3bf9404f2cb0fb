"""Where inference runs: worker threads and worker processes, with priorities, deadlines and cancellation."""
