"""SQL of credentials, stored documents, refusals, and what KAMAR has said of students."""
