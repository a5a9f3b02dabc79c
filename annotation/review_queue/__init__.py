"""The review queue: rebuilt by a job, updated as scores come in, and acted on by admins."""
